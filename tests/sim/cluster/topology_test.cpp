// Routes of every kind of fabric, worked out by hand, and what must hold of all of them.
#include "sim/cluster/topology.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "models/base/error.h"
#include "tests/sim/cluster/sites.h"

namespace headroom::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace headroom::literals;

Topology oneSite(int nodes, const std::string& fabric, const std::string& type = "generic-8") {
  return Topology({testSite(nodes, fabric, type)}, {});
}

std::vector<std::string> namesOf(const Topology& topology, const Route& route) {
  std::vector<std::string> names;
  for (const FabricLinkId id : route.links) names.push_back(topology.linkName(id));
  return names;
}
std::vector<std::string> way(const Topology& topology, std::uint32_t from, std::uint32_t to, std::uint64_t hash = 0) {
  return namesOf(topology, topology.route(NodeId(from), NodeId(to), hash));
}

/// The ways that a thousand hashes choose, and how often.
std::map<std::vector<std::string>, int> waysOf(const Topology& topology, std::uint32_t from, std::uint32_t to) {
  std::map<std::vector<std::string>, int> ways;
  for (std::uint64_t hash = 0; hash < 1000; ++hash) ++ways[way(topology, from, to, hash)];
  return ways;
}

TEST(Topology, InANodeTrafficTakesItsScaleUpLinks) {
  const Topology topology = oneSite(2, "{type: star}");
  EXPECT_THAT(way(topology, 1, 1), ElementsAre("here/n1>here/scale-up1", "here/scale-up1>here/n1"));
  const Route route = topology.route(NodeId(1), NodeId(1), 0);
  EXPECT_DOUBLE_EQ(route.latency.value(), 1e-6);
  EXPECT_EQ(topology.link(route.links.front()).bandwidth, 8 * 450.0_GBps);
}

TEST(Topology, TraysOfOneNvl72ReachEachOtherOverNvlinkAndOthersOverTheFabric) {
  const Topology topology = oneSite(20, "{type: star}", "gb200-nvl72-tray");
  EXPECT_THAT(way(topology, 0, 17), ElementsAre("here/n0>here/scale-up0", "here/scale-up0>here/n17"));
  EXPECT_THAT(way(topology, 17, 18), ElementsAre("here/n17>here/switch0", "here/switch0>here/n18"));
}

TEST(Topology, AStarIsOneHopUpAndOneDown) {
  const Topology topology = oneSite(3, "{type: star, hop_latency: 2 us}");
  EXPECT_THAT(way(topology, 0, 2), ElementsAre("here/n0>here/switch0", "here/switch0>here/n2"));
  const Route route = topology.route(NodeId(0), NodeId(2), 0);
  EXPECT_DOUBLE_EQ(route.latency.value(), 4e-6);
  EXPECT_EQ(topology.link(route.links.front()).bandwidth, 12.5_GBps);
}

TEST(Topology, InALeafSpineTrafficLeavesTheLeafOnlyIfItMust) {
  const Topology topology = oneSite(8, "{type: leaf-spine, nodes_per_leaf: 4, spines: 2, oversubscription: 2}");
  EXPECT_THAT(way(topology, 4, 7), ElementsAre("here/n4>here/leaf1", "here/leaf1>here/n7"));
  const auto ways = waysOf(topology, 0, 5);
  ASSERT_EQ(ways.size(), 2U);  // one a spine
  EXPECT_THAT(ways.begin()->first, ElementsAre("here/n0>here/leaf0", "here/leaf0>here/spine0", "here/spine0>here/leaf1",
                                               "here/leaf1>here/n5"));
  // 4 NICs of 12.5 GB/s below, half of it above, over two spines.
  EXPECT_EQ(topology.link(topology.route(NodeId(0), NodeId(5), 0).links[1]).bandwidth, 12.5_GBps);
}

