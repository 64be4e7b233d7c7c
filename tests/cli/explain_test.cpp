// explain on a finished run, as a user calls it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "sim/metrics/request_parts.h"
#include "tests/cli/program.h"

namespace headroom::cli {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

/// A fleet that is short of KV blocks, so that every part occurs.
std::string starvedRun(const TemporaryFolder& folder) {
  const std::string scenario = folder.write("starved.yaml", R"(
schema: headroom.scenario/1
deployments:
  - name: chat
    model: llama-3.1-8b
    engine: {num_gpu_blocks: 800, max_model_len: 8192}
    pools: [{accelerator: h100-sxm}]
workloads:
  - deployment: chat
    arrivals: {type: poisson, rate: 12 /s}
    prompt_tokens: {uniform: [50, 900]}
    output_tokens: {uniform: [50, 900]}
    requests: 400
)");
  const std::string out = (folder.path() / "run").string();
  EXPECT_EQ(headroom({"simulate", scenario, "--out", out}).code, 0);
  return out;
}

std::int64_t nanoseconds(std::string cell) {
  cell.erase(cell.find('.'), 1);
  return std::stoll(cell);
}

TEST(ExplainVerb, ThePartsOfEveryRequestAddUpToItsTimesExactly) {
  const TemporaryFolder folder;
  std::istringstream lines(decompressed(starvedRun(folder) + "/requests.csv.zst"));
  std::string line;
  std::getline(lines, line);
  std::int64_t rows = 0, preempted = 0;
  while (std::getline(lines, line)) {
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, ',');) cells.push_back(cell);
    constexpr std::size_t kFirst = 16;
    const auto part = [&](sim::Part p) { return nanoseconds(cells[kFirst + static_cast<std::size_t>(p)]); };
    ASSERT_EQ(cells.size(), kFirst + sim::kParts) << line;
    std::int64_t ttft = 0, e2e = 0;
    for (std::size_t p = 0; p < sim::kParts; ++p) {
      const std::int64_t time = part(static_cast<sim::Part>(p));
      e2e += time;
      if (p < sim::kTtftParts) ttft += time;
    }
    EXPECT_GT(part(sim::Part::front_end), 0) << "vLLM has a front end by default: " << line;
    EXPECT_EQ(ttft, nanoseconds(cells[11])) << line;
    EXPECT_EQ(e2e, nanoseconds(cells[13])) << line;
    preempted += part(sim::Part::preempted_late) > 0 ? 1 : 0;
    ++rows;
  }
  EXPECT_EQ(rows, 400);
  EXPECT_GT(preempted, 0) << "the run is meant to preempt";
}

TEST(ExplainVerb, SaysWhatTheSlowestWaitedForAndOneRequestsParts) {
  const TemporaryFolder folder;
  const std::string run = starvedRun(folder);
  const Ended text = headroom({"explain", run});
  ASSERT_EQ(text.code, 0) << text.err;
  for (const char* part : {"queue", "prefill", "decode", "interference", "preempted_late", "from p99"}) {
    EXPECT_THAT(text.out, HasSubstr(part));
  }
  const json all = json::parse(headroom({"explain", run, "--percentile", "90", "--format", "json"}).out);
  for (const char* group : {"all", "slowest"}) {
    for (const json& cohort : all.at(group)) {
      double sum = 0;
      for (const auto& [name, ms] : cohort.at("parts_mean_ms").items()) sum += ms.get<double>();
      EXPECT_NEAR(sum, cohort.at("mean_ms"), 1e-6);
    }
  }
  EXPECT_NEAR(all.at("slowest").at(0).at("requests").get<int>(), 40, 2);
  EXPECT_THAT(headroom({"explain", run, "--request", "7"}).out, HasSubstr("request 7:"));
}

TEST(ExplainVerb, RefusesWhatIsNoRun) {
  const TemporaryFolder folder;
  const Ended empty = headroom({"explain", folder.path().string()});
  EXPECT_EQ(empty.code, 2);
  EXPECT_THAT(empty.err, HasSubstr("has no requests.csv.zst"));
  const Ended other = headroom({"explain", folder.write("requests.csv", "a,b\n1,2\n")});
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("not a request table"));
  const std::string run = starvedRun(folder);
  EXPECT_EQ(headroom({"explain", run, "--request", "4000"}).code, 2);
  std::string packed = contentOf(run + "/requests.csv.zst");
  packed.resize(packed.size() / 2);
  const Ended cut = headroom({"explain", folder.write("cut.csv.zst", packed)});
  EXPECT_EQ(cut.code, 2);
  EXPECT_THAT(cut.err, HasSubstr("damaged or truncated"));
}

}  // namespace
}  // namespace headroom::cli
