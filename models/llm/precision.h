// Number formats of weights and KV cache, by the names users write.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/base/quantity.h"

namespace headroom::models {

enum class Precision { bf16, fp8, fp8_block, nvfp4, mxfp4, int4 };

/// `bf16, fp8, fp8-block, nvfp4, mxfp4, int4`.
const std::vector<std::string>& precisionNames();
std::optional<Precision> precisionFromName(const std::string& name);
std::string nameOf(Precision precision);
/// Bytes a weight takes, block scales included (fp8-block: 128x128 float32, nvfp4: 16 fp8, mxfp4: 32 e8m0, int4: 128
/// bf16).
Bytes bytesPerElement(Precision precision);

}  // namespace headroom::models
