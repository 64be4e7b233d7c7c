// Where the replicas stand: sites of nodes, the fabric that joins the nodes of a site, and the WAN between sites.
// Keys `sites` and `wan` of a scenario (docs/network.md); sim/cluster/topology.h builds it.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "models/base/document.h"
#include "models/base/quantity.h"
#include "models/hardware/node_type.h"

namespace headroom::sim {

/// All nodes on one switch.
struct Star {
  bool operator==(const Star&) const = default;
};

/// Nodes on leaves, every leaf on every spine. With rails a leaf is one switch a NIC, so that a node has one cable to
/// each of its leaf's switches (rail-optimized).
struct LeafSpine {
  bool rails = false;
  int nodes_per_leaf = 1;
  std::optional<int> spines;                       ///< unset: one an uplink, or as many as nodes on a leaf
  double oversubscription = 1;                     ///< NICs below a leaf over its uplinks; where uplinks are not given
  std::optional<int> uplinks;                      ///< cables up from a leaf switch
  std::optional<BytesPerSecond> uplink_bandwidth;  ///< of each; unset: as the site's fastest NIC
  bool operator==(const LeafSpine&) const = default;
};

/// Three tiers of switches with k ports (Al-Fares et al., SIGCOMM 2008): k pods of k/2 edge and k/2 aggregation
/// switches, k*k/4 cores, k*k*k/4 nodes. Every cable is as fast as a node.
struct FatTree {
  std::optional<int> k;  ///< even; unset: the smallest that holds the nodes
  bool operator==(const FatTree&) const = default;
};

/// Groups of routers, all to all within a group and between groups (Kim et al., ISCA 2008), minimal routes.
struct Dragonfly {
  int nodes_per_router = 1;
  int routers_per_group = 1;
  int global_links = 1;                            ///< of a router
  std::optional<BytesPerSecond> local_bandwidth;   ///< of a cable within a group; unset: as a node
  std::optional<BytesPerSecond> global_bandwidth;  ///< of a cable between groups; unset: as a node
  bool operator==(const Dragonfly&) const = default;
};

using FabricShape = std::variant<Star, LeafSpine, FatTree, Dragonfly>;

struct FabricSpec {
  FabricShape shape;
  Seconds hop_latency{1e-6};  ///< of each link: cable, switch or NIC
  bool operator==(const FabricSpec&) const = default;
};

/// Nodes of one type.
struct NodeGroup {
  models::NodeType type;    ///< as in the catalogue, but for what the scenario overrides
  std::string accelerator;  ///< of these nodes
  int count = 1;
  bool operator==(const NodeGroup&) const = default;
};

/// What all nodes of a site read from, over a network of its own: an object store, NFS.
struct StorageSpec {
  BytesPerSecond bandwidth;  ///< of all readers together
  BytesPerSecond per_node;   ///< of a node
  Seconds latency{};         ///< before the first byte
  bool operator==(const StorageSpec&) const = default;
};

struct SiteSpec {
  std::string name;
  std::vector<NodeGroup> nodes;
  std::optional<StorageSpec> storage{};
  std::optional<FabricSpec> fabric;  ///< none: nothing leaves a node, or its scale-up domain
  bool operator==(const SiteSpec&) const = default;
};

struct WanLink {
  std::array<std::string, 2> between;
  BytesPerSecond bandwidth;  ///< each way
  Seconds rtt;
  DollarsPerByte egress_price{};
  bool operator==(const WanLink&) const = default;
};

int nodeCount(const SiteSpec& site);

/// Throws InputError with file, line, path and hint: unknown names, a fabric that does not hold or does not connect the
/// nodes.
std::vector<SiteSpec> readSites(const Value& list);
/// Links between `sites`. Throws InputError if a site of several stays unconnected (`at` is then the list of sites).
std::vector<WanLink> readWan(const std::optional<Value>& list, const std::vector<SiteSpec>& sites, const Value& at);

DocumentNode toDocument(const SiteSpec& site);
DocumentNode toDocument(const WanLink& link);

}  // namespace headroom::sim
