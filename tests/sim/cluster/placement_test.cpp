#include "sim/cluster/placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "tests/sim/cluster/sites.h"

namespace headroom::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

PoolSpec pool(int accelerators, int replicas, bool spread = false) {
  PoolSpec spec;
  spec.accelerator = "h100-sxm";
  spec.parallelism.tp = accelerators;
  spec.replicas = replicas;
  spec.site = "here";
  spec.spread = spread;
  return spec;
}

Placement place(const SiteSpec& site, std::vector<PoolSpec> pools) {
  Scenario scenario;
  scenario.deployments.emplace_back();
  for (PoolSpec& p : pools) p.accelerator = site.nodes.front().accelerator;
  scenario.deployments.front().pools = std::move(pools);
  return placeReplicas(scenario, Topology({site}, {}));
}

/// {node, accelerators} of each share of each replica of the last pool.
std::vector<std::vector<std::pair<int, int>>> sharesOf(const Placement& placement) {
  std::vector<std::vector<std::pair<int, int>>> replicas;
  for (const ReplicaNodes& nodes : placement.deployments.front().back()) {
    replicas.emplace_back();
    for (const NodeShare& share : nodes) {
      replicas.back().emplace_back(static_cast<int>(share.node.value()), share.accelerators);
    }
  }
  return replicas;
}
using One = std::vector<std::pair<int, int>>;

// Nodes have 8 accelerators, leaves 2 nodes.
const char* const kLeaves = "{type: leaf-spine, nodes_per_leaf: 2}";

TEST(Placement, PackedFillsOneNodeAfterTheOther) {
  EXPECT_THAT(sharesOf(place(testSite(4, kLeaves), {pool(4, 3)})), ElementsAre(One{{0, 4}}, One{{0, 4}}, One{{1, 4}}));
  EXPECT_THAT(sharesOf(place(testSite(4, kLeaves), {pool(3, 3)})), ElementsAre(One{{0, 3}}, One{{0, 3}}, One{{1, 3}}));
}

TEST(Placement, SpreadTakesTheFreestNodeUnderTheFreestSwitch) {
  EXPECT_THAT(sharesOf(place(testSite(4, kLeaves), {pool(4, 5, true)})),
              ElementsAre(One{{0, 4}}, One{{2, 4}}, One{{1, 4}}, One{{3, 4}}, One{{0, 4}}));
}

TEST(Placement, ALaterPoolTakesWhatEarlierOnesLeave) {
  EXPECT_THAT(sharesOf(place(testSite(4, kLeaves), {pool(6, 1), pool(4, 2)})), ElementsAre(One{{1, 4}}, One{{1, 4}}));
  EXPECT_THAT(sharesOf(place(testSite(4, kLeaves), {pool(6, 1), pool(2, 1)})), ElementsAre(One{{0, 2}}));
}

TEST(Placement, AReplicaLargerThanANodeTakesWholeNodesUnderOneSwitchWherePossible) {
  // Node 0 is in use, so that nodes 2 and 3 are the first two free ones of a leaf.
  EXPECT_THAT(sharesOf(place(testSite(4, kLeaves), {pool(1, 1), pool(12, 1)})), ElementsAre(One{{2, 8}, {3, 4}}));
  EXPECT_THAT(sharesOf(place(testSite(4, kLeaves), {pool(24, 1)})), ElementsAre(One{{0, 8}, {1, 8}, {2, 8}}));
  EXPECT_THAT(sharesOf(place(testSite(8, kLeaves), {pool(16, 2, true)})),
              ElementsAre(One{{0, 8}, {1, 8}}, One{{2, 8}, {3, 8}}));
}

TEST(Placement, AReplicaThatFitsAScaleUpDomainStaysInOne) {
  const SiteSpec racks = testSite(36, "", "gb200-nvl72-tray");  // two domains of 18 trays of 4
  EXPECT_THAT(sharesOf(place(racks, {pool(64, 1), pool(16, 1)})), ElementsAre(One{{18, 4}, {19, 4}, {20, 4}, {21, 4}}));
  EXPECT_THAT(sharesOf(place(racks, {pool(8, 2, true)})), ElementsAre(One{{0, 4}, {1, 4}}, One{{18, 4}, {19, 4}}));
}

