// The second half of a layer on one rank: a dense MLP, or a router with routed and shared experts. Ranks that share the
// experts are all tp x dp ranks of a stage; with expert parallelism each holds whole experts, else a slice of each.
// Data-parallel ranks bring their own tokens to the experts: all ranks are taken to have as many as this one (engines
// pad to the largest), and the tokens are exchanged before and after.
#pragma once

#include <optional>

#include "models/cost/kernel.h"
#include "models/cost/kernel_exchange.h"
#include "models/cost/kernel_moe.h"
#include "models/cost/step_attention.h"

namespace headroom::models {

class DenseMlp {
 public:
  /// `intermediate` of the whole MLP, divided by tp.
  DenseMlp(const Profile& profile, const Model& model, double intermediate, const StepRequest& request);
  void tokenwise(int rows, const AddPart& add) const;

 private:
  const Profile& profile_;
  double hidden_;
  double inter_;
  double up_;
  GemmKernel gemm_;
  LayerKernel activation_;
};

class ExpertMlp {
 public:
  ExpertMlp(const Profile& profile, const Model& model, const StepRequest& request, int ranks_per_node);
  void tokenwise(int rows, const AddPart& add) const;
  /// The exchange replaces the all-reduce after the experts.
  bool exchangesTokens() const { return dp_ > 1; }

 private:
  const Profile& profile_;
  double hidden_;
  double experts_;
  int dp_;
  GemmKernel router_;
  MoeKernel moe_;
  ExchangeKernel exchange_;
  std::optional<DenseMlp> shared_;
};

}  // namespace headroom::models
