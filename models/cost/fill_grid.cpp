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

/// Of the curvature that two lines miss of each other: all of it would pass on the noise of four more points.
constexpr double kCurvatureShare = 0.5;

struct Between {
  double value = 0;
  double gap = 0;            ///< between the two neighbours, in logarithms
  std::ptrdiff_t below = 0;  ///< steps of the flat index to the neighbours
  std::ptrdiff_t above = 0;
  double weight = 0;  ///< of the neighbour above
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
  const auto step = static_cast<std::ptrdiff_t>(stride);
  return Between{*below + weight * (*above - *below), log(high) - log(low),
                 (static_cast<std::ptrdiff_t>(low) - static_cast<std::ptrdiff_t>(place)) * step,
                 (static_cast<std::ptrdiff_t>(high) - static_cast<std::ptrdiff_t>(place)) * step, weight};
}

/// What the two lines through a point miss of each other's curve (a Coons patch less their mean): half of what both
/// say together less what their four corners say. Exact for a sum of one curve along each axis; 0 if a corner is
/// unknown.
double curvature(const Values& known, std::size_t index, const Between& a, const Between& b) {
  double corners = 0;
  for (const bool high_a : {false, true}) {
    for (const bool high_b : {false, true}) {
      const auto& corner = known[static_cast<std::size_t>(static_cast<std::ptrdiff_t>(index) +
                                                          (high_a ? a.above : a.below) + (high_b ? b.above : b.below))];
      if (!corner) return 0;
      corners += (high_a ? a.weight : 1 - a.weight) * (high_b ? b.weight : 1 - b.weight) * *corner;
    }
  }
  return (a.value + b.value) / 2 - corners;
}

/// ln 1.4. The B200's fp8 GEMMs have 3.3 % of such points, the same kernel on the GB200 0.07 %.
constexpr double kSpike = 0.34;

/// Whether a point is slower than a line between its neighbours says, along every axis and by more than kSpike: a
/// disturbed measurement. It takes two axes to tell it from a kernel's own step.
bool isSpike(const Axes& axes, Values& known, std::size_t index) {
  const double value = *known[index];
  known[index].reset();
  int lines = 0;
  bool beyond = true;
  for (std::size_t axis = 0; axis < axes.size() && beyond; ++axis) {
    const auto line = between(axes, known, index, axis);
    if (!line) continue;
    ++lines;
    beyond = value > line->value + kSpike;
  }
  known[index] = value;
  return beyond && lines >= 2;
}

Values withoutSpikes(const Axes& axes, Values known) {
  Values kept = known;
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (known[i] && isSpike(axes, known, i)) kept[i].reset();
  }
  return kept;
}

Values interpolated(const Axes& axes, const Values& known) {
  Values result = known;
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (known[i]) continue;
    double sum = 0;
    double weights = 0;
    std::vector<Between> lines;
    for (std::size_t axis = 0; axis < axes.size(); ++axis) {
      const auto neighbours = between(axes, known, i, axis);
      if (!neighbours) continue;
      lines.push_back(*neighbours);
      const double weight = 1 / (neighbours->gap * neighbours->gap);  // the error of a chord grows with the square
      sum += weight * neighbours->value;
      weights += weight;
    }
    if (weights > 0) result[i] = sum / weights;
    if (lines.size() == 2) *result[i] += kCurvatureShare * curvature(known, i, lines[0], lines[1]);
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
  known = interpolated(axes, withoutSpikes(axes, std::move(known)));
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
