#include "models/cost/step_mlp.h"

namespace headroom::models {
namespace {

constexpr double kBytes = 2;        // bf16 activations
constexpr double kRouterBytes = 4;  // float32 scores

ExpertShape expertShape(const Model& model, const StepRequest& request) {
  const int ranks = request.parallelism.tp * request.parallelism.dp;
  return {.weights = request.weights,
          .hidden = model.hidden,
          .inter = model.moe->intermediate,
          .topk = model.moe->experts_per_token,
          .experts = model.moe->experts,
          .tp = request.parallelism.ep ? 1 : ranks,
          .ep = request.parallelism.ep ? ranks : 1,
          .load = expertLoadOf(model)};
}

}  // namespace

DenseMlp::DenseMlp(const Profile& profile, const Model& model, double intermediate, const StepRequest& request)
    : profile_(profile),
      hidden_(model.hidden),
      inter_(intermediate / request.parallelism.tp),
      up_((model.gated_mlp ? 2 : 1) * inter_),
      gemm_(profile, denseWeights(model, request.weights)),
      activation_(profile, Layer::activation, inter_) {}

void DenseMlp::tokenwise(int rows, const AddPart& add) const {
  add("gemm gate+up", gemm_.time(rows, up_, hidden_));
  add("activation", activation_.time(rows, elementwiseTime(profile_, rows * (up_ + inter_) * kBytes)));
  add("gemm down", gemm_.time(rows, hidden_, inter_));
}

ExpertMlp::ExpertMlp(const Profile& profile, const Model& model, const StepRequest& request, int ranks_per_node)
    : profile_(profile),
      hidden_(model.hidden),
      experts_(model.moe->experts),
      dp_(request.parallelism.dp),
      router_(profile, Precision::bf16),
      moe_(profile, expertShape(model, request)),
      exchange_(profile, request.exchange.value_or(defaultExchange(profile)), expertShape(model, request),
                RankGroup{dp_, std::max(1, ranks_per_node / request.parallelism.tp)}, request.scale_out) {
  if (model.moe->shared_intermediate > 0) shared_.emplace(profile, model, model.moe->shared_intermediate, request);
}

void ExpertMlp::tokenwise(int rows, const AddPart& add) const {
  add("gemm router", router_.time(rows, experts_, hidden_));
  add("top-k", elementwiseTime(profile_, rows * experts_ * kRouterBytes));
  add("experts", moe_.time(static_cast<double>(rows) * dp_));
  if (shared_) shared_->tokenwise(rows, add);
  if (exchangesTokens()) add("expert exchange", exchange_.time(rows));
}

}  // namespace headroom::models
