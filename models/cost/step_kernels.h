// The kernels of one step on one rank, and what they add up to.
//   each layer: norm, attention block (step_attention.h), all-reduce, norm, MLP or experts (step_mlp.h), all-reduce
//   once: embedding, final norm; for each sequence that emits: LM head, sampler
//   pp > 1: the layers of all stages one after the other, and a send between stages
// Attention of a whole step is one launch a layer: its launch floor is counted once with the tokens, and the attention
// parts hold what lies above it. dp > 1: the kernels of one rank; its tokens meet those of its peers at the experts.
// Left out: host time, overlap of kernels, fused all-reduce + norm.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "models/cost/compile.h"
#include "models/cost/kernel.h"
#include "models/cost/kernel_collective.h"
#include "models/cost/step_attention.h"
#include "models/cost/step_mlp.h"

namespace headroom::models {

/// Throws InputError if the model class, layout or precision cannot be costed, saying what would work.
void checkCostable(const Profile& profile, const Accelerator& accelerator, const Model& model,
                   const StepRequest& request);

class StepKernels {
 public:
  /// Keeps references to `profile` and `model`.
  StepKernels(const Profile& profile, const Accelerator& accelerator, const Model& model, const StepRequest& request);

  /// Rows a step runs with: the smallest graph size that holds its tokens, or beyond the largest whole GEMM tiles.
  int paddedTokens(int tokens) const;

  /// Calls add(name, KernelTime of all layers) for each kernel whose cost depends on the tokens only.
  void tokenwise(int tokens, const AddPart& add) const;
  /// The same for what depends on the sequences that emit a token.
  void perSequence(int sequences, const AddPart& add) const;

  /// The launch floors of attention in all layers: once in every step.
  Seconds attentionLaunch() const;
  /// Attention of all layers of one kind.
  struct Attention {
    std::unique_ptr<AttentionBlock> block;
    AttentionKind kind = AttentionKind::full;
    int layers = 0;

    Seconds launch() const { return layers * block->launchFloor(); }
    /// All its layers, above the launch floor; `mean_context` counts the tokens a sequence attends to, its newest
    /// included. With the floor it is exact and no less than the speed of light; chunks are held at the speed of light
    /// without it, so that a step of several parts is no faster than light either.
    KernelTime decode(double sequences, double mean_context) const;
    KernelTime prefill(double new_tokens, double prior) const;
  };
  const std::vector<Attention>& attentions() const { return attentions_; }

  /// decode and prefill of all kinds of layers, in seconds, at each of many contexts (ascending).
  std::vector<double> decodeLine(double sequences, const std::vector<std::int64_t>& mean_contexts) const;
  std::vector<double> prefillLine(double new_tokens, const std::vector<std::int64_t>& priors) const;

  /// Attention of a step with prompts and decoding sequences, where one call computes both in every layer.
  std::optional<FusedAttention> fusedAttention() const;
  /// What unequal contexts of decoding sequences cost in all layers.
  std::optional<UnevenContexts> unevenContexts() const;

  /// Whether prefillLine jumps from this chunk to the one longer by a token.
  bool isStair(std::int64_t chunk) const;

  /// Of the time of a step through all pipeline stages, that of the slowest; decoding `sequences` of one context.
  double slowestStageShare(int sequences, double context) const;

 private:
  void layerNorms(int rows, const AddPart& add) const;
  void communication(int rows, const AddPart& add) const;
  Seconds layerTime(int layer, int sequences, double context) const;

  const Profile& profile_;
  const Model& model_;
  StepRequest request_;
  int ranks_per_node_;
  std::vector<Attention> attentions_;
  std::optional<DenseMlp> dense_;
  std::optional<ExpertMlp> experts_;
  int dense_layers_ = 0;
  int expert_layers_ = 0;
  LayerKernel norm_, final_norm_, embedding_, sampler_;
  GemmKernel lm_head_;
  CollectiveKernel all_reduce_;
  CollectiveKernel all_gather_;
};

/// bf16 activations and logits.
inline constexpr double kActivationElementBytes = 2;
/// Sampling: a fixed chain of small kernels, and reading 16-bit logits and writing them as float32
/// (vLLM 0.19 on RTX 4090 and RTX PRO 6000: 12-25 us for one row, 6-7 bytes a logit at 256 rows).
inline constexpr Seconds kSamplerLaunch{25e-6};
inline constexpr double kSamplerBytes = 6;

/// Layers of each pipeline stage: what is left over goes to the stages before the last, from the back (vLLM).
std::vector<int> stageLayers(int layers, int stages);

}  // namespace headroom::models