TEST(Topology, UplinksAreAsFastAsANicUnlessTheirBandwidthIsGiven) {
  const auto uplink = [](const std::string& keys) {
    const Topology topology = oneSite(8, "{type: leaf-spine, nodes_per_leaf: 4, " + keys + "}");
    return topology.link(topology.route(NodeId(0), NodeId(5), 0).links[1]);
  };
  EXPECT_EQ(uplink("uplinks: 4, spines: 2").bandwidth, 25.0_GBps);
  EXPECT_EQ(uplink("uplinks: 4, spines: 2").cables, 2);
  EXPECT_EQ(uplink("uplinks: 4, uplink_bandwidth: 400 Gb/s").bandwidth, 50.0_GBps);
}

TEST(Topology, ARailLeafStandsForOneSwitchANic) {
  const Topology topology = oneSite(64, "rail-32", "h100-sxm-8");
  EXPECT_EQ(way(topology, 0, 31).size(), 2U);
  EXPECT_EQ(way(topology, 0, 32).size(), 4U);
  for (const Switch& s : topology.switches()) {
    if (std::string_view(s.kind) == "rail leaf") {
      EXPECT_EQ(s.planes, 8);
    }
  }
  const FabricLink& trunk = topology.link(topology.route(NodeId(0), NodeId(32), 0).links[1]);
  EXPECT_EQ(trunk.bandwidth, 400.0_GBps);  // of 32 spines: one 400 Gb/s cable from each of eight rail leaves
  EXPECT_EQ(trunk.cables, 8);
}

// k = 4: edges of 2 nodes, pods of 4, cores 0 and 1 over aggregation switch 0 of each pod, 2 and 3 over the other.
TEST(Topology, AFatTreeHasAWayForEachAggregationSwitchInAPodAndForEachCoreBetweenPods) {
  const Topology topology = oneSite(16, "{type: fat-tree, k: 4}");
  EXPECT_THAT(way(topology, 0, 1), ElementsAre("here/n0>here/edge0", "here/edge0>here/n1"));
  EXPECT_EQ(waysOf(topology, 0, 2).size(), 2U);
  EXPECT_THAT(waysOf(topology, 0, 2).begin()->first, ElementsAre("here/n0>here/edge0", "here/edge0>here/aggregation0",
                                                                 "here/aggregation0>here/edge1", "here/edge1>here/n2"));
  const auto ways = waysOf(topology, 0, 15);
  EXPECT_EQ(ways.size(), 4U);
  EXPECT_THAT(ways.rbegin()->first,
              ElementsAre("here/n0>here/edge0", "here/edge0>here/aggregation1", "here/aggregation1>here/core3",
                          "here/core3>here/aggregation7", "here/aggregation7>here/edge7", "here/edge7>here/n15"));
}

TEST(Topology, AFatTreeIsAsLargeAsItMustBe) {
  EXPECT_EQ(oneSite(16, "fat-tree").nodesPerSwitch(0), 2);
  EXPECT_EQ(oneSite(17, "fat-tree").nodesPerSwitch(0), 3);
}

// Groups of 2 routers with 2 nodes each; 3 groups, so that each router has one cable to each of the two others' groups.
TEST(Topology, ADragonflyGoesFromGroupToGroupWithoutLocalHopsWhereItCan) {
  const Topology topology =
      oneSite(12, "{type: dragonfly, nodes_per_router: 2, routers_per_group: 2, global_links: 1}");
  EXPECT_THAT(way(topology, 0, 1), ElementsAre("here/n0>here/router0", "here/router0>here/n1"));
  EXPECT_THAT(way(topology, 3, 0),
              ElementsAre("here/n3>here/router1", "here/router1>here/router0", "here/router0>here/n0"));
  // Group 0: router 0 has the cable to group 1, router 1 that to group 2. Group 1: router 2 to group 0, 3 to group 2.
  EXPECT_THAT(way(topology, 0, 4),
              ElementsAre("here/n0>here/router0", "here/router0>here/router2", "here/router2>here/n4"));
  EXPECT_THAT(way(topology, 2, 6),
              ElementsAre("here/n2>here/router1", "here/router1>here/router0", "here/router0>here/router2",
                          "here/router2>here/router3", "here/router3>here/n6"));
}

