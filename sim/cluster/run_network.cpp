#include "sim/cluster/run_network.h"

#include <algorithm>

#include "models/base/error.h"
#include "sim/loop/fair_network_loop.h"
#include "sim/loop/simgrid_module.h"

namespace headroom::sim {

bool sendsAnything(const Scenario& scenario) {
  const bool clients = std::any_of(scenario.workloads.begin(), scenario.workloads.end(),
                                   [](const WorkloadEntry& workload) { return workload.clients.has_value(); });
  return clients ||
         std::any_of(scenario.deployments.begin(), scenario.deployments.end(), [](const DeploymentSpec& deployment) {
           return deployment.isDisaggregated() ||
                  std::any_of(deployment.pools.begin(), deployment.pools.end(),
                              [](const PoolSpec& pool) { return pool.start || pool.collectives > BytesPerSecond(); });
         });
}

RunNetwork::RunNetwork(const Scenario& scenario, std::shared_ptr<const PlacedSites> sites,
                       std::span<const FabricLinkId> changing)
    : sites_(std::move(sites)), topology_(sites_->topology) {
  if (scenario.network.solver == NetworkSolver::own) own_loop_ = std::make_unique<FairNetworkLoop>();
  loop_ = own_loop_ ? own_loop_.get() : &simgridLoop();
  transfers_ = std::make_unique<Transfers>(topology_, *loop_, changing);
  const Placement& placement = sites_->placement;
  CHECK(!placement.problem, "scenarios are placed when they are read");
  for (std::size_t d = 0; d < placement.deployments.size(); ++d) {
    for (std::size_t p = 0; p < placement.deployments[d].size(); ++p) {
      const BytesPerSecond collectives = scenario.deployments[d].pools[p].collectives;
      const PoolNodes& pool = placement.deployments[d][p];
      for (const ReplicaNodes& nodes : pool) {
        std::vector<Endpoint> ends;
        int accelerators = 0;
        for (const NodeShare& share : nodes) {
          accelerators += share.accelerators;
          const bool whole = share.accelerators == topology_.groupOf(share.node).type.accelerators;
          ends.push_back({share.node, whole ? kNoPort : transfers_->addPort(share.node, share.accelerators)});
        }
        if (ends.size() > 1 && collectives > BytesPerSecond()) {
          collectives_.push_back({static_cast<std::uint32_t>(ends_.size()), collectives});
        }
        ends_.push_back(std::move(ends));
        accelerators_.push_back(accelerators);
      }
    }
  }
  addStorage();
}

/// Storage of the sites that have one, and the drives of the nodes that replicas stand on.
void RunNetwork::addStorage() {
  storage_.assign(topology_.sites().size(), kNoPort);
  storage_port_.assign(topology_.nodes().size(), kNoPort);
  drives_ = storage_port_;
  for (std::uint32_t site = 0; site < storage_.size(); ++site) {
    const std::optional<StorageSpec>& storage = topology_.sites()[site].storage;
    if (storage) storage_[site] = transfers_->addSource("storage", storage->bandwidth, storage->latency);
  }
  for (const std::vector<Endpoint>& ends : ends_) {
    for (const Endpoint& end : ends) {
      const std::uint32_t node = end.node.value();
      if (drives_[node] != kNoPort) continue;
      drives_[node] = transfers_->addSource("drives", topology_.groupOf(end.node).type.local_storage);
      const std::optional<StorageSpec>& storage = topology_.sites()[topology_.nodes()[node].site].storage;
      if (storage) storage_port_[node] = transfers_->addSource("storage port", storage->per_node);
    }
  }
}

std::vector<Way> RunNetwork::waysFromStorage(std::uint32_t replica) const {
  std::vector<Way> ways;
  for (const Endpoint& end : ends_[replica]) {
    const std::uint32_t node = end.node.value();
    const PortId storage = storage_[topology_.nodes()[node].site];
    CHECK(storage != kNoPort, "scenarios are read with storage where it is used");
    ways.push_back({{end.node, storage}, {end.node, storage_port_[node]}, true});
  }
  return ways;
}

std::vector<Way> RunNetwork::waysFromLocalStorage(std::uint32_t replica) const {
  std::vector<Way> ways;
  for (const Endpoint& end : ends_[replica]) {
    ways.push_back({{end.node, drives_[end.node.value()]}, {end.node, kNoPort}, true});
  }
  return ways;
}

void RunNetwork::reserveCollectives() {
  for (const Collective& collective : collectives_) reserveCollective(collective.replica);
}

void RunNetwork::endCollectives() {
  for (const auto& [replica, flow] : reserved_.flows) transfers_->cancel(flow);
  reserved_.flows.clear();
}

/// In a ring over the replica's nodes: each sends to the next.
void RunNetwork::reserveCollective(std::uint32_t replica) {
  constexpr std::int64_t kEndless = std::int64_t{1} << 60;
  const auto found = std::find_if(collectives_.begin(), collectives_.end(),
                                  [&](const Collective& collective) { return collective.replica == replica; });
  if (found == collectives_.end() || reserved_.flows.contains(replica)) return;
  const std::vector<Endpoint>& ends = ends_[replica];
  std::vector<Way> ways;
  for (std::size_t i = 0; i < ends.size(); ++i) ways.push_back({ends[i], ends[(i + 1) % ends.size()]});
  reserved_.flows[replica] = transfers_->start({.kind = TransferKind::collective,
                                                .ways = ways,
                                                .bytes = kEndless,
                                                .rate_limit = found->rate * static_cast<double>(ends.size()),
                                                .slice = 0,
                                                .hash = replica,
                                                .tag = replica},
                                               reserved_);
}

void RunNetwork::endCollective(std::uint32_t replica) {
  const auto found = reserved_.flows.find(replica);
  if (found == reserved_.flows.end()) return;
  transfers_->cancel(found->second);
  reserved_.flows.erase(found);
}

ReplicaPlace RunNetwork::placeOf(std::uint32_t replica) const {
  const NodeId node = ends_[replica].front().node;
  const TopologyNode& at = topology_.nodes()[node.value()];
  const auto per_switch = static_cast<std::uint32_t>(topology_.nodesPerSwitch(at.site));
  return {.node = node.value(), .domain = at.domain, .leaf = at.index / per_switch, .site = at.site};
}

std::vector<Way> waysBetween(const std::vector<Endpoint>& from, const std::vector<Endpoint>& to) {
  const std::size_t n = std::max(from.size(), to.size());
  std::vector<Way> ways;
  for (std::size_t i = 0; i < n; ++i) ways.push_back({from[i * from.size() / n], to[i * to.size() / n]});
  return ways;
}

}  // namespace headroom::sim
