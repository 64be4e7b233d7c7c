#include "gui/link_loads.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

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

LinkLoads linkLoadsOf(const nlohmann::ordered_json& result, const std::vector<std::string>& names) {
  LinkLoads loads;
  const auto network = result.find("network");
  if (network == result.end() || !network->is_object()) return loads;
  loads.interval_s = network->value("interval_s", 0.0);
  const auto links = network->find("links");
  if (links == network->end() || !links->is_array() || !(loads.interval_s > 0)) return loads;
  for (const auto& link : *links) {
    const std::string name = link.value("name", "");
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end() || !link.contains("over_time")) continue;
    const auto id = static_cast<std::uint32_t>(found - names.begin());
    if (loads.shares.empty()) loads.shares.resize(names.size());
    loads.shares[id] = link["over_time"].get<std::vector<float>>();
    loads.listed.push_back({id, name});
  }
  return loads;
}

double LinkLoads::most(std::uint32_t link) const {
  if (link >= shares.size() || shares[link].empty()) return 0;
  return *std::max_element(shares[link].begin(), shares[link].end());
}

}  // namespace headroom::gui