TEST(Topology, BetweenSitesTrafficTakesTheWanOfTheLeastRoundTrip) {
  SiteSpec a = testSite(2, "{type: star}"), b = a, c = a;
  a.name = "a", b.name = "b", c.name = "c";
  const std::vector<WanLink> wan{{{"a", "b"}, 1.0_GBps, 100.0_ms, DollarsPerByte(0.05e-9)},
                                 {{"c", "a"}, 1.0_GBps, 20.0_ms, DollarsPerByte(0.02e-9)},
                                 {{"b", "c"}, 1.0_GBps, 40.0_ms, DollarsPerByte(0.01e-9)}};
  const Topology topology({a, b, c}, wan);
  const Route route = topology.route(NodeId(0), NodeId(2), 0);  // over c: 60 ms are less than 100
  EXPECT_THAT(namesOf(topology, route), ElementsAre("a/n0>a/switch0", "a/switch0>a/gateway0", "a/gateway0>c/gateway0",
                                                    "c/gateway0>b/gateway0", "b/gateway0>b/switch0", "b/switch0>b/n0"));
  EXPECT_NEAR(route.latency.value(), 0.030 + 4e-6, 1e-12);
  EXPECT_NEAR(route.egress_price.value(), 0.03e-9, 1e-18);
}

TEST(Topology, WithoutAFabricOnlyScaleUpDomainsAreConnected) {
  const Topology topology = oneSite(19, "", "gb200-nvl72-tray");
  EXPECT_TRUE(topology.connected(NodeId(0), NodeId(17)));
  EXPECT_FALSE(topology.connected(NodeId(0), NodeId(18)));
  EXPECT_THROW(topology.route(NodeId(0), NodeId(18), 0), BugError);
}

TEST(Topology, AFabricThatDoesNotHoldOrConnectItsNodesIsRefusedWithNumbers) {
  const auto problem = [](int nodes, const std::string& fabric) -> std::string {
    try {
      oneSite(nodes, fabric);
      return "no error";
    } catch (const InputError& e) {
      return e.what();
    }
  };
  EXPECT_THAT(problem(17, "{type: fat-tree, k: 4}"), HasSubstr("k = 4 holds 16 nodes, and there are 17; k = 6"));
  EXPECT_THAT(problem(17, "{type: dragonfly, nodes_per_router: 2, routers_per_group: 2, global_links: 1}"),
              HasSubstr("17 nodes are 5 groups of 4, and the 2 global links of a group connect 3 groups"));
  EXPECT_THAT(problem(8, "{type: leaf-spine, nodes_per_leaf: 4, uplinks: 0}"), HasSubstr("2 leaves without uplinks"));
  EXPECT_THAT(problem(8, "{type: leaf-spine, nodes_per_leaf: 4, uplinks: 6, spines: 4}"),
              HasSubstr("6 uplinks do not spread evenly over 4 spines"));
  EXPECT_EQ(problem(4, "{type: leaf-spine, nodes_per_leaf: 4, uplinks: 0}"), "no error");  // nothing to connect
  EXPECT_EQ(problem(12, "{type: dragonfly, nodes_per_router: 2, routers_per_group: 2, global_links: 1}"), "no error");
  EXPECT_THAT(problem(1, "{type: leaf-spine, nodes_per_leaf: 1, uplinks: 2, uplink_bandwidth: 0 Gb/s}"),
              HasSubstr("/uplink_bandwidth: must be above 0"));
  EXPECT_THAT(problem(1, "{type: ring}"), HasSubstr("ring"));
  EXPECT_THAT(problem(1, "rail-23"), HasSubstr("did you mean \"rail-32\"?"));
}

/// The links follow each other from one end to the other, and none comes twice.
void expectSimplePath(const Topology& topology, NodeId from, NodeId to, const Route& route) {
  RC_ASSERT(!route.links.empty());
  RC_ASSERT(topology.link(route.links.front()).from == from.value());
  RC_ASSERT(topology.link(route.links.back()).to == to.value());
  std::set<std::uint32_t> visited;
  for (std::size_t i = 0; i < route.links.size(); ++i) {
    const FabricLink& link = topology.link(route.links[i]);
    if (i > 0) RC_ASSERT(link.from == topology.link(route.links[i - 1]).to);  // RC_ASSERT evaluates both sides of a ||
    RC_ASSERT(link.bandwidth > BytesPerSecond());
    if (from != to) RC_ASSERT(visited.insert(link.from).second);
  }
}

