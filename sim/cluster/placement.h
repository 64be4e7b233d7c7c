// Which nodes each replica stands on. Pools are placed in the order of the scenario, each replica on free accelerators
// of its pool's site: on part of one node if it fits there, else on whole nodes (the last may be shared), within one
// scale-up domain if it fits there, else over the fabric, under one first switch where possible.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/cluster/topology.h"
#include "sim/scenario.h"

namespace headroom::sim {

struct NodeShare {
  NodeId node;
  int accelerators = 0;  ///< of the node
  bool operator==(const NodeShare&) const = default;
};
using ReplicaNodes = std::vector<NodeShare>;
using PoolNodes = std::vector<ReplicaNodes>;  ///< by replica

struct PlacementProblem {
  std::size_t deployment = 0, pool = 0;
  std::string message, hint;
};

struct Placement {
  std::vector<std::vector<PoolNodes>> deployments;  ///< [deployment][pool][replica]
  std::optional<PlacementProblem> problem;          ///< what did not fit; the rest is then not placed
};

Placement placeReplicas(const Scenario& scenario, const Topology& topology);

/// The sites of a scenario, and where its replicas stand in them: made once for a run.
struct PlacedSites {
  explicit PlacedSites(const Scenario& scenario)
      : topology(scenario.sites, scenario.wan), placement(placeReplicas(scenario, topology)) {}
  Topology topology;
  Placement placement;
};
/// Null without sites.
std::shared_ptr<const PlacedSites> placedSites(const Scenario& scenario);

}  // namespace headroom::sim
