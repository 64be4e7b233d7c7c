// What a row of the timeline shows, column of pixels by column: a piece of the replica's life that is wider than a
// column fills its columns exactly; shorter ones are merged into the mean over their column. One walk from left to
// right with a binary search a column, so that the cost is that of the pixels, not of the requests.
#pragma once

#include <cstdint>
#include <vector>

#include "gui/geometry/time_axis.h"
#include "gui/replica_phases.h"
#include "sim/metrics/replica_absences.h"
#include "sim/metrics/replica_activity.h"

namespace headroom::gui {

/// 0: nothing; up to 255 for all of the column's time, or the largest batch.
struct ColumnShade {
  std::uint8_t prefill = 0, transfer = 0, decode = 0;
  std::uint8_t unanswered = 0;  ///< in steps, for attempts that came to no answer
  bool decode_edge = false;     ///< another batch begins here, in a box wide enough to be told from its neighbour
  bool operator==(const ColumnShade&) const = default;
};

/// A piece wide enough for words.
struct TimelineBox {
  int begin = 0, end = 0;  ///< columns, end beyond the last
  PhaseCounts counts;
};

struct TimelineRow {
  std::vector<ColumnShade> columns;
  std::vector<TimelineBox> boxes;
};

/// `most_decoding`: the batch that is darkest. Boxes narrower than `label_columns` are not listed.
TimelineRow timelineRow(const ReplicaPhases& phases, const TimeAxis& axis, int columns, int most_decoding,
                        int label_columns);

/// The row so far is of requests that were answered. Where the replica was in steps in a bin of its activity without
/// any of them, its work was for attempts that failed or were given up.
void addUnanswered(TimelineRow& row, const ReplicaPhases& phases, const std::vector<sim::ReplicaSeries::Bin>& bins,
                   const TimeAxis& axis);

/// A time in which a replica took no new requests, in columns; times too short to be told apart are one box.
struct AbsenceBox {
  double begin = 0, end = 0;
  sim::AbsenceSpan span;  ///< the longest of those in it
};
std::vector<AbsenceBox> absenceBoxes(const std::vector<sim::AbsenceSpan>& spans, const TimeAxis& axis, int columns);

/// Arrivals a second and requests waiting, in bins of `bin` columns.
struct LoadCurve {
  std::vector<double> arrivals_per_s, waiting;
  double most_arrivals = 0, most_waiting = 0;
};
LoadCurve loadCurve(const std::vector<std::int64_t>& arrivals, const std::vector<std::int64_t>& scheduled,
                    const TimeAxis& axis, int columns, int bin);

/// Where the rows of so many replicas stand in a height: as high as fits, then scrolled.
struct RowLayout {
  double pitch = 0, height = 0;  ///< from row to row; of a row
  double all = 0;                ///< height of all rows together
  static RowLayout of(std::size_t rows, double height);
  /// -1: between rows or beyond them.
  int rowAt(double y, std::size_t rows) const;
};

}  // namespace headroom::gui
