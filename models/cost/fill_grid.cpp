#include "models/cost/fill_grid.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "models/base/error.h"
#include "models/cost/table.h"

namespace headroom::models {
namespace {

using Axes = std::vector<std::vector<std::int64_t>>;
using Values = std::vector<std::optional<double>>;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

std::size_t strideOf(const Axes& axes, std::size_t axis) {
  std::size_t stride = 1;
  for (std::size_t d = axis + 1; d < axes.size(); ++d) stride *= axes[d].size();
  return stride;
}

struct Between {
  double value = 0;
  double gap = 0;  ///< between the two neighbours, in logarithms
};

/// Interpolation along one axis, if both sides have a known point.
std::optional<Between> between(const Axes& axes, const Values& known, std::size_t index, std::size_t axis) {
  const std::size_t stride = strideOf(axes, axis);
  const std::size_t size = axes[axis].size();
  const std::size_t place = index / stride % size;
  std::size_t low = place;
  std::size_t high = place;
  while (low > 0 && !known[index - (place - low) * stride]) --low;
  while (high + 1 < size && !known[index + (high - place) * stride]) ++high;
  const auto& below = known[index - (place - low) * stride];
  const auto& above = known[index + (high - place) * stride];
  if (!below || !above) return std::nullopt;
  const auto log = [&](std::size_t i) { return coordinateLog(static_cast<double>(axes[axis][i])); };
  const double weight = (log(place) - log(low)) / (log(high) - log(low));
  return Between{*below + weight * (*above - *below), log(high) - log(low)};
}

Values interpolated(const Axes& axes, const Values& known) {
  Values result = known;
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (known[i]) continue;
    double sum = 0;
    double weights = 0;
    for (std::size_t axis = 0; axis < axes.size(); ++axis) {
      const auto neighbours = between(axes, known, i, axis);
      if (!neighbours) continue;
      const double weight = 1 / (neighbours->gap * neighbours->gap);  // the error of a chord grows with the square
      sum += weight * neighbours->value;
      weights += weight;
    }
    if (weights > 0) result[i] = sum / weights;
  }
  return result;
}

/// Value of the known point with the least distance in logarithms.
double nearest(const Axes& axes, const Values& known, std::size_t index) {
  double best_distance = std::numeric_limits<double>::infinity();
  double best = 0;
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (!known[i]) continue;
    double distance = 0;
    for (std::size_t axis = 0; axis < axes.size(); ++axis) {
      const std::size_t stride = strideOf(axes, axis);
      const auto log = [&](std::size_t at) {
        return coordinateLog(static_cast<double>(axes[axis][at / stride % axes[axis].size()]));
      };
      distance += std::abs(log(i) - log(index));
    }
    if (distance < best_distance) {
      best_distance = distance;
      best = *known[i];
    }
  }
  return best;
}

}  // namespace

GridFill fillGrid(const Axes& axes, const std::vector<std::vector<double>>& measured) {
  Values known(measured.size());
  bool any = false;
  for (std::size_t i = 0; i < measured.size(); ++i) {
    if (measured[i].empty()) continue;
    known[i] = median(measured[i]);
    any = true;
  }
  CHECK(any, "a grid without a single measured point");
  known = interpolated(axes, known);
  GridFill fill;
  for (std::size_t i = 0; i < known.size(); ++i) {
    fill.values.push_back(known[i] ? *known[i] : nearest(axes, known, i));
    if (known[i]) continue;
    const auto at = static_cast<std::int32_t>(i);
    if (!fill.held.empty() && fill.held.back().first + fill.held.back().second == at) {
      ++fill.held.back().second;
    } else {
      fill.held.emplace_back(at, 1);
    }
  }
  return fill;
}

}  // namespace headroom::models
