// Reading faults: names, forms, what is refused and how; what a failure domain holds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/base/files.h"
#include "sim/cluster/fault_stream.h"
#include "sim/scenario.h"

namespace headroom::sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string scenarioText(const std::string& faults, const std::string& pool = "", const std::string& workload = "") {
  return "schema: headroom.scenario/1\n"
         "sites:\n"
         "  - {name: east, nodes: [{type: h100-sxm-8, count: 4}], fabric: {type: leaf-spine, nodes_per_leaf: 2, "
         "spines: 2}}\n"
         "deployments:\n"
         "  - name: chat\n"
         "    model: llama-3.1-8b\n"
         "    pools: [{accelerator: h100-sxm, tp: 4, replicas: 6" +
         pool +
         "}]\n"
         "workloads: [{arrivals: {type: poisson, rate: 1 /s}, requests: 1, prompt_tokens: {fixed: 9}, "
         "output_tokens: {fixed: 9}" +
         workload +
         "}]\n"
         "faults: " +
         faults + "\n";
}

Scenario read(const std::string& text) {
  return readScenario(Document::parse(text, "s.yaml"));
}

std::string errorOf(const std::string& text) {
  try {
    read(text);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ReadFaults, WrittenOutAndReadBackTheyAreEqual) {
  const Scenario scenario = read(scenarioText(
      "[{domain: node, mtbf: 200 h, mttr: 1 h},"
      " {domain: accelerator, mtbf: {weibull: {mean: 40000 h, shape: 0.8}}, mttr: {fixed: 30 min}},"
      " {domain: switch, name: east/leaf1, at: 10 s, for: 5 s},"
      " {domain: replica, name: chat/all/2, at: 1 s, step_time: 1.5},"
      " {domain: site, name: east, at: 1 d, for: 1 h, notice: 2 min},"
      " {domain: group, name: feed-a, members: [east/n0, east/n1], mtbf: 1000 h, mttr: 4 h},"
      " {domain: node, name: east/n3, at: 3 s, for: 1 s, drain: true}]",
      ", spot: {price: 1.5 USD/h, reclaimed_every: 12 h, stock_out: 20 min, notice: 2 min}, cold_start: {image: 20 s, "
      "weights: 40 s}",
      ", client: {timeout: 60 s, retries: 3, backoff: {base: 1 s, factor: 2, jitter: 0.3}, retry_on: [failed]}"));
  ASSERT_EQ(scenario.faults.size(), 7U);
  EXPECT_TRUE(scenario.deployments[0].pools[0].spot && scenario.workloads[0].client);
  EXPECT_FALSE(scenario.workloads[0].client->retry_timeout);
  const Scenario again = read(toYaml(toDocument(scenario)));
  EXPECT_EQ(again, scenario);
}

TEST(ReadFaults, AnEmptyListIsTheSameAsNoKey) {
  const std::string text = scenarioText("[]");
  const std::string without = text.substr(0, text.find("faults:"));
  EXPECT_EQ(read(text), read(without));
  EXPECT_EQ(scenarioHash(read(text)), scenarioHash(read(without)));
}

TEST(ReadFaults, WhatIsWrongIsNamedWithItsPlaceAndAHint) {
  const auto faults = [](const std::string& list) { return errorOf(scenarioText(list)); };
  EXPECT_THAT(faults("[{domain: node, name: east/m3, at: 1 s}]"),
              HasSubstr("s.yaml:9: /faults/0/name: unknown node \"east/m3\""));
  EXPECT_THAT(faults("[{domain: node, name: east/m3, at: 1 s}]"), HasSubstr("did you mean \"east/n3\"?"));
  EXPECT_THAT(faults("[{domain: replica, name: chat/all/6, at: 1 s}]"), HasSubstr("unknown replica \"chat/all/6\""));
  EXPECT_THAT(faults("[{domain: nod, at: 1 s}]"), HasSubstr("did you mean \"node\"?"));
  EXPECT_THAT(faults("[{domain: node, mtbf: 10 h, mttr: 0 s}]"), HasSubstr("/faults/0/mttr: must be above 0"));
  EXPECT_THAT(faults("[{domain: node, mtbf: 0 h, mttr: 1 s}]"), HasSubstr("/faults/0/mtbf: must be above 0"));
  EXPECT_THAT(faults("[{domain: node, mtbf: 10 h}]"), HasSubstr("key \"mttr\" is missing"));
  EXPECT_THAT(faults("[{domain: node}]"), HasSubstr("says when once"));
  EXPECT_THAT(faults("[{domain: node, at: 1 s, mtbf: 2 s, mttr: 1 s}]"), HasSubstr("says when once"));
  EXPECT_THAT(faults("[{domain: node, at: 200 d}]"), HasSubstr("longer than the clock holds"));
  EXPECT_THAT(faults("[{domain: node, at: 1 s, drain: true, step_time: 2}]"), HasSubstr("more than one effect"));
  EXPECT_THAT(faults("[{domain: link, at: 1 s, bandwidth: 50 %}]"), HasSubstr("nothing is sent over links"));
  EXPECT_THAT(faults("[{domain: node, at: 1 s, step_time: 0.5}]"), HasSubstr("/faults/0/step_time"));
  EXPECT_THAT(faults("[{domain: group, name: g, members: [east/n9], at: 1 s}]"), HasSubstr("unknown node or replica"));
  EXPECT_THAT(faults("[{domain: group, name: g, at: 1 s}]"), HasSubstr("key \"members\" is missing"));
  EXPECT_THAT(faults("[{domain: node, at: 1 s, wehn: 3}]"), HasSubstr("wehn"));
  EXPECT_THAT(errorOf(scenarioText("[]", "", ", client: {timeout: 0 s}")),
              HasSubstr("/workloads/0/client/timeout: must be above 0"));
  EXPECT_THAT(errorOf(scenarioText("[]", ", spot: {price: 1 USD/h, reclaimed_every: 1 h, stock_out: 0 s}")),
              HasSubstr("/deployments/0/pools/0/spot/stock_out: must be above 0"));
}

TEST(ReadFaults, ATraceIsReadLineByLine) {
  const std::string file = testing::TempDir() + "/faults_read_test.csv";
  writeFileAtomically(file,
                      "at_s,for_s,domain,name,effect,factor\n"
                      "10,60,node,east/n1,,\n"
                      "12.5,,replica,chat/all/0,slow,1.5\n");
  const std::vector<FaultSpec> rows = readFaultTrace(file);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].lasts, Seconds(60));
  EXPECT_EQ(rows[1].effect, FaultEffect::slow);
  EXPECT_FALSE(rows[1].lasts);
  EXPECT_EQ(FaultStream(read(scenarioText("[{file: " + file + "}]"))).faults().size(), 2U);
  writeFileAtomically(file, "at_s,for_s,domain,name,effect,factor\n10,60,node,east/n7,,\n");
  EXPECT_THAT(errorOf(scenarioText("[{file: " + file + "}]")), HasSubstr("unknown node \"east/n7\""));
  writeFileAtomically(file, "at_s,for_s,domain,name,effect,factor\nsoon,60,node,east/n1,,\n");
  EXPECT_THAT(errorOf(scenarioText("[{file: " + file + "}]")), HasSubstr("csv:2"));
}

