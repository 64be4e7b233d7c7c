#include "models/cost/step_attention.h"

#include <algorithm>
#include <limits>

#include "models/cost/kernel.h"
#include "models/cost/kernel_delta.h"
#include "models/cost/kernel_latent.h"

namespace headroom::models {
namespace {

constexpr double kBytes = 2;  // bf16 activations
constexpr double kNoLimit = std::numeric_limits<double>::infinity();

AttentionHeads headsOnRank(const Model& model, AttentionKind kind, const StepRequest& request) {
  const int tp = request.parallelism.tp;
  const bool other_shape = kind == AttentionKind::full && model.full_attention;
  const int kv_heads = other_shape ? model.full_attention->kv_heads : model.kv_heads;
  return {.heads = model.heads / tp,
          .kv_heads = std::max(1, kv_heads / tp),  // replicated when there are fewer than ranks
          .head_dim = other_shape ? model.full_attention->head_dim : model.head_dim,
          .kv_cache = request.kv_cache,
          .window = kind == AttentionKind::windowed ? model.sliding_window : 0};
}

class HeadedAttention final : public AttentionBlock {
 public:
  HeadedAttention(const Profile& profile, const Model& model, AttentionKind kind, const StepRequest& request)
      : profile_(profile),
        model_(model),
        heads_(headsOnRank(model, kind, request)),
        one_key_value_(kind == AttentionKind::full && model.full_attention && model.full_attention->keys_are_values),
        gemm_(profile, denseWeights(model, request.weights)),
        rotary_(profile, Layer::rotary, rotatedElements()),
        qk_norm_(profile, Layer::qk_norm, rotatedElements()),
        decode_(profile, Operation::decode_attention, heads_),
        prefill_(profile, Operation::prefill_attention, heads_) {}

  void tokenwise(int rows, const AddPart& add) const override {
    const double m = rows;
    const double query = static_cast<double>(heads_.heads) * heads_.head_dim;
    const double key = static_cast<double>(heads_.kv_heads) * heads_.head_dim;
    const double projected = (model_.attention_output_gate ? 2 : 1) * query + (one_key_value_ ? 1 : 2) * key;
    const double kv_bytes = bytesPerElement(heads_.kv_cache).value();
    add("gemm qkv", gemm_.time(rows, projected, model_.hidden));
    add("gemm output", gemm_.time(rows, model_.hidden, query));
    const double rotated = m * rotatedElements();
    const KernelTime once = elementwiseTime(profile_, rotated * 2 * kBytes);
    add("rotary", rotary_.time(m, once));
    if (model_.qk_norm) add("query, key norm", qk_norm_.time(m, once));
    if (model_.attention_output_gate) add("output gate", elementwiseTime(profile_, m * query * 3 * kBytes));
    add("cache write", elementwiseTime(profile_, m * 2 * key * (kBytes + kv_bytes)));
  }
  KernelTime decode(double sequences, double context) const override { return decode_.decode(sequences, context); }
  KernelTime prefill(double new_tokens, double prior) const override { return prefill_.prefill(new_tokens, prior); }
  int stairTokens() const override { return prefill_.stairTokens(); }
  std::optional<FusedAttention> fused(int layers) const override {
    return FusedAttention::find(profile_, prefill_.key(), layers);
  }
  std::optional<UnevenContexts> uneven(int layers) const override {
    return UnevenContexts::find(profile_, decode_.key(), layers);
  }
  Seconds launchFloor() const override { return std::min(decode_.launchFloor(), prefill_.launchFloor()); }
  double contextLimit() const override { return heads_.window > 0 ? heads_.window : kNoLimit; }

 private:
  double rotatedElements() const { return static_cast<double>(heads_.heads + heads_.kv_heads) * heads_.head_dim; }

