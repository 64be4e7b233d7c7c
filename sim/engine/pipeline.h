// Pipeline stages (pp): several steps of different sequences are under way, each in one stage at a time. A stage takes
// steps in the order of their decision, so a step ends at the later of: its own time through all stages, and the
// bottleneck stage's work on it and on those in front.
#pragma once

#include <span>
#include <vector>

#include "models/base/ticks.h"

namespace headroom::sim {

class Pipeline {
 public:
  explicit Pipeline(int stages) : free_(static_cast<std::size_t>(stages)) {}
  /// A step is decided at `now` that takes `times` in the stages; when it leaves the last one.
  Ticks enter(Ticks now, std::span<const Ticks> times);
  Ticks lastEnd() const { return free_.back(); }

 private:
  std::vector<Ticks> free_;  // when each stage has done what was decided
};

/// A step's time by stage: `slowest_share` of it (at least an equal part) in the last stage, which also has the LM
/// head; the others alike. Sums to `time`.
void splitIntoStages(Ticks time, int stages, double slowest_share, std::vector<Ticks>& parts);

}  // namespace headroom::sim
