#include "gui/link_loads.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>

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

const LinkLoads::Listed* LinkLoads::fullest(double begin_s, double end_s) const {
  const auto found = std::max_element(listed.begin(), listed.end(), [&](const Listed& a, const Listed& b) {
    return over(a.link, begin_s, end_s) < over(b.link, begin_s, end_s);
  });
  return found == listed.end() ? nullptr : &*found;
}

LinkLoads linkLoadsOf(const sim::LinkSeries& series, const std::vector<std::string>& names) {
  LinkLoads loads;
  if (!(series.interval_s > 0)) return loads;
  loads.interval_s = series.interval_s;
  std::unordered_map<std::string_view, std::uint32_t> ids;
  for (std::uint32_t id = 0; id < names.size(); ++id) ids.emplace(names[id], id);
  for (const sim::LinkSeries::Link& link : series.links) {
    const auto found = ids.find(link.name);
    if (found == ids.end()) continue;
    if (loads.shares.empty()) loads.shares.resize(names.size());
    loads.shares[found->second] = link.shares;
    loads.listed.push_back({found->second, link.name});
  }
  return loads;
}

sim::LinkSeries linkSeriesOf(const sim::NetworkOutcome& network) {
  sim::LinkSeries series{.interval_s = network.interval_s, .links = {}};
  for (const sim::LinkOutcome& link : network.links) {
    series.links.push_back({link.name, {link.over_time.begin(), link.over_time.end()}});
  }
  return series;
}

double LinkLoads::most(std::uint32_t link) const {
  if (link >= shares.size() || shares[link].empty()) return 0;
  return *std::max_element(shares[link].begin(), shares[link].end());
}

}  // namespace headroom::gui
