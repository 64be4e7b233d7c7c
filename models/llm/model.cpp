#include "models/llm/model.h"

#include "models/llm/layer.h"

namespace headroom::models {

ParameterCount countParameters(const Model& model) {
  ParameterCount count;
  count.embedding = static_cast<double>(model.vocab) * model.hidden;
  count.lm_head = model.tied_embeddings ? 0 : count.embedding;
  count.norms = model.hidden;  // the one after the last layer
  for (int layer = 0; layer < model.layers; ++layer) {
    const LayerParameters one = layerParameters(model, layer, {});
    count.attention += one.attention;
    count.dense_mlp += one.dense_mlp;
    count.experts += one.experts;
    count.shared_experts += one.shared_experts;
    count.router += one.router;
    count.norms += one.norms;
  }
  const double routed_share = model.moe ? static_cast<double>(model.moe->experts_per_token) / model.moe->experts : 0;
  const double lm_head = count.embedding;  // its own matrix, or the tied one used again
  count.active = lm_head + count.attention + count.dense_mlp + count.experts * routed_share + count.shared_experts +
                 count.router + count.norms;
  return count;
}

Bytes kvBytesPerToken(const Model& model, Precision kv_cache, int tp) {
  Bytes total;
  for (int layer = 0; layer < model.layers; ++layer) total += layerKvBytesPerToken(model, layer, kv_cache, tp);
  return total;
}

Bytes recurrentStateBytes(const Model& model, int tp) {
  Bytes total;
  for (int layer = 0; layer < model.layers; ++layer) total += layerStateBytes(model, layer, tp);
  return total;
}

}  // namespace headroom::models