  const Profile& profile_;
  const Model& model_;
  AttentionHeads heads_;
  bool one_key_value_;
  GemmKernel gemm_;
  LayerKernel rotary_, qk_norm_;
  AttentionKernel decode_;
  AttentionKernel prefill_;
};

class LatentBlock final : public AttentionBlock {
 public:
  LatentBlock(const Profile& profile, const Model& model, const StepRequest& request)
      : profile_(profile),
        sizes_(*model.mla),
        kv_bytes_(bytesPerElement(request.kv_cache).value()),
        heads_(model.heads / request.parallelism.tp),
        kernel_(profile, {.sizes = *model.mla,
                          .hidden = model.hidden,
                          .heads = heads_,
                          .weights = denseWeights(model, request.weights),
                          .kv_cache = request.kv_cache,
                          .indexer = model.indexer}) {}

  void tokenwise(int rows, const AddPart& add) const override {
    const double m = rows;
    const double latent = sizes_.kv_lora_rank + sizes_.qk_rope_head_dim;
    add("gemm latent projections", kernel_.projections(rows));
    if (kernel_.knowsBlocks()) return;  // the block's time has the rest
    add("latent norms", elementwiseTime(profile_, m * (sizes_.q_lora_rank + latent) * 2 * kBytes));
    add("rotary", elementwiseTime(profile_, m * (heads_ + 1) * sizes_.qk_rope_head_dim * 2 * kBytes));
    add("cache write", elementwiseTime(profile_, m * latent * (kBytes + kv_bytes_)));
  }
  KernelTime decode(double sequences, double context) const override { return kernel_.decode(sequences, context); }
  KernelTime prefill(double new_tokens, double prior) const override { return kernel_.prefill(new_tokens, prior); }
  Seconds launchFloor() const override { return kernel_.launchFloor(); }
  double contextLimit() const override { return kNoLimit; }

 private:
  const Profile& profile_;
  LatentAttention sizes_;
  double kv_bytes_;
  int heads_;
  LatentKernel kernel_;
};

class LinearBlock final : public AttentionBlock {
 public:
  LinearBlock(const Profile& profile, const Model& model, const StepRequest& request)
      : profile_(profile),
        hidden_(model.hidden),
        shape_(*model.linear_attention),
        tp_(request.parallelism.tp),
        gemm_(profile, denseWeights(model, request.weights)),
        kernel_(profile, std::max(1, shape_.key_heads / tp_), std::max(1, shape_.value_heads / tp_)) {}

  void tokenwise(int rows, const AddPart& add) const override {
    const double keys = 2.0 * shape_.key_heads * shape_.key_head_dim / tp_;
    const double values = static_cast<double>(shape_.value_heads) * shape_.value_head_dim / tp_;
    add("gemm delta input", gemm_.time(rows, keys + 2 * values, hidden_));  // queries, keys, values, gate
    add("gemm delta gates", gemm_.time(rows, std::max(1.0, 2.0 * shape_.value_heads / tp_), hidden_));
    add("gated norm", elementwiseTime(profile_, rows * values * 3 * kBytes));
    add("gemm output", gemm_.time(rows, hidden_, values));
  }
  KernelTime decode(double sequences, double) const override { return kernel_.decode(sequences); }
  KernelTime prefill(double new_tokens, double) const override { return kernel_.prefill(new_tokens); }
  Seconds launchFloor() const override { return kernel_.launchFloor(); }
  double contextLimit() const override { return 0; }

 private:
  const Profile& profile_;
  double hidden_;
  LinearAttention shape_;
  int tp_;
  GemmKernel gemm_;
  DeltaKernel kernel_;
};

}  // namespace

Precision denseWeights(const Model& model, Precision weights) {
  return model.moe && weights == Precision::mxfp4 ? Precision::bf16 : weights;
}

std::unique_ptr<AttentionBlock> makeAttentionBlock(const Profile& profile, const Model& model, AttentionKind kind,
                                                   const StepRequest& request) {
  if (kind == AttentionKind::linear) return std::make_unique<LinearBlock>(profile, model, request);
  if (model.mla) return std::make_unique<LatentBlock>(profile, model, request);
  return std::make_unique<HeadedAttention>(profile, model, kind, request);
}

}  // namespace headroom::models
