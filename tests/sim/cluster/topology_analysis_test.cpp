#include "sim/cluster/topology_analysis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <map>
#include <set>

#include "tests/sim/cluster/sites.h"

namespace headroom::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace headroom::literals;

Topology oneSite(int nodes, const std::string& fabric, const std::string& type = "generic-8") {
  return Topology({testSite(nodes, fabric, type)}, {});
}
SiteAnalysis analysisOf(int nodes, const std::string& fabric, const std::string& type = "generic-8") {
  return analyseSite(oneSite(nodes, fabric, type), 0);
}
TierSummary tier(const SiteAnalysis& analysis, const std::string& name) {
  for (const TierSummary& t : analysis.tiers) {
    if (t.name == name) return t;
  }
  return {};
}

// A node has 12.5 GB/s.
TEST(Bisection, OfAStarIsTheNicsOfHalfItsNodes) {
  EXPECT_EQ(analysisOf(4, "{type: star}").bisection, 25.0_GBps);
  EXPECT_EQ(analysisOf(5, "{type: star}").bisection, 25.0_GBps);  // two against three
  EXPECT_EQ(analysisOf(1, "{type: star}").bisection, BytesPerSecond());
}

TEST(Bisection, OfALeafSpineIsDividedByItsOversubscription) {
  const auto of = [](const char* oversubscription) {
    return analysisOf(16,
                      "{type: leaf-spine, nodes_per_leaf: 4, oversubscription: " + std::string(oversubscription) + "}");
  };
  EXPECT_EQ(of("1").bisection, 100.0_GBps);
  EXPECT_EQ(of("1").full_bisection, 100.0_GBps);
  EXPECT_EQ(of("2").bisection, 50.0_GBps);
  EXPECT_EQ(of("4").bisection, 25.0_GBps);
  EXPECT_DOUBLE_EQ(tier(of("4"), "leaf-spine").nics_over_total, 4);
}

TEST(Bisection, OfAFatTreeIsFull) {
  const SiteAnalysis full = analysisOf(16, "{type: fat-tree, k: 4}");
  EXPECT_EQ(full.bisection, 100.0_GBps);
  EXPECT_DOUBLE_EQ(tier(full, "edge-aggregation").nics_over_total, 1);
  EXPECT_DOUBLE_EQ(tier(full, "aggregation-core").nics_over_total, 1);
}

// Three groups of two routers with two nodes. The first half is group 0 and router 2: the cable between routers 2 and 3
// and the one from group 0 to group 2 cross.
TEST(Bisection, OfADragonflyIsItsCablesAcross) {
  const SiteAnalysis analysis =
      analysisOf(12, "{type: dragonfly, nodes_per_router: 2, routers_per_group: 2, global_links: 1}");
  EXPECT_EQ(analysis.bisection, 25.0_GBps);
  EXPECT_EQ(analysis.full_bisection, 75.0_GBps);
}

TEST(SinglePoints, AreTheSwitchesAndCablesWhoseLossCutsNodesOff) {
  const auto of = [](int nodes, const char* fabric, const char* type = "generic-8") {
    return analysisOf(nodes, fabric, type).single_points;
  };
  EXPECT_THAT(of(4, "{type: star}"), ElementsAre(SinglePoint{"nic cable", 4, 1, "here/n0>here/switch0"},
                                                 SinglePoint{"switch", 1, 4, "here/switch0"}));
  EXPECT_THAT(of(8, "{type: leaf-spine, nodes_per_leaf: 4}", "h100-sxm-8"),
              ElementsAre(SinglePoint{"leaf", 2, 4, "here/leaf0"}));
  EXPECT_THAT(of(12, "{type: leaf-spine, nodes_per_leaf: 4, uplinks: 1}", "h100-sxm-8"),
              ElementsAre(SinglePoint{"leaf", 3, 4, "here/leaf0"},
                          SinglePoint{"leaf-spine cable", 3, 4, "here/leaf0>here/spine0"},
                          SinglePoint{"spine", 1, 8, "here/spine0"}));
  EXPECT_THAT(of(64, "rail-32", "h100-sxm-8"), IsEmpty());
  EXPECT_THAT(of(16, "{type: fat-tree, k: 4}", "h100-sxm-8"), ElementsAre(SinglePoint{"edge", 8, 2, "here/edge0"}));
}

TEST(Pruning, TakesUplinksThatHoldAllNicsBelowThem) {
  const auto uplinks = [](const char* keys) {
    return tier(analysisOf(8, "{type: leaf-spine, nodes_per_leaf: 4, " + std::string(keys) + "}"), "leaf-spine");
  };
  EXPECT_TRUE(uplinks("spines: 1, oversubscription: 1").pruned());
  EXPECT_FALSE(uplinks("spines: 1, oversubscription: 1.01").pruned());
  EXPECT_FALSE(uplinks("spines: 2, oversubscription: 1").pruned());  // all flows may take one spine
  EXPECT_TRUE(uplinks("spines: 2, oversubscription: 0.5").pruned());
  EXPECT_FALSE(tier(analysisOf(8, "{type: star}"), "nic").pruned());
}

