#include "models/cost/fill_grid.h"

#include <algorithm>
#include <array>
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

/// Finds the known point with the least distance in logarithms.
class Nearest {
 public:
  Nearest(const Axes& axes, const Values& known) : known_(known) {
    for (std::size_t i = 0; i < known.size(); ++i) {
      places_.push_back(place(axes, i));
      if (known[i]) candidates_.push_back(i);
    }
  }
  double valueFor(std::size_t index) const {
    double best_distance = std::numeric_limits<double>::infinity();
    double best = 0;
    for (const std::size_t candidate : candidates_) {
      double distance = 0;
      for (std::size_t d = 0; d < kMaxAxes; ++d) distance += std::abs(places_[candidate][d] - places_[index][d]);
      if (distance >= best_distance) continue;
      best_distance = distance;
      best = *known_[candidate];
    }
    return best;
  }

 private:
  using Place = std::array<double, kMaxAxes>;
  static Place place(const Axes& axes, std::size_t index) {
    Place logs{};
    for (std::size_t axis = 0; axis < axes.size(); ++axis) {
      const std::size_t at = index / strideOf(axes, axis) % axes[axis].size();
      logs[axis] = coordinateLog(static_cast<double>(axes[axis][at]));
    }
    return logs;
  }

  const Values& known_;
  std::vector<Place> places_;
  std::vector<std::size_t> candidates_;
};

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
  const Nearest nearest(axes, known);
  GridFill fill;
  for (std::size_t i = 0; i < known.size(); ++i) {
    fill.values.push_back(known[i] ? *known[i] : nearest.valueFor(i));
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
