// What is computed of a run, without a window.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QCoreApplication>
#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>

#include "gui/geometry/latency_curve.h"
#include "gui/geometry/ticks.h"
#include "gui/geometry/timeline_geometry.h"
#include "gui/geometry/topology_layout.h"
#include "gui/models/listed_table_model.h"
#include "gui/models/request_table_model.h"
#include "gui/replica_state.h"
#include "gui/request_story.h"
#include "gui/run_data.h"
#include "gui/tiles.h"
#include "models/base/error.h"
#include "tests/gui/views/sample_run.h"

namespace headroom::gui {
namespace {

constexpr std::int64_t kMs = 1'000'000, kSecond = 1'000'000'000;

/// One run for all tests of this file.
class Run : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    simulateInto(folder_->path() / "run", burstScenario());
    run_ = loadRun(folder_->path() / "run");
  }
  static void TearDownTestSuite() {
    run_.reset();
    delete folder_;
  }
  const RunData& run() const { return *run_; }
  static TemporaryFolder* folder_;
  static RunPtr run_;
};
TemporaryFolder* Run::folder_ = nullptr;
RunPtr Run::run_;

TEST_F(Run, StatisticsOfAllRequestsAreThoseOfTheResult) {
  const RequestSummary all = run().statistics.summarize({});
  const sim::Result& result = run().result;
  EXPECT_EQ(all.offered, result.requests.offered);
  EXPECT_EQ(all.completed, result.requests.completed);
  EXPECT_EQ(all.output_tokens, result.output_tokens);
  EXPECT_DOUBLE_EQ(*all.attainment(), result.slo->attainment);
  EXPECT_NEAR(*all.of(Metric::ttft).quantileMs(0.99), result.latencies.ttft->p99, 1e-3 * result.latencies.ttft->p99);
  EXPECT_NEAR(*all.of(Metric::tpot).quantileMs(0.5), result.latencies.tpot->p50, 1e-3 * result.latencies.tpot->p50);
  EXPECT_NEAR(*all.of(Metric::e2e).quantileMs(0.9), result.latencies.e2e->p90, 1e-3 * result.latencies.e2e->p90);
}

TEST_F(Run, AFilterCountsExactlyTheRequestsItNames) {
  const sim::RequestColumns& r = run().requests;
  const TimeRange range{4, 9};
  for (const std::optional<int> replica : {std::optional<int>(), std::optional<int>(1)}) {
    std::int64_t offered = 0, good = 0;
    for (std::size_t i = 0; i < r.size(); ++i) {
      if (!range.contains(static_cast<double>(r.arrival[i]) / 1e9) || (replica && r.replica[i] != 1u)) continue;
      ++offered;
      good += r.ttft[i] <= 150 * kMs && (!r.hasTpot(i) || r.tpot(i) <= 40 * kMs) ? 1 : 0;
    }
    const RequestSummary part = run().statistics.summarize({range, replica});
    EXPECT_EQ(part.offered, offered);
    EXPECT_EQ(part.good, good);
    EXPECT_GT(offered, 20);
    EXPECT_EQ(part.of(Metric::ttft).count(), part.completed);
  }
}

TEST_F(Run, NothingSelectedIsNoRequestAndNoQuantile) {
  const RequestSummary none = run().statistics.summarize({TimeRange{1e6, 2e6}, {}});
  EXPECT_EQ(none.offered, 0);
  EXPECT_FALSE(none.of(Metric::e2e).quantileMs(0.5).has_value());
  EXPECT_FALSE(none.attainment().has_value());
  EXPECT_EQ(run().statistics.summarize({{}, 77}).offered, 0);
}

TEST_F(Run, PhasesEndWithNobodyThereAndTheirMeanIsTheSumOfWaits) {
  const auto& requests = run().requests;
  ASSERT_EQ(run().phases.size(), 2u);
  double queue_s = 0, decode_s = 0;
  const std::int64_t end = toNs(run().length()) + kSecond;
  for (const ReplicaPhases& phases : run().phases) {
    EXPECT_TRUE(phases.at(end).idle());
    EXPECT_EQ(phases.at(end).queue, 0u);
    const PhaseMeans means = phases.mean(0, end);
    queue_s += means.queue * static_cast<double>(end);
    decode_s += means.decode * static_cast<double>(end);
  }
  double waited = 0, decoded = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    for (const char* part : {"front_end", "admission", "queue"}) {
      waited += static_cast<double>(requests.part(part)->time[i]);
    }
    decoded += static_cast<double>(requests.e2e[i] - requests.ttft[i]);
  }
  EXPECT_NEAR(queue_s, waited, 1e-6 * waited + 1);
  EXPECT_NEAR(decode_s, decoded, 1e-6 * decoded + 1);
}

