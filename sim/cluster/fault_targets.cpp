#include "sim/cluster/fault_targets.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "models/base/error.h"

namespace headroom::sim {

struct FaultTargets::Places {
  explicit Places(std::shared_ptr<const PlacedSites> placed) : sites(std::move(placed)), topology(sites->topology) {
    const Placement& placement = sites->placement;
    on_node.resize(topology.nodes().size());
    links_at.resize(topology.nodes().size() + topology.switches().size());
    for (std::uint32_t v = 0; v < links_at.size(); ++v) vertices[topology.vertexName(v)] = v;
    for (std::uint32_t l = 0; l < topology.links().size(); ++l) {
      links_at[topology.links()[l].from].push_back(l);
      links_at[topology.links()[l].to].push_back(l);
      if (l % 2 == 0) cables[topology.linkName(FabricLinkId(l))] = l;
    }
    if (placement.problem) return;
    std::uint32_t replica = 0;
    for (const auto& deployment : placement.deployments) {
      for (const PoolNodes& pool : deployment) {
        for (const ReplicaNodes& nodes : pool) {
          for (const NodeShare& share : nodes) on_node[share.node.value()].push_back(replica);
          ++replica;
        }
      }
    }
  }
  bool isNode(std::uint32_t vertex) const { return vertex < topology.nodes().size(); }
  const std::string& tierOf(std::uint32_t link) const { return topology.tiers()[topology.links()[link].tier].name; }

