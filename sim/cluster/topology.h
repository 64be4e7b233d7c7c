// All sites as one graph: nodes, switches, directed links, and the links on the way from one node to another.
// Within a node or a scale-up domain traffic takes the scale-up links; between sites it goes over gateways and the WAN.
// A flow takes one way; flows with other hashes spread over the equal ones (ECMP). docs/network.md has the formulas.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/base/quantity.h"
#include "sim/cluster/fabric.h"
#include "sim/sites.h"

namespace headroom::sim {

using NodeId = Id<struct NodeTag>;

struct TopologyNode {
  std::uint32_t site = 0;
  std::uint32_t index = 0;   ///< in its site
  std::uint32_t group = 0;   ///< in SiteSpec::nodes
  std::uint32_t domain = 0;  ///< scale-up domain: nodes with the same share it
};

struct Switch {
  const char* kind;  ///< leaf, spine, scale-up, gateway...
  std::uint32_t site = 0;
  std::uint32_t index = 0;  ///< of its kind in its site
  int planes = 1;           ///< switches that stand for each other, one a rail
};

/// Links of one role in one site.
struct LinkTier {
  std::string name;        ///< scale-up, nic, leaf-spine, ..., gateway, wan
  std::uint32_t site = 0;  ///< of a WAN: the number of sites
};

struct FabricLink {
  std::uint32_t from = 0, to = 0;  ///< vertices: nodes, then switches
  BytesPerSecond bandwidth;        ///< of all its cables together
  Seconds latency;
  std::uint16_t tier = 0;
  int cables = 1;
  /// Links that are always kept and of which every flow over this one crosses exactly one, added up; 0: no such set.
  BytesPerSecond feed;
  /// Cannot saturate before what feeds it: leaving it out of the sharing changes no rate.
  bool prunable() const { return feed > BytesPerSecond() && feed <= bandwidth; }
};

struct Route {
  Path links;  ///< at least one, none twice
  Seconds latency;
  DollarsPerByte egress_price;
};

class Topology {
 public:
  /// Throws InputError if a fabric does not hold its nodes or a site of several has no WAN.
  Topology(std::vector<SiteSpec> sites, std::vector<WanLink> wan);
  ~Topology();
  Topology(Topology&&) noexcept;

  const std::vector<SiteSpec>& sites() const { return sites_; }
  const std::vector<WanLink>& wan() const { return wan_; }
  std::span<const TopologyNode> nodes() const { return nodes_; }
  std::span<const Switch> switches() const { return switches_; }
  std::span<const LinkTier> tiers() const { return tiers_; }
  /// Links 2i and 2i + 1 are the two ways of one cable, up and down.
  std::span<const FabricLink> links() const { return links_; }
  const FabricLink& link(FabricLinkId id) const { return links_[id.value()]; }

  NodeId firstNode(std::uint32_t site) const { return NodeId(first_node_[site]); }
  const NodeGroup& groupOf(NodeId node) const;
  /// Of a vertex or link, unique: us-east/n3, us-east/leaf1, us-east/n3>us-east/leaf1.
  std::string vertexName(std::uint32_t vertex) const;
  std::string linkName(FabricLinkId id) const;
  /// False only for nodes of a site without fabric that are not of one scale-up domain.
  bool connected(NodeId from, NodeId to) const;
  /// Between connected nodes; from a node to itself too (over its scale-up links). The same for the same arguments.
  Route route(NodeId from, NodeId to, std::uint64_t hash) const;
  /// To and from the gateway of another site.
  Route routeToSite(NodeId from, std::uint32_t site, std::uint64_t hash) const;
  Route routeFromSite(std::uint32_t site, NodeId to, std::uint64_t hash) const;
  /// Link `w` of wan(), in the direction in which it is written; the other way is the next.
  FabricLinkId wanLink(std::size_t w) const { return FabricLinkId(2 * (first_wan_ + static_cast<std::uint32_t>(w))); }
  /// Nodes of a site that share their first switch follow each other; 1 without a fabric.
  int nodesPerSwitch(std::uint32_t site) const;

 private:
  class Builder;
  void addSite(std::uint32_t site);
  void addWan();
  void appendWanRoute(std::uint32_t from, std::uint32_t to, Route& route) const;

  std::vector<SiteSpec> sites_;
  std::vector<WanLink> wan_;
  std::vector<TopologyNode> nodes_;
  std::vector<Switch> switches_;
  std::vector<LinkTier> tiers_;
  std::vector<FabricLink> links_;
  std::vector<std::unique_ptr<Fabric>> fabrics_;  ///< by site; null: none
  std::vector<std::uint32_t> first_node_, first_scale_up_, gateway_;
  std::uint32_t first_wan_ = 0;                       ///< cable of wan_[0]
  std::vector<std::vector<std::uint32_t>> next_wan_;  ///< [from][to] site -> index in wan_
};

}  // namespace headroom::sim
