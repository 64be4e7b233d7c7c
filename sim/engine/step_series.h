// The durations of consecutive steps whose rows stay the same: the contexts of n decoding sequences grow by one token a
// step, and the prior context of at most one prompt by its chunk. Piecewise an integer arithmetic series, because the
// compiled tables are piecewise linear.
#pragma once

#include <cstdint>

#include "sim/engine/step_cost.h"

namespace headroom::sim {

/// `steps` steps; the i-th takes first + i * increment.
struct SeriesPiece {
  Ticks first = 0;
  Ticks increment = 0;
  std::int64_t steps = 0;
  Ticks at(std::int64_t i) const { return first + increment * i; }
  Ticks sum(std::int64_t count) const { return first * count + increment * (count * (count - 1) / 2); }
};

/// Steps, up to `steps`, whose context starts inside the segment, if it starts at `x` and grows by `growth` a step.
inline std::int64_t stepsInside(const models::Segment& s, std::int64_t x, std::int64_t growth, std::int64_t steps) {
  const std::int64_t room = s.x_end - x;
  if (room > steps * growth) return steps;
  return std::min(steps, (room + growth - 1) / growth);
}

class StepSeries {
 public:
  /// Starts at the step with these contexts. `chunk` 0: decode only.
  StepSeries(const StepCost& cost, int decode_rows, std::int64_t context_sum, std::int64_t longest, int chunk,
             std::int64_t prior)
      : cost_(cost), rows_(decode_rows), context_sum_(context_sum), chunk_(chunk), prior_(prior) {
    constant_ = cost.times().tokenwise(rows_ + chunk_) + cost.times().perSequence(rows_);
    if (rows_ > 0) constant_ += cost.unevenAttention(rows_, context_sum, longest);
    host_ = cost.hostTime(rows_ + (chunk_ > 0 ? 1 : 0), chunk_);
  }

  /// The longest piece from here, of at most `limit` steps; moves beyond it.
  SeriesPiece next(std::int64_t limit) {
    Ticks kernels = constant_;
    Ticks increment = 0;
    std::int64_t steps = limit;
    if (rows_ > 0) {
      const models::Segment s = cost_.times().decodeAttention(rows_, context_sum_);
      kernels += s.at(context_sum_);
      increment += s.slope * rows_;
      steps = stepsInside(s, context_sum_, rows_, steps);
    }
    if (chunk_ > 0) {
      const models::Segment s = cost_.times().prefillAttention(chunk_, prior_);
      kernels += s.at(prior_);
      increment += s.slope * chunk_;
      steps = stepsInside(s, prior_, chunk_, steps);
    }
    SeriesPiece piece{cost_.withOverhead(kernels, host_), increment, steps};
    if (kernels < host_.beside) {  // the host sets the pace until the kernels catch up
      piece.increment = 0;
      if (increment > 0) piece.steps = std::min(steps, (host_.beside - kernels + increment - 1) / increment);
    }
    context_sum_ += piece.steps * rows_;
    prior_ += piece.steps * chunk_;
    return piece;
  }

 private:
  const StepCost& cost_;
  int rows_;
  std::int64_t context_sum_;
  int chunk_;
  std::int64_t prior_;
  Ticks constant_ = 0;
  HostTime host_;
};

}  // namespace headroom::sim
