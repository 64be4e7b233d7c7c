#include "sim/metrics/request_columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "models/base/error.h"
#include "sim/metrics/request_log.h"
#include "sim/metrics/request_table.h"
#include "tests/sim/cluster/plan_by_hand.h"

namespace headroom::sim {
namespace {

namespace fs = std::filesystem;

class RequestColumnsOf : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "columns-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path file(const std::string& text) {
    std::ofstream(folder_ / "requests.csv") << text;
    return folder_ / "requests.csv";
  }
  std::string problemOf(const std::string& text) {
    try {
      readRequestColumns(file(text));
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  }
  fs::path folder_;
};

/// Prefill took 5 ms and decoding 5; empty if `completed` is false.
std::string partCells(bool completed = true) {
  std::string cells;
  for (std::size_t p = 0; p < kParts; ++p) {
    const auto part = static_cast<Part>(p);
    const bool took = part == Part::prefill || part == Part::decode;
    cells += completed ? (took ? ",5.000000" : ",0.000000") : ",";
  }
  return cells;
}

std::string row(const std::string& id, const std::string& arrival) {
  return id + ",chat,default,," + arrival + ",0,completed,10,3,0,0.000000,5.000000,2.500000,10.000000,0," +
         partCells() + "\n";
}

TEST_F(RequestColumnsOf, ARunAreTheRowsOfItsTable) {
  const DeploymentPlan plan = planByHand("round-robin", 3);
  Scenario scenario = scenarioOf(plan, {poissonWorkload("a", 20, 300), poissonWorkload("with, \"comma\"", 10, 200)});
  scenario.workloads[1].tenant = "acme";
  scenario.workloads[1].spec.prompt_tokens = workloads::UniformLength{8000, 9000};  // some are too long
  RequestLog log(scenario, folder_ / "requests.csv.zst");
  SimulationOptions options;
  options.requests = &log;
  simulate(scenario, {plan}, options);
  log.finish();
  const RequestColumns columns = readRequestColumns(folder_ / "requests.csv.zst");
  ASSERT_EQ(columns.size(), 500u);
  ASSERT_EQ(columns.statuses.size(), 2u);
  RequestTable table(folder_ / "requests.csv.zst");
  RequestRow row;
  for (std::size_t i = 0; table.next(row); ++i) {
    ASSERT_EQ(columns.id[i], row.id);
    ASSERT_EQ(columns.arrival[i], row.arrival);
    ASSERT_EQ(columns.replica[i], row.replica);
    ASSERT_EQ(columns.prefill_replica[i], row.prefill_replica);
    ASSERT_EQ(columns.completed(i), row.completed);
    ASSERT_EQ(columns.origins[columns.origin[i]].request_class, row.request_class);
    ASSERT_EQ(columns.origins[columns.origin[i]].tenant, row.request_class == "a" ? "" : "acme");
    ASSERT_EQ(columns.prompt_tokens[i], row.prompt_tokens);
    ASSERT_EQ(columns.output_tokens[i], row.output_tokens);
    ASSERT_EQ(columns.ttft[i], row.ttft);
    ASSERT_EQ(columns.e2e[i], row.e2e);
    std::int64_t sum = 0;
    for (std::size_t p = 0; p < kParts; ++p) {
      ASSERT_EQ(columns.parts[p].time[i], row.parts[p]);
      sum += columns.parts[p].time[i];
    }
    ASSERT_EQ(sum, columns.e2e[i]);
  }
  EXPECT_THAT(columns.origins, testing::SizeIs(2));
  EXPECT_EQ(columns.part("queue"), &columns.parts[static_cast<std::size_t>(Part::queue)]);
  EXPECT_EQ(columns.part("kv"), nullptr);
}

TEST_F(RequestColumnsOf, TheReplicaThatComputedThePromptIsNamedIfItIsAnother) {
  const DeploymentPlan plan = planByHand("round-robin", 3);
  RequestLog log(scenarioOf(plan, {poissonWorkload("a", 20, 300)}), folder_ / "requests.csv.zst");
  RequestRecord record{.request = {}, .replica = 2, .prefill_replica = 1, .first_token = 10, .finished = 20};
  record.request.output_tokens = 2;
  log.onRequest(record);
  record.prefill_replica = RequestRecord::kNoReplica;
  log.onRequest(record);
  log.finish();
  const RequestColumns columns = readRequestColumns(folder_ / "requests.csv.zst");
  EXPECT_THAT(columns.prefill_replica, testing::ElementsAre(1u, UINT32_MAX));
  EXPECT_TRUE(columns.movesKv());
  RequestTable table(folder_ / "requests.csv.zst");
  RequestRow row;
  ASSERT_TRUE(table.next(row));
  EXPECT_EQ(row.prefill_replica, 1u);
  ASSERT_TRUE(table.next(row));
  EXPECT_EQ(row.prefill_replica, RequestRecord::kNoReplica);
}

TEST_F(RequestColumnsOf, ColumnsAndStatusesOfALaterVersionAreReadOrLeftOut) {
  std::string head = RequestLog::columns();
  const RequestColumns columns = readRequestColumns(file(
      head + ",part_teleport_ms,site\n" + "0,chat,a,t,0.000000000,0,completed,10,3,0,,5.000000,,10.000000,0," +
      partCells() + ",0.000000,eu\n" + "1,chat,a,t,0.500000000,0,shed,10,0,,,,,,0,1" + partCells(false) + ",,eu\n"));
  ASSERT_EQ(columns.size(), 2u);
  EXPECT_THAT(columns.statuses, testing::ElementsAre("completed", "shed"));
  EXPECT_NE(columns.part("teleport"), nullptr);
  EXPECT_THAT(columns.prefill_replica, testing::ElementsAre(UINT32_MAX, 1u));
  EXPECT_EQ(columns.e2e[1], 0);
}

TEST_F(RequestColumnsOf, AnEmptyTableIsNoError) {
  EXPECT_EQ(readRequestColumns(file(RequestLog::columns() + "\n")).size(), 0u);
}

TEST_F(RequestColumnsOf, ReadingStopsWhenAsked) {
  EXPECT_EQ(
      readRequestColumns(file(RequestLog::columns() + "\n" + row("0", "0.000000000")), [] { return true; }).size(), 1u);
}

TEST_F(RequestColumnsOf, BrokenTablesAreRefusedWithTheirLine) {
  const std::string head = RequestLog::columns() + "\n";
  EXPECT_THAT(problemOf(""), testing::HasSubstr("not a request table"));
  EXPECT_THAT(problemOf("request_id,class\n"), testing::HasSubstr("not a request table"));
  EXPECT_THAT(problemOf(head + row("0", "0.0")), testing::HasSubstr(":2: \"0.0\" is not a number"));
  EXPECT_THAT(problemOf(head + row("x", "0.000000000")), testing::HasSubstr(":2: \"x\" is not a number"));
  EXPECT_THAT(problemOf(head + row("0", "1.000000000") + row("1", "0.000000000")), testing::HasSubstr(":3: arrives"));
  EXPECT_THAT(problemOf(head + "0,chat\n"), testing::HasSubstr(":2: has fewer columns"));
  std::string long_row = row("0", "0.000000000");
  long_row.insert(long_row.size() - 1, ",7");
  EXPECT_THAT(problemOf(head + long_row), testing::HasSubstr(":2: has more columns"));
  EXPECT_THAT(problemOf(head + "0,chat"), testing::HasSubstr("ends in the middle of a line"));
}

}  // namespace
}  // namespace headroom::sim
