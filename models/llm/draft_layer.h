// The draft model that EAGLE and multi-token prediction heads amount to: one more layer of the model, on its own
// embedding and LM head (Li et al., EAGLE, ICML 2024; DeepSeek-V3 report, 2.2). EAGLE's layer has a dense MLP. Left
// out: the projection of two or three hidden states to one in front of it, and EAGLE-3's smaller vocabulary.
#pragma once

#include "models/llm/model.h"

namespace headroom::models {

/// `experts`: an MTP layer of a mixture of experts is one too.
Model draftLayerOf(const Model& model, bool experts);

}  // namespace headroom::models
