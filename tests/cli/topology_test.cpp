// headroom topology, and what a scenario may not say about its sites.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sim/scenario.h"
#include "tests/cli/program.h"

namespace headroom::cli {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr const char* kScenario = R"(schema: headroom.scenario/1
sites:
  - name: us-east
    nodes: [{type: h100-sxm-8, count: 4}]
    fabric: {type: leaf-spine, nodes_per_leaf: 2, spines: 2, oversubscription: 2}
  - name: eu-west
    nodes: [{type: l40s-pcie-8, count: 1}]
    fabric: single-switch
wan:
  - {between: [us-east, eu-west], bandwidth: 10 Gb/s, rtt: 80 ms, egress_price: 0.02 USD/GB}
deployments:
  - name: chat
    model: llama-3.1-8b
    pools:
      - {name: a, accelerator: h100-sxm, tp: 2, replicas: 2, site: us-east, placement: spread}
      - {name: b, accelerator: l40s, replicas: 1, site: eu-west}
workloads:
  - arrivals: {type: poisson, rate: 4 /s}
    requests: 20
    prompt_tokens: {fixed: 100}
    output_tokens: {fixed: 10}
)";

std::string changed(const std::string& from, const std::string& to) {
  std::string text = kScenario;
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

Ended topologyOf(const std::string& scenario, std::vector<std::string> more = {}) {
  const TemporaryFolder folder;
  std::vector<std::string> words{"topology", folder.write("chat.yaml", scenario)};
  words.insert(words.end(), more.begin(), more.end());
  return headroom(words);
}

TEST(TopologyVerb, ShowsSitesTiersWeakPointsAndWhereReplicasStand) {
  const Ended ended = topologyOf(kScenario);
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("us-east: 4 nodes, leaf-spine"));
  EXPECT_THAT(ended.out, HasSubstr("bisection bandwidth 400 GB/s of 800 GB/s (50.0 %)"));
  EXPECT_THAT(ended.out, HasSubstr("2 leaves: each cuts up to 2 nodes off, e.g. us-east/leaf0"));
  EXPECT_THAT(ended.out, HasSubstr("wan us-east - eu-west: 1.25 GB/s, 80.0 ms round trip, 0.02 USD/GB"));
  EXPECT_THAT(ended.out, HasSubstr("us-east/n2 (2 of 8)"));
  EXPECT_THAT(ended.out, HasSubstr("eu-west/n0 (1 of 8)"));
}

TEST(TopologyVerb, PrintsTheSameAsJson) {
  const json result = json::parse(topologyOf(kScenario, {"--format", "json"}).out);
  EXPECT_EQ(result["sites"][0]["fabric"], "leaf-spine");
  EXPECT_EQ(result["sites"][0]["bisection_gb_per_s"], 400);
  EXPECT_EQ(result["sites"][0]["tiers"][2]["name"], "leaf-spine");
  EXPECT_EQ(result["sites"][0]["tiers"][2]["nics_over_total"], 2);
  EXPECT_EQ(result["sites"][1]["single_points_of_failure"][0]["kind"], "switch");
  EXPECT_EQ(result["wan"][0]["rtt_ms"], 80);
  EXPECT_EQ(result["pools"][0]["replicas"][1][0]["node"], "us-east/n2");
}

TEST(TopologyVerb, DrawsEveryNodeAndSwitchOnce) {
  const TemporaryFolder folder;
  const std::string file = folder.write("chat.yaml", kScenario), svg = file + ".svg";
  EXPECT_EQ(headroom({"topology", file, "--svg", svg}).code, 0);
  const std::string text = contentOf(svg);
  EXPECT_THAT(text, ::testing::StartsWith("<svg "));
  EXPECT_THAT(text, ::testing::EndsWith("</svg>\n"));
  EXPECT_THAT(text, HasSubstr("us-east · leaf-spine"));
  EXPECT_THAT(text, HasSubstr("4 nodes"));
  EXPECT_THAT(text, HasSubstr(">n3<"));
}

TEST(TopologyVerb, AScenarioWithoutSitesHasNothingToShow) {
  const Ended ended = headroom({"topology", "chat-8b-h100"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("the scenario has no sites"));
}

TEST(TopologyVerb, AShippedFabricScenarioIsShown) {
  EXPECT_EQ(headroom({"topology", "chat-70b-fabric"}).code, 0);
}

TEST(Sites, AScenarioWithThemReadsBackEqual) {
  const Document document = Document::parse(kScenario, "chat.yaml");
  const sim::Scenario scenario = sim::readScenario(document);
  const std::string yaml = toYaml(sim::toDocument(scenario));
  EXPECT_EQ(sim::readScenario(Document::parse(yaml, "resolved")), scenario) << yaml;
}

TEST(Sites, WhatDoesNotFitTogetherIsRefusedWithPlaceNumbersAndHint) {
  const auto refused = [](const std::string& from, const std::string& to, const std::string& message) {
    const Ended ended = topologyOf(changed(from, to));
    EXPECT_EQ(ended.code, 2) << to;
    EXPECT_THAT(ended.err, HasSubstr(message)) << to;
    EXPECT_EQ(ended.out, "");
  };
  refused("type: h100-sxm-8", "type: h1000-sxm-8", "/sites/0/nodes/0/type: unknown node \"h1000-sxm-8\" (did you mean");
  refused("single-switch", "single-swich", "/sites/1/fabric: unknown fabric \"single-swich\" (did you mean");
  refused("type: leaf-spine", "type: leave-spine", "did you mean \"leaf-spine\"?");
  refused("oversubscription: 2", "uplinks: 0", "/sites/0/fabric: 2 leaves without uplinks are not connected");
  refused("oversubscription: 2", "uplinks: 2, uplink_bandwidth: 0 Gb/s", "must be above 0");
  refused("count: 4}", "count: 4, nic_bandwidth: 0 Gb/s}", "/sites/0/nodes/0/nic_bandwidth: must be above 0");
  refused("bandwidth: 10 Gb/s", "bandwidth: 0 Gb/s", "/wan/0/bandwidth: must be above 0");
  refused("{type: leaf-spine, nodes_per_leaf: 2, spines: 2, oversubscription: 2}", "{type: fat-tree, k: 2}",
          "a fat tree of k = 2 holds 2 nodes, and there are 4; k = 4 would do");
  refused("[us-east, eu-west]", "[us-east, us-east]", "joins a site to itself");
  refused("[us-east, eu-west]", "[us-east, eu-est]", "did you mean \"eu-west\"?");
  refused("wan:\n  - {between: [us-east, eu-west], bandwidth: 10 Gb/s, rtt: 80 ms, egress_price: 0.02 USD/GB}\n", "",
          "/sites: site eu-west is not connected to us-east (add wan: ");
  refused("    fabric: single-switch\n", "", "has no fabric, so that its nodes cannot reach the WAN");
  refused("name: eu-west", "name: us-east", "two sites have this name");
  refused(", site: eu-west}", "}", "key \"site\" is missing");
  refused("site: eu-west}", "site: asia}", "asia");
  refused("placement: spread", "placement: loose", "loose");
  refused("tp: 2, replicas: 2", "tp: 2, replicas: 17", "/deployments/0/pools/0: 16 of 17 replicas fit");
  refused("accelerator: l40s", "accelerator: l4", "site eu-west has no nodes with l4");
}

TEST(Sites, APlaceWithoutSitesIsRefused) {
  const Ended ended = headroom({"simulate", "chat-8b-h100", "--set", "deployments/0/pools/0/site=here"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("/deployments/0/pools/0/site: there are no sites"));
}

}  // namespace
}  // namespace headroom::cli
