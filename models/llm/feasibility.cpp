// What cannot be, before any byte is counted: splits that do not divide, formats the hardware has no arithmetic for.
#include <fmt/format.h>

#include "models/llm/memory_plan.h"

namespace headroom::models {
namespace {

std::string expertProblem(const Model& model, const Parallelism& parallelism) {
  if (!model.moe) {
    return parallelism.ep ? "expert parallelism needs a mixture-of-experts model" : "";
  }
  const int ranks = parallelism.tp * parallelism.dp;
  if (parallelism.ep && model.moe->experts < ranks) {
    return fmt::format("{} experts cannot be spread over tp x dp = {} ranks", model.moe->experts, ranks);
  }
  if (!parallelism.ep && model.moe->intermediate % ranks != 0) {
    return fmt::format("tp x dp = {} does not divide the experts' intermediate size {}; expert parallelism would work",
                       ranks, model.moe->intermediate);
  }
  return {};
}

}  // namespace

std::string layoutProblem(const Model& model, const Parallelism& parallelism) {
  const auto& [tp, pp, dp, ep] = parallelism;
  if (tp < 1 || pp < 1 || dp < 1) return "tp, pp and dp must be at least 1";
  if (model.heads % tp != 0) return fmt::format("tp {} does not divide {} attention heads", tp, model.heads);
  const int kv_heads = model.mla ? tp : model.kv_heads;  // latent attention keeps one vector for all heads
  if (kv_heads % tp != 0 && tp % kv_heads != 0) {
    return fmt::format("tp {} neither divides nor is a multiple of {} KV heads", tp, kv_heads);
  }
  if (model.full_attention && model.full_attention->kv_heads % tp != 0 && tp % model.full_attention->kv_heads != 0) {
    return fmt::format("tp {} neither divides nor is a multiple of {} KV heads of the full-attention layers", tp,
                       model.full_attention->kv_heads);
  }
  if (model.intermediate % tp != 0) {
    return fmt::format("tp {} does not divide the MLP's intermediate size {}", tp, model.intermediate);
  }
  if (pp > model.layers) return fmt::format("pp {} is more than {} layers", pp, model.layers);
  return expertProblem(model, parallelism);
}

std::string precisionProblem(const Accelerator& accelerator, Precision weights, Precision kv_cache) {
  const bool has_fp8 = accelerator.fp8 > FlopsPerSecond();
  const bool has_fp4 = accelerator.fp4 > FlopsPerSecond();
  if (kv_cache != Precision::bf16 && kv_cache != Precision::fp8) {
    return fmt::format("the KV cache is kept in bf16 or fp8, not {}", nameOf(kv_cache));
  }
  if ((weights == Precision::fp8 || weights == Precision::fp8_block) && !has_fp8) {
    return fmt::format("{} has no fp8 arithmetic; weights in bf16, int4 or mxfp4 would work", accelerator.name);
  }
  if (weights == Precision::nvfp4 && !has_fp4) {
    return fmt::format("{} has no fp4 arithmetic; weights in {}bf16, int4 or mxfp4 would work", accelerator.name,
                       has_fp8 ? "fp8, " : "");
  }
  if (kv_cache == Precision::fp8 && !has_fp8) {
    return fmt::format("{} has no fp8 arithmetic; a KV cache in bf16 would work", accelerator.name);
  }
  return {};
}

}  // namespace headroom::models