TEST(FaultTargets, ADomainTakesWhatStandsInIt) {
  // Two replicas of four accelerators a node, packed: 0, 1 on n0, 2, 3 on n1 and so on; n0, n1 under leaf0.
  const FaultTargets targets(read(scenarioText("[]")));
  EXPECT_THAT(targets.find(FaultDomain::node, "east/n1").replicas, ElementsAre(2, 3));
  EXPECT_THAT(targets.find(FaultDomain::accelerator, "chat/all/3/a2").replicas, ElementsAre(3));
  EXPECT_THAT(targets.find(FaultDomain::fabric_switch, "east/leaf0").cut_off, ElementsAre(0, 1, 2, 3));
  EXPECT_TRUE(targets.find(FaultDomain::fabric_switch, "east/leaf0").replicas.empty());
  EXPECT_TRUE(targets.find(FaultDomain::fabric_switch, "east/spine0").cut_off.empty());
  EXPECT_THAT(targets.find(FaultDomain::scale_up, "east/scale-up2").replicas, ElementsAre(4, 5));
  EXPECT_THAT(targets.find(FaultDomain::link, "east/n2>east/leaf1").cut_off, ElementsAre(4, 5));
  EXPECT_EQ(targets.find(FaultDomain::site, "east").replicas.size(), 6U);
  EXPECT_THAT(targets.group("feed", {"east/n0", "chat/all/5"}).replicas, ElementsAre(0, 1, 5));
  EXPECT_EQ(targets.names(FaultDomain::accelerator).size(), 24U);
}

TEST(FaultStream, AnotherEntryDoesNotMoveTheFaultsOfTheFirst) {
  const auto first = [](const std::string& more) {
    FaultStream stream(read(scenarioText("[" + more + "{domain: node, name: east/n1, mtbf: 1 h, mttr: 1 min}]")));
    std::vector<Ticks> times;
    while (times.size() < 20) {
      const FaultEvent event = stream.next();
      if (stream.faults()[event.fault].target.name == "east/n1") times.push_back(event.at);
    }
    return times;
  };
  EXPECT_EQ(first(""), first("{domain: node, name: east/n0, mtbf: 2 h, mttr: 5 min}, "));
}

}  // namespace
}  // namespace headroom::sim
