#include "models/llm/draft_layer.h"

namespace headroom::models {

Model draftLayerOf(const Model& model, bool experts) {
  Model draft = model;
  draft.name += experts ? " MTP layer" : " EAGLE layer";
  draft.layers = 1;
  draft.linear_attention_layers = 0;
  draft.linear_attention.reset();
  draft.sliding_window = 0;
  draft.full_attention_every = 0;
  if (draft.full_attention) {
    draft.kv_heads = draft.full_attention->kv_heads;
    draft.head_dim = draft.full_attention->head_dim;
    draft.full_attention.reset();
  }
  if (!draft.moe) return draft;
  if (experts) {
    draft.moe->dense_layers = 0;
    draft.moe->every = 1;
    draft.intermediate = 0;
  } else {
    if (draft.intermediate == 0) {
      draft.intermediate = draft.moe->experts_per_token * draft.moe->intermediate + draft.moe->shared_intermediate;
    }
    draft.moe.reset();
  }
  return draft;
}

}  // namespace headroom::models
