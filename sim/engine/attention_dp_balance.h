// TensorRT-LLM's attention_dp_config.enable_balance. Ranks step together, so a prompt on one keeps all of them waiting:
// prompts are held back until every rank has one, or for `timeout_iters` decisions (PyExecutor._balance_adp_requests,
// 1.x). Then, if all ranks are also generating, for `batching_wait_iters` more.
#pragma once

#include <cstdint>
#include <span>

#include "sim/engine/engine_config.h"

namespace headroom::sim {

/// What a rank would run next.
struct RankDemand {
  bool prompts = false;
  int generating = 0;  ///< requests
};

class AttentionDpBalance {
 public:
  AttentionDpBalance(const TrtllmRules& rules, int max_batch_size) : rules_(rules), max_batch_size_(max_batch_size) {}

  /// Whether the prompts of this decision stay where they are. Counts decisions.
  bool holdsPrompts(std::span<const RankDemand> ranks);
  /// Counts `decisions` in which no rank has a prompt that could run; `all_generate`: every rank has rows in them.
  void pass(std::int64_t decisions, bool all_generate);

 private:
  TrtllmRules rules_;
  int max_batch_size_;
  std::int64_t waited_ = 0;    // decisions since the ranks last had prompts together, or were last let go
  std::int64_t batching_ = 0;  // decisions since they had, all of them generating
};

}  // namespace headroom::sim