/// Max-min rates by progressive filling: all flows grow together until a link is full, and its flows stop.
std::vector<double> maxMinRates(const Topology& topology, const std::vector<Path>& flows,
                                const std::vector<FabricLinkId>& links) {
  std::map<std::uint32_t, double> left;
  for (const FabricLinkId id : links) left[id.value()] = topology.link(id).bandwidth.value();
  std::vector<double> rates(flows.size());
  std::vector<bool> growing(flows.size(), true);
  for (;;) {
    std::map<std::uint32_t, int> users;
    for (std::size_t f = 0; f < flows.size(); ++f) {
      for (const FabricLinkId id : flows[f]) {
        if (growing[f] && left.contains(id.value())) ++users[id.value()];
      }
    }
    if (users.empty()) return rates;
    double step = std::numeric_limits<double>::infinity();
    for (const auto& [id, n] : users) step = std::min(step, left[id] / n);
    for (std::size_t f = 0; f < flows.size(); ++f) rates[f] += growing[f] ? step : 0;
    std::set<std::uint32_t> full;
    for (const auto& [id, n] : users) {
      left[id] -= step * n;
      if (left[id] < 1) full.insert(id);  // a byte a second
    }
    for (std::size_t f = 0; f < flows.size(); ++f) {
      for (const FabricLinkId id : flows[f]) growing[f] = growing[f] && !full.contains(id.value());
    }
  }
}

RC_GTEST_PROP(PruningProperty, ChangesNoRate, ()) {
  const int nodes = *rc::gen::inRange(2, 16);
  SiteSpec a = testSite(nodes, someFabric(nodes)), b = testSite(4, someFabric(4));
  b.name = "there";
  const Topology topology({a, b}, {{{"here", "there"}, 30.0_GBps, 1.0_ms, {}}});
  std::vector<FabricLinkId> all;
  for (std::uint32_t id = 0; id < topology.links().size(); ++id) all.emplace_back(id);
  const std::vector<FabricLinkId> kept = keptLinks(topology);
  RC_ASSERT(kept.size() < all.size());  // the gateways' links at least
  std::vector<Path> flows;
  const int count = *rc::gen::inRange(1, 30);
  for (int i = 0; i < count; ++i) {
    const auto from = *rc::gen::inRange<std::uint32_t>(0, static_cast<std::uint32_t>(topology.nodes().size()));
    const auto to = *rc::gen::inRange<std::uint32_t>(0, static_cast<std::uint32_t>(topology.nodes().size()));
    flows.push_back(topology.route(NodeId(from), NodeId(to), static_cast<std::uint64_t>(i)).links);
  }
  const std::vector<double> expected = maxMinRates(topology, flows, all), rates = maxMinRates(topology, flows, kept);
  for (std::size_t f = 0; f < flows.size(); ++f) RC_ASSERT(std::abs(rates[f] - expected[f]) < 1e-6 * expected[f]);
}

/// Whether the nodes still reach each other over the fabric without a switch.
bool holdsWithout(const Topology& topology, std::uint32_t removed) {
  std::vector<bool> seen(topology.nodes().size() + topology.switches().size());
  std::vector<std::uint32_t> open{0};
  seen[0] = true;
  std::size_t reached = 0;
  while (!open.empty()) {
    const std::uint32_t v = open.back();
    open.pop_back();
    if (v < topology.nodes().size()) ++reached;
    for (const FabricLink& link : topology.links()) {
      if (link.from != v || link.to == removed || seen[link.to]) continue;
      if (topology.tiers()[link.tier].name == "scale-up") continue;
      seen[link.to] = true;
      open.push_back(link.to);
    }
  }
  return reached == topology.nodes().size();
}

RC_GTEST_PROP(SinglePointsProperty, EverySwitchThatIsNotNamedCanBeLost, ()) {
  const int nodes = *rc::gen::inRange(2, 20);
  const Topology topology = oneSite(nodes, someFabric(nodes));
  std::map<std::string, int> expected, named;
  const auto first = static_cast<std::uint32_t>(topology.nodes().size());
  for (std::uint32_t s = 0; s < topology.switches().size(); ++s) {
    const Switch& one = topology.switches()[s];
    if (std::string_view(one.kind) != "scale-up" && one.planes == 1 && !holdsWithout(topology, first + s)) {
      ++expected[one.kind];
    }
  }
  for (const SinglePoint& point : analyseSite(topology, 0).single_points) {
    if (!point.kind.ends_with(" cable")) named[point.kind] = point.count;
  }
  RC_ASSERT(named == expected);
}

}  // namespace
}  // namespace headroom::sim
