// The figures above a run: what each reads, whether it meets the SLO, how it differs from run B. From the run's own
// result; from its requests where a part of them is selected.
#pragma once

#include <QString>
#include <vector>

#include "gui/run_data.h"

namespace headroom::gui {

/// A difference of this share and less between two runs is no verdict: another seed may turn it round.
inline constexpr double kNoise = 0.01;

enum class TileState { plain, good, warning, bad };

struct Tile {
  QString name{};           ///< "TTFT p99"
  QString value{}, unit{};  ///< "412", "ms"
  TileState state = TileState::plain;
  QString words{};              ///< "SLO 500 ms, 99.3 % within"
  QString delta{};              ///< "18 % less than B"; empty: no B, or equal
  int verdict = 0;              ///< of the difference to B: +1 better, -1 worse, 0 neither
  bool whole_run = false;       ///< not filtered, though something is selected
  std::vector<double> spark{};  ///< over the run; NaN: nothing there
  QString sentence() const;     ///< everything in words
};

/// `b` may be null. `percentile` in percent.
std::vector<Tile> tilesOf(const RunData& a, const RunData* b, const RequestFilter& filter, double percentile);
/// "Selected 127.0 s – 146.2 s on all-0: 1,140 requests, 31 late"; empty without a filter.
QString selectionText(const RunData& run, const RequestFilter& filter);

}  // namespace headroom::gui
