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

sim::RequestColumns manyRequests(std::size_t n) {
  sim::RequestColumns r;
  r.origins = {{"chat", "a", ""}};
  r.statuses = {"completed", "rejected"};
  r.parts = {{"queue", {}}, {"prefill", {}}, {"decode", {}}};
  std::mt19937_64 random(7);
  for (std::size_t i = 0; i < n; ++i) {
    r.id.push_back(i);
    r.arrival.push_back(static_cast<std::int64_t>(i) * kMs);
    r.replica.push_back(static_cast<std::uint32_t>(random() % 5));
    r.origin.push_back(0);
    r.status.push_back(random() % 50 == 0 ? 1 : 0);
    const bool completed = r.status.back() == 0;
    r.prompt_tokens.push_back(10);
    r.output_tokens.push_back(completed ? 2 : 0);
    r.cached_tokens.push_back(0);
    r.preemptions.push_back(0);
    const auto ttft = static_cast<std::int64_t>(random() % (400 * kMs)),
               decode = static_cast<std::int64_t>(random() % kSecond);
    r.ttft.push_back(completed ? ttft : 0);
    r.e2e.push_back(completed ? ttft + decode : 0);
    r.parts[0].time.push_back(completed ? ttft / 2 : 0);
    r.parts[1].time.push_back(completed ? ttft - ttft / 2 : 0);
    r.parts[2].time.push_back(completed ? decode : 0);
  }
  return r;
}

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

