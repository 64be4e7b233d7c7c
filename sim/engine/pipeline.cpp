#include "sim/engine/pipeline.h"

#include <algorithm>
#include <cmath>

#include "models/base/error.h"

namespace headroom::sim {

Ticks Pipeline::enter(Ticks now, std::span<const Ticks> times) {
  CHECK(times.size() == free_.size(), "a time for every stage");
  Ticks at = now;
  for (std::size_t stage = 0; stage < free_.size(); ++stage) {
    at = std::max(at, free_[stage]) + times[stage];
    free_[stage] = at;
  }
  return at;
}

void splitIntoStages(Ticks time, int stages, double slowest_share, std::vector<Ticks>& parts) {
  const auto slowest = static_cast<Ticks>(std::llround(slowest_share * static_cast<double>(time)));
  const Ticks even = (time + stages - 1) / stages;
  parts.resize(static_cast<std::size_t>(stages));
  parts.back() = std::clamp(slowest, even, time);
  Ticks left = time - parts.back();
  for (int stage = 0; stage + 1 < stages; ++stage) {
    parts[static_cast<std::size_t>(stage)] = left / (stages - 1 - stage);
    left -= parts[static_cast<std::size_t>(stage)];
  }
}

}  // namespace headroom::sim
