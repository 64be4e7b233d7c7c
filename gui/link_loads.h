// How full the links of a run's network were over time, as shares of their bandwidth, in intervals of equal length.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace headroom::gui {

struct LinkLoads {
  double interval_s = 0;
  std::vector<std::vector<float>>
      shares;  ///< [link][interval] by the topology's numbers; shorter: nothing went any more
  bool empty() const { return shares.empty(); }
  double at(std::uint32_t link, double s) const;
  /// Mean over a time.
  double over(std::uint32_t link, double begin_s, double end_s) const;
  double most(std::uint32_t link) const;
};

}  // namespace headroom::gui