TEST(CumulativeCurve, RisesToAllOfThemWithOnePointAColumn) {
  LatencyCounts counts;
  for (int i = 0; i < 10'000; ++i) counts.add(LatencyCounts::bucketOf((50 + i % 1000) * kMs));
  counts.countUp();
  const LatencyRange range = LatencyRange::around({&counts}, {{.request_class = "a", .ms = 2000, .attainment = 0.99}});
  EXPECT_LE(range.begin, 50);
  EXPECT_GE(range.end, 2000);
  const std::vector<QPointF> curve = cumulativeCurve(counts, range, 500);
  ASSERT_EQ(curve.size(), 501u);
  for (std::size_t i = 1; i < curve.size(); ++i) EXPECT_GE(curve[i].y(), curve[i - 1].y());
  EXPECT_NEAR(curve.back().y(), 100, 1e-9);
  EXPECT_NEAR(range.shareOf(range.valueAt(0.37)), 0.37, 1e-12);
  const LatencyRange nothing = LatencyRange::around({}, {});
  EXPECT_LT(nothing.begin, nothing.end);
}

// Timeline.

ReplicaPhases phasesOfOne(std::vector<std::array<std::int64_t, 4>> requests) {
  ReplicaPhases::Events events;
  for (const auto& [arrived, scheduled, first, finished] : requests) {
    events.arrived.push_back(arrived);
    events.scheduled.push_back(scheduled);
    events.first_token.push_back(first);
    events.finished.push_back(finished);
  }
  return ReplicaPhases(std::move(events));
}

TEST(ReplicaPhases, CountsWhoWaitsComputesAndDecodes) {
  const ReplicaPhases phases = phasesOfOne({{0, 10, 30, 50}, {5, 10, 20, 40}});
  EXPECT_EQ(phases.at(-1), PhaseCounts{});
  EXPECT_EQ(phases.at(7), (PhaseCounts{.queue = 2}));
  EXPECT_EQ(phases.at(15), (PhaseCounts{.prefill = 2}));
  EXPECT_EQ(phases.at(20), (PhaseCounts{.prefill = 1, .decode = 1}));
  EXPECT_EQ(phases.at(35), (PhaseCounts{.decode = 2}));
  EXPECT_EQ(phases.at(50), PhaseCounts{});
  const PhaseMeans means = phases.mean(0, 50);
  EXPECT_DOUBLE_EQ(means.queue, (10 + 5) / 50.0);
  EXPECT_DOUBLE_EQ(means.prefill_share, 20 / 50.0);
  EXPECT_DOUBLE_EQ(means.decode, (20 + 20) / 50.0);
  EXPECT_DOUBLE_EQ(means.decode_share, 30 / 50.0);
}

TEST(ReplicaPhases, MovedPromptsCountOnBothReplicas) {
  sim::RequestColumns r = manyRequests(1);
  r.status = {0};
  r.arrival = {0};
  r.replica = {1};
  r.prefill_replica = {0};
  r.parts = {{"queue", {10}},      {"prefill", {20}}, {"decode_queue", {5}},
             {"kv_transfer", {7}}, {"network", {3}},  {"decode", {55}}};
  r.ttft = {45};
  r.e2e = {100};
  r.output_tokens = {4};
  const std::vector<ReplicaPhases> phases = phasesOf(r, 2);
  EXPECT_EQ(phases[0].at(5), (PhaseCounts{.queue = 1}));
  EXPECT_EQ(phases[0].at(29), (PhaseCounts{.prefill = 1}));
  EXPECT_TRUE(phases[0].at(31).idle());
  EXPECT_TRUE(phases[1].at(31).idle());
  EXPECT_EQ(phases[1].at(40), (PhaseCounts{.transfer = 1}));
  EXPECT_EQ(phases[1].at(60), (PhaseCounts{.decode = 1}));
  EXPECT_TRUE(phases[1].at(100).idle());
}

TEST(TimelineRow, ABoxFillsItsColumnsExactlyAndShortOnesAreMerged) {
  std::vector<std::array<std::int64_t, 4>> requests{{0, 0, 20 * kSecond, 60 * kSecond}};
  for (std::int64_t i = 0; i < 1000; ++i) {  // 10 ms of prefill every 40 ms from 60 s on
    const std::int64_t at = 60 * kSecond + i * 40 * kMs;
    requests.push_back({at, at, at + 10 * kMs, at + 10 * kMs});
  }
  TimeAxis axis(100);
  const TimelineRow row = timelineRow(phasesOfOne(requests), axis, 100, 4, 10);
  ASSERT_EQ(row.columns.size(), 100u);
  EXPECT_EQ(row.columns[0].prefill, 255);
  EXPECT_EQ(row.columns[19].prefill, 255);
  EXPECT_EQ(row.columns[19].decode, 0);
  EXPECT_EQ(row.columns[20].prefill, 0);
  EXPECT_EQ(row.columns[20].decode, row.columns[59].decode);
  EXPECT_NEAR(row.columns[70].prefill, 255 / 4, 3);
  ASSERT_EQ(row.boxes.size(), 2u);
  EXPECT_EQ(row.boxes[1].begin, 20);
  EXPECT_EQ(row.boxes[1].end, 60);
}

TEST(TimelineRow, NothingBeforeTheFirstAndAfterTheLastRequest) {
  TimeAxis axis(100);
  const TimelineRow row =
      timelineRow(phasesOfOne({{40 * kSecond, 41 * kSecond, 50 * kSecond, 60 * kSecond}}), axis, 50, 1, 5);
  EXPECT_EQ(row.columns[10], ColumnShade{});
  EXPECT_EQ(row.columns[40], ColumnShade{});
  EXPECT_GT(row.columns[22].prefill, 0);
  EXPECT_EQ(timelineRow(ReplicaPhases(), axis, 10, 1, 5).columns.size(), 10u);
}

TEST(TimelineRow, ZoomedInTheSumOfColumnsIsTheMeanOfTheRange) {
  const sim::RequestColumns requests = manyRequests(3000);
  const std::vector<ReplicaPhases> phases = phasesOf(requests, 5);
  TimeAxis axis(4);
  axis.show({1, 1.5});
  for (const int columns : {37, 400, 5000}) {
    double prefill = 0;
    const TimelineRow row = timelineRow(phases[2], axis, columns, 100, 20);
    for (const ColumnShade& shade : row.columns) prefill += shade.prefill / 255.0 / columns;
    EXPECT_NEAR(prefill, phases[2].mean(kSecond, 3 * kSecond / 2).prefill_share, 0.02) << columns;
  }
}

TEST(AbsenceBoxes, AreCutToWhatIsShownAndShortOnesBecomeOne) {
  using sim::Absence;
  TimeAxis axis(100);
  const std::vector<sim::AbsenceSpan> spans{{10, 30, Absence::down},
                                            {30, 40, Absence::starting},
                                            {60, 60.2, Absence::draining},
                                            {60.2, 60.9, Absence::down},
                                            {95, 120, Absence::down}};
  std::vector<AbsenceBox> boxes = absenceBoxes(spans, axis, 100);
  ASSERT_EQ(boxes.size(), 4u);
  EXPECT_DOUBLE_EQ(boxes[0].begin, 10);
  EXPECT_DOUBLE_EQ(boxes[0].end, 30);
  EXPECT_EQ(boxes[1].span.what, Absence::starting);
  EXPECT_EQ(boxes[2].span.what, Absence::down) << "the longest of those in one column";
  EXPECT_LE(boxes[2].end, 61.1);
  EXPECT_DOUBLE_EQ(boxes[3].end, 100);
  axis.show({20, 35});
  boxes = absenceBoxes(spans, axis, 150);
  ASSERT_EQ(boxes.size(), 2u);
  EXPECT_DOUBLE_EQ(boxes[0].begin, 0);
  EXPECT_NEAR(boxes[0].end, 100, 1e-9);
  // Ten thousand in a hundred columns are no more boxes than columns.
  std::vector<sim::AbsenceSpan> many;
  for (int i = 0; i < 10'000; ++i) many.push_back({i * 0.01, i * 0.01 + 0.005, Absence::down});
  EXPECT_LE(absenceBoxes(many, TimeAxis(100), 100).size(), 100u);
}

TEST(TimelineRow, WorkOutsideEveryAnsweredRequestIsMarkedAndNoOther) {
  ReplicaPhases::Events events;
  events.arrived = events.scheduled = {toNs(1.5)};
  events.first_token = {toNs(2.5)};
  events.finished = {toNs(4.5)};
  const ReplicaPhases phases(std::move(events));
  const TimeAxis axis(10);
  TimelineRow row = timelineRow(phases, axis, 20, 1, 100);
  const std::vector<ColumnShade> before = row.columns;
  std::vector<sim::ReplicaSeries::Bin> bins;
  for (int s = 1; s < 8; ++s) bins.push_back({.begin_s = double(s), .end_s = s + 1.0, .busy = s == 6 ? 0.0 : 0.9});
  addUnanswered(row, phases, bins, axis);
  for (std::size_t c = 0; c < 20; ++c) {
    const bool marked = (c >= 10 && c < 12) || (c >= 14 && c < 16);  // 5 to 6 s and 7 to 8 s
    EXPECT_EQ(row.columns[c].unanswered > 0, marked) << c;
    EXPECT_EQ(row.columns[c].decode, before[c].decode);
  }
}

TEST(TimeAxis, ZoomsAroundAPointAndStaysInsideTheRun) {
  TimeAxis axis(100);
  axis.zoom(0.5, 20);
  EXPECT_DOUBLE_EQ(axis.begin(), 10);
  EXPECT_DOUBLE_EQ(axis.end(), 60);
  axis.pan(-5);
  EXPECT_DOUBLE_EQ(axis.begin(), 0);
  axis.zoom(100, 3);
  EXPECT_TRUE(axis.showsAll());
  axis.show({30, 30});
  EXPECT_NEAR(axis.end() - axis.begin(), TimeAxis::kShortest, 1e-12);
}

TEST(LoadCurve, CountsArrivalsAndThoseStillWaiting) {
  const LoadCurve curve = loadCurve({0, kSecond, kSecond, 7 * kSecond},
                                    {2 * kSecond, 3 * kSecond, 7 * kSecond, 8 * kSecond}, TimeAxis(10), 10, 2);
  ASSERT_EQ(curve.arrivals_per_s.size(), 5u);
  EXPECT_DOUBLE_EQ(curve.arrivals_per_s[0], 1.5);
  EXPECT_DOUBLE_EQ(curve.waiting[0], 3);
  EXPECT_DOUBLE_EQ(curve.waiting[1], 1);
  EXPECT_DOUBLE_EQ(curve.most_waiting, 3);
}

TEST(RowLayout, ShrinksToFitAndThenScrolls) {
  EXPECT_EQ(RowLayout::of(2, 300).pitch, 48);
  EXPECT_EQ(RowLayout::of(20, 300).pitch, 15);
  EXPECT_EQ(RowLayout::of(1000, 300).pitch, 5);
  EXPECT_GT(RowLayout::of(1000, 300).all, 300);
  EXPECT_EQ(RowLayout::of(20, 300).rowAt(16, 20), 1);
  EXPECT_EQ(RowLayout::of(2, 300).rowAt(200, 2), -1);
}

// Ticks and texts.

TEST(Ticks, AreRoundAndFewEnough) {
  EXPECT_THAT(timeTicks(0, 600, 6), testing::ElementsAre(0, 120, 240, 360, 480, 600));
  EXPECT_THAT(timeTicks(0.2, 1.1, 4), testing::ElementsAre(0.5, 1.0));
  EXPECT_THAT(logTicks(20, 2000, 9), testing::ElementsAre(20, 50, 100, 200, 500, 1000, 2000));
  EXPECT_THAT(logTicks(1, 1e6, 8), testing::SizeIs(7));
  EXPECT_TRUE(timeTicks(5, 5, 4).empty());
}

TEST(Texts, AreInUnitsAPersonWouldChoose) {
  EXPECT_EQ(latencyText(0.01634).toStdString(), "0.0163 ms");
  EXPECT_EQ(latencyText(412.4).toStdString(), "412 ms");
  EXPECT_EQ(latencyText(4639).toStdString(), "4.64 s");
  EXPECT_EQ(timeText(132.4, 0.1).toStdString(), "132.4 s");
  EXPECT_EQ(timeText(725, 60).toStdString(), "12:05");
  EXPECT_EQ(timeText(12000, 600).toStdString(), "3:20 h");
  EXPECT_EQ(percentText(0.99996).toStdString(), "99.99 %");
  EXPECT_EQ(percentText(1).toStdString(), "100 %");
  EXPECT_EQ(percentText(0.992).toStdString(), "99.2 %");
  EXPECT_EQ(countText(1234567).toStdString(), "1,234,567");
}

// Topology.

TEST(Topology, EverythingOfAFabricStandsInsideAndApart) {
  TemporaryFolder folder;
  for (const int nodes : {4, 64}) {
    simulateInto(folder.path() / "run", fabricScenario(nodes, 40));
    const RunPtr run = loadRun(folder.path() / "run");
    ASSERT_TRUE(run->topology) << run->topology_problem;
    const QRectF area(0, 0, 700, 360);
    const TopologyLayout layout = layOut(*run, area);
    ASSERT_EQ(layout.nodes.size(), static_cast<std::size_t>(nodes));
    EXPECT_FALSE(layout.switches.empty());
    std::vector<int> seen(run->replicas.size(), 0);
    for (std::size_t n = 0; n < layout.nodes.size(); ++n) {
      EXPECT_TRUE(area.contains(layout.nodes[n].box));
      for (std::size_t m = n + 1; m < layout.nodes.size(); ++m)
        EXPECT_FALSE(layout.nodes[n].box.intersects(layout.nodes[m].box));
      for (const LaidCell& cell : layout.nodes[n].cells) {
        if (cell.replica >= 0) ++seen[static_cast<std::size_t>(cell.replica)];
      }
    }
    for (const int accelerators : seen) EXPECT_EQ(accelerators, 4);
    for (const LaidSwitch& one : layout.switches) EXPECT_TRUE(area.contains(one.box));
    const LaidCell& cell = layout.nodes[0].cells[0];
    EXPECT_EQ(layout.at(cell.box.center()),
              (TopologyLayout::Hit{TopologyLayout::Hit::Kind::replica, static_cast<std::uint32_t>(cell.replica)}));
    EXPECT_EQ(layout.at(layout.switches[0].box.center()).kind, TopologyLayout::Hit::Kind::vertex);
    const auto straight = std::find_if(layout.links.begin(), layout.links.end(),
                                       [](const LaidLink& l) { return !l.in_node && l.rise == 0; });
    ASSERT_NE(straight, layout.links.end());
    EXPECT_LT(straight->distance(straight->path().pointAtPercent(0.4)), 0.5);
    EXPECT_EQ(layout.at({-50, -50}).kind, TopologyLayout::Hit::Kind::none);
  }
}

TEST(Topology, TilesOfAThousandReplicasStandInsideAndApart) {
  std::vector<ReplicaName> replicas;
  for (int r = 0; r < 1000; ++r) replicas.push_back({"r", r < 900 ? "a" : "b", r < 900 ? 0u : 1u});
  const QRectF area(0, 0, 500, 300);
  const TopologyLayout layout = layOutTiles(replicas, area);
  ASSERT_EQ(layout.tiles.size(), 1000u);
  for (std::size_t t = 0; t < layout.tiles.size(); ++t) {
    EXPECT_TRUE(area.contains(layout.tiles[t].box));
    if (t == 0) continue;
    EXPECT_FALSE(layout.tiles[t].box.intersects(layout.tiles[t - 1].box));
  }
  EXPECT_EQ(layout.at(layout.tiles[950].box.center()).index, 950u);
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
