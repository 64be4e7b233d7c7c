#include "models/cost/lora_cost.h"

#include <algorithm>

namespace headroom::models {

Seconds LoraCost::step(int tokens, int adapters) const {
  Seconds total;
  if (tokens == 0) return total;
  constexpr double kElementBytes = 2;
  for (const LoraProjection& p : projections_) {
    const double elements = p.elements(rank_);
    const double row = p.in + 2 * p.slices * rank_ + 2 * p.out;
    const Flops flops(2.0 * tokens * elements);
    const Bytes bytes(kElementBytes * (adapters * elements + tokens * row));
    total += p.layers * (kLoraLaunch + std::max(flops / peak_, bytes / bandwidth_));
  }
  return total;
}

}  // namespace headroom::models
