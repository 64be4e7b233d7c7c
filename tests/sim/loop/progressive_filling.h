// Max-min fair rates by the textbook, all from zero: the oracle of the shares.
#pragma once

#include <algorithm>
#include <limits>
#include <vector>

namespace headroom::sim {

struct FluidFlow {
  std::vector<std::size_t> path;
  double start, bytes, limit;
  double weight = 1;
};

/// Rates by progressive filling: raise all rates together, by weight, until a link or a limit binds, freeze, go on.
inline std::vector<double> maxMin(const std::vector<FluidFlow>& flows, const std::vector<bool>& active,
                                  const std::vector<double>& capacity) {
  std::vector<double> rate(flows.size(), 0);
  std::vector<bool> frozen(flows.size());
  for (std::size_t f = 0; f < flows.size(); ++f) frozen[f] = !active[f];
  for (;;) {
    double level = std::numeric_limits<double>::infinity();  // the next rate over weight at which something binds
    std::vector<double> share(capacity.size(), std::numeric_limits<double>::infinity());
    for (std::size_t l = 0; l < capacity.size(); ++l) {
      double left = capacity[l];
      double users = 0;
      for (std::size_t f = 0; f < flows.size(); ++f) {
        if (std::find(flows[f].path.begin(), flows[f].path.end(), l) == flows[f].path.end()) continue;
        if (frozen[f])
          left -= rate[f];
        else
          users += flows[f].weight;
      }
      if (users > 0) share[l] = std::max(0.0, left) / users;
      level = std::min(level, share[l]);
    }
    for (std::size_t f = 0; f < flows.size(); ++f) {
      if (!frozen[f]) level = std::min(level, flows[f].limit / flows[f].weight);
    }
    bool any = false;
    for (std::size_t f = 0; f < flows.size(); ++f) {
      if (frozen[f]) continue;
      bool binds = flows[f].limit <= level * flows[f].weight * (1 + 1e-12);
      for (const std::size_t l : flows[f].path) binds = binds || share[l] <= level * (1 + 1e-12);
      if (!binds) continue;
      rate[f] = level * flows[f].weight;
      frozen[f] = any = true;
    }
    if (!any) return rate;
  }
}

}  // namespace headroom::sim
