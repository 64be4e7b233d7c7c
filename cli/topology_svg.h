// A topology as a drawing: a panel a site, a row a tier of switches above the nodes, the WAN above the sites. Rows that
// are too long to draw show their ends and say how many there are in all.
#pragma once

#include <string>

#include "sim/cluster/placement.h"
#include "sim/cluster/topology.h"

namespace headroom::cli {

/// Nodes that replicas stand on are filled, one colour a pool, by how much of them is used.
std::string topologySvg(const sim::Scenario& scenario, const sim::Topology& topology, const sim::Placement& placement);

}  // namespace headroom::cli
