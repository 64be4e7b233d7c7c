// Slices, traffic of others and prefixes over the network in whole runs.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "models/base/document.h"
#include "sim/result.h"
#include "tests/sim/cluster/pair_plans.h"
#include "tests/sim/cluster/played.h"

namespace headroom::sim {
namespace {

constexpr double kNic = 12.5e9;  // of a generic-8 node, bytes a second
constexpr double kRounding = 1e-6;

SliceSpec sliceOf(const std::string& name, double guarantee, std::vector<TrafficSelector> traffic = {}) {
  SliceSpec slice;
  slice.name = name;
  slice.share.guarantee.share = guarantee;
  slice.traffic = std::move(traffic);
  return slice;
}

SliceSpec sliceOfKv(double guarantee) {
  return sliceOf("kv", guarantee, {{.kind = TransferKind::kv}});
}

BackgroundSpec backgroundOf(const std::string& name, double bytes_per_s, int streams, const std::string& slice = "") {
  return {.name = name,
          .from = {.first = 0, .last = 0},
          .to = {.first = 1, .last = 1},
          .rate = BytesPerSecond(bytes_per_s),
          .streams = streams,
          .slice = slice};
}

/// One prefill node, one decode node, 60 requests.
Scenario crowded(const DeploymentPlan& plan) {
  Scenario scenario = pairScenario(plan, "{type: star}", 5, 60);
  scenario.network.background = {backgroundOf("backup", 2 * kNic, 16)};
  return scenario;
}

TEST(Slices, NeverGetLessThanTheirDemandOrTheirGuarantee) {
  const DeploymentPlan plan = planPair(1, 1);
  EXPECT_TRUE(rc::check([&] {
    using rc::gen::inRange;
    Scenario scenario = crowded(plan);
    scenario.seed = *inRange<std::uint64_t>(1, 1000);
    scenario.deployments.front().disaggregation.layer_wise = *inRange(0, 2) == 1;
    const double kv = 0.01 * *inRange(5, 60), steady = 0.01 * *inRange(1, 40), demand = steady * *inRange(1, 101) / 100;
    scenario.network.slices = {sliceOfKv(kv), sliceOf("steady", steady), sliceOf("bulk", 0)};
    scenario.network.slices[2].share.weight = 0.25 * *inRange(1, 40);
    scenario.network.background = {backgroundOf("backup", kNic * *inRange(1, 4), *inRange(1, 40), "bulk"),
                                   backgroundOf("steady", demand * kNic, *inRange(1, 4), "steady")};
    if (*inRange(0, 2) == 1) {
      scenario.network.background[0].on = Seconds(0.1 * *inRange(1, 20));
      scenario.network.background[0].off = Seconds(0.1 * *inRange(1, 20));
    }
    const NetworkOutcome network = *play(scenario, plan).result.network;
    const SliceOutcome& waits = network.slices[0];  // every transfer takes all that it can get
    RC_ASSERT(static_cast<double>(waits.delivered_bytes) >= kv * kNic * waits.busy_s * (1 - kRounding));
    RC_ASSERT(waits.asked_bytes == waits.delivered_bytes);
    const SliceOutcome& wants_less = network.slices[1];
    RC_ASSERT(static_cast<double>(wants_less.delivered_bytes) >=
              static_cast<double>(wants_less.asked_bytes) * (1 - kRounding) - 1000);  // it counts down from 2^60 bytes
  }));
}

TEST(Slices, ProtectTheFirstTokenFromTheTrafficOfOthers) {
  const DeploymentPlan plan = planPair(1, 1);
  Scenario scenario = crowded(plan);
  const auto run = [&] { return play(scenario, plan).result; };
  const Result without = run();
  scenario.network.slices = {sliceOfKv(0.8)};
  const Result with = run();
  scenario.network = {};
  const Result alone = run();
  const double shared = without.latencies.ttft->mean, sliced = with.latencies.ttft->mean;
  EXPECT_GT(shared - alone.latencies.ttft->mean, 5 * (sliced - alone.latencies.ttft->mean));
  EXPECT_GT(sliced, alone.latencies.ttft->mean);
  EXPECT_GT(without.network->ttft_contention, with.network->ttft_contention);
}

TEST(Slices, AreSoldByBytesAndByGuarantee) {
  const DeploymentPlan plan = planPair(1, 1);
  Scenario scenario = crowded(plan);
  scenario.network.slices = {sliceOfKv(0.4)};
  scenario.network.slices[0].price = DollarsPerByte(2e-9);
  scenario.network.slices[0].guarantee_price = DollarsPerSecond(3.0 / 3600);
  const Result result = play(scenario, plan).result;
  const SliceOutcome& slice = result.network->slices.at(0);
  EXPECT_NEAR(slice.guaranteed_gb_per_s, 2 * 0.4 * kNic / 1e9, 1e-9);
  const double gigabits = 2 * 0.4 * 100;  // of two nodes' NICs
  EXPECT_NEAR(slice.revenue_usd,
              2e-9 * static_cast<double>(slice.delivered_bytes) + 3 * gigabits * result.simulated_s / 3600, 1e-6);
  EXPECT_EQ(slice.cost_usd, 0);
  EXPECT_EQ(networkFromJson(toJson(result.network)), result.network);
}

TEST(Slices, BelongToTenantsClassesAndPools) {
  const DeploymentPlan plan = planPair(1, 1);
  Scenario scenario = pairScenario(plan, "{type: star}", 5, 40);
  scenario.workloads.push_back(poissonWorkload("b", 5, 40));
  scenario.workloads[0].tenant = "gold";
  const SliceSpec gold = sliceOf("gold", 0, {{.tenant = "gold"}}), b = sliceOf("b", 0, {{.request_class = "b"}});
  const SliceSpec decode = sliceOf("decode", 0, {{.kind = TransferKind::kv, .pool = "decode"}});
  scenario.network.slices = {gold, b, decode};
  const NetworkOutcome run = *play(scenario, plan).result.network;
  EXPECT_EQ(run.slices[0].count, 40);
  EXPECT_EQ(run.slices[1].count, 40);
  EXPECT_EQ(run.slices[2].count, 0) << "the first slice that selects a transfer has it";
  EXPECT_EQ(run.slices[0].delivered_bytes + run.slices[1].delivered_bytes, run.bytes);
  scenario.network.slices = {decode};
  EXPECT_EQ(play(scenario, plan).result.network->slices[0].count, 80);
}

TEST(Background, AConstantDemandIsDeliveredWhereNothingContends) {
  const DeploymentPlan plan = planPair(1, 1);
  Scenario scenario = pairScenario(plan, "{type: star}", 5, 60);
  scenario.network.background = {backgroundOf("backup", 1e9, 3)};
  const Result result = play(scenario, plan).result;
  const std::vector<TransferOutcome>& kinds = result.network->by_kind;
  EXPECT_EQ(kinds.front().kind, "kv");
  const double sent = static_cast<double>(result.network->bytes - kinds.front().bytes);
  EXPECT_NEAR(sent / (1e9 * result.simulated_s), 1, 0.01);
}

constexpr const char* kSessions = R"(
schema: headroom.scenario/1
sites:
  - {name: here, nodes: [{type: h100-sxm-8, count: 3}], fabric: {type: star},
     storage: {bandwidth: 20 GB/s, per_node: 10 GB/s}}
deployments:
  - name: chat
    model: llama-3.1-8b
    engine:
      max_model_len: 8192
      num_gpu_blocks: 700
      kv_tiers: [{name: remote, capacity: 64 GiB, bandwidth: 12 GB/s, latency: 1 ms, from: here/n2}]
    pools: [{accelerator: h100-sxm, tp: 1, replicas: 2, site: here}]
workloads:
  - {class: chat, arrivals: {type: poisson, rate: 3 /s}, requests: 300,
     sessions: {turns: {fixed: 4}, think_time: 2 s}, prompt_tokens: {fixed: 1200}, output_tokens: {fixed: 60}}
)";

Result playSessions(const std::string& network, const std::string& from = "here/n2", bool exact = false) {
  Document document = Document::parse(kSessions + network, "sessions.yaml");
  document.set("deployments/0/engine/kv_tiers/0/from", from);
  const Scenario scenario = readScenario(document);
  SimulationOptions options;
  options.exact_steps = exact;
  Result result = simulate(scenario, planDeployments(scenario), options);
  result.events = 0;
  return result;
}

TransferOutcome kindOf(const Result& result, const std::string& kind) {
  for (const TransferOutcome& t : result.network->by_kind) {
    if (t.kind == kind) return t;
  }
  return {};
}

const std::string kTraining =
    "network: {background: [{name: training, from: here/n2, to: here/n0-1, rate: 400 GB/s, streams: 300}]}\n";

TEST(PrefixFetches, ShareTheLinksWithTheTrafficOfOthers) {
  const Result alone = playSessions(""), crowded = playSessions(kTraining);
  const TransferOutcome fast = kindOf(alone, "prefix"), slow = kindOf(crowded, "prefix");
  EXPECT_GT(fast.count, 50);
  // 1 ms after it is asked for its bytes come at 12 GB/s.
  EXPECT_NEAR(fast.mean_ms * (1 - fast.contention),
              static_cast<double>(fast.bytes) / static_cast<double>(fast.count) / 12e9 * 1e3, 0.01);
  EXPECT_GT(slow.mean_ms, 5 * fast.mean_ms);
  EXPECT_GT(slow.contention, 0.8);
  EXPECT_GT(crowded.latencies.ttft->mean, alone.latencies.ttft->mean);
  EXPECT_GT(kindOf(playSessions("", "storage"), "prefix").count, 50);
  const NetworkOutcome& shares = *crowded.network;
  EXPECT_GT(shares.ttft_prefix_contention, 5 * shares.ttft_prefix_fetch);
  EXPECT_EQ(shares.ttft_contention, 0);
}

TEST(Background, ADemandThatADeadLinkCutsCountsWithWhatItCanHaveMoved) {
  const Result result = playSessions(
      "network: {background: [{name: b, from: here/n2, to: here/n0, rate: 10 GB/s}]}\n"
      "faults: [{domain: link, name: here/n2>here/switch0, at: 20 s, for: 5 s}]\n");
  const double sent = static_cast<double>(kindOf(result, "background").bytes);
  EXPECT_LE(sent, 10e9 * (result.simulated_s - 5 + 2.1));  // the last think time follows the last answer
  EXPECT_GE(sent, 10e9 * (result.simulated_s - 5 - 0.2) * 0.99);
}

TEST(PrefixFetches, DoNotDependOnHowStepsAreGrouped) {
  EXPECT_EQ(playSessions(kTraining), playSessions(kTraining, "here/n2", true));
}

}  // namespace
}  // namespace headroom::sim