TEST_F(Run, WaitingOfTheWholeRunIsTheSumOverReplicas) {
  for (const double s : {1.0, 5.5, 9.25}) {
    std::int64_t sum = 0;
    for (const ReplicaPhases& phases : run().phases) sum += phases.at(toNs(s)).queue;
    EXPECT_EQ(run().waitingAt(toNs(s)), sum) << s;
  }
}

TEST_F(Run, ReplicasAreNamedByTheirPool) {
  EXPECT_EQ(run().replicaName(1), "all-1");
  EXPECT_EQ(run().replicas[0].pool, "chat/all");
  EXPECT_EQ(run().replicaName(9), "replica 9");
}

TEST_F(Run, StatesOverTheRunAgreeWithThePoolOfTheResult) {
  double busy = 0;
  for (const ReplicaState& state : replicaStatesOver(run(), {})) busy += state.busy / 2;
  EXPECT_NEAR(busy, run().result.pools[0].busy, 0.02);
}

TEST_F(Run, TilesSayWhatTheResultSaysAndAFilterSaysItIsAFilter) {
  const std::vector<Tile> all = tilesOf(run(), nullptr, {}, 99);
  EXPECT_EQ(all[0].state, run().result.slo->met ? TileState::good : TileState::bad);
  EXPECT_THAT(all[0].words.toStdString(), testing::HasSubstr("99"));
  EXPECT_TRUE(all[1].delta.isEmpty());
  const RequestFilter filter{TimeRange{4, 9}, {}};
  const std::vector<Tile> part = tilesOf(run(), &run(), filter, 50);
  EXPECT_EQ(part[1].name.toStdString(), "TTFT p50");
  EXPECT_TRUE(part[4].whole_run);
  EXPECT_TRUE(part[1].delta.isEmpty()) << "a run is not different from itself";
  EXPECT_THAT(selectionText(run(), filter).toStdString(),
              testing::AllOf(testing::HasSubstr("4.0 s"), testing::HasSubstr("late")));
}

TEST_F(Run, ADifferenceOfTheSizeOfTheNoiseHasNoVerdict) {
  const auto costVerdict = [&](double times) {
    RunData other;
    other.result = run().result;
    *other.result.usd *= times;
    return tilesOf(run(), &other, {}, 99)[4].verdict;
  };
  EXPECT_EQ(costVerdict(1.5), 1);  // the other is dearer
  EXPECT_EQ(costVerdict(0.5), -1);
  EXPECT_EQ(costVerdict(1.005), 0);
  EXPECT_EQ(costVerdict(0.995), 0);
}

TEST_F(Run, TheStoryOfEveryRequestAddsUpExactly) {
  for (std::size_t i = 0; i < run().requests.size(); ++i) {
    const RequestStory story = storyOf(run(), i);
    std::int64_t sum = 0, ttft = 0;
    for (const StoryPart& part : story.parts) {
      EXPECT_EQ(part.begin, sum);
      sum += part.length;
      if (part.before_first_token) ttft += part.length;
    }
    ASSERT_EQ(sum, run().requests.e2e[i]);
    ASSERT_EQ(ttft, run().requests.ttft[i]);
    ASSERT_GE(story.sentences.size(), 2);
  }
}

TEST_F(Run, TheRequestTableSortsEveryColumnAndKeepsWhatIsSelected) {
  RequestTableModel model;
  QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
  model.setRun(run_);
  ASSERT_EQ(model.rowCount(), 600);
  const QPersistentModelIndex kept(model.index(5, 0));
  const std::size_t request = model.requestAt(5);
  for (int column = 0; column < RequestTableModel::kColumns; ++column) {
    model.sort(column, Qt::AscendingOrder);
    ASSERT_TRUE(kept.isValid());
    EXPECT_EQ(model.requestAt(kept.row()), request);
    for (int row = 0; row < 5; ++row) EXPECT_FALSE(model.index(row, column).data().toString().isEmpty());
  }
  model.sort(RequestTableModel::kTtft, Qt::DescendingOrder);
  EXPECT_EQ(run().requests.ttft[model.requestAt(0)],
            *std::max_element(run().requests.ttft.begin(), run().requests.ttft.end()));
  model.setFilter({TimeRange{4, 9}, 1}, true);
  const RequestSummary part = run().statistics.summarize({TimeRange{4, 9}, 1});
  EXPECT_EQ(model.rowCount(), part.judged - part.good);
  EXPECT_THAT(model.index(0, RequestTableModel::kVerdict).data().toString().toStdString(),
              testing::StartsWith("late: "));
  model.setRun(nullptr);
  EXPECT_EQ(model.rowCount(), 0);
}

