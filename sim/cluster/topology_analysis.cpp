#include "sim/cluster/topology_analysis.h"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/biconnected_components.hpp>
#include <boost/graph/boykov_kolmogorov_max_flow.hpp>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

namespace headroom::sim {
namespace {

/// The switches of a site, and its nodes counted on the switch that their NICs lead to (they carry nobody else's
/// traffic, so that they need no vertices).
struct SwitchGraph {
  struct Edge {
    std::uint32_t a, b;  ///< positions in `vertices`
    std::uint32_t cable;
    int cables;
    BytesPerSecond bandwidth;
  };
  std::vector<std::uint32_t> vertices;  ///< of the topology
  std::vector<int> nodes;               ///< on each
  std::vector<Edge> edges;
};

bool isOf(const Topology& topology, const FabricLink& link, std::uint32_t site) {
  return topology.tiers()[link.tier].site == site;
}
const std::string& tierOf(const Topology& topology, const FabricLink& link) {
  return topology.tiers()[link.tier].name;
}

SwitchGraph switchGraph(const Topology& topology, std::uint32_t site) {
  SwitchGraph graph;
  const auto node_count = static_cast<std::uint32_t>(topology.nodes().size());
  std::vector<std::uint32_t> position(topology.switches().size());
  for (std::uint32_t s = 0; s < topology.switches().size(); ++s) {
    const Switch& one = topology.switches()[s];
    const std::string_view kind = one.kind;
    if (one.site != site || kind == "scale-up" || kind == "gateway") continue;
    position[s] = static_cast<std::uint32_t>(graph.vertices.size());
    graph.vertices.push_back(node_count + s);
  }
  graph.nodes.resize(graph.vertices.size());
  for (std::uint32_t id = 0; id < topology.links().size(); id += 2) {
    const FabricLink& link = topology.links()[id];
    const std::string& tier = tierOf(topology, link);
    if (!isOf(topology, link, site) || tier == "scale-up" || tier == "gateway") continue;
    const std::uint32_t upper = position[link.to - node_count];
    if (tier == "nic") {
      ++graph.nodes[upper];
    } else {
      graph.edges.push_back({position[link.from - node_count], upper, id / 2, link.cables, link.bandwidth});
    }
  }
  return graph;
}

/// Maximum flow from one half of the site's nodes to the other, through their NICs.
class Bisection {
  using Traits = boost::adjacency_list_traits<boost::vecS, boost::vecS, boost::directedS>;
  using EdgeProperties =
      boost::property<boost::edge_capacity_t, double,
                      boost::property<boost::edge_residual_capacity_t, double,
                                      boost::property<boost::edge_reverse_t, Traits::edge_descriptor>>>;
  using VertexProperties = boost::property<
      boost::vertex_index_t, long,
      boost::property<boost::vertex_color_t, boost::default_color_type,
                      boost::property<boost::vertex_distance_t, long,
                                      boost::property<boost::vertex_predecessor_t, Traits::edge_descriptor>>>>;
  using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, VertexProperties, EdgeProperties>;

 public:
  explicit Bisection(std::size_t vertices) : graph_(vertices) {}
  /// `back`: the capacity the other way.
  void connect(std::uint32_t from, std::uint32_t to, BytesPerSecond capacity, BytesPerSecond back) {
    const auto there = boost::add_edge(from, to, graph_).first, here = boost::add_edge(to, from, graph_).first;
    // Whole bytes a second: sums are exact.
    boost::put(boost::edge_capacity, graph_, there, std::floor(capacity.value()));
    boost::put(boost::edge_capacity, graph_, here, std::floor(back.value()));
    boost::put(boost::edge_reverse, graph_, there, here);
    boost::put(boost::edge_reverse, graph_, here, there);
  }
  BytesPerSecond flow(std::uint32_t from, std::uint32_t to) {
    return BytesPerSecond(boost::boykov_kolmogorov_max_flow(graph_, from, to));
  }

 private:
  Graph graph_;
};

void addBisection(const Topology& topology, std::uint32_t site, const SwitchGraph& graph, SiteAnalysis& analysis) {
  const auto count = static_cast<std::uint32_t>(nodeCount(topology.sites()[site]));
  if (count < 2 || graph.vertices.empty()) return;
  const auto n = static_cast<std::uint32_t>(graph.vertices.size());
  std::vector<BytesPerSecond> first(n), second(n);
  BytesPerSecond first_total, second_total;
  std::map<std::uint32_t, std::uint32_t> position;
  for (std::uint32_t v = 0; v < n; ++v) position[graph.vertices[v]] = v;
  for (std::uint32_t id = 0; id < topology.links().size(); id += 2) {
    const FabricLink& link = topology.links()[id];
    if (!isOf(topology, link, site) || tierOf(topology, link) != "nic") continue;
    const bool in_first = topology.nodes()[link.from].index < count / 2;
    (in_first ? first : second)[position[link.to]] += link.bandwidth;
    (in_first ? first_total : second_total) += link.bandwidth;
  }
  Bisection bisection(n + 2);
  for (std::uint32_t v = 0; v < n; ++v) {
    if (first[v] > BytesPerSecond()) bisection.connect(n, v, first[v], {});
    if (second[v] > BytesPerSecond()) bisection.connect(v, n + 1, second[v], {});
  }
  for (const SwitchGraph::Edge& edge : graph.edges) bisection.connect(edge.a, edge.b, edge.bandwidth, edge.bandwidth);
  analysis.bisection = bisection.flow(n, n + 1);
  analysis.full_bisection = std::min(first_total, second_total);
}

using Undirected = boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS, boost::no_property,
                                         boost::property<boost::edge_index_t, std::size_t>>;

/// Nodes outside the largest part that stays connected without a vertex, or without an edge (the other is npos).
int nodesCutOff(const SwitchGraph& graph, std::size_t without_vertex, std::size_t without_edge) {
  std::vector<std::uint32_t> root(graph.vertices.size());
  std::iota(root.begin(), root.end(), 0U);
  const auto find = [&](std::uint32_t v) {
    while (root[v] != v) v = root[v] = root[root[v]];
    return v;
  };
  for (std::size_t e = 0; e < graph.edges.size(); ++e) {
    const SwitchGraph::Edge& edge = graph.edges[e];
    if (e == without_edge || edge.a == without_vertex || edge.b == without_vertex) continue;
    root[find(edge.a)] = find(edge.b);
  }
  std::vector<int> size(graph.vertices.size());
  for (std::uint32_t v = 0; v < graph.vertices.size(); ++v) {
    if (v != without_vertex) size[find(v)] += graph.nodes[v];
  }
  return std::accumulate(graph.nodes.begin(), graph.nodes.end(), 0) - *std::max_element(size.begin(), size.end());
}

class SinglePoints {
 public:
  void add(const std::string& kind, int nodes, const std::string& name, int count = 1) {
    if (nodes == 0) return;  // a switch that carries nobody
    SinglePoint& point = points_[kind];
    point.kind = kind;
    point.count += count;
    if (nodes > point.nodes) point.nodes = nodes, point.example = name;
  }
  std::vector<SinglePoint> list() const {
    std::vector<SinglePoint> all;
    for (const auto& [kind, point] : points_) all.push_back(point);
    return all;
  }

