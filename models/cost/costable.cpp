// What cannot be costed, and what would work.
#include <fmt/format.h>

#include "models/base/error.h"
#include "models/cost/step_kernels.h"

namespace headroom::models {
namespace {

constexpr int kDeltaHeadDim = 128;  ///< of every published gated delta net, and of every table

std::string modelProblem(const Model& model) {
  const auto& linear = model.linear_attention;
  if (model.linear_attention_layers > 0 && !linear) {
    return "its linear-attention layers have no shape (Mamba layers are not modelled); gated delta nets work";
  }
  if (linear && (linear->key_head_dim != kDeltaHeadDim || linear->value_head_dim != kDeltaHeadDim)) {
    return fmt::format("linear attention with heads of {}; gated delta nets with heads of {} work",
                       linear->value_head_dim, kDeltaHeadDim);
  }
  return {};
}

}  // namespace

void checkCostable(const Profile& profile, const Accelerator& accelerator, const Model& model,
                   const StepRequest& request) {
  const auto refuse = [&](const std::string& problem) {
    if (!problem.empty()) throw InputError(fmt::format("step times of {}: {}", model.name, problem));
  };
  refuse(modelProblem(model));
  refuse(layoutProblem(model, request.parallelism));
  refuse(precisionProblem(accelerator, request.weights, request.kv_cache));
  if (profile.header.accelerator != accelerator.name) {
    throw InputError(fmt::format("profile {} is of {}, not of {}", profile.header.name, profile.header.accelerator,
                                 accelerator.name));
  }
  const std::string peaks = peaksProblem(profile.header, accelerator);
  if (!peaks.empty()) throw InputError(peaks);
}

}  // namespace headroom::models