TEST(ListedTable, SortsNumbersAsNumbersAndIsASoundModel) {
  ListedTableModel model({"a", "b"}, {{QVariant("x"), 10.0}, {QVariant("y"), 9.0}, {QVariant("z")}});
  QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
  const QPersistentModelIndex kept(model.index(0, 0));
  model.sort(1, Qt::AscendingOrder);
  EXPECT_EQ(kept.data().toString().toStdString(), "x");
  EXPECT_EQ(model.index(1, 0).data().toString().toStdString() + model.index(2, 0).data().toString().toStdString(),
            "yx");
}

TEST_F(Run, AResultAloneIsARunWithoutRequests) {
  const RunPtr bare = loadRun(folder_->path() / "run" / "result.json");
  EXPECT_FALSE(bare->hasRequests());
  EXPECT_EQ(bare->result, run().result);
  EXPECT_EQ(tilesOf(*bare, nullptr, {}, 99).size(), 6u);
}

TEST_F(Run, WhatIsNoRunIsRefusedWithItsFile) {
  EXPECT_THROW(loadRun(folder_->path() / "missing"), InputError);
  std::ofstream(folder_->path() / "text.json") << "{";
  EXPECT_THROW(loadRun(folder_->path() / "text.json"), InputError);
  std::ofstream(folder_->path() / "other.json") << R"({"schema": "headroom.result/99"})";
  try {
    loadRun(folder_->path() / "other.json");
    ADD_FAILURE() << "another version was read";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("other.json"));
  }
}

TEST_F(Run, LoadingStopsWhenAsked) {
  EXPECT_EQ(loadRun(folder_->path() / "run", [] { return true; }), nullptr);
}

// Statistics over checkpoints: more requests than a run of a test has.

TEST(RunStatistics, RangesOverCheckpointsAreCountedAsIfOneByOne) {
  const sim::RequestColumns requests = manyRequests(300'000);
  sim::Scenario scenario;
  scenario.slos = {{.request_class = "a", .ttft = Seconds(0.2)}};
  const RunStatistics statistics(requests, scenario);
  for (const auto& [begin, end] : std::vector<std::pair<double, double>>{
           {0, 300}, {0, 65.536}, {65.536, 131.072}, {1, 290}, {70, 120}, {120, 120}}) {
    const RequestSummary part = statistics.summarize({TimeRange{begin, end}, {}});
    std::int64_t offered = 0, completed = 0, good = 0;
    std::vector<std::int64_t> ttft;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const double s = static_cast<double>(requests.arrival[i]) / 1e9;
      if (s < begin || s >= end) continue;
      ++offered;
      if (!requests.completed(i)) continue;
      ++completed;
      good += requests.ttft[i] <= 200 * kMs ? 1 : 0;
      ttft.push_back(requests.ttft[i]);
    }
    EXPECT_EQ(part.offered, offered);
    EXPECT_EQ(part.completed, completed);
    EXPECT_EQ(part.judged, offered);
    EXPECT_EQ(part.good, good);
    if (ttft.empty()) continue;
    const auto rank = static_cast<std::ptrdiff_t>(std::ceil(0.9 * static_cast<double>(ttft.size()))) - 1;
    std::nth_element(ttft.begin(), ttft.begin() + rank, ttft.end());
    const double exact = static_cast<double>(ttft[static_cast<std::size_t>(rank)]) / 1e6;
    EXPECT_NEAR(*part.of(Metric::ttft).quantileMs(0.9), exact, 0.002 * exact);
    EXPECT_NEAR(part.of(Metric::ttft).shareWithin(exact), 0.9, 0.002);
  }
}

