// Completes a ragged grid, points that stand out as disturbed measurements left out: slower than their neighbours on
// two axes or more by 1.4 times. Two passes: an unmeasured point between two measured ones on some axis gets their
// interpolation (linear in the logarithm of the coordinate; over the axes that have both neighbours the mean, weighted
// by 1/gap^2; of two axes also half of the curvature that each line misses); what is left, outside of everything
// measured, takes the value of the nearest point and is listed.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace headroom::models {

struct GridFill {
  std::vector<double> values;  ///< last axis fastest
  std::vector<std::pair<std::int32_t, std::int32_t>>
      held;  ///< ranges (first, count) of points outside of everything measured
};

/// `measured` holds the values seen at each point (their median counts); at least one point must have some.
GridFill fillGrid(const std::vector<std::vector<std::int64_t>>& axes, const std::vector<std::vector<double>>& measured);

}  // namespace headroom::models
