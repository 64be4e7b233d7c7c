#include "sim/cluster/placement.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace headroom::sim {
namespace {

/// Nodes that lie together, of one pool's accelerator: a scale-up domain, or all below one switch.
struct Unit {
  std::vector<std::uint32_t> nodes;
  int free = 0;  ///< accelerators, or wholly free nodes
};

class PoolPlacer {
 public:
  PoolPlacer(const PoolSpec& pool, const Topology& topology, std::vector<int>& free)
      : pool_(pool),
        topology_(topology),
        free_(free),
        replica_size_(pool.parallelism.tp * pool.parallelism.pp * pool.parallelism.dp) {
    const std::vector<SiteSpec>& sites = topology.sites();
    while (site_ + 1 < sites.size() && sites[site_].name != pool.site) ++site_;
    const std::uint32_t first = topology.firstNode(site_).value();
    for (std::uint32_t n = first; n < first + static_cast<std::uint32_t>(nodeCount(sites[site_])); ++n) {
      if (topology.groupOf(NodeId(n)).accelerator == pool.accelerator) candidates_.push_back(n);
    }
    for (const std::uint32_t n : candidates_) node_size_ = std::max(node_size_, sizeOf(n));
  }

  /// Fewer replicas than asked if they do not fit; problem() then says why.
  PoolNodes place() {
    if (candidates_.empty()) return {};
    if (replica_size_ <= node_size_) return pool_.spread ? spreadOverNodes() : packOnNodes();
    return onWholeNodes();
  }

  std::string problem(std::size_t placed) const {
    const SiteSpec& site = topology_.sites()[site_];
    const std::string replica =
        fmt::format("a replica of {} {} (tp {} x pp {} x dp {})", replica_size_, pool_.accelerator,
                    pool_.parallelism.tp, pool_.parallelism.pp, pool_.parallelism.dp);
    if (candidates_.empty()) return fmt::format("site {} has no nodes with {}", site.name, pool_.accelerator);
    if (replica_size_ > domainSize() && !site.fabric) {
      return fmt::format("{} is larger than the {} that share a scale-up domain, and site {} has no fabric", replica,
                         domainSize(), site.name);
    }
    int total = 0, left = 0, most = 0, whole = 0;
    for (const std::uint32_t n : candidates_) {
      total += sizeOf(n);
      left += free_[n];
      most = std::max(most, free_[n]);
      whole += free_[n] == sizeOf(n) ? 1 : 0;
    }
    return fmt::format(
        "{} of {} replicas fit: {} needs {}, and of the {} in site {} {} are free, at most {} on a node, {} nodes "
        "wholly",
        placed, pool_.replicas, replica,
        replica_size_ <= node_size_ ? "one node" : fmt::format("{} whole nodes", nodesNeeded()), total, site.name, left,
        most, whole);
  }

 private:
  int sizeOf(std::uint32_t node) const { return topology_.groupOf(NodeId(node)).type.accelerators; }
  int nodesNeeded() const { return (replica_size_ + node_size_ - 1) / node_size_; }
  bool whole(std::uint32_t node) const { return free_[node] == node_size_; }
  int domainSize() const {
    int largest = 0;
    for (const Unit& unit : unitsBy([&](std::uint32_t n) { return topology_.nodes()[n].domain; })) {
      int size = 0;
      for (const std::uint32_t n : unit.nodes) size += sizeOf(n);
      largest = std::max(largest, size);
    }
    return largest;
  }

  NodeShare take(std::uint32_t node, int accelerators) {
    free_[node] -= accelerators;
    return {NodeId(node), accelerators};
  }

  /// Candidates with equal `key` that follow each other.
  template <class Key>
  std::vector<Unit> unitsBy(const Key& key) const {
    std::vector<Unit> units;
    for (const std::uint32_t n : candidates_) {
      if (units.empty() || key(units.back().nodes.back()) != key(n)) units.emplace_back();
      units.back().nodes.push_back(n);
    }
    return units;
  }
  std::vector<Unit> switches() const {
    const auto per_switch = static_cast<std::uint32_t>(topology_.nodesPerSwitch(site_));
    return unitsBy([&](std::uint32_t n) { return topology_.nodes()[n].index / per_switch; });
  }

  /// The first node with room.
  PoolNodes packOnNodes() {
    PoolNodes placed;
    auto node = candidates_.begin();
    for (int r = 0; r < pool_.replicas; ++r) {
      while (node != candidates_.end() && free_[*node] < replica_size_) ++node;  // nor will it have room again
      if (node == candidates_.end()) break;
      placed.push_back({take(*node, replica_size_)});
    }
    return placed;
  }