 private:
  std::map<std::string, SinglePoint> points_;
};

/// Articulation points and bridges, the nodes' own switches and NICs included. Every node below a lost switch is cut
/// off, also if it is all that the site has.
std::vector<SinglePoint> singlePoints(const Topology& topology, std::uint32_t site, const SwitchGraph& graph) {
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  SinglePoints points;
  Undirected g(graph.vertices.size());
  for (std::size_t e = 0; e < graph.edges.size(); ++e) boost::add_edge(graph.edges[e].a, graph.edges[e].b, e, g);
  std::vector<std::size_t> component(graph.edges.size());
  const auto component_map = boost::make_iterator_property_map(component.begin(), boost::get(boost::edge_index, g));
  std::vector<std::size_t> found;
  boost::biconnected_components(g, component_map, std::back_inserter(found));
  std::set<std::size_t> critical(found.begin(), found.end());
  for (std::size_t v = 0; v < graph.nodes.size(); ++v) {
    if (graph.nodes[v] > 0) critical.insert(v);  // all cables of a node lead to it
  }
  const auto node_count = static_cast<std::uint32_t>(topology.nodes().size());
  for (const std::size_t v : critical) {
    const Switch& one = topology.switches()[graph.vertices[v] - node_count];
    if (one.planes > 1) continue;
    points.add(one.kind, nodesCutOff(graph, v, kNone), topology.vertexName(graph.vertices[v]));
  }
  std::map<std::size_t, int> edges_in;
  for (const std::size_t c : component) ++edges_in[c];
  for (std::size_t e = 0; e < graph.edges.size(); ++e) {
    if (edges_in[component[e]] > 1 || graph.edges[e].cables > 1) continue;
    const FabricLinkId id(2 * graph.edges[e].cable);
    points.add(tierOf(topology, topology.link(id)) + " cable", nodesCutOff(graph, kNone, e), topology.linkName(id));
  }
  for (std::uint32_t id = 0; id < topology.links().size(); id += 2) {
    const FabricLink& link = topology.links()[id];
    if (isOf(topology, link, site) && tierOf(topology, link) == "nic" && link.cables == 1) {
      points.add("nic cable", 1, topology.linkName(FabricLinkId(id)));
    }
  }
  return points.list();
}

std::vector<TierSummary> tierSummaries(const Topology& topology, std::uint32_t site) {
  std::map<std::uint16_t, TierSummary> by_tier;
  for (std::uint32_t id = 0; id < topology.links().size(); id += 2) {
    const FabricLink& link = topology.links()[id];
    if (!isOf(topology, link, site)) continue;
    TierSummary& tier = by_tier[link.tier];
    if (tier.cables++ == 0) tier.name = tierOf(topology, link), tier.least = tier.most = link.bandwidth;
    tier.least = std::min(tier.least, link.bandwidth);
    tier.most = std::max(tier.most, link.bandwidth);
    tier.total += link.bandwidth;
    if (link.prunable()) ++tier.prunable;
  }
  const std::vector<FabricNode> nodes = fabricNodes(topology.sites()[site]);
  const BytesPerSecond nics = totalBandwidth(nodes, 0, nodes.size());
  std::vector<TierSummary> tiers;
  for (auto& [id, tier] : by_tier) {
    tier.nics_over_total = nics / tier.total;
    tiers.push_back(tier);
  }
  return tiers;
}

}  // namespace

SiteAnalysis analyseSite(const Topology& topology, std::uint32_t site) {
  SiteAnalysis analysis;
  analysis.tiers = tierSummaries(topology, site);
  const SwitchGraph graph = switchGraph(topology, site);
  if (graph.vertices.empty()) return analysis;
  addBisection(topology, site, graph, analysis);
  analysis.single_points = singlePoints(topology, site, graph);
  return analysis;
}

std::vector<FabricLinkId> keptLinks(const Topology& topology) {
  std::vector<FabricLinkId> kept;
  for (std::uint32_t id = 0; id < topology.links().size(); ++id) {
    if (!topology.links()[id].prunable()) kept.emplace_back(id);
  }
  return kept;
}

}  // namespace headroom::sim
