#include "models/cost/capped_step_times.h"

#include <algorithm>
#include <cmath>

#include "models/base/error.h"

namespace headroom::models {
namespace {

/// Contexts at which the factor of attention is taken: it hardly varies beyond.
constexpr std::int64_t kTypicalContext = 4096;

Ticks stretched(Ticks ticks, double factor) {
  return static_cast<Ticks>(std::llround(static_cast<double>(ticks) * factor));
}
Segment stretched(Segment segment, double factor) {
  segment.at_x0 = stretched(segment.at_x0, factor);
  segment.slope = stretched(segment.slope, factor);
  return segment;
}

/// Factor of each count from 1 to `last`; work and ticks are asked for one count at a time.
template <class WorkOf, class TicksOf>
std::vector<double> factors(int last, const PowerModel& power, Watts cap, int accelerators, WorkOf work_of,
                            TicksOf ticks_of) {
  std::vector<double> all(static_cast<std::size_t>(last) + 1, 1.0);
  for (int count = 1; count <= last; ++count) {
    const Ticks ticks = ticks_of(count);
    if (ticks <= 0) continue;
    const Watts drawn = power.inStep(work_of(count), toSeconds(ticks), accelerators);
    all[static_cast<std::size_t>(count)] = std::max(1.0, (drawn - power.idle) / (cap - power.idle));
  }
  return all;
}

}  // namespace

CappedStepTimes::CappedStepTimes(std::shared_ptr<const StepTimes> times, const PowerModel& power, const StepWork& work,
                                 Watts cap, int max_sequences, int max_sampled_rows)
    : times_(std::move(times)) {
  CHECK(cap > power.idle, "a power cap is above idle power");
  const int accelerators = work.accelerators();
  const auto make = [&](int last, auto work_of, auto ticks_of) {
    return factors(last, power, cap, accelerators, work_of, ticks_of);
  };
  tokens_ = make(
      times_->maxTokens(), [&](int tokens) { return work.tokenwise(tokens); },
      [&](int tokens) { return times_->tokenwise(tokens); });
  sequences_ = make(
      std::max(max_sequences, max_sampled_rows), [&](int sequences) { return sequences * work.perSequence(); },
      [&](int sequences) { return times_->perSequence(sequences); });
  decode_ = make(
      max_sequences,
      [&](int n) {
        const auto sum = static_cast<double>(n * kTypicalContext);
        return work.attention(n, sum, sum);
      },
      [&](int n) { return times_->decodeAttention(n, n * kTypicalContext).at(n * kTypicalContext); });
  prefill_ = make(
      times_->maxTokens(), [&](int chunk) { return work.attention(chunk, 0.5 * chunk * (chunk + 1.0), chunk); },
      [&](int chunk) { return times_->prefillAttention(chunk, 0).at(0); });
}

Ticks CappedStepTimes::tokenwise(int tokens) const {
  return stretched(times_->tokenwise(tokens), tokens_[static_cast<std::size_t>(tokens)]);
}

Ticks CappedStepTimes::perSequence(int sequences) const {
  return stretched(times_->perSequence(sequences), sequences_[static_cast<std::size_t>(sequences)]);
}

Segment CappedStepTimes::decodeAttention(int n, std::int64_t context_sum) const {
  return stretched(times_->decodeAttention(n, context_sum), decode_[static_cast<std::size_t>(n)]);
}

Segment CappedStepTimes::prefillAttention(int chunk, std::int64_t prior) const {
  return stretched(times_->prefillAttention(chunk, prior), prefill_[static_cast<std::size_t>(chunk)]);
}

Ticks CappedStepTimes::fusedAttention(int chunk, std::int64_t prior, int n, std::int64_t context_sum,
                                      std::int64_t longest) const {
  return stretched(times_->fusedAttention(chunk, prior, n, context_sum, longest),
                   prefill_[static_cast<std::size_t>(chunk)]);
}

Ticks CappedStepTimes::unevenAttention(int n, std::int64_t excess) const {
  return stretched(times_->unevenAttention(n, excess), decode_[static_cast<std::size_t>(n)]);
}

}  // namespace headroom::models