  std::shared_ptr<const PlacedSites> sites;
  const Topology& topology;
  std::vector<std::vector<std::uint32_t>> on_node;   // replicas
  std::vector<std::vector<std::uint32_t>> links_at;  // by vertex
  std::unordered_map<std::string, std::uint32_t> vertices, cables;
};

namespace {

void addAll(const std::vector<std::uint32_t>& more, std::vector<std::uint32_t>& to) {
  for (const std::uint32_t replica : more) {
    if (std::find(to.begin(), to.end(), replica) == to.end()) to.push_back(replica);
  }
}

}  // namespace

FaultTargets::FaultTargets(const Scenario& scenario, std::shared_ptr<const PlacedSites> sites) {
  std::uint32_t first = 0;
  for (const DeploymentSpec& deployment : scenario.deployments) {
    for (const PoolSpec& pool : deployment.pools) {
      const auto count = static_cast<std::uint32_t>(pool.replicas);
      pools_.push_back({deployment.name + "/" + pool.name, first, count, pool.parallelism.accelerators()});
      first += count;
    }
  }
  if (sites) places_ = std::make_unique<Places>(std::move(sites));
}

FaultTargets::~FaultTargets() = default;

std::vector<std::string> FaultTargets::names(FaultDomain domain) const {
  std::vector<std::string> all;
  if (domain == FaultDomain::replica || domain == FaultDomain::accelerator) {
    for (const Pool& pool : pools_) {
      for (std::uint32_t r = 0; r < pool.replicas; ++r) {
        if (domain == FaultDomain::replica) all.push_back(fmt::format("{}/{}", pool.name, r));
        for (int a = 0; a < pool.accelerators && domain == FaultDomain::accelerator; ++a) {
          all.push_back(fmt::format("{}/{}/a{}", pool.name, r, a));
        }
      }
    }
    return all;
  }
  if (!places_) return all;
  const Topology& topology = places_->topology;
  const auto vertices = static_cast<std::uint32_t>(topology.nodes().size() + topology.switches().size());
  for (std::uint32_t v = 0; v < vertices; ++v) {
    const bool node = places_->isNode(v);
    const bool scale_up =
        !node && topology.switches()[v - topology.nodes().size()].kind == std::string_view("scale-up");
    const FaultDomain is = node ? FaultDomain::node : scale_up ? FaultDomain::scale_up : FaultDomain::fabric_switch;
    if (is == domain) all.push_back(topology.vertexName(v));
  }
  if (domain == FaultDomain::site) {
    for (const SiteSpec& site : topology.sites()) all.push_back(site.name);
  }
  for (std::uint32_t l = 0; l < topology.links().size() && domain == FaultDomain::link; l += 2) {
    if (places_->tierOf(l) != "scale-up") all.push_back(topology.linkName(FabricLinkId(l)));
  }
  return all;
}

FaultTarget FaultTargets::find(FaultDomain domain, const std::string& name) const {
  if (domain == FaultDomain::replica || domain == FaultDomain::accelerator) {
    const std::string replica = domain == FaultDomain::replica ? name : name.substr(0, name.rfind('/'));
    const std::size_t slash = replica.rfind('/');
    for (const Pool& pool : pools_) {
      if (replica.compare(0, slash, pool.name) != 0) continue;
      return {name, {pool.first + static_cast<std::uint32_t>(std::stoul(replica.substr(slash + 1)))}, {}, {}};
    }
    CHECK(false, "the name was checked when the scenario was read");
  }
  CHECK(places_ != nullptr, "the name was checked when the scenario was read");
  const Topology& topology = places_->topology;
  if (domain == FaultDomain::link) return ofLink(name);
  if (domain == FaultDomain::site) {
    std::vector<std::uint32_t> nodes;
    for (std::uint32_t n = 0; n < topology.nodes().size(); ++n) {
      if (topology.sites()[topology.nodes()[n].site].name == name) nodes.push_back(n);
    }
    return ofNodes(name, nodes);
  }
  const std::uint32_t vertex = places_->vertices.at(name);
  return domain == FaultDomain::node ? ofNodes(name, {vertex}) : ofVertex(name, vertex);
}

FaultTarget FaultTargets::group(const std::string& name, const std::vector<std::string>& members) const {
  FaultTarget all{.name = name, .replicas = {}, .cut_off = {}, .links = {}};
  const std::vector<std::string> nodes = names(FaultDomain::node);
  for (const std::string& member : members) {
    const bool node = std::find(nodes.begin(), nodes.end(), member) != nodes.end();
    const FaultTarget one = find(node ? FaultDomain::node : FaultDomain::replica, member);
    addAll(one.replicas, all.replicas);
    all.links.insert(all.links.end(), one.links.begin(), one.links.end());
  }
  return all;
}

/// Dead nodes: their replicas, and the links at them.
FaultTarget FaultTargets::ofNodes(const std::string& name, const std::vector<std::uint32_t>& nodes) const {
  FaultTarget target{.name = name, .replicas = {}, .cut_off = {}, .links = {}};
  for (const std::uint32_t node : nodes) {
    addAll(places_->on_node[node], target.replicas);
    for (const std::uint32_t link : places_->links_at[node]) target.links.emplace_back(link, 0.0);
  }
  return target;
}

/// A dead switch: of a scale-up domain its replicas, else its links, and the nodes that have no other.
FaultTarget FaultTargets::ofVertex(const std::string& name, std::uint32_t vertex) const {
  FaultTarget target{.name = name, .replicas = {}, .cut_off = {}, .links = {}};
  const Topology& topology = places_->topology;
  const Switch& dead = topology.switches()[vertex - topology.nodes().size()];
  const double left = (dead.planes - 1.0) / dead.planes;
  for (const std::uint32_t l : places_->links_at[vertex]) {
    const FabricLink& link = topology.links()[l];
    target.links.emplace_back(l, left);
    if (!places_->isNode(link.from) || left > 0) continue;
    addAll(places_->on_node[link.from], dead.kind == std::string_view("scale-up") ? target.replicas : target.cut_off);
  }
  return target;
}

/// Both ways of a cable. All NICs of a node are one.
FaultTarget FaultTargets::ofLink(const std::string& name) const {
  FaultTarget target{.name = name, .replicas = {}, .cut_off = {}, .links = {}};
  const Topology& topology = places_->topology;
  const std::uint32_t l = places_->cables.at(name);
  target.links = {{FabricLinkId(l), 0.0}, {FabricLinkId(l + 1), 0.0}};
  const std::uint32_t from = topology.links()[l].from;
  if (places_->isNode(from)) target.cut_off = places_->on_node[from];
  return target;
}

}  // namespace headroom::sim