RC_GTEST_PROP(TopologyProperty, EveryPairIsConnectedByASimplePath, ()) {
  const int nodes = *rc::gen::inRange(1, 40);
  SiteSpec a = testSite(nodes, someFabric(nodes)), b = testSite(5, someFabric(5));
  b.name = "there";
  const Topology topology({a, b}, {{{"here", "there"}, 1.0_GBps, 1.0_ms, {}}});
  const std::uint64_t hash = *rc::gen::arbitrary<std::uint64_t>();
  for (std::uint32_t from = 0; from < topology.nodes().size(); ++from) {
    for (std::uint32_t to = 0; to < topology.nodes().size(); ++to) {
      const Route route = topology.route(NodeId(from), NodeId(to), hash);
      expectSimplePath(topology, NodeId(from), NodeId(to), route);
      RC_ASSERT(route.links == topology.route(NodeId(from), NodeId(to), hash).links);
    }
  }
}

/// The links that a link's `feed` adds up: each flow over it must cross exactly one of them.
RC_GTEST_PROP(TopologyProperty, WhatFeedsALinkIsTheNicsOfAllItsSendersOrOfAllItsReceivers, ()) {
  const int nodes = *rc::gen::inRange(2, 24);
  SiteSpec a = testSite(nodes, someFabric(nodes)), b = testSite(5, someFabric(5));
  b.name = "there";
  const bool wan = *rc::gen::arbitrary<bool>();
  const Topology topology = wan ? Topology({a, b}, {{{"here", "there"}, 1.0_GBps, 1.0_ms, {}}}) : Topology({a}, {});
  std::map<std::uint32_t, std::set<std::uint32_t>> senders, receivers, wans;
  for (std::uint32_t from = 0; from < topology.nodes().size(); ++from) {
    for (std::uint32_t to = 0; to < topology.nodes().size(); ++to) {
      for (std::uint64_t hash = 0; hash < 12; ++hash) {
        const Route route = topology.route(NodeId(from), NodeId(to), hash);
        for (const FabricLinkId id : route.links) {
          senders[id.value()].insert(from);
          receivers[id.value()].insert(to);
          for (const FabricLinkId other : route.links) {
            if (topology.tiers()[topology.link(other).tier].name == "wan") wans[id.value()].insert(other.value());
          }
        }
      }
    }
  }
  const auto nics = [&](const std::set<std::uint32_t>& ends) {
    BytesPerSecond total;
    for (const std::uint32_t node : ends) total += topology.groupOf(NodeId(node)).type.scaleOutBandwidth();
    return total;
  };
  for (std::uint32_t id = 0; id < topology.links().size(); ++id) {
    const FabricLink& link = topology.link(FabricLinkId(id));
    if (link.feed <= BytesPerSecond()) continue;
    if (topology.tiers()[link.tier].name == "gateway") {
      BytesPerSecond total;
      for (const std::uint32_t w : wans[id]) total += topology.link(FabricLinkId(w)).bandwidth;
      RC_ASSERT(total <= link.feed);
    } else {
      RC_ASSERT(std::min(nics(senders[id]), nics(receivers[id])) <= link.feed);
    }
  }
}

TEST(Topology, EqualWaysAreChosenAboutEquallyOften) {
  for (const auto& [fabric, from, to, count] :
       {std::tuple{"{type: leaf-spine, nodes_per_leaf: 4, spines: 4}", 0U, 15U, 4U},
        std::tuple{"{type: fat-tree, k: 4}", 0U, 15U, 4U},
        std::tuple{"{type: dragonfly, nodes_per_router: 4, routers_per_group: 2, global_links: 4}", 0U, 15U, 8U}}) {
    const auto ways = waysOf(oneSite(16, fabric), from, to);
    EXPECT_EQ(ways.size(), count) << fabric;
    for (const auto& [links, times] : ways) EXPECT_NEAR(times, 1000.0 / count, 60) << fabric;
  }
}

}  // namespace
}  // namespace headroom::sim
