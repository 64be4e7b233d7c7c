#include "sim/cluster/topology.h"

#include <fmt/format.h>

#include <limits>

#include "models/base/error.h"

namespace headroom::sim {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
/// One way through a scale-up link (NVLink and its switch; general knowledge: about 1 us from GPU to GPU).
constexpr Seconds kScaleUpLatency{5e-7};

/// [from][to] -> the first WAN link of the way with the least round-trip time (Floyd and Warshall).
std::vector<std::vector<std::uint32_t>> nextWan(const std::vector<SiteSpec>& sites, const std::vector<WanLink>& wan) {
  const std::size_t n = sites.size();
  const auto site_of = [&](const std::string& name) {
    const auto is_it = [&](const SiteSpec& site) { return site.name == name; };
    return static_cast<std::size_t>(std::find_if(sites.begin(), sites.end(), is_it) - sites.begin());
  };
  std::vector<std::vector<std::uint32_t>> next(n, std::vector<std::uint32_t>(n, kNone));
  std::vector<std::vector<double>> rtt(n, std::vector<double>(n, std::numeric_limits<double>::infinity()));
  for (std::uint32_t w = 0; w < wan.size(); ++w) {
    const std::size_t a = site_of(wan[w].between[0]), b = site_of(wan[w].between[1]);
    CHECK(a < n && b < n, "a WAN link to no site");
    if (wan[w].rtt.value() >= rtt[a][b]) continue;
    rtt[a][b] = rtt[b][a] = wan[w].rtt.value();
    next[a][b] = next[b][a] = w;
  }
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        if (i == j || rtt[i][k] + rtt[k][j] >= rtt[i][j]) continue;
        rtt[i][j] = rtt[i][k] + rtt[k][j];
        next[i][j] = next[i][k];
      }
    }
  }
  return next;
}

}  // namespace

/// Adds the fabric of one site. Its vertices are those of the topology: nodes of all sites come first.
class Topology::Builder final : public FabricBuilder {
 public:
  Builder(Topology& topology, std::uint32_t site)
      : topology_(topology), site_(site), nodes_(fabricNodes(topology.sites_[site])) {
    for (const WanLink& link : topology.wan_) {
      const std::string& name = topology.sites_[site].name;
      if (link.between[0] == name || link.between[1] == name) wan_bandwidth_ += link.bandwidth;
    }
  }

  std::span<const FabricNode> nodes() const override { return nodes_; }

  std::uint32_t addSwitch(const char* kind, int planes = 1) override {
    std::uint32_t index = 0;
    std::vector<Switch>& switches = topology_.switches_;
    if (!switches.empty() && switches.back().site == site_ && switches.back().kind == std::string_view(kind)) {
      index = switches.back().index + 1;
    }
    switches.push_back({kind, site_, index, planes});
    return static_cast<std::uint32_t>(topology_.nodes_.size() + switches.size() - 1);
  }

  Cable addCable(const CableSpec& spec) override {
    FabricLink link{.from = spec.lower,
                    .to = spec.upper,
                    .bandwidth = spec.bandwidth,
                    .latency = latency_,
                    .tier = tierNamed(spec.tier),
                    .cables = spec.count,
                    .feed = spec.feed};
    const Cable cable{static_cast<std::uint32_t>(topology_.links_.size() / 2)};
    topology_.links_.push_back(link);
    std::swap(link.from, link.to);
    topology_.links_.push_back(link);
    return cable;
  }

  Cable addNics(std::uint32_t node, std::uint32_t upper) override {
    const FabricNode& nics = nodes_[node];
    return addCable({"nic", topology_.first_node_[site_] + node, upper, nics.bandwidth, nics.nics, {}});
  }

  Cable addGatewayCable(std::uint32_t upper_switch) override {
    if (wan_bandwidth_ <= BytesPerSecond()) return {};
    if (topology_.gateway_[site_] == kNone) topology_.gateway_[site_] = addSwitch("gateway");
    return addCable({"gateway", upper_switch, topology_.gateway_[site_], wan_bandwidth_, 1, wan_bandwidth_});
  }

