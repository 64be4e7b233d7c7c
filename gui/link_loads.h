// How full the links of a run's network were over time, as shares of their bandwidth, in intervals of equal length:
// links.csv.zst, or where a run has only its result, the busiest ones that `network` of it lists.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/metrics/link_series.h"
#include "sim/network_outcome.h"

namespace headroom::gui {

struct LinkLoads {
  struct Listed {
    std::uint32_t link = 0;  ///< by the topology's numbers
    std::string name;
  };
  double interval_s = 0;
  std::vector<Listed> listed;  ///< busiest first
  std::vector<std::vector<float>>
      shares;  ///< [link][interval] by the topology's numbers; shorter: nothing went any more
  bool empty() const { return shares.empty(); }
  double at(std::uint32_t link, double s) const;
  /// Mean over a time.
  double over(std::uint32_t link, double begin_s, double end_s) const;
  double most(std::uint32_t link) const;
  /// The fullest of those listed over a time; null: none is listed.
  const Listed* fullest(double begin_s, double end_s) const;
};

/// `names`: of all links of the topology. Empty if the series has none of them.
LinkLoads linkLoadsOf(const sim::LinkSeries& series, const std::vector<std::string>& names);
/// The busiest links of a result.
sim::LinkSeries linkSeriesOf(const sim::NetworkOutcome& network);

}  // namespace headroom::gui
