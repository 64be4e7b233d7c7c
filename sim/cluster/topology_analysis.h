// What a topology can carry and what it hangs on, by Boost.Graph: bisection bandwidth (maximum flow, Boykov and
// Kolmogorov), single points of failure (articulation points and bridges), tiers that cannot saturate.
// Of scale-out only: scale-up links are left out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/cluster/topology.h"

namespace headroom::sim {

struct TierSummary {
  std::string name;
  int cables = 0;              ///< bundles count as one
  int prunable = 0;            ///< of these
  BytesPerSecond least, most;  ///< one way, of a cable
  BytesPerSecond total;        ///< one way, of all
  double nics_over_total = 0;  ///< bandwidth of the site's NICs over this tier's; of uplinks the oversubscription
  bool pruned() const { return prunable == cables; }
};

/// Switches or cables of one kind whose loss cuts nodes off from the rest.
struct SinglePoint {
  std::string kind;     ///< of a switch, or "<tier> cable"
  int count = 0;        ///< of this kind that are single points
  int nodes = 0;        ///< that the loss of one cuts off, at most
  std::string example;  ///< name of the first that cuts off so many
  bool operator==(const SinglePoint&) const = default;
};

struct SiteAnalysis {
  std::vector<TierSummary> tiers;
  /// One way between the first half of the nodes and the second, in the order of cabling; 0 without a fabric.
  BytesPerSecond bisection;
  /// What their NICs could carry: of the half with less.
  BytesPerSecond full_bisection;
  std::vector<SinglePoint> single_points;
};

SiteAnalysis analyseSite(const Topology& topology, std::uint32_t site);

/// The links that flows must be shared over: all but the prunable.
std::vector<FabricLinkId> keptLinks(const Topology& topology);

}  // namespace headroom::sim
