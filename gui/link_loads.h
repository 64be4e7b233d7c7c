// How full the links of a run's network were over time, as shares of their bandwidth, in intervals of equal length:
// `network` of result.json, which lists the busiest ones. The others carried less, or nothing.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

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

/// `names`: of all links of the topology. Empty if the result has no network, or one of other names.
LinkLoads linkLoadsOf(const nlohmann::ordered_json& result, const std::vector<std::string>& names);

}  // namespace headroom::gui
