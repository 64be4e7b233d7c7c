#include "models/llm/lora.h"

#include <algorithm>

#include "models/llm/layer.h"
#include "models/llm/precision.h"

namespace headroom::models {

std::string loraProblem(const Model& model) {
  if (model.mla) return "adapters on latent attention are not modelled";
  if (model.linear_attention) return "adapters on linear attention are not modelled";
  return {};
}

std::vector<LoraProjection> loraProjections(const Model& model, int tp) {
  const double hidden = model.hidden;
  const double queries = static_cast<double>(model.heads) * model.head_dim / tp;
  const double keys = std::max(1.0, static_cast<double>(model.kv_heads) / tp) * model.head_dim;
  const double gate = model.attention_output_gate ? 2 : 1;
  std::vector<LoraProjection> all{{hidden, gate * queries + 2 * keys, 3, model.layers},
                                  {queries, hidden, 1, model.layers}};
  int dense = 0;
  for (int layer = 0; layer < model.layers; ++layer) dense += isMoeLayer(model, layer) ? 0 : 1;
  if (dense > 0) {
    const double width = static_cast<double>(model.intermediate) / tp;
    const int up = model.gated_mlp ? 2 : 1;
    all.push_back({hidden, up * width, up, dense});
    all.push_back({width, hidden, 1, dense});
  }
  return all;
}

Bytes loraBytes(const std::vector<LoraProjection>& projections, int rank) {
  double elements = 0;
  for (const LoraProjection& p : projections) elements += p.layers * p.elements(rank);
  return elements * bytesPerElement(Precision::bf16);
}

}  // namespace headroom::models
