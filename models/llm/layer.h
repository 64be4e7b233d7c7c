// One layer of a model on one rank: what kind it is, the parameters it holds, the KV cache it keeps a token.
// Column- and row-parallel projections are divided by tp; KV heads are replicated when there are fewer than ranks;
// latent-attention down projections, routers and norms are replicated; experts are divided by `Sharding::experts`.
#pragma once

#include "models/base/quantity.h"
#include "models/llm/model.h"

namespace headroom::models {

enum class AttentionKind { full, windowed, linear };

/// Ranks that share the attention and dense MLP of a layer, and ranks that share its experts.
struct Sharding {
  int tp = 1;
  int experts = 1;
};

/// Elements one rank holds.
struct LayerParameters {
  double attention = 0;
  double dense_mlp = 0;
  double experts = 0;
  double shared_experts = 0;
  double router = 0;
  double norms = 0;
};

bool isMoeLayer(const Model& model, int layer);
AttentionKind attentionKind(const Model& model, int layer);
LayerParameters layerParameters(const Model& model, int layer, const Sharding& sharding);
/// Bytes of one token on one rank; 0 for linear attention.
Bytes layerKvBytesPerToken(const Model& model, int layer, Precision kv_cache, int tp);
/// Recurrent state of one sequence on one rank; 0 unless linear attention.
Bytes layerStateBytes(const Model& model, int layer, int tp);

}  // namespace headroom::models
