// The time of a step of several ranks in lock-step: the slowest attention sets the pace, and all pad to the most
// tokens. One rank is the plain case.
#pragma once

#include <span>
#include <vector>

#include "sim/engine/batch.h"
#include "sim/engine/step_cost.h"
#include "sim/engine/step_series.h"

namespace headroom::sim {

Ticks stepTime(const StepCost& cost, std::span<const Batch> ranks);

/// What decoding sequences wait longer in a step of `time` because of the prompts in it.
Ticks promptInterference(const StepCost& cost, std::span<const Batch> ranks, Ticks time);

/// Durations of consecutive steps in which each rank's rows only decode and stay the same: the upper envelope of lines.
class RankSeries {
 public:
  /// Starts at the step behind `ranks`.
  RankSeries(const StepCost& cost, std::span<const Batch> ranks);
  /// The longest piece from here, of at most `limit` steps; moves beyond it.
  SeriesPiece next(std::int64_t limit);

 private:
  struct Rank {
    int rows;
    std::int64_t context_sum;
    Ticks constant;  ///< what adapters and unequal contexts cost in each step
  };
  const StepCost& cost_;
  std::vector<Rank> ranks_;
  Ticks tokenwise_ = 0;
  HostTime host_;
};

}  // namespace headroom::sim
