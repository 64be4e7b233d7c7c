#include "models/cost/step_kernels.h"

#include <fmt/format.h>

#include "models/base/error.h"

namespace headroom::models {
namespace {

std::string unsupported(const Model& model, const Parallelism& parallelism) {
  if (model.moe) return "a mixture of experts";
  if (model.mla) return "latent attention (MLA)";
  if (model.sliding_window > 0) return "sliding-window attention";
  if (model.linear_attention_layers > 0) return "linear attention";
  if (model.indexer) return "sparse attention";
  if (model.full_attention) return "layers of different head shapes";
  if (parallelism.pp > 1) return "pipeline parallelism (pp > 1)";
  if (parallelism.dp > 1) return "data-parallel attention (dp > 1)";
  if (parallelism.ep) return "expert parallelism";
  return {};
}

AttentionHeads headsOnRank(const Model& model, const StepRequest& request) {
  const int tp = request.parallelism.tp;
  return {.heads = model.heads / tp,
          .kv_heads = std::max(1, model.kv_heads / tp),  // replicated when there are fewer than ranks
          .head_dim = model.head_dim,
          .kv_cache = request.kv_cache};
}

}  // namespace

void checkCostable(const Profile& profile, const Accelerator& accelerator, const Model& model,
                   const StepRequest& request) {
  const std::string feature = unsupported(model, request.parallelism);
  if (!feature.empty()) {
    throw InputError(fmt::format("step times of {}: {} is not supported yet", model.name, feature),
                     "dense models with full attention work, with tp on one node");
  }
  const std::string layout = layoutProblem(model, request.parallelism);
  if (!layout.empty()) throw InputError(fmt::format("step times of {}: {}", model.name, layout));
  if (request.parallelism.tp > accelerator.scale_up_size) {
    throw InputError(fmt::format("step times of {}: tp {} does not fit into one node of {} {}", model.name,
                                 request.parallelism.tp, accelerator.scale_up_size, accelerator.name));
  }
  const std::string precision = precisionProblem(accelerator, request.weights, request.kv_cache);
  if (!precision.empty()) throw InputError(fmt::format("step times of {}: {}", model.name, precision));
  if (profile.header.accelerator != accelerator.name) {
    throw InputError(fmt::format("profile {} is of {}, not of {}", profile.header.name, profile.header.accelerator,
                                 accelerator.name));
  }
  const std::string peaks = peaksProblem(profile.header, accelerator);
  if (!peaks.empty()) throw InputError(peaks);
}

StepKernels::StepKernels(const Profile& profile, const Model& model, const StepRequest& request)
    : profile_(profile),
      model_(model),
      graph_sizes_(request.graph_sizes),
      tp_(request.parallelism.tp),
      heads_(headsOnRank(model, request)),
      kv_element_bytes_(bytesPerElement(request.kv_cache).value()),
      gemm_(profile, request.weights),
      lm_head_(profile, Precision::bf16),  // engines leave the LM head unquantised
      decode_(profile, Operation::decode_attention, heads_),
      prefill_(profile, Operation::prefill_attention, heads_),
      all_reduce_(profile, CollectiveKernel::Kind::all_reduce, tp_),
      all_gather_(profile, CollectiveKernel::Kind::all_gather, tp_) {}

int StepKernels::paddedTokens(int tokens) const {
  const auto size = std::lower_bound(graph_sizes_.begin(), graph_sizes_.end(), tokens);
  return size == graph_sizes_.end() ? tokens : *size;
}

Seconds StepKernels::attentionLaunch() const {
  return std::min(decode_.launchFloor(), prefill_.launchFloor()) * model_.layers;
}

KernelTime StepKernels::decodeAttention(double sequences, double mean_context) const {
  const KernelTime all = layers(decode_.decode(sequences, mean_context));
  return {std::max(Seconds(0), all.time - attentionLaunch()), all.speed_of_light, all.tier};
}

KernelTime StepKernels::prefillAttention(double new_tokens, double prior) const {
  const KernelTime all = layers(prefill_.prefill(new_tokens, prior));
  return {std::max(all.speed_of_light, all.time - attentionLaunch()), all.speed_of_light, all.tier};
}

}  // namespace headroom::models