  void addScaleUp() {
    latency_ = kScaleUpLatency;
    const SiteSpec& spec = topology_.sites_[site_];
    const std::uint32_t first = topology_.first_node_[site_];
    topology_.first_scale_up_[site_] = static_cast<std::uint32_t>(topology_.links_.size() / 2);
    std::uint32_t node = first, vertex = 0;
    for (std::uint32_t group = 0; group < spec.nodes.size(); ++group) {
      const NodeGroup& nodes = spec.nodes[group];
      const models::Accelerator accelerator = models::findAccelerator(nodes.accelerator);
      const int span = models::scaleUpNodes(nodes.type, accelerator);
      for (int i = 0; i < nodes.count; ++i, ++node) {
        if (i % span == 0) vertex = addSwitch("scale-up");
        topology_.nodes_[node] = {.site = site_, .index = node - first, .group = group, .domain = vertex};
        addCable({"scale-up",
                  node,
                  vertex,
                  nodes.type.accelerators * accelerator.scale_up_bandwidth,
                  nodes.type.accelerators,
                  {}});
      }
    }
  }

  void addFabric(const FabricSpec& fabric) {
    latency_ = fabric.hop_latency;
    const FabricKind& kind = kindOf(fabric.shape);
    if (const std::string problem = kind.problem(fabric.shape, nodes_); !problem.empty()) {
      throw InputError("site " + topology_.sites_[site_].name + ": " + problem);
    }
    topology_.fabrics_[site_] = kind.build(fabric.shape, *this);
  }

 private:
  std::uint16_t tierNamed(std::string_view name) {
    std::vector<LinkTier>& tiers = topology_.tiers_;
    for (std::size_t i = tiers.size(); i-- > 0 && tiers[i].site == site_;) {
      if (tiers[i].name == name) return static_cast<std::uint16_t>(i);
    }
    tiers.push_back({std::string(name), site_});
    return static_cast<std::uint16_t>(tiers.size() - 1);
  }

  Topology& topology_;
  std::uint32_t site_;
  std::vector<FabricNode> nodes_;
  BytesPerSecond wan_bandwidth_;
  Seconds latency_;
};

Topology::Topology(std::vector<SiteSpec> sites, std::vector<WanLink> wan)
    : sites_(std::move(sites)), wan_(std::move(wan)), next_wan_(nextWan(sites_, wan_)) {
  const std::size_t n = sites_.size();
  std::uint32_t node = 0;
  for (const SiteSpec& site : sites_) {
    first_node_.push_back(node);
    node += static_cast<std::uint32_t>(nodeCount(site));
  }
  nodes_.resize(node);
  first_scale_up_.resize(n);
  gateway_.assign(n, kNone);
  fabrics_.resize(n);
  for (std::uint32_t site = 0; site < n; ++site) addSite(site);
  addWan();
}

Topology::~Topology() = default;
Topology::Topology(Topology&&) noexcept = default;

void Topology::addSite(std::uint32_t site) {
  Builder builder(*this, site);
  builder.addScaleUp();
  if (sites_[site].fabric) builder.addFabric(*sites_[site].fabric);
}

void Topology::addWan() {
  const auto n = static_cast<std::uint32_t>(sites_.size());
  first_wan_ = static_cast<std::uint32_t>(links_.size() / 2);
  if (wan_.empty()) return;
  tiers_.push_back({"wan", n});
  for (const WanLink& spec : wan_) {
    std::array<std::uint32_t, 2> ends{};
    for (std::uint32_t site = 0; site < n; ++site) {
      for (std::size_t end = 0; end < 2; ++end) {
        if (sites_[site].name == spec.between[end]) ends[end] = gateway_[site];
      }
    }
    CHECK(ends[0] != kNone && ends[1] != kNone, "a WAN link to a site without fabric");
    const auto tier = static_cast<std::uint16_t>(tiers_.size() - 1);
    FabricLink link{ends[0], ends[1], spec.bandwidth, spec.rtt / 2, tier, 1, {}};
    links_.push_back(link);
    std::swap(link.from, link.to);
    links_.push_back(link);
  }
}

