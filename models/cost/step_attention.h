// The attention block of one layer on one tensor-parallel rank: projections, norms and cache writes, which depend on
// the tokens of a step, and attention itself, which depends on contexts. One class for each kind of layer:
//   headed   multi-head and grouped-query attention, full or windowed (the context counts up to the window)
//   latent   MLA and DSA                                linear   gated delta net (contexts count for nothing)
// Batches of unequal contexts under a window are costed at their mean, capped: an approximation from below that is
// exact once every context is longer than the window.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "models/cost/compile.h"
#include "models/cost/fused_attention.h"
#include "models/cost/kernel_table.h"
#include "models/cost/uneven_contexts.h"
#include "models/llm/layer.h"

namespace headroom::models {

/// Called with the name of a kernel and its time in one layer.
using AddPart = std::function<void(const char*, const KernelTime&)>;

class AttentionBlock {
 public:
  virtual ~AttentionBlock() = default;
  virtual void tokenwise(int rows, const AddPart& add) const = 0;
  /// One new token for each of `sequences` that attend to `context` tokens, the newest included.
  virtual KernelTime decode(double sequences, double context) const = 0;
  virtual KernelTime prefill(double new_tokens, double prior) const = 0;
  /// New tokens after which prefill jumps, since it takes another work item; 0: it grows evenly.
  virtual int stairTokens() const { return 0; }
  /// One call for prompts and decoding sequences together in all `layers`; none if they are not fused, or not measured.
  virtual std::optional<FusedAttention> fused(int /*layers*/) const { return std::nullopt; }
  /// What unequal contexts cost in all `layers`; none if nobody measured it.
  virtual std::optional<UnevenContexts> uneven(int /*layers*/) const { return std::nullopt; }
  /// Time of attention with next to nothing to do.
  virtual Seconds launchFloor() const = 0;
  /// Tokens of context beyond which more cost nothing.
  virtual double contextLimit() const = 0;
};

std::unique_ptr<AttentionBlock> makeAttentionBlock(const Profile& profile, const Model& model, AttentionKind kind,
                                                   const StepRequest& request);

/// Weights of attention, dense MLPs and shared experts: mxfp4 checkpoints quantise the routed experts only.
Precision denseWeights(const Model& model, Precision weights);

}  // namespace headroom::models
