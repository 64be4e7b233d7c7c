// The routed experts of one layer on one rank: gate, up, activation and down of all tokens that reach its experts.
// Tokens per expert set the cost, so an unseen shape borrows the efficiency of the nearest measured ones at the same
// tokens per expert (similar_experts.h).
//   F = 6 tokens topk/ep hidden inter/tp      B = weights of the local experts that get a token
// Load: tokens fall on the experts by a power law (1.2; 1.01 for DeepSeek, whose training balances them), the slowest
// rank's time; balanced only where nothing else was measured. Left out: the router, shared experts and communication.
#pragma once

#include <optional>

#include "models/cost/kernel_table.h"
#include "models/cost/profile.h"
#include "models/cost/similar_experts.h"
#include "models/llm/model.h"

namespace headroom::models {

struct ExpertShape {
  Precision weights = Precision::bf16;
  int hidden = 0;
  int inter = 0;  ///< of one expert, not sharded
  int topk = 0;
  int experts = 0;  ///< of the whole model
  int tp = 1;       ///< ranks that share each expert
  int ep = 1;       ///< ranks that share the experts
  ExpertLoad load = ExpertLoad::power_law_1_2;
};

/// The load that fits a model's routing.
ExpertLoad expertLoadOf(const Model& model);

class MoeKernel {
 public:
  MoeKernel(const Profile& profile, const ExpertShape& shape);
  /// `tokens` that enter the layer in the whole group of ranks that share it.
  KernelTime time(double tokens) const;

 private:
  KernelTime byReach(double tokens) const;

  Peaks peaks_;
  TableKey key_;
  TableKernel routed_;  ///< by tokens and experts reached, where a profile has it
  TableKernel table_;
  std::optional<SimilarExperts> similar_;  ///< where nobody measured the shape
};

}  // namespace headroom::models
