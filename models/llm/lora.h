// What LoRA adapters (Hu et al., ICLR 2022) add to a model: beside a projection of `in` to `out` values, one to `rank`
// and one from it. All projections of attention and of dense MLPs have them, as in vLLM's defaults; experts have none.
// On a tensor-parallel rank the wide side of each is divided as the projection is.
#pragma once

#include <string>
#include <vector>

#include "models/base/quantity.h"
#include "models/llm/model.h"

namespace headroom::models {

/// One projection of `layers` layers on one rank; `slices` were merged in the base model, each with adapters of its
/// own.
struct LoraProjection {
  double in = 0;
  double out = 0;  ///< of all slices
  int slices = 1;
  int layers = 0;
  /// Elements of one adapter in one layer.
  double elements(int rank) const { return rank * (slices * in + out); }
};

/// Why adapters of this model are not modelled, or "".
std::string loraProblem(const Model& model);
std::vector<LoraProjection> loraProjections(const Model& model, int tp);
/// One adapter in bf16 on one rank.
Bytes loraBytes(const std::vector<LoraProjection>& projections, int rank);

}  // namespace headroom::models
