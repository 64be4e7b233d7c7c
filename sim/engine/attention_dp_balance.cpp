#include "sim/engine/attention_dp_balance.h"

#include <algorithm>

namespace headroom::sim {

bool AttentionDpBalance::holdsPrompts(std::span<const RankDemand> ranks) {
  const bool all_generate = std::all_of(ranks.begin(), ranks.end(), [](const auto& r) { return r.generating > 0; });
  const bool together = std::all_of(ranks.begin(), ranks.end(),
                                    [&](const RankDemand& r) { return r.prompts && r.generating < max_batch_size_; });
  if (!together) {
    pass(1, all_generate);
    return waited_ > 0;
  }
  waited_ = 0;
  if (!all_generate) return false;
  if (batching_ < rules_.balance_batching_wait_iters) {
    ++batching_;
    return true;
  }
  batching_ = 0;
  return false;
}

void AttentionDpBalance::pass(std::int64_t decisions, bool all_generate) {
  waited_ = all_generate ? (waited_ + decisions) % rules_.balance_timeout_iters : 0;
}

}  // namespace headroom::sim
