#include "gui/geometry/latency_curve.h"

#include <algorithm>
#include <cmath>

namespace headroom::gui {
namespace {

/// The largest of 1, 2, 5 x 10^n at or below, or the smallest at or above.
double roundTo(double value, bool up) {
  const double power = std::pow(10, std::floor(std::log10(value)));
  double best = up ? 10 * power : power;
  for (const double digit : {1.0, 2.0, 5.0, 10.0}) {
    if (up && digit * power >= value) best = std::min(best, digit * power);
    if (!up && digit * power <= value) best = std::max(best, digit * power);
  }
  return best;
}

}  // namespace

LatencyRange LatencyRange::around(const std::vector<const LatencyCounts*>& runs,
                                  const std::vector<LatencyLimit>& limits) {
  double low = 0, high = 0;
  const auto take = [&](double from, double to) {
    low = low == 0 ? from : std::min(low, from);
    high = std::max(high, to);
  };
  for (const LatencyCounts* counts : runs) {
    if (counts == nullptr || counts->count() == 0) continue;
    take(std::max(*counts->quantileMs(0.001), 1e-3), std::max(*counts->quantileMs(0.9995), 2e-3));
  }
  if (high == 0) return {};
  for (const LatencyLimit& limit : limits) take(limit.ms, limit.ms * 1.15);
  LatencyRange range{roundTo(low, false), roundTo(high, true)};
  if (range.end / range.begin < 5) range = {roundTo(low / 2, false), roundTo(high * 2, true)};
  return range;
}

double LatencyRange::valueAt(double share) const {
  return begin * std::pow(end / begin, share);
}

double LatencyRange::shareOf(double ms) const {
  return ms <= 0 ? 0 : std::log(ms / begin) / std::log(end / begin);
}

std::vector<QPointF> cumulativeCurve(const LatencyCounts& counts, const LatencyRange& range, int columns) {
  std::vector<QPointF> points;
  if (counts.count() == 0 || columns < 1) return points;
  points.reserve(static_cast<std::size_t>(columns) + 1);
  std::size_t bucket = 0;
  std::int64_t below = 0;  // in buckets before `bucket`
  for (int column = 0; column <= columns; ++column) {
    const double ms = range.valueAt(static_cast<double>(column) / columns);
    while (bucket < LatencyCounts::kBuckets && LatencyCounts::bucketEndMs(bucket) <= ms) below += counts.at(bucket++);
    double here = static_cast<double>(below);
    if (bucket < LatencyCounts::kBuckets && counts.at(bucket) > 0) {
      const double from = bucket == 0 ? 0 : LatencyCounts::bucketEndMs(bucket - 1);
      here += counts.at(bucket) * std::clamp((ms - from) / (LatencyCounts::bucketEndMs(bucket) - from), 0.0, 1.0);
    }
    points.emplace_back(ms, here / static_cast<double>(counts.count()) * 100);
  }
  return points;
}

}  // namespace headroom::gui
