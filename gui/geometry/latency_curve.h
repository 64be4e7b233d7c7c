// A cumulative share of latencies as at most two points a column of pixels, and what is read off it.
#pragma once

#include <QPointF>
#include <optional>
#include <vector>

#include "gui/run_statistics.h"

namespace headroom::gui {

/// A logarithmic axis of milliseconds.
struct LatencyRange {
  double begin = 1, end = 1000;
  /// Round numbers around the 0.1 % to 99.95 % of all of them, and the limits. 1..1000 if there is nothing.
  static LatencyRange around(const std::vector<const LatencyCounts*>& runs, const std::vector<LatencyLimit>& limits);
  double valueAt(double share) const;  ///< 0: begin, 1: end
  double shareOf(double ms) const;
};

/// x: ms, y: percent of requests at or below; rises, one point a column and one where it begins.
std::vector<QPointF> cumulativeCurve(const LatencyCounts& counts, const LatencyRange& range, int columns);

}  // namespace headroom::gui
