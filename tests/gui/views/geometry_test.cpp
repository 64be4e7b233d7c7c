// Where things stand: curves, rows of the timeline, topology, ticks. Without a window.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "gui/geometry/latency_curve.h"
#include "gui/geometry/ticks.h"
#include "gui/geometry/timeline_geometry.h"
#include "gui/geometry/topology_layout.h"
#include "tests/gui/views/sample_run.h"

namespace headroom::gui {
namespace {

constexpr std::int64_t kMs = 1'000'000, kSecond = 1'000'000'000;

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

}  // namespace
}  // namespace headroom::gui
