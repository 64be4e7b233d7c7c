// The keys of a scenario that send something over the fabric: read, written back, and refused with a reason.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/base/document_nodes.h"
#include "models/base/error.h"
#include "sim/scenario.h"

namespace headroom::sim {
namespace {

constexpr const char* kWorkload = R"(
workloads:
  - {arrivals: {type: poisson, rate: 1 /s}, requests: 10, prompt_tokens: {fixed: 100}, output_tokens: {fixed: 10}}
)";
constexpr const char* kSites = R"(
sites:
  - {name: here, nodes: [{type: h100-sxm-8, count: 2}], fabric: {type: star}, storage: {bandwidth: 100 GB/s, latency: 5 ms}}
  - {name: bare, nodes: [{type: h100-sxm-8, count: 2}], fabric: {type: star}}
wan: [{between: [here, bare], bandwidth: 10 Gb/s, rtt: 40 ms}]
)";

Scenario read(const std::string& sites, const std::string& pools, const std::string& deployment = "",
              const std::string& workload = kWorkload, const std::string& scenario = "") {
  const std::string text = "schema: headroom.scenario/1\n" + scenario + sites +
                           "deployments:\n  - name: chat\n    model: llama-3.1-8b\n    pools: [" + pools + "]\n" +
                           deployment + workload;
  return readScenario(Document::parse(text, "test.yaml"));
}

