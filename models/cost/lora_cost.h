// What a step takes longer because some of its tokens use LoRA adapters. For each projection of each layer:
//   launch + max(2 tokens x elements / peak, bytes / bandwidth)
//   bytes = adapters x elements + tokens x (in + 2 slices x rank + 2 out), of 2 bytes: what is multiplied, read and
//   written once; the output is added to
// at the data sheet's peak. `launch` was measured (profiler/measure_transfers.py on an H200: 108 points of a projection
// with and without batched adapters in a captured graph; docs/engine.md says how far the formula is off). Left out:
// kernels of an engine's own, adapters padded to the largest rank, all-reduces between the factors.
#pragma once

#include <vector>

#include "models/base/quantity.h"
#include "models/hardware/accelerator.h"
#include "models/llm/lora.h"

namespace headroom::models {

class LoraCost {
 public:
  /// Adapters of `rank` on one tensor-parallel rank.
  LoraCost(const Accelerator& accelerator, std::vector<LoraProjection> projections, int rank)
      : peak_(accelerator.bf16),
        bandwidth_(accelerator.memory_bandwidth),
        projections_(std::move(projections)),
        rank_(rank) {}
  /// `tokens` of `adapters` different ones; nothing for none.
  Seconds step(int tokens, int adapters) const;

 private:
  FlopsPerSecond peak_;
  BytesPerSecond bandwidth_;
  std::vector<LoraProjection> projections_;
  int rank_;
};

/// Two dependent products that do next to nothing.
inline constexpr Seconds kLoraLaunch{9.5e-6};

}  // namespace headroom::models