TEST(Placement, WhatDoesNotFitIsSaidWithNumbers) {
  const auto problem = [](const SiteSpec& site, std::vector<PoolSpec> pools) {
    const Placement placement = place(site, std::move(pools));
    return placement.problem ? placement.problem->message : "fits";
  };
  EXPECT_EQ(problem(testSite(2, kLeaves), {pool(4, 4)}), "fits");
  EXPECT_THAT(
      problem(testSite(2, kLeaves), {pool(4, 5)}),
      HasSubstr("4 of 5 replicas fit: a replica of 4 h100-sxm (tp 4 x pp 1 x dp 1) needs one node, and of the 16 "
                "in site here 0 are free"));
  EXPECT_THAT(problem(testSite(2, kLeaves), {pool(5, 2), pool(6, 1)}), HasSubstr("6 are free, at most 3 on a node"));
  EXPECT_THAT(
      problem(testSite(2, kLeaves), {pool(1, 1), pool(16, 1)}),
      HasSubstr("needs 2 whole nodes, and of the 16 in site here 15 are free, at most 8 on a node, 1 nodes wholly"));
  EXPECT_THAT(problem(testSite(2, ""), {pool(16, 1)}),
              HasSubstr("is larger than the 8 that share a scale-up domain, and site here has no fabric"));
  EXPECT_EQ(problem(testSite(2, kLeaves), {pool(16, 1)}), "fits");
  EXPECT_THAT(problem(testSite(36, "", "gb200-nvl72-tray"), {pool(80, 1)}), HasSubstr("larger than the 72"));
}

TEST(Placement, APoolStandsOnNodesWithItsAccelerator) {
  SiteSpec mixed = testSite(2, kLeaves);
  mixed.nodes.push_back(testSite(1, "", "l40s-pcie-8").nodes.front());
  Scenario scenario;
  scenario.deployments.emplace_back().pools = {pool(1, 1)};
  PoolSpec& p = scenario.deployments.front().pools.front();
  const Topology topology({mixed}, {});
  p.accelerator = "l40s";
  EXPECT_THAT(sharesOf(placeReplicas(scenario, topology)), ElementsAre(One{{2, 1}}));
  p.accelerator = "h200-sxm";
  EXPECT_EQ(placeReplicas(scenario, topology).problem->message, "site here has no nodes with h200-sxm");
}

RC_GTEST_PROP(PlacementProperty, EveryReplicaGetsItsAcceleratorsAndNoNodeGivesMoreThanItHas, ()) {
  const int nodes = *rc::gen::inRange(1, 30);
  const SiteSpec site = testSite(nodes, someFabric(nodes));
  std::vector<PoolSpec> pools;
  for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
    pools.push_back(pool(*rc::gen::inRange(1, 30), *rc::gen::inRange(1, 6), *rc::gen::arbitrary<bool>()));
  }
  const Placement placement = place(site, pools);
  std::map<std::uint32_t, int> used;
  for (std::size_t p = 0; p < placement.deployments.front().size(); ++p) {
    const PoolNodes& replicas = placement.deployments.front()[p];
    RC_ASSERT(replicas.size() == static_cast<std::size_t>(pools[p].replicas));
    for (const ReplicaNodes& replica : replicas) {
      int size = 0;
      for (const NodeShare& share : replica) {
        RC_ASSERT(share.accelerators > 0);
        size += share.accelerators;
        used[share.node.value()] += share.accelerators;
      }
      RC_ASSERT(size == pools[p].parallelism.tp);
      RC_ASSERT(static_cast<int>(replica.size()) == (size + 7) / 8);
    }
  }
  for (const auto& [node, accelerators] : used) RC_ASSERT(accelerators <= 8);
}

}  // namespace
}  // namespace headroom::sim
