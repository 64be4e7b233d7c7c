#include "sim/cluster/run_network.h"

#include <algorithm>

#include "models/base/error.h"
#include "sim/loop/fair_network_loop.h"
#include "sim/loop/simgrid_module.h"

namespace headroom::sim {

bool sendsAnything(const Scenario& scenario) {
  return std::any_of(scenario.deployments.begin(), scenario.deployments.end(),
                     [](const DeploymentSpec& deployment) { return deployment.isDisaggregated(); });
}

RunNetwork::RunNetwork(const Scenario& scenario) : topology_(scenario.sites, scenario.wan) {
  if (scenario.network.solver == NetworkSolver::own) own_loop_ = std::make_unique<FairNetworkLoop>();
  loop_ = own_loop_ ? own_loop_.get() : &simgridLoop();
  transfers_ = std::make_unique<Transfers>(topology_, *loop_);
  const Placement placement = placeReplicas(scenario, topology_);
  CHECK(!placement.problem, "scenarios are placed when they are read");
  for (const std::vector<PoolNodes>& pools : placement.deployments) {
    for (const PoolNodes& pool : pools) {
      for (const ReplicaNodes& nodes : pool) {
        std::vector<Endpoint> ends;
        for (const NodeShare& share : nodes) {
          const bool whole = share.accelerators == topology_.groupOf(share.node).type.accelerators;
          ends.push_back({share.node, whole ? kNoPort : transfers_->addPort(share.node, share.accelerators)});
        }
        ends_.push_back(std::move(ends));
      }
    }
  }
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
