// What a run says of itself over time beside its requests: when replicas were away, and how full every link was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "models/base/error.h"
#include "sim/metrics/link_series.h"
#include "sim/metrics/replica_absences.h"
#include "tests/sim/cluster/plan_by_hand.h"
#include "tests/sim/cluster/sites.h"

namespace headroom::sim {
namespace {

namespace fs = std::filesystem;

constexpr Ticks kSecond = static_cast<Ticks>(kTicksPerSecond);

class RunSeriesFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "series-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::vector<std::vector<AbsenceSpan>> readBack(const ReplicaAbsences& absences) {
    absences.write(folder_ / "absences.csv.zst");
    return readReplicaAbsences(folder_ / "absences.csv.zst");
  }
  template <typename Read>
  std::string problemOf(const std::string& text, Read read) {
    std::ofstream(folder_ / "broken.csv") << text;
    try {
      read(folder_ / "broken.csv");
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  }
  fs::path folder_;
};

TEST_F(RunSeriesFiles, AbsencesComeBackByReplicaAndTime) {
  ReplicaAbsences absences;
  absences.change(2, Absence::draining, 5 * kSecond);
  absences.change(2, Absence::down, 6 * kSecond);
  absences.change(0, Absence::down, 1 * kSecond);
  absences.change(2, std::nullopt, 9 * kSecond);
  absences.add(2, Absence::loading_weights, 0, 3 * kSecond);
  absences.add(1, Absence::starting, 4 * kSecond, 4 * kSecond);  // no time at all
  absences.finish(10 * kSecond);
  const auto spans = readBack(absences);
  ASSERT_EQ(spans.size(), 3u);
  ASSERT_EQ(spans[0].size(), 1u);
  EXPECT_DOUBLE_EQ(spans[0][0].end_s, 10) << "the run ends in it";
  EXPECT_TRUE(spans[1].empty());
  ASSERT_EQ(spans[2].size(), 3u);
  EXPECT_EQ(spans[2][0].what, Absence::loading_weights);
  EXPECT_EQ(spans[2][1].what, Absence::draining);
  EXPECT_EQ(spans[2][2].what, Absence::down);
  EXPECT_DOUBLE_EQ(spans[2][2].begin_s, 6);
  EXPECT_DOUBLE_EQ(spans[2][2].end_s, 9);
}

TEST_F(RunSeriesFiles, AbsencesOfARunAddUpToWhatItsResultSays) {
  const DeploymentPlan plan = planByHand("round-robin", 3);
  Scenario scenario = scenarioOf(plan, {poissonWorkload("a", 10, 400)});
  const auto fault = [](const char* replica, double at, double lasts, FaultEffect effect) {
    FaultSpec spec;
    spec.name = replica;
    spec.at = Seconds(at);
    spec.lasts = Seconds(lasts);
    spec.effect = effect;
    return spec;
  };
  scenario.faults = {fault("chat/all/1", 10, 5, FaultEffect::down), fault("chat/all/1", 12, 6, FaultEffect::down),
                     fault("chat/all/2", 20, 4, FaultEffect::drain)};
  scenario.deployments.front().pools.front().cold_start.init = Seconds(2);
  ReplicaAbsences absences;
  SimulationOptions options;
  options.absences = &absences;
  const Result result = simulate(scenario, {plan}, options);
  const auto spans = readBack(absences);
  std::array<double, kAbsences> seconds{};
  for (const auto& replica : spans) {
    for (const AbsenceSpan& span : replica) seconds[static_cast<std::size_t>(span.what)] += span.end_s - span.begin_s;
  }
  const PoolFaults& pool = result.faults.value().pools.at(0);
  EXPECT_NEAR(seconds[static_cast<std::size_t>(Absence::down)], 8, 1e-6);
  EXPECT_NEAR(seconds[static_cast<std::size_t>(Absence::down)], pool.down_s, 1e-6);
  EXPECT_NEAR(seconds[static_cast<std::size_t>(Absence::starting)], pool.starting_s, 1e-6);
  EXPECT_NEAR(seconds[static_cast<std::size_t>(Absence::draining)], pool.draining_s, 1e-6);
  EXPECT_GT(pool.starting_s, 0);
  ASSERT_EQ(spans.size(), 3u);
  EXPECT_TRUE(spans[0].empty());
}

TEST_F(RunSeriesFiles, NothingIsSaidWhereNothingFailsOrIsSent) {
  const DeploymentPlan plan = planByHand("round-robin", 2);
  ReplicaAbsences absences;
  LinkSeries links;
  SimulationOptions options;
  options.absences = &absences;
  options.links = &links;
  simulate(scenarioOf(plan, {poissonWorkload("a", 10, 50)}), {plan}, options);
  EXPECT_TRUE(absences.empty());
  EXPECT_TRUE(links.empty());
}

TEST_F(RunSeriesFiles, StagesOfAStartAndEveryLinkOfItAreTold) {
  DeploymentPlan plan = planByHand("least-requests", 8);
  PoolPlan& pool = plan.pools.front();
  pool.spec.parallelism.tp = 8;
  pool.spec.site = "here";
  pool.spec.start =
      StartSpec{.weights_from = WeightsFrom::peer, .before_weights = Seconds(3), .after_weights = Seconds(7)};
  pool.memory.weights = Bytes(10e9);
  plan.spec.pools = {pool.spec};
  Scenario scenario = scenarioOf(plan, {poissonWorkload("a", 20, 200)});
  scenario.sites = {testSite(8, "{type: star, hop_latency: 1 us}")};
  scenario.sites.front().storage = StorageSpec{BytesPerSecond(20e9), BytesPerSecond(10e9), Seconds(0.5)};
  ReplicaAbsences absences;
  LinkSeries links;
  SimulationOptions options;
  options.absences = &absences;
  options.links = &links;
  const Result result = simulate(scenario, {plan}, options);
  const StartOutcome& start = result.pools.front().start.value();
  const auto spans = readBack(absences);
  ASSERT_EQ(spans.size(), 8u);
  double weights = 0;
  for (const auto& replica : spans) {
    ASSERT_EQ(replica.size(), 3u);
    EXPECT_EQ(replica[1].what, Absence::loading_weights);
    weights += replica[1].end_s - replica[1].begin_s;
  }
  EXPECT_NEAR(weights / 8, start.weights_s, 1e-5);

  links.write(folder_ / "links.csv.zst");
  const LinkSeries read = readLinkSeries(folder_ / "links.csv.zst");
  ASSERT_EQ(read.links.size(), links.links.size());
  EXPECT_NEAR(read.interval_s, result.network.value().interval_s, 1e-9);
  EXPECT_GT(read.links.size(), result.network->links.size()) << "more than a result names";
  std::set<std::string> names;
  for (std::size_t i = 0; i < read.links.size(); ++i) {
    names.insert(read.links[i].name);
    for (std::size_t t = 0; t < links.links[i].shares.size(); ++t) {
      EXPECT_LE(links.links[i].shares[t], 1 + 1e-6) << "also where weights arrive after the last answer";
      EXPECT_NEAR(t < read.links[i].shares.size() ? read.links[i].shares[t] : 0, links.links[i].shares[t], 1e-3);
    }
  }
  EXPECT_EQ(names.size(), read.links.size());
  for (std::size_t i = 0; i < result.network->links.size(); ++i) {
    EXPECT_EQ(read.links[i].name, result.network->links[i].name) << "busiest first";
  }
}

TEST_F(RunSeriesFiles, FilesThatAreNoneAreRefusedWithTheirLine) {
  using testing::HasSubstr;
  EXPECT_THAT(problemOf("a,b\n", readReplicaAbsences), HasSubstr("of this version"));
  EXPECT_THAT(problemOf(ReplicaAbsences::columns() + "\n0,1,2,gone\n", readReplicaAbsences), HasSubstr("broken.csv:2"));
  EXPECT_THAT(problemOf(ReplicaAbsences::columns() + "\n0,5,6,down\n0,1,2,down\n", readReplicaAbsences),
              HasSubstr("begins before"));
  EXPECT_THAT(problemOf("a,b\n", readLinkSeries), HasSubstr("of this version"));
  EXPECT_THAT(problemOf(LinkSeries::columns() + "\n0,2,x,a>b\n", readLinkSeries), HasSubstr("broken.csv:2"));
  EXPECT_THAT(problemOf(LinkSeries::columns() + "\n0,2,0.5,a>b\n1e9,1e9,0.5,a>b\n", readLinkSeries),
              HasSubstr("broken.csv:3"));
  EXPECT_THAT(problemOf(LinkSeries::columns() + "\n0,2,0.5,a>b\n1e9,2e9,0.5,a>b\n", readLinkSeries),
              HasSubstr("beyond"));
}

}  // namespace
}  // namespace headroom::sim
