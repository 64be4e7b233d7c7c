// Step times of accelerators whose power is capped below the board limit: lower clocks stretch what draws more.
//   stretch = max(1, (P - idle) / (cap - idle)),  P the power at full clocks
// Each part of a step (tokens, attention, sampling) is stretched by its own factor, the attention of n sequences and of
// a chunk by one factor for all contexts, so that the tables stay piecewise linear with integer slopes. Cautious where
// a hungry part follows a frugal one: real controllers average over milliseconds. Energy per operation is kept.
#pragma once

#include <memory>
#include <vector>

#include "models/cost/power.h"
#include "models/cost/step_times.h"
#include "models/cost/step_work.h"

namespace headroom::models {

class CappedStepTimes final : public StepTimes {
 public:
  /// `cap` is above idle (CHECKed). `max_sequences`, `max_sampled_rows`: as `times` was compiled for.
  CappedStepTimes(std::shared_ptr<const StepTimes> times, const PowerModel& power, const StepWork& work, Watts cap,
                  int max_sequences, int max_sampled_rows = 0);

  Ticks tokenwise(int tokens) const override;
  Ticks perSequence(int sequences) const override;
  Segment decodeAttention(int n, std::int64_t context_sum) const override;
  Segment prefillAttention(int chunk, std::int64_t prior) const override;
  int maxTokens() const override { return times_->maxTokens(); }
  bool fusesAttention() const override { return times_->fusesAttention(); }
  Ticks fusedAttention(int chunk, std::int64_t prior, int n, std::int64_t context_sum,
                       std::int64_t longest) const override;
  bool knowsUnevenContexts() const override { return times_->knowsUnevenContexts(); }
  Ticks unevenAttention(int n, std::int64_t excess) const override;

 private:
  std::shared_ptr<const StepTimes> times_;
  std::vector<double> tokens_, sequences_, decode_, prefill_;  ///< factor by tokens, sequences, n, chunk; from 1
};

}  // namespace headroom::models
