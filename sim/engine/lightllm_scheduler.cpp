#include "sim/engine/lightllm_scheduler.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace headroom::sim {

void LightllmScheduler::schedule(Ticks now, Batch& batch) {
  if (ready_.empty() || decode_steps_ >= config_.max_waiting_iters) {
    decode_steps_ = 0;
    admitWholePrompts(now, batch);
  }
  if (!batch.empty() || ready_.empty()) return;
  ++decode_steps_;
  decodeReady(batch);
}

bool LightllmScheduler::admits(const Sequence& next, const Batch& batch) const {
  return running_.size() < rowsPerBatch() && batch.shape.tokens() + next.known() <= config_.max_num_batched_tokens &&
         peakWith(next) < config_.usableBlocks();
}

/// The most tokens held at any later time. With the sequences sorted by what they have left, longest first, the peaks
/// lie where one ends: there, it and all before it have grown by what it had left.
std::int64_t LightllmScheduler::peakWith(const Sequence& next) const {
  std::vector<std::pair<std::int64_t, std::int64_t>> left_and_held;
  const auto add = [&](const Sequence& s) {
    // A sequence decided for the first time will have made one token.
    const std::int64_t made = std::max(1, s.generated);
    const std::int64_t asked = s.request().max_tokens, most = config_.max_model_len - s.request().prompt_tokens;
    const std::int64_t left = std::max<std::int64_t>(0, std::min(asked, most) - made - 1);
    left_and_held.emplace_back(left, s.request().prompt_tokens + made);
  };
  for (const Sequence* sequence : running_) add(*sequence);
  add(next);
  std::stable_sort(left_and_held.begin(), left_and_held.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::int64_t peak = 0, held = 0, sequences = 0;
  for (const auto& [left, tokens] : left_and_held) {
    held += tokens;
    peak = std::max(peak, ++sequences * left + held);
  }
  return peak;
}

std::int64_t LightllmScheduler::repeats(const Batch& last, std::int64_t limit) const {
  if (last.rows.size() != running_.size()) return 0;
  if (waiting_.empty()) return limit;
  return std::clamp<std::int64_t>(config_.max_waiting_iters - decode_steps_, 0, limit);
}

void LightllmScheduler::repeat(Batch& last, std::int64_t steps) {
  ResearchScheduler::repeat(last, steps);
  const std::int64_t cycle = std::max(1, config_.max_waiting_iters);
  decode_steps_ = static_cast<int>((decode_steps_ + steps - 1) % cycle) + 1;
}

}  // namespace headroom::sim
