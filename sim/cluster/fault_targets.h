// What each fault domain of a scenario holds: which replicas die with it, which only lose their network, which links
// change. A replica dies with any of its accelerators. A node is cut off with its NICs' cable or its only first switch.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/cluster/placement.h"
#include "sim/faults.h"

namespace headroom::sim {

struct FaultTarget {
  std::string name;
  std::vector<std::uint32_t> replicas;  ///< of the run: these die, drain or slow down
  std::vector<std::uint32_t> cut_off;   ///< these live on, out of reach
  /// Links that go down, and what is left of their bandwidth (0 but for one of several rail switches).
  std::vector<std::pair<FabricLinkId, double>> links;
};

class FaultTargets {
 public:
  FaultTargets(const Scenario& scenario, std::shared_ptr<const PlacedSites> sites);
  explicit FaultTargets(const Scenario& scenario) : FaultTargets(scenario, placedSites(scenario)) {}
  ~FaultTargets();

  /// All names of a domain, in order; none of a group.
  std::vector<std::string> names(FaultDomain domain) const;
  /// `name` is one of names(domain).
  FaultTarget find(FaultDomain domain, const std::string& name) const;
  /// All that the members, replicas or nodes, are.
  FaultTarget group(const std::string& name, const std::vector<std::string>& members) const;

 private:
  struct Places;  // with sites
  FaultTarget ofNodes(const std::string& name, const std::vector<std::uint32_t>& nodes) const;
  FaultTarget ofVertex(const std::string& name, std::uint32_t vertex) const;
  FaultTarget ofLink(const std::string& name) const;

  struct Pool {
    std::string name;  // deployment/pool
    std::uint32_t first = 0, replicas = 0;
    int accelerators = 1;  // of a replica
  };
  std::vector<Pool> pools_;
  std::unique_ptr<Places> places_;
};

}  // namespace headroom::sim
