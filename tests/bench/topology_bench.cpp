// What the topology of 12,500 nodes (100,000 accelerators) costs: seconds to build, to analyse, ns a route, memory.
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>

#include "models/base/document.h"
#include "sim/cluster/topology_analysis.h"

namespace headroom::sim {
namespace {

double secondsOf(const auto& action) {
  const auto begin = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void measure(const std::string& fabric) {
  SiteSpec site{.name = "site", .nodes = {}, .fabric = readFabric(Document::parse(fabric, "fabric").root())};
  site.nodes.push_back({.type = models::findNodeType("h100-sxm-8"), .accelerator = "h100-sxm", .count = 12'500});
  std::optional<Topology> topology;
  const double build = secondsOf([&] { topology.emplace(std::vector{site}, std::vector<WanLink>{}); });
  constexpr std::uint32_t kRoutes = 1'000'000;
  double hops = 0;
  const double routes = secondsOf([&] {
    for (std::uint32_t i = 0; i < kRoutes; ++i) {
      const auto from = static_cast<std::uint32_t>(i * 7919ULL % 12'500),
                 to = static_cast<std::uint32_t>(i * 104'729ULL % 12'500);
      hops += static_cast<double>(topology->route(NodeId(from), NodeId(to), i).links.size());
    }
  });
  SiteAnalysis analysis;
  const double analyse = secondsOf([&] { analysis = analyseSite(*topology, 0); });
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  fmt::print("{}: {} links, build {:.3f} s, analysis {:.2f} s, {:.0f} ns a route of {:.1f} links, peak {} MB\n", fabric,
             topology->links().size(), build, analyse, routes / kRoutes * 1e9, hops / kRoutes, usage.ru_maxrss / 1024);
}

}  // namespace
}  // namespace headroom::sim

int main() {
  for (const char* fabric : {"single-switch", "leaf-spine-16-2to1", "rail-32", "fat-tree",
                             "{type: dragonfly, nodes_per_router: 8, routers_per_group: 16, global_links: 8}"}) {
    headroom::sim::measure(fabric);
  }
}
