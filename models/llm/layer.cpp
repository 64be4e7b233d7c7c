#include "models/llm/layer.h"

#include <algorithm>

#include "models/base/error.h"

namespace headroom::models {
namespace {

/// fp8 key and one float32 scale.
constexpr double kIndexerScaleBytes = 4;
/// The state is kept in float32, the convolution's last inputs in bf16.
constexpr double kStateElementBytes = 4;
constexpr double kConvElementBytes = 2;

struct HeadShape {
  double kv_heads;
  double head_dim;
  bool keys_are_values;
};

HeadShape headShape(const Model& model, AttentionKind kind) {
  if (kind == AttentionKind::full && model.full_attention) {
    return {static_cast<double>(model.full_attention->kv_heads), static_cast<double>(model.full_attention->head_dim),
            model.full_attention->keys_are_values};
  }
  return {static_cast<double>(model.kv_heads), static_cast<double>(model.head_dim), false};
}

double kvHeadsOnRank(double kv_heads, int tp) {
  return std::max(1.0, kv_heads / tp);
}

double headedAttention(const Model& model, AttentionKind kind, int tp) {
  const HeadShape shape = headShape(model, kind);
  const double hidden = model.hidden;
  const double query = model.heads * shape.head_dim / tp;
  const double key = kvHeadsOnRank(shape.kv_heads, tp) * shape.head_dim;
  const double query_out = model.attention_output_gate ? 2 * query : query;
  double elements = hidden * (query_out + (shape.keys_are_values ? 1 : 2) * key) + query * hidden;
  if (model.qkv_bias) elements += query_out + 2 * key;
  if (model.output_bias) elements += hidden;
  return elements;
}

double latentAttention(const Model& model, const LatentAttention& mla, int tp) {
  const double hidden = model.hidden;
  const double heads = static_cast<double>(model.heads) / tp;
  const double query = heads * (mla.qk_nope_head_dim + mla.qk_rope_head_dim);
  const double down = mla.q_lora_rank > 0 ? hidden * mla.q_lora_rank + mla.q_lora_rank * query : hidden * query;
  const double compress = hidden * (mla.kv_lora_rank + mla.qk_rope_head_dim);
  const double expand = mla.kv_lora_rank * heads * (mla.qk_nope_head_dim + mla.v_head_dim);
  return down + compress + expand + heads * mla.v_head_dim * hidden;
}

double linearAttention(const Model& model, const LinearAttention& linear, int tp) {
  const double keys = 2.0 * linear.key_heads * linear.key_head_dim / tp;
  const double values = static_cast<double>(linear.value_heads) * linear.value_head_dim / tp;
  const double gates = 2.0 * linear.value_heads / tp;
  const double in = model.hidden * (keys + 2 * values + gates);  // q, k, v, z and the two gates
  return in + (keys + values) * linear.conv_kernel + gates + linear.value_head_dim + values * model.hidden;
}

double indexer(const Model& model, const SparseIndexer& index) {
  const double query_in = model.mla && model.mla->q_lora_rank > 0 ? model.mla->q_lora_rank : model.hidden;
  return query_in * index.heads * index.head_dim + static_cast<double>(model.hidden) * (index.head_dim + index.heads);
}

double mlp(const Model& model, double intermediate) {
  const double projections = model.gated_mlp ? 3 : 2;
  double elements = projections * model.hidden * intermediate;
  if (model.mlp_bias) elements += (projections - 1) * intermediate + model.hidden;
  return elements;
}

double norms(const Model& model, AttentionKind kind) {
  double elements = 2.0 * model.hidden;
  if (kind == AttentionKind::linear) return elements;
  if (model.qk_norm) elements += 2 * headShape(model, kind).head_dim;
  if (model.mla) elements += model.mla->q_lora_rank + model.mla->kv_lora_rank;
  if (model.indexer) elements += 2.0 * model.indexer->head_dim;
  return elements;
}

}  // namespace

bool isMoeLayer(const Model& model, int layer) {
  if (!model.moe || layer < model.moe->dense_layers) return false;
  return (layer - model.moe->dense_layers) % model.moe->every == model.moe->every - 1;
}

AttentionKind attentionKind(const Model& model, int layer) {
  if (model.linear_attention_layers > 0) {
    // The full layers stand evenly, each last of its group: layer 3, 7, 11 ... when one in four is full.
    const std::int64_t full = model.layers - model.linear_attention_layers;
    const bool is_full = (layer + 1) * full / model.layers > layer * full / model.layers;
    return is_full ? AttentionKind::full : AttentionKind::linear;
  }
  if (model.sliding_window == 0) return AttentionKind::full;
  const int every = model.full_attention_every;
  return every > 0 && layer % every == every - 1 ? AttentionKind::full : AttentionKind::windowed;
}

LayerParameters layerParameters(const Model& model, int layer, const Sharding& sharding) {
  const AttentionKind kind = attentionKind(model, layer);
  LayerParameters parameters;
  parameters.norms = norms(model, kind);
  if (kind == AttentionKind::linear) {
    CHECK(model.linear_attention, "a layer with linear attention has no shape");
    parameters.attention = linearAttention(model, *model.linear_attention, sharding.tp);
  } else if (model.mla) {
    parameters.attention = latentAttention(model, *model.mla, sharding.tp);
  } else {
    parameters.attention = headedAttention(model, kind, sharding.tp);
  }
  if (model.indexer && kind != AttentionKind::linear) parameters.attention += indexer(model, *model.indexer);
  if (!isMoeLayer(model, layer)) {
    parameters.dense_mlp = mlp(model, model.intermediate) / sharding.tp;
    return parameters;
  }
  parameters.experts = model.moe->experts * mlp(model, model.moe->intermediate) / sharding.experts;
  if (model.moe->shared_intermediate > 0) {
    parameters.shared_experts = mlp(model, model.moe->shared_intermediate) / sharding.tp;
  }
  parameters.router =
      static_cast<double>(model.hidden) * model.moe->experts + (model.mlp_bias ? model.moe->experts : 0);
  return parameters;
}

Bytes layerKvBytesPerToken(const Model& model, int layer, Precision kv_cache, int tp) {
  const AttentionKind kind = attentionKind(model, layer);
  if (kind == AttentionKind::linear) return Bytes();
  const Bytes index = model.indexer ? Bytes(model.indexer->head_dim + kIndexerScaleBytes) : Bytes();
  if (model.mla) {
    const double compressed = model.mla->kv_lora_rank + model.mla->qk_rope_head_dim;
    return compressed * bytesPerElement(kv_cache) + index;
  }
  const HeadShape shape = headShape(model, kind);
  return 2 * kvHeadsOnRank(shape.kv_heads, tp) * shape.head_dim * bytesPerElement(kv_cache) + index;
}

Bytes layerStateBytes(const Model& model, int layer, int tp) {
  if (attentionKind(model, layer) != AttentionKind::linear) return Bytes();
  const LinearAttention& linear = *model.linear_attention;
  const double values = static_cast<double>(linear.value_heads) * linear.value_head_dim / tp;
  const double keys = 2.0 * linear.key_heads * linear.key_head_dim / tp;
  return Bytes(values * linear.key_head_dim * kStateElementBytes +
               (keys + values) * (linear.conv_kernel - 1) * kConvElementBytes);
}

}  // namespace headroom::models