const NodeGroup& Topology::groupOf(NodeId node) const {
  const TopologyNode& n = nodes_[node.value()];
  return sites_[n.site].nodes[n.group];
}

std::string Topology::vertexName(std::uint32_t vertex) const {
  if (vertex < nodes_.size()) return fmt::format("{}/n{}", sites_[nodes_[vertex].site].name, nodes_[vertex].index);
  const Switch& s = switches_[vertex - nodes_.size()];
  return fmt::format("{}/{}{}", sites_[s.site].name, s.kind, s.index);
}

std::string Topology::linkName(FabricLinkId id) const {
  const auto joins_the_same = [&](std::uint32_t other) {
    return other < links_.size() && links_[other].from == link(id).from && links_[other].to == link(id).to;
  };
  // Parallel cables follow each other.
  const bool parallel = joins_the_same(id.value() + 2) || (id.value() >= 2 && joins_the_same(id.value() - 2));
  const std::string name = vertexName(link(id).from) + ">" + vertexName(link(id).to);
  return parallel ? fmt::format("{}#{}", name, id.value() / 2) : name;
}

bool Topology::connected(NodeId from, NodeId to) const {
  const TopologyNode &a = nodes_[from.value()], &b = nodes_[to.value()];
  if (a.domain == b.domain) return true;
  if (fabrics_[a.site] == nullptr || fabrics_[b.site] == nullptr) return false;
  return a.site == b.site || next_wan_[a.site][b.site] != kNone;
}

Route Topology::route(NodeId from, NodeId to, std::uint64_t hash) const {
  CHECK(connected(from, to), "no way between these nodes");
  const TopologyNode &a = nodes_[from.value()], &b = nodes_[to.value()];
  Route route;
  if (a.domain == b.domain) {
    route.links.push_back(Cable{first_scale_up_[a.site] + a.index}.up());
    route.links.push_back(Cable{first_scale_up_[b.site] + b.index}.down());
  } else if (a.site == b.site) {
    fabrics_[a.site]->between(a.index, b.index, hash, route.links);
  } else {
    fabrics_[a.site]->toGateway(a.index, hash, route.links);
    appendWanRoute(a.site, b.site, route);
    fabrics_[b.site]->fromGateway(b.index, hash, route.links);
  }
  for (const FabricLinkId id : route.links) route.latency += link(id).latency;
  return route;
}

Route Topology::routeToSite(NodeId from, std::uint32_t site, std::uint64_t hash) const {
  const TopologyNode& a = nodes_[from.value()];
  CHECK(a.site != site && fabrics_[a.site] != nullptr, "another site, over the WAN");
  Route route;
  fabrics_[a.site]->toGateway(a.index, hash, route.links);
  appendWanRoute(a.site, site, route);
  for (const FabricLinkId id : route.links) route.latency += link(id).latency;
  return route;
}

Route Topology::routeFromSite(std::uint32_t site, NodeId to, std::uint64_t hash) const {
  const TopologyNode& b = nodes_[to.value()];
  CHECK(b.site != site && fabrics_[b.site] != nullptr, "another site, over the WAN");
  Route route;
  appendWanRoute(site, b.site, route);
  fabrics_[b.site]->fromGateway(b.index, hash, route.links);
  for (const FabricLinkId id : route.links) route.latency += link(id).latency;
  return route;
}

void Topology::appendWanRoute(std::uint32_t from, std::uint32_t to, Route& route) const {
  for (std::uint32_t site = from; site != to;) {
    const std::uint32_t w = next_wan_[site][to];
    const Cable cable{first_wan_ + w};
    const bool forward = wan_[w].between[0] == sites_[site].name;
    const FabricLinkId id = forward ? cable.up() : cable.down();
    route.links.push_back(id);
    route.egress_price = DollarsPerByte(route.egress_price.value() + wan_[w].egress_price.value());
    site = switches_[link(id).to - nodes_.size()].site;
  }
}

int Topology::nodesPerSwitch(std::uint32_t site) const {
  return fabrics_[site] == nullptr ? 1 : fabrics_[site]->nodesPerSwitch();
}

}  // namespace headroom::sim