TEST(LatencyCounts, BucketsGrowWithoutGapAndHoldTheirValues) {
  std::uint16_t before = 0;
  for (std::int64_t ns = 1; ns < 400 * kSecond; ns += 1 + ns / 300) {
    const std::uint16_t bucket = LatencyCounts::bucketOf(ns);
    ASSERT_GE(bucket, before);
    ASSERT_LT(static_cast<double>(ns) / 1e6, LatencyCounts::bucketEndMs(bucket));
    ASSERT_GE(static_cast<double>(ns) / 1e6, LatencyCounts::bucketEndMs(bucket - 1u) * (1 - 1e-12));
    before = bucket;
  }
}

TEST(LinkLoads, AreThoseOfTheSeriesByTheNamesOfLinks) {
  const sim::LinkSeries series{.interval_s = 2, .links = {{"b", {0.1F, 0.9F}}, {"gone", {1}}}};
  const LinkLoads loads = linkLoadsOf(series, {"a", "b"});
  ASSERT_EQ(loads.listed.size(), 1u);
  EXPECT_EQ(loads.fullest(0, 4)->link, 1u);
  EXPECT_NEAR(loads.at(1, 3), 0.9, 1e-6);
  EXPECT_EQ(loads.at(0, 3), 0);
  EXPECT_TRUE(linkLoadsOf(sim::LinkSeries{}, {"a"}).empty());
}

TEST(LinkLoads, OfARunAreThoseOfAllItsLinksNotOfTheBusiestOnly) {
  const TemporaryFolder folder;
  simulateInto(folder.path(), disaggregatedScenario());
  const RunPtr run = loadRun(folder.path());
  ASSERT_TRUE(run->topology);
  EXPECT_GT(run->links.listed.size(), run->result.network.value().links.size());
  EXPECT_EQ(run->links.listed.front().name, run->result.network->links.front().name);
  const std::uint32_t link = run->links.listed.front().link;
  EXPECT_NEAR(run->links.most(link), run->result.network->links.front().peak, 1e-3);
  std::size_t warm = 0;  // a cable of every node that sends or takes KV
  for (std::uint32_t id = 0; id < run->links.shares.size(); ++id) warm += run->links.most(id) > 0 ? 1 : 0;
  EXPECT_EQ(warm, run->links.listed.size());
  std::filesystem::remove(folder.path() / "links.csv.zst");
  EXPECT_EQ(loadRun(folder.path())->links.listed.size(), run->result.network->links.size()) << "of an older run";
}

TEST(Absences, OfARunAreKnownAtEveryMoment) {
  const TemporaryFolder folder;
  simulateInto(folder.path(),
               burstScenario(300, 2) + "faults: [{domain: replica, name: chat/all/1, at: 3 s, for: 2 s}]\n");
  const RunPtr run = loadRun(folder.path());
  EXPECT_EQ(run->absenceAt(1, 2.9), nullptr);
  ASSERT_NE(run->absenceAt(1, 3.1), nullptr);
  EXPECT_EQ(run->absenceAt(1, 3.1)->what, sim::Absence::down);
  EXPECT_NEAR(run->absenceAt(1, 3.1)->end_s, 5, 1e-6);
  EXPECT_EQ(run->absenceAt(1, 5.1), nullptr);
  EXPECT_EQ(run->absenceAt(0, 4), nullptr);
  EXPECT_EQ(run->absenceAt(99, 4), nullptr);
  EXPECT_EQ(replicaStatesAt(*run, 4)[1].away, sim::Absence::down);
  EXPECT_FALSE(replicaStatesAt(*run, 4)[0].away);
}

TEST(LinkLoads, MeansAreOverTheTimeAskedFor) {
  LinkLoads loads;
  loads.interval_s = 2;
  loads.shares = {{0.5F, 1.0F}, {}};
  EXPECT_DOUBLE_EQ(loads.at(0, 3.9), 1);
  EXPECT_DOUBLE_EQ(loads.at(0, 4.1), 0);
  EXPECT_DOUBLE_EQ(loads.over(0, 1, 3), 0.75);
  EXPECT_DOUBLE_EQ(loads.over(0, 0, 8), 0.375);
  EXPECT_DOUBLE_EQ(loads.over(1, 0, 8), 0);
  EXPECT_DOUBLE_EQ(loads.most(0), 1);
}

}  // namespace
}  // namespace headroom::gui
