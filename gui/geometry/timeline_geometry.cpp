#include "gui/geometry/timeline_geometry.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace headroom::gui {
namespace {

constexpr std::uint8_t kFaintest = 80;  // of 255: one request is seen already
constexpr int kEdgeColumns = 4;         // a narrower box has no edge of its own

std::uint8_t level(double share) {
  if (share <= 0) return 0;
  return static_cast<std::uint8_t>(kFaintest + std::sqrt(std::min(share, 1.0)) * (255 - kFaintest));
}

ColumnShade shadeOf(const PhaseCounts& counts, int most_decoding) {
  return {.prefill = counts.prefill > 0 ? std::uint8_t{255} : std::uint8_t{0},
          .transfer = counts.transfer > 0 ? std::uint8_t{255} : std::uint8_t{0},
          .decode = level(static_cast<double>(counts.decode) / std::max(most_decoding, 1))};
}

ColumnShade shadeOf(const PhaseMeans& means, int most_decoding) {
  return {.prefill = static_cast<std::uint8_t>(std::min(means.prefill_share, 1.0) * 255),
          .transfer = static_cast<std::uint8_t>(std::min(means.transfer_share, 1.0) * 255),
          .decode = level(means.decode / std::max(most_decoding, 1))};
}

}  // namespace

TimelineRow timelineRow(const ReplicaPhases& phases, const TimeAxis& axis, int columns, int most_decoding,
                        int label_columns) {
  TimelineRow row;
  row.columns.resize(static_cast<std::size_t>(std::max(columns, 0)));
  if (phases.size() == 0) return row;
  const auto timeOf = [&](int column) { return toNs(axis.timeAt(column, columns)); };
  std::size_t piece = phases.pieceAt(timeOf(0));
  int column = 0;
  if (piece == phases.size()) {  // it begins later
    piece = 0;
    while (column < columns && timeOf(column + 1) <= phases.begin(0)) ++column;
  }
  std::optional<ReplicaPhases::Edge> edge;  // where the column before ended
  while (column < columns) {
    const std::int64_t begin = timeOf(column), end = timeOf(column + 1);
    piece = phases.pieceAt(std::max(begin, phases.begin(0)), piece);
    if (phases.begin(piece) > begin || phases.end(piece) < end) {
      const ReplicaPhases::Edge from =
          edge && edge->ns == begin ? *edge : phases.edgeAt(begin, edge ? &*edge : nullptr);
      edge = phases.edgeAt(end, &from);
      row.columns[static_cast<std::size_t>(column++)] = shadeOf(ReplicaPhases::between(from, *edge), most_decoding);
      continue;
    }
    // The piece fills this column, and maybe more.
    const double last_x =
        phases.end(piece) == INT64_MAX ? columns : axis.xOf(static_cast<double>(phases.end(piece)) / 1e9, columns);
    int beyond = std::clamp(static_cast<int>(last_x), column + 1, columns);
    while (beyond > column + 1 && timeOf(beyond) > phases.end(piece)) --beyond;
    const ColumnShade shade = shadeOf(phases.counts(piece), most_decoding);
    std::fill(row.columns.begin() + column, row.columns.begin() + beyond, shade);
    if (column > 0 && beyond - column >= kEdgeColumns) {
      const ColumnShade& before = row.columns[static_cast<std::size_t>(column) - 1];
      ColumnShade& here = row.columns[static_cast<std::size_t>(column)];
      here.decode_edge = before.decode > 0 && shade.decode > 0 && before.decode != shade.decode;
    }
    if (beyond - column >= label_columns && !phases.counts(piece).idle()) {
      row.boxes.push_back({column, beyond, phases.counts(piece)});
    }
    column = beyond;
  }
  return row;
}