  /// The freest node under the freest switch that has room.
  PoolNodes spreadOverNodes() {
    std::vector<Unit> units = switches();
    const auto freest_node = [&](const Unit& unit) {
      return *std::max_element(unit.nodes.begin(), unit.nodes.end(),
                               [&](std::uint32_t a, std::uint32_t b) { return free_[a] < free_[b]; });
    };
    for (Unit& unit : units) {
      for (const std::uint32_t n : unit.nodes) unit.free += free_[n];
    }
    PoolNodes placed;
    for (int r = 0; r < pool_.replicas; ++r) {
      Unit* best = nullptr;
      for (Unit& unit : units) {
        if ((best == nullptr || unit.free > best->free) && free_[freest_node(unit)] >= replica_size_) best = &unit;
      }
      if (best == nullptr) break;
      placed.push_back({take(freest_node(*best), replica_size_)});
      best->free -= replica_size_;
    }
    return placed;
  }

  PoolNodes onWholeNodes() {
    const bool in_domain = replica_size_ <= domainSize();
    if (!in_domain && !topology_.sites()[site_].fabric) return {};
    std::vector<Unit> units =
        in_domain ? unitsBy([&](std::uint32_t n) { return topology_.nodes()[n].domain; }) : switches();
    for (Unit& unit : units) {
      unit.free =
          static_cast<int>(std::count_if(unit.nodes.begin(), unit.nodes.end(), [&](auto n) { return whole(n); }));
    }
    PoolNodes placed;
    for (int r = 0; r < pool_.replicas; ++r) {
      Unit* best = nullptr;
      for (Unit& unit : units) {
        const bool better = best == nullptr || (pool_.spread && unit.free > best->free);
        if (unit.free >= nodesNeeded() && better) best = &unit;
      }
      ReplicaNodes nodes;
      if (best != nullptr) {
        takeWhole(*best, nodes);
      } else if (!in_domain && std::accumulate(units.begin(), units.end(), 0, [](int n, const Unit& unit) {
                                 return n + unit.free;
                               }) >= nodesNeeded()) {
        for (Unit& unit : units) takeWhole(unit, nodes);  // over several switches
      }
      if (nodes.empty()) break;
      placed.push_back(std::move(nodes));
    }
    return placed;
  }

  /// As much as the replica still needs, of the unit's wholly free nodes.
  void takeWhole(Unit& unit, ReplicaNodes& nodes) {
    int taken = 0;
    for (const NodeShare& share : nodes) taken += share.accelerators;
    for (const std::uint32_t n : unit.nodes) {
      if (taken == replica_size_ || unit.free == 0) return;
      if (!whole(n)) continue;
      nodes.push_back(take(n, std::min(node_size_, replica_size_ - taken)));
      taken += nodes.back().accelerators;
      --unit.free;
    }
  }

  const PoolSpec& pool_;
  const Topology& topology_;
  std::vector<int>& free_;  ///< accelerators, by node
  int replica_size_;
  std::uint32_t site_ = 0;
  std::vector<std::uint32_t> candidates_;  ///< nodes with the pool's accelerator
  int node_size_ = 0;                      ///< accelerators of the largest
};

}  // namespace

Placement placeReplicas(const Scenario& scenario, const Topology& topology) {
  std::vector<int> free;
  for (std::uint32_t n = 0; n < topology.nodes().size(); ++n) {
    free.push_back(topology.groupOf(NodeId(n)).type.accelerators);
  }
  Placement placement;
  for (std::size_t d = 0; d < scenario.deployments.size(); ++d) {
    const std::vector<PoolSpec>& pools = scenario.deployments[d].pools;
    placement.deployments.emplace_back();
    for (std::size_t p = 0; p < pools.size(); ++p) {
      PoolPlacer placer(pools[p], topology, free);
      PoolNodes placed = placer.place();
      if (placed.size() < static_cast<std::size_t>(pools[p].replicas)) {
        placement.problem = {d, p, placer.problem(placed.size()),
                             "fewer replicas, more nodes, or another site (docs/network.md)"};
        return placement;
      }
      placement.deployments.back().push_back(std::move(placed));
    }
  }
  return placement;
}

std::shared_ptr<const PlacedSites> placedSites(const Scenario& scenario) {
  return scenario.sites.empty() ? nullptr : std::make_shared<const PlacedSites>(scenario);
}

}  // namespace headroom::sim
