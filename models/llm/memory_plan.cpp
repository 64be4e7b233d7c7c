#include "models/llm/memory_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "models/base/error.h"
#include "models/llm/layer.h"

namespace headroom::models {
namespace {

/// Memory that grows outside torch's allocator while vLLM profiles: modules, workspaces, collective buffers. What is
/// left of an RTX 4090 with Llama-3.1-8B (2588 blocks at 0.9) after weights, cache and the sampler estimate below; one
/// value for every layout.
constexpr double kNonTorchGrowthMiB = 335;
/// Sampler, bytes per row and vocabulary entry: 16-bit logits, float32 copy, sorted values and int64 indices,
/// probabilities, cumulative sum.
constexpr double kSamplerBytes = 27;
/// Hidden-state tensors alive at once in a forward pass.
constexpr double kHiddenCopies = 3;
/// Gate, up and their product.
constexpr double kMlpCopies = 3;
constexpr double kActivationBytes = 2;
/// Estimate of what captured CUDA graphs take, for engines that deduct it.
constexpr double kGraphsMiB = 512;

/// SGLang and TensorRT-LLM: CUDA context, and for several accelerators collective buffers, before weights are loaded.
/// Estimates: with them Qwen3-235B in fp8 on 4 H100 has 3.5 % more tokens than the one log at hand (vllm issue 21348).
constexpr double kContextMiB = 600;
constexpr double kCollectivesMiB = 1000;

constexpr double kMiB = 1024.0 * 1024.0;
constexpr double kGiB = 1024.0 * kMiB;

/// What a windowed layer keeps: the context like every other layer, or, set aside for each sequence, its window.
enum class WindowedLayers { keep_context, keep_window };

/// Layers [first, last) of one pipeline stage.
struct Stage {
  int first;
  int last;
  bool has_embedding;
  bool has_lm_head;
};

/// vLLM gives the layers that are left over to the stages before the last, from the back.
Stage stageOf(const Model& model, int pp, int index) {
  const int each = model.layers / pp;
  const int left_over = model.layers % pp;
  const auto sizeOf = [&](int stage) { return each + (stage < pp - 1 && stage >= pp - 1 - left_over ? 1 : 0); };
  int first = 0;
  for (int stage = 0; stage < index; ++stage) first += sizeOf(stage);
  return {first, first + sizeOf(index), index == 0, index == pp - 1};
}

Sharding shardingOf(const Model& model, const Parallelism& parallelism) {
  return {parallelism.tp, model.moe ? parallelism.tp * parallelism.dp : parallelism.tp};
}

Bytes layerWeights(const Model& model, int layer, const MemoryRequest& request) {
  const LayerParameters held = layerParameters(model, layer, shardingOf(model, request.parallelism));
  const Bytes quantised = bytesPerElement(request.weights);
  const Bytes plain = bytesPerElement(Precision::bf16);
  // mxfp4 checkpoints of mixture-of-experts models quantise the experts only.
  const bool experts_only = request.weights == Precision::mxfp4 && model.moe;
  return held.experts * quantised +
         (held.attention + held.dense_mlp + held.shared_experts) * (experts_only ? plain : quantised) +
         (held.router + held.norms) * plain;
}

Bytes stageWeights(const Model& model, const Stage& stage, const MemoryRequest& request) {
  const double table = static_cast<double>(model.vocab) * model.hidden / request.parallelism.tp;
  double plain = 0;
  if (stage.has_embedding) plain += table;
  if (stage.has_lm_head) plain += (model.tied_embeddings && stage.has_embedding ? 0 : table) + model.hidden;
  Bytes total = plain * bytesPerElement(Precision::bf16);
  for (int layer = stage.first; layer < stage.last; ++layer) total += layerWeights(model, layer, request);
  return total;
}

/// Width of the widest MLP a token passes on one rank.
double widestMlp(const Model& model, int tp) {
  const double dense = static_cast<double>(model.intermediate) / tp;
  if (!model.moe) return dense;
  const double routed = static_cast<double>(model.moe->experts_per_token) * model.moe->intermediate;
  return std::max(dense, (routed + model.moe->shared_intermediate) / tp);
}

/// TensorRT-LLM's dummy run samples one token of each of few long prompts: its forward pass is the peak.
Bytes activationPeak(const Model& model, const Stage& stage, const MemoryRequest& request) {
  const double tokens = request.max_num_batched_tokens;
  const double width = kHiddenCopies * model.hidden + kMlpCopies * widestMlp(model, request.parallelism.tp);
  const Bytes forward(tokens * width * kActivationBytes);
  if (!stage.has_lm_head || request.rule == MemoryRule::trtllm) return forward;
  const double rows = std::min(request.max_num_batched_tokens, request.max_num_seqs);
  return std::max(forward, Bytes(rows * model.vocab * kSamplerBytes));
}

std::int64_t longestSequence(const Model& model, const MemoryRequest& request) {
  return request.max_model_len > 0 ? request.max_model_len : model.max_position;
}

/// Adds a layer's cache: by token into `per_token`, or by sequence into the plan's state.
void addLayerCache(const Model& model, const MemoryRequest& request, int layer, WindowedLayers windowed,
                   MemoryPlan& plan, Bytes& per_token) {
  const int tp = request.parallelism.tp;
  const double sequences = request.max_num_seqs;
  const Bytes token = layerKvBytesPerToken(model, layer, request.kv_cache, tp);
  if (windowed == WindowedLayers::keep_window && attentionKind(model, layer) == AttentionKind::windowed) {
    const std::int64_t kept =
        std::min<std::int64_t>(model.sliding_window + request.block_size, longestSequence(model, request));
    plan.state += sequences * static_cast<double>(kept) * token;
  } else {
    per_token += token;
  }
  plan.state += sequences * layerStateBytes(model, layer, tp);
}

/// What the engine's rule takes off beside weights and states, and of what.
void applyRule(const Model& model, const Stage& stage, const MemoryRequest& request, MemoryPlan& plan) {
  const double share = request.gpu_memory_utilization;
  const bool alone = request.parallelism.accelerators() == 1;
  const Bytes context((kContextMiB + (alone ? 0 : kCollectivesMiB)) * kMiB);
  plan.usable = Bytes(std::ceil(plan.memory.value() * share));
  switch (request.rule) {
    case MemoryRule::sglang:
      plan.runtime = share * context;
      return;
    case MemoryRule::vllm:
      plan.activations = activationPeak(model, stage, request);
      plan.runtime = Bytes(kNonTorchGrowthMiB * kMiB);
      if (request.deduct_graphs) plan.graphs = Bytes(kGraphsMiB * kMiB);
      return;
    case MemoryRule::trtllm:
      plan.activations = activationPeak(model, stage, request);
      plan.runtime = Bytes(kNonTorchGrowthMiB * kMiB) + context;
      const Bytes free = plan.memory - plan.weights - plan.activations - plan.runtime;
      plan.usable = plan.memory - (1 - share) * std::max(free, Bytes());
      return;
  }
}

/// The plan of one pipeline stage, without the verdict.
MemoryPlan planStage(const Model& model, const Accelerator& accelerator, const MemoryRequest& request,
                     const Stage& stage, WindowedLayers windowed) {
  MemoryPlan plan;
  plan.memory = accelerator.memory;
  plan.weights = stageWeights(model, stage, request) + request.added_weights;
  applyRule(model, stage, request, plan);
  Bytes per_token = request.added_kv_per_token;
  for (int layer = stage.first; layer < stage.last; ++layer) {
    addLayerCache(model, request, layer, windowed, plan, per_token);
  }
  plan.kv_block = static_cast<double>(request.block_size) * per_token;
  const Bytes left = plan.usable - plan.weights - plan.activations - plan.runtime - plan.graphs - plan.state;
  plan.kv_cache = std::max(left, Bytes());
  // A stage that keeps nothing by token limits nothing, if it fits.
  const double unlimited = left > Bytes() ? static_cast<double>(INT32_MAX) : 0;
  const double blocks = per_token > Bytes() ? plan.kv_cache / plan.kv_block : unlimited;
  plan.blocks = Blocks(static_cast<std::int64_t>(std::floor(blocks)));
  plan.kv_tokens = Tokens(plan.blocks.value() * request.block_size);
  return plan;
}

MemoryPlan planTightestStage(const Model& model, const Accelerator& accelerator, const MemoryRequest& request,
                             WindowedLayers windowed) {
  const int pp = request.parallelism.pp;
  MemoryPlan tightest = planStage(model, accelerator, request, stageOf(model, pp, 0), windowed);
  for (int index = 1; index < pp; ++index) {
    const MemoryPlan plan = planStage(model, accelerator, request, stageOf(model, pp, index), windowed);
    if (plan.blocks < tightest.blocks || (plan.blocks == tightest.blocks && plan.weights > tightest.weights)) {
      tightest = plan;
    }
  }
  return tightest;
}

double gib(Bytes bytes) {
  return bytes.value() / kGiB;
}

/// Blocks for one sequence of the longest length.
std::int64_t blocksForOne(std::int64_t length, int block_size) {
  return (length + block_size - 1) / block_size;
}

std::string shortage(const MemoryPlan& plan, const MemoryRequest& request, std::int64_t max_model_len) {
  const Bytes needed = plan.weights + plan.activations + plan.runtime + plan.graphs + plan.state;
  if (needed >= plan.usable) {
    return fmt::format(
        "needs {:.2f} GiB per accelerator before any KV cache (weights {:.2f}, activations {:.2f}, runtime "
        "{:.2f} GiB{}) and may use {:.2f} GiB: {:.2f} GiB are missing",
        gib(needed), gib(plan.weights), gib(plan.activations), gib(plan.runtime + plan.graphs),
        plan.state > Bytes() ? fmt::format(", state of the sequences {:.2f} GiB", gib(plan.state)) : "",
        gib(plan.usable), gib(needed - plan.usable));
  }
  // Only vLLM insists on one longest sequence.
  const bool insists = request.rule == MemoryRule::vllm;
  const std::int64_t wanted = insists ? blocksForOne(max_model_len, request.block_size) : 1;
  if (plan.blocks.value() >= wanted) return {};
  const Bytes missing = static_cast<double>(wanted) * plan.kv_block - plan.kv_cache;
  const std::string left = fmt::format(
      "one sequence of max_model_len {} does not fit into the KV cache: {:.2f} GiB hold {} "
      "tokens, {:.2f} GiB are missing",
      max_model_len, gib(plan.kv_cache), plan.kv_tokens.value(), gib(missing));
  return plan.kv_tokens.value() > 0 ? left + fmt::format("; try --max-model-len {}", plan.kv_tokens.value()) : left;
}

MemoryPlan refused(const Accelerator& accelerator, const MemoryRequest& request, std::string reason) {
  MemoryPlan plan;
  plan.reason = std::move(reason);
  plan.memory = accelerator.memory;
  plan.usable = Bytes(std::ceil(accelerator.memory.value() * request.gpu_memory_utilization));
  return plan;
}

}  // namespace

Bytes weightsOfRank(const Model& model, const Parallelism& parallelism, Precision weights, bool tables) {
  MemoryRequest request;
  request.parallelism = parallelism;
  request.weights = weights;
  if (tables) return stageWeights(model, {0, model.layers, true, true}, request);
  Bytes total;
  for (int layer = 0; layer < model.layers; ++layer) total += layerWeights(model, layer, request);
  return total;
}

MemoryPlan planMemory(const Model& model, const Accelerator& accelerator, const MemoryRequest& request) {
  CHECK(request.block_size > 0 && request.max_num_batched_tokens > 0 && request.max_num_seqs > 0,
        "sizes of a memory request must be positive");
  if (const std::string problem = layoutProblem(model, request.parallelism); !problem.empty()) {
    return refused(accelerator, request, problem);
  }
  if (const std::string problem = precisionProblem(accelerator, request.weights, request.kv_cache); !problem.empty()) {
    return refused(accelerator, request, problem);
  }
  MemoryPlan plan = planTightestStage(model, accelerator, request, WindowedLayers::keep_context);
  if (model.sliding_window > 0 && model.full_attention_every > 0) {
    const MemoryPlan windows = planTightestStage(model, accelerator, request, WindowedLayers::keep_window);
    if (windows.blocks > plan.blocks) plan = windows;
  }
  plan.reason = shortage(plan, request, longestSequence(model, request));
  plan.fits = plan.reason.empty();
  return plan;
}

}  // namespace headroom::models