std::string refusal(const std::string& sites, const std::string& pools, const std::string& deployment = "",
                    const std::string& scenario = "") {
  try {
    read(sites, pools, deployment, kWorkload, scenario);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

const std::string kPrefill = "{name: p, role: prefill, accelerator: h100-sxm, site: here}";
const std::string kDecode = "{name: d, role: decode, accelerator: h100-sxm, site: here}";

TEST(NetworkKeys, AreWrittenAsTheyWereRead) {
  const std::string workload = R"(
workloads:
  - {arrivals: {type: poisson, rate: 1 /s}, requests: 10, prompt_tokens: {fixed: 100}, output_tokens: {fixed: 10},
     clients: {site: bare, bytes_per_output_token: 100}}
)";
  const Scenario scenario = read(
      kSites,
      kPrefill + ", " + kDecode +
          ", {name: u, accelerator: h100-sxm, tp: 16, site: bare, collectives: 5 GB/s, start: {weights_from: local, "
          "before_weights: 20 s, after_weights: 1 min, rate_limit: 2 GB/s}}",
      "    disaggregation: {pairing: same-switch, transfer: layer-wise, rate_limit: 10 GB/s, resharding_factor: 1.5, "
      "local_below: 300}\n",
      workload, "network: {solver: simgrid}\n");
  EXPECT_TRUE(scenario.deployments.front().isDisaggregated());
  EXPECT_EQ(scenario.deployments.front().disaggregation.local_below, 300);
  EXPECT_EQ(scenario.network.solver, NetworkSolver::simgrid);
  EXPECT_EQ(readScenario(Document::parse(toYaml(toDocument(scenario)), "written.yaml")), scenario);
}

TEST(NetworkKeys, WhatDoesNotGoTogetherIsRefusedWithTheReason) {
  using ::testing::HasSubstr;
  EXPECT_THAT(refusal("", "{role: prefill, accelerator: h100-sxm}"), HasSubstr("there are no sites"));
  EXPECT_THAT(refusal(kSites, kPrefill), HasSubstr("no decode pool"));
  EXPECT_THAT(refusal(kSites, kDecode), HasSubstr("no prefill pool"));
  EXPECT_THAT(refusal(kSites, "{accelerator: h100-sxm, site: here}", "    disaggregation: {pairing: round-robin}\n"),
              HasSubstr("no pool has a role"));
  EXPECT_THAT(refusal(kSites, kPrefill + ", " + kDecode, "    disaggregation: {pairing: same-swich}\n"),
              HasSubstr("same-switch"));
  EXPECT_THAT(refusal(kSites, kPrefill + ", " + kDecode, "    disaggregation: {rate_limit: 0 GB/s}\n"),
              HasSubstr("above 0"));
  EXPECT_THAT(refusal(kSites, kPrefill + ", " + kDecode + ", {name: u, accelerator: h100-sxm, site: here}"),
              HasSubstr("unified pool"));
  EXPECT_THAT(refusal(kSites, kPrefill + ", " + kDecode, "    router: {policy: random}\n"),
              HasSubstr("there are none"));
  EXPECT_THAT(refusal(kSites, "{accelerator: h100-sxm, site: bare, start: {weights_from: storage}}"),
              HasSubstr("has no storage"));
  EXPECT_THAT(refusal("", "{accelerator: h100-sxm, start: {weights_from: local}}"), HasSubstr("no sites"));
  EXPECT_THAT(refusal("", "{accelerator: h100-sxm}", "", "network: {solver: own}\n"), HasSubstr("no sites"));
}

TEST(NetworkKeys, WhatCannotStandOrFailIsRefusedWithItsPlaceAndTheNumbers) {
  using ::testing::AllOf;
  using ::testing::HasSubstr;
  const auto site = [](const std::string& nodes, const std::string& fabric, const std::string& more = "") {
    return "sites: [{name: here, nodes: [{type: h100-sxm-8, " + nodes + "}]" + (fabric.empty() ? "" : ", fabric: ") +
           fabric + more + "}]\n";
  };
  const std::string one = "{accelerator: h100-sxm}";
  const auto fault = [&](const std::string& keys) {
    return refusal(site("count: 2", "{type: star}"), one, "", "faults: [{" + keys + "}]\n");
  };
  // A fabric that does not hold or connect its nodes.
  EXPECT_THAT(refusal(site("count: 17", "{type: fat-tree, k: 4}"), one),
              AllOf(HasSubstr("test.yaml:2: /sites/0"), HasSubstr("k = 4 holds 16 nodes, and there are 17")));
  EXPECT_THAT(refusal(site("count: 8", "{type: leaf-spine, nodes_per_leaf: 4, uplinks: 0}"), one),
              HasSubstr("2 leaves without uplinks"));
  EXPECT_THAT(
      refusal(site("count: 17", "{type: dragonfly, nodes_per_router: 2, routers_per_group: 2, global_links: 1}"), one),
      HasSubstr("the 2 global links of a group connect 3 groups"));
  // Too few nodes for the replicas.
  EXPECT_THAT(refusal(site("count: 2", "{type: star}"), "{accelerator: h100-sxm, tp: 8, replicas: 3}"),
              AllOf(HasSubstr("/deployments/0/pools/0: 2 of 3 replicas fit"), HasSubstr("of the 16 in site here")));
  EXPECT_THAT(refusal(site("count: 0", "{type: star}"), one), HasSubstr("/sites/0/nodes/0/count"));
  // A replica larger than a node, and nothing between nodes.
  EXPECT_THAT(refusal(site("count: 2", ""), "{accelerator: h100-sxm, tp: 16}"),
              HasSubstr("is larger than the 8 that share a scale-up domain, and site here has no fabric"));
  // Links without bandwidth.
  EXPECT_THAT(refusal(site("count: 2, nic_bandwidth: 0 Gb/s", "{type: star}"), one),
              HasSubstr("/sites/0/nodes/0/nic_bandwidth: must be above 0, and is 0 Gb/s"));
  EXPECT_THAT(
      refusal(site("count: 2", "{type: leaf-spine, nodes_per_leaf: 1, uplinks: 1, uplink_bandwidth: 0 Gb/s}"), one),
      HasSubstr("/sites/0/fabric/uplink_bandwidth: must be above 0, and is 0 Gb/s"));
  EXPECT_THAT(refusal(site("count: 2", "{type: star}", ", storage: {bandwidth: 0 GB/s}"), one),
              HasSubstr("/sites/0/storage/bandwidth: must be above 0, and is 0 GB/s"));
  std::string wan = kSites;
  wan.replace(wan.find("10 Gb/s"), 7, "0 Gb/s");
  EXPECT_THAT(refusal(wan, one), HasSubstr("/wan/0/bandwidth: must be above 0, and is 0 Gb/s"));
  // Faults.
  EXPECT_THAT(fault("domain: node, name: here/n2, at: 1 s"),
              AllOf(HasSubstr("/faults/0/name: unknown node \"here/n2\""), HasSubstr("did you mean \"here/n0\"?")));
  EXPECT_THAT(fault("domain: site, name: mars, at: 1 s"), HasSubstr("unknown site \"mars\""));
  EXPECT_THAT(fault("domain: node, mtbf: 10 h, mttr: 0 s"), HasSubstr("/faults/0/mttr: must be above 0, and is 0 s"));
  EXPECT_THAT(fault("domain: node, mtbf: 10 h, mttr: -1 s"), HasSubstr("/faults/0/mttr: must be above 0, and is -1 s"));
  EXPECT_THAT(refusal(site("count: 2", "{type: star}"),
                      "{accelerator: h100-sxm, start: {weights_from: local}, cold_start: {init: 1 s}}"),
              HasSubstr("has both start and cold_start"));
}

}  // namespace
}  // namespace headroom::sim