void addUnanswered(TimelineRow& row, const ReplicaPhases& phases, const std::vector<sim::ReplicaSeries::Bin>& bins,
                   const TimeAxis& axis) {
  const auto columns = static_cast<double>(row.columns.size());
  std::optional<ReplicaPhases::Edge> edge;
  for (const sim::ReplicaSeries::Bin& bin : bins) {
    if (bin.end_s <= axis.begin() || bin.begin_s >= axis.end() || bin.busy <= 0) continue;
    const ReplicaPhases::Edge from = phases.edgeAt(toNs(bin.begin_s), edge ? &*edge : nullptr);
    edge = phases.edgeAt(toNs(bin.end_s), &from);
    const PhaseMeans means = ReplicaPhases::between(from, *edge);
    if (means.prefill_share > 0 || means.decode_share > 0) continue;
    const double first = std::clamp(axis.xOf(bin.begin_s, columns), 0.0, columns);
    const double last = std::clamp(std::ceil(axis.xOf(bin.end_s, columns)), 0.0, columns);
    for (auto c = static_cast<std::size_t>(first); c < static_cast<std::size_t>(last); ++c) {
      ColumnShade& shade = row.columns[c];
      if (shade.prefill == 0 && shade.transfer == 0 && shade.decode == 0) shade.unanswered = level(bin.busy);
    }
  }
}

std::vector<AbsenceBox> absenceBoxes(const std::vector<sim::AbsenceSpan>& spans, const TimeAxis& axis, int columns) {
  constexpr double kLeast = 1;  // columns
  std::vector<AbsenceBox> boxes;
  for (const sim::AbsenceSpan& span : spans) {
    if (span.end_s <= axis.begin() || span.begin_s >= axis.end()) continue;
    const double begin = std::max(axis.xOf(span.begin_s, columns), 0.0);
    const double end = std::min(axis.xOf(span.end_s, columns), static_cast<double>(columns));
    const bool merges = !boxes.empty() && begin < boxes.back().end && end - boxes.back().begin < 2 * kLeast;
    if (!merges) {
      boxes.push_back({begin, std::max(end, begin + kLeast), span});
      continue;
    }
    AbsenceBox& last = boxes.back();
    last.end = std::max(last.end, end);
    if (span.end_s - span.begin_s > last.span.end_s - last.span.begin_s) last.span = span;
  }
  return boxes;
}

LoadCurve loadCurve(const std::vector<std::int64_t>& arrivals, const std::vector<std::int64_t>& scheduled,
                    const TimeAxis& axis, int columns, int bin) {
  LoadCurve curve;
  if (columns <= 0 || bin <= 0) return curve;
  const int bins = (columns + bin - 1) / bin;
  auto arrived = arrivals.begin();
  auto left = scheduled.begin();
  const auto advance = [](auto& at, const std::vector<std::int64_t>& times, std::int64_t ns) {
    at = std::lower_bound(at, times.end(), ns);
  };
  const double first = axis.begin();
  advance(arrived, arrivals, toNs(first));
  advance(left, scheduled, toNs(first));
  for (int b = 0; b < bins; ++b) {
    const double begin = axis.timeAt(b * bin, columns), end = axis.timeAt((b + 1) * bin, columns);
    const auto before = arrived;
    advance(arrived, arrivals, toNs(end));
    advance(left, scheduled, toNs(end));
    curve.arrivals_per_s.push_back(static_cast<double>(arrived - before) / (end - begin));
    const auto waiting = (arrived - arrivals.begin()) - (left - scheduled.begin());
    curve.waiting.push_back(static_cast<double>(std::max<std::ptrdiff_t>(waiting, 0)));
    curve.most_arrivals = std::max(curve.most_arrivals, curve.arrivals_per_s.back());
    curve.most_waiting = std::max(curve.most_waiting, curve.waiting.back());
  }
  return curve;
}

RowLayout RowLayout::of(std::size_t rows, double height) {
  constexpr double kHighest = 48, kLowest = 5, kGap = 4, kGapFrom = 12;
  RowLayout layout;
  if (rows == 0) return layout;
  layout.pitch = std::clamp(std::floor(height / static_cast<double>(rows)), kLowest, kHighest);
  layout.height = layout.pitch - (layout.pitch >= kGapFrom ? kGap : 1);
  layout.all = layout.pitch * static_cast<double>(rows);
  return layout;
}

int RowLayout::rowAt(double y, std::size_t rows) const {
  if (y < 0 || pitch <= 0) return -1;
  const double row = std::floor(y / pitch);
  if (row >= static_cast<double>(rows) || y - row * pitch > height) return -1;
  return static_cast<int>(row);
}

}  // namespace headroom::gui
