// The kernels of one step of a dense model on one tensor-parallel rank, and what they add up to.
//   each layer: norm, QKV, rotary embedding and cache write, attention, output projection, all-reduce,
//               norm, gate and up, activation, down, all-reduce             once: embedding, final norm, LM head,
//               sampler
// Attention of a whole step is one launch: its launch floor is counted once with the tokens, and the attention parts
// hold what lies above it. Left out: host time, overlap of kernels, MoE, latent, windowed and linear attention, pp, dp.
#pragma once

#include <algorithm>

#include "models/cost/compile.h"
#include "models/cost/kernel.h"

namespace headroom::models {

/// Throws InputError if the model class, layout or precision cannot be costed, saying what would work.
void checkCostable(const Profile& profile, const Accelerator& accelerator, const Model& model,
                   const StepRequest& request);

class StepKernels {
 public:
  /// Keeps references to `profile` and `model`.
  StepKernels(const Profile& profile, const Model& model, const StepRequest& request);

  /// Tokens a step runs with: the smallest graph size that holds them, or the tokens themselves beyond the largest.
  int paddedTokens(int tokens) const;

  /// Calls add(name, KernelTime of all layers) for each kernel whose cost depends on the tokens only.
  template <class Add>
  void tokenwise(int tokens, Add add) const;
  /// The same for what depends on the sequences that emit a token.
  template <class Add>
  void perSequence(int sequences, Add add) const;

  /// The launch floors of attention in all layers: once in every step.
  Seconds attentionLaunch() const;
  /// All layers, above the launch floor; `mean_context` counts the tokens a sequence attends to, its newest included.
  /// With the floor it is exact and no less than the speed of light; chunks are held at the speed of light without it,
  /// so that a step of several parts is no faster than light either.
  KernelTime decodeAttention(double sequences, double mean_context) const;
  KernelTime prefillAttention(double new_tokens, double prior) const;

 private:
  KernelTime layers(KernelTime one) const { return scaled(one, model_.layers); }
  static KernelTime scaled(KernelTime one, double count) {
    return {one.time * count, one.speed_of_light * count, one.tier};
  }

  const Profile& profile_;
  const Model& model_;
  std::vector<int> graph_sizes_;
  int tp_;
  AttentionHeads heads_;
  double kv_element_bytes_;
  GemmKernel gemm_;
  GemmKernel lm_head_;
  AttentionKernel decode_;
  AttentionKernel prefill_;
  CollectiveKernel all_reduce_;
  CollectiveKernel all_gather_;
};

/// bf16 activations and logits.
inline constexpr double kActivationElementBytes = 2;
/// Sampling: a fixed chain of small kernels, and reading 16-bit logits and writing them as float32
/// (vLLM 0.19 on RTX 4090 and RTX PRO 6000: 12-25 us for one row, 6-7 bytes a logit at 256 rows).
inline constexpr Seconds kSamplerLaunch{25e-6};
inline constexpr double kSamplerBytes = 6;

template <class Add>
void StepKernels::tokenwise(int tokens, Add add) const {
  const int rows = paddedTokens(tokens);
  const double m = rows;
  const double hidden = model_.hidden;
  const double query = static_cast<double>(heads_.heads) * heads_.head_dim;
  const double key_value = 2.0 * heads_.kv_heads * heads_.head_dim;
  const double inter = static_cast<double>(model_.intermediate) / tp_;
  const double up = (model_.gated_mlp ? 2 : 1) * inter;
  const double bytes = kActivationElementBytes;
  const auto elementwise = [&](double moved) { return layers(elementwiseTime(profile_, moved)); };

  add("gemm qkv", layers(gemm_.time(rows, query + key_value, hidden)));
  add("gemm output", layers(gemm_.time(rows, hidden, query)));
  add("gemm gate+up", layers(gemm_.time(rows, up, hidden)));
  add("gemm down", layers(gemm_.time(rows, hidden, inter)));
  add("norms", scaled(elementwise(m * hidden * 4 * bytes), 2));  // reads and writes the hidden state and the residual
  const double rotated = m * (query + key_value / 2);
  add("rotary", elementwise(rotated * 2 * bytes));
  if (model_.qk_norm) add("query, key norm", elementwise(rotated * 2 * bytes));
  add("cache write", elementwise(m * key_value * (bytes + kv_element_bytes_)));
  add("activation", elementwise(m * (up + inter) * bytes));
  add("embedding", elementwiseTime(profile_, m * hidden * 2 * bytes));
  add("final norm", elementwiseTime(profile_, m * hidden * 4 * bytes));
  if (tp_ > 1)
    add("all-reduce", scaled(all_reduce_.time(m * hidden * bytes), 2 * model_.layers + 1));  // + 1: embedding
}

template <class Add>
void StepKernels::perSequence(int sequences, Add add) const {
  if (sequences <= 0) return;
  const double rows = sequences;
  const double vocab = model_.vocab;
  add("gemm lm head", lm_head_.time(sequences, vocab / tp_, model_.hidden));
  if (tp_ > 1) add("gather logits", all_gather_.time(rows * vocab * kActivationElementBytes));
  const Seconds least = Bytes(rows * vocab * kSamplerBytes) / profile_.header.peaks.memory;
  add("sampler", KernelTime{least / kSpecEfficiency + kSamplerLaunch, least, Tier::spec});
}

}  // namespace headroom::models
