#include "gui/link_loads.h"

#include <algorithm>
#include <cmath>

namespace headroom::gui {

double LinkLoads::at(std::uint32_t link, double s) const {
  if (link >= shares.size() || interval_s <= 0 || s < 0) return 0;
  const auto interval = static_cast<std::size_t>(s / interval_s);
  return interval < shares[link].size() ? shares[link][interval] : 0;
}

double LinkLoads::over(std::uint32_t link, double begin_s, double end_s) const {
  if (link >= shares.size() || interval_s <= 0 || end_s <= begin_s) return at(link, begin_s);
  double sum = 0;
  const auto& of_link = shares[link];
  for (auto i = static_cast<std::size_t>(std::max(begin_s, 0.0) / interval_s); i < of_link.size(); ++i) {
    const double from = static_cast<double>(i) * interval_s;
    if (from >= end_s) break;
    sum += of_link[i] * (std::min(from + interval_s, end_s) - std::max(from, begin_s));
  }
  return sum / (end_s - begin_s);
}

double LinkLoads::most(std::uint32_t link) const {
  if (link >= shares.size() || shares[link].empty()) return 0;
  return *std::max_element(shares[link].begin(), shares[link].end());
}

}  // namespace headroom::gui
