// `headroom simulate`: the same bytes from the same seed, the files of --out, and that nothing is ever half there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cli/program.h"

namespace headroom::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Words = std::vector<std::string>;

constexpr const char* kScenario = R"(schema: headroom.scenario/1
name: two-classes
deployments:
  - name: chat
    model: llama-3.1-8b
    pools: [{accelerator: h100-sxm, replicas: 2}]
workloads:
  - class: chatty
    arrivals: {type: gamma, rate: 20 /s, cv: 2}
    requests: 400
    prompt_tokens: {uniform: [100, 2000]}
    output_tokens: {uniform: [1, 300]}
slos: [{class: chatty, ttft: 500 ms, tpot: 50 ms}]
)";

constexpr const char* kSecondWorkload = R"(  - class: batch
    arrivals: {type: poisson, rate: 5 /s}
    requests: 100
    prompt_tokens: {fixed: 4000}
    output_tokens: {fixed: 50}
slos:)";

std::string withSecondWorkload() {
  std::string text = kScenario;
  return text.replace(text.find("slos:"), 5, kSecondWorkload);
}

/// Runs long enough to be interrupted.
Words endless(const std::string& out) {
  return {"simulate", "--model",    "llama-3.1-8b", "--accelerator",   "h100-sxm", "--rate",
          "1000 /s",  "--requests", "2000000000",   "--prompt-tokens", "100:500",  "--output-tokens",
          "10:50",    "--replicas", "64",           "--out",           out};
}

/// request column `name` of the rows of one class.
std::vector<std::string> columnOf(const std::string& csv, const std::string& request_class, const std::string& name) {
  std::istringstream lines(csv);
  std::string line;
  std::vector<std::string> header, values;
  const auto split = [](const std::string& text) {
    std::vector<std::string> fields;
    std::istringstream row(text);
    for (std::string field; std::getline(row, field, ',');) fields.push_back(field);
    return fields;
  };
  std::getline(lines, line);
  header = split(line);
  const auto column = [&](const std::string& key) {
    return static_cast<std::size_t>(std::find(header.begin(), header.end(), key) - header.begin());
  };
  while (std::getline(lines, line)) {
    const std::vector<std::string> fields = split(line);
    if (fields[column("class")] == request_class) values.push_back(fields[column(name)]);
  }
  return values;
}

class Simulate : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  std::string out_ = (folder_.path() / "run").string();
};

TEST_F(Simulate, PrintsTheRegimeAndEveryLatencyForPeople) {
  const Ended ended = headroom({"simulate", folder_.write("s.yaml", kScenario)});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("of what these replicas sustain"));
  for (const char* row : {"\nttft ", "\ntpot ", "\nitl ", "\ne2e ", "\nqueue ", "\ncost ", "\nslo "}) {
    EXPECT_THAT(ended.out, HasSubstr(row));
  }
  EXPECT_THAT(ended.err, HasSubstr("requests/s), peak memory"));
}

TEST_F(Simulate, AnOverloadedFleetIsSaidToBeOverloaded) {
  const Ended ended = headroom({"simulate", folder_.write("s.yaml", kScenario), "--set",
                                "workloads/0/arrivals/rate=2000 /s", "--set", "workloads/0/requests=5000"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("overloaded: load"));
  EXPECT_THAT(ended.out, HasSubstr("percentiles depend on the length of the run"));
}

TEST_F(Simulate, TheSameSeedGivesTheSameBytesAndAnotherSeedOthers) {
  const std::string file = folder_.write("s.yaml", kScenario);
  const std::string first = headroom({"simulate", file, "--format", "json"}).out;
  EXPECT_EQ(headroom({"simulate", file, "--format", "json"}).out, first);
  EXPECT_NE(headroom({"simulate", file, "--format", "json", "--seed", "2"}).out, first);
  EXPECT_EQ(nlohmann::json::parse(first).at("requests").at("completed"), 400);
}

TEST_F(Simulate, ExactStepsGiveTheSameLatencies) {
  const std::string file = folder_.write("s.yaml", kScenario);
  const auto fast = nlohmann::json::parse(headroom({"simulate", file, "--format", "json"}).out);
  const auto exact = nlohmann::json::parse(headroom({"simulate", file, "--format", "json", "--exact-steps"}).out);
  for (const char* latency : {"ttft_ms", "tpot_ms", "itl_ms", "e2e_ms"}) EXPECT_EQ(fast.at(latency), exact.at(latency));
}

TEST_F(Simulate, TheShortFormEqualsTheSameScenarioInAFile) {
  const std::string file = folder_.write("s.yaml", R"({"schema": "headroom.scenario/1",
    "deployments": [{"name": "main", "model": "llama-3.1-8b", "precision": {"weights": "fp8"},
                     "pools": [{"accelerator": "h100-sxm", "tp": 2, "replicas": 2}], "router": {"policy": "least-loaded"}}],
    "workloads": [{"arrivals": {"type": "gamma", "rate": "30 /s", "cv": 3}, "requests": 200,
                   "prompt_tokens": {"fixed": 700}, "output_tokens": {"uniform": [10, 90]}}],
    "slos": [{"ttft": "300 ms"}]})");
  const Ended from_file = headroom({"simulate", file, "--format", "json"});
  const Ended short_form = headroom({"simulate",
                                     "--model",
                                     "llama-3.1-8b",
                                     "--weights",
                                     "fp8",
                                     "--accelerator",
                                     "h100-sxm",
                                     "--tp",
                                     "2",
                                     "--replicas",
                                     "2",
                                     "--router",
                                     "least-loaded",
                                     "--rate",
                                     "30 /s",
                                     "--cv",
                                     "3",
                                     "--requests",
                                     "200",
                                     "--prompt-tokens",
                                     "700",
                                     "--output-tokens",
                                     "10:90",
                                     "--ttft",
                                     "300 ms",
                                     "--format",
                                     "json"});
  EXPECT_EQ(short_form.code, 0) << short_form.err;
  EXPECT_EQ(short_form.out, from_file.out);
}

TEST_F(Simulate, ARateWithoutCvIsPoissonAndConcurrencyAClosedLoop) {
  const std::string file = folder_.write("s.yaml", R"(schema: headroom.scenario/1
deployments: [{name: main, model: llama-3.1-8b, pools: [{accelerator: h100-sxm}]}]
workloads: [{arrivals: {type: poisson, rate: 9 /s}, requests: 50, prompt_tokens: {fixed: 9}, output_tokens: {fixed: 9}}]
)");
  const Words short_form{"simulate", "--model",    "llama-3.1-8b", "--accelerator",   "h100-sxm", "--format",
                         "json",     "--requests", "50",           "--prompt-tokens", "9",        "--output-tokens",
                         "9"};
  const auto with = [](Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  EXPECT_EQ(headroom(with(short_form, {"--rate", "9 /s"})).out, headroom({"simulate", file, "--format", "json"}).out);
  EXPECT_EQ(headroom(with(short_form, {"--concurrency", "4"})).out,
            headroom({"simulate", file, "--format", "json", "--set",
                      "workloads/0/arrivals={type: closed-loop, concurrency: 4}"})
                .out);
}

TEST_F(Simulate, NoLoadEstimateLeavesTheRegimeOut) {
  const Ended ended =
      headroom({"simulate", folder_.write("s.yaml", kScenario), "--format", "json", "--no-load-estimate"});
  const auto json = nlohmann::json::parse(ended.out);
  EXPECT_TRUE(json.at("offered_load").is_null());
  EXPECT_TRUE(json.at("regime").is_null());
}

TEST_F(Simulate, OutHoldsTheSixFilesAndTheResultIsWhatStdoutShows) {
  const Ended ended = headroom({"simulate", folder_.write("s.yaml", kScenario), "--format", "json", "--out", out_});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(folder_.names(), ElementsAre("run", "s.yaml"));
  for (const char* file : {"scenario.resolved.yaml", "run_info.json"})
    EXPECT_NE(contentOf(out_ + "/" + file), "") << file;
  EXPECT_EQ(contentOf(out_ + "/result.json"), ended.out);
  EXPECT_THAT(contentOf(out_ + "/metrics.om"), ::testing::EndsWith("# EOF\n"));
}

TEST_F(Simulate, TheResolvedScenarioGivesTheSameResult) {
  const Ended first = headroom({"simulate", folder_.write("s.yaml", kScenario), "--format", "json", "--out", out_});
  const Ended again = headroom({"simulate", out_ + "/scenario.resolved.yaml", "--format", "json"});
  EXPECT_EQ(again.out, first.out) << again.err;
}

TEST_F(Simulate, TheResolvedScenarioFindsItsTraceFromItsNewPlace) {
  std::string scenario = kScenario;
  const std::string arrivals = "{type: gamma, rate: 20 /s, cv: 2}";
  scenario.replace(scenario.find(arrivals), arrivals.size(), "{type: trace, format: csv, file: t.csv}");
  folder_.write("t.csv", "arrival_s,prompt_tokens,output_tokens\n0,100,10\n1.5,50,5\n");
  const Ended first = headroom({"simulate", folder_.write("s.yaml", scenario), "--format", "json", "--out", out_});
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(headroom({"simulate", out_ + "/scenario.resolved.yaml", "--format", "json"}).out, first.out);
}

TEST_F(Simulate, TheRequestLogAddsUpToTheResult) {
  const Ended ended =
      headroom({"simulate", folder_.write("s.yaml", withSecondWorkload()), "--format", "json", "--out", out_});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const auto result = nlohmann::json::parse(ended.out);
  const std::string csv = decompressed(out_ + "/requests.csv.zst");
  EXPECT_THAT(csv, ::testing::StartsWith("request_id,deployment,class,tenant,arrival_s,replica,status,prompt_tokens,"));
  double ttft_sum = 0;
  std::int64_t rows = 0, tokens = 0;
  for (const char* request_class : {"chatty", "batch"}) {
    for (const std::string& text : columnOf(csv, request_class, "ttft_ms")) ttft_sum += std::stod(text);
    for (const std::string& text : columnOf(csv, request_class, "output_tokens")) tokens += std::stoll(text);
    rows += static_cast<std::int64_t>(columnOf(csv, request_class, "request_id").size());
  }
  EXPECT_EQ(rows, result.at("requests").at("completed"));
  EXPECT_EQ(tokens, result.at("tokens").at("output"));
  const double mean = result.at("ttft_ms").at("mean");
  EXPECT_NEAR(ttft_sum / static_cast<double>(rows), mean, mean * 1e-6);
}

TEST_F(Simulate, AddingASecondWorkloadLeavesTheArrivalsOfTheFirstUnchanged) {
  headroom({"simulate", folder_.write("one.yaml", kScenario), "--out", out_ + "1"});
  headroom({"simulate", folder_.write("two.yaml", withSecondWorkload()), "--out", out_ + "2"});
  const std::string one = decompressed(out_ + "1/requests.csv.zst"), two = decompressed(out_ + "2/requests.csv.zst");
  for (const char* column : {"arrival_s", "prompt_tokens", "output_tokens"}) {
    EXPECT_EQ(columnOf(one, "chatty", column).size(), 400U);
    EXPECT_EQ(columnOf(one, "chatty", column), columnOf(two, "chatty", column)) << column;
  }
}

TEST_F(Simulate, TheTimelineKeepsTheFirstRequestsAndSaysSo) {
  headroom({"simulate", folder_.write("s.yaml", kScenario), "--out", out_, "--timeline-requests", "10"});
  const auto timeline = nlohmann::json::parse(contentOf(out_ + "/timeline.json"));
  EXPECT_EQ(timeline.at("otherData").at("requests_shown"), 10);
  EXPECT_EQ(timeline.at("otherData").at("requests_total"), 400);
  std::map<int, int> open;  // slices open per request
  std::map<int, double> last;
  for (const auto& event : timeline.at("traceEvents")) {
    if (event.at("ph") == "M") continue;
    const int id = event.at("id");
    open[id] += event.at("ph") == "b" ? 1 : -1;
    EXPECT_GE(open[id], 0);
    EXPECT_GE(event.at("ts").get<double>(), last[id]) << "slices of a request must nest in time";
    last[id] = event.at("ts");
  }
  EXPECT_EQ(open.size(), 10U);
  for (const auto& [id, count] : open) EXPECT_EQ(count, 0) << "request " << id;
}

TEST_F(Simulate, TheMetricsCountWhatTheResultCounts) {
  const Ended ended = headroom({"simulate", folder_.write("s.yaml", kScenario), "--format", "json", "--out", out_});
  const auto result = nlohmann::json::parse(ended.out);
  const std::string text = contentOf(out_ + "/metrics.om");
  const std::string labels = "{model_name=\"llama-3.1-8b\",deployment=\"chat\"";
  EXPECT_THAT(
      text, HasSubstr("vllm:generation_tokens_total" + labels + "} " + result.at("tokens").at("output").dump() + "\n"));
  EXPECT_THAT(text, HasSubstr("vllm:time_to_first_token_seconds_bucket" + labels + ",le=\"+Inf\"} 400\n"));
  EXPECT_THAT(text, HasSubstr("vllm:request_success_total" + labels + "} 400\n"));
}

TEST_F(Simulate, AFolderThatHoldsSomethingIsLeftAlone) {
  std::filesystem::create_directory(out_);
  std::ofstream(out_ + "/precious") << "x";
  const std::string scenario = folder_.write("s.yaml", kScenario);
  const Ended refused = headroom({"simulate", scenario, "--out", out_});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("exists and is not empty"));
  const Ended foreign = headroom({"simulate", scenario, "--out", out_, "--overwrite"});
  EXPECT_EQ(foreign.code, 2);
  EXPECT_THAT(foreign.err, HasSubstr("holds \"precious\", which Headroom did not write"));
  EXPECT_EQ(contentOf(out_ + "/precious"), "x");
}

TEST_F(Simulate, OverwriteReplacesAnEarlierRun) {
  const std::string scenario = folder_.write("s.yaml", kScenario);
  ASSERT_EQ(headroom({"simulate", scenario, "--out", out_}).code, 0);
  const std::string first = contentOf(out_ + "/result.json");
  EXPECT_EQ(headroom({"simulate", scenario, "--out", out_, "--seed", "9"}).code, 2);
  EXPECT_EQ(contentOf(out_ + "/result.json"), first);
  EXPECT_EQ(headroom({"simulate", scenario, "--out", out_, "--seed", "9", "--overwrite"}).code, 0);
  EXPECT_NE(contentOf(out_ + "/result.json"), first);
  EXPECT_THAT(folder_.names(), ElementsAre("run", "s.yaml"));
}

TEST_F(Simulate, AFolderBelowAFileIsRefused) {
  const std::string scenario = folder_.write("s.yaml", kScenario);
  const Ended ended = headroom({"simulate", scenario, "--out", scenario + "/run"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("lies below"));
  const Ended itself = headroom({"simulate", scenario, "--out", scenario});
  EXPECT_THAT(itself.err, HasSubstr("is a file, not a folder"));
}

TEST_F(Simulate, AFullDiskIsAnErrorAndLeavesNothing) {
  const std::string scenario = folder_.write("s.yaml", kScenario);
  const Ended ended = headroom({"simulate", scenario, "--out", out_ + "/deep/er"}, {.file_size_limit = 16});
  EXPECT_EQ(ended.code, 2) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("cannot be written: File too large"));
  EXPECT_THAT(ended.err, ::testing::Not(HasSubstr("partial")));
  EXPECT_THAT(folder_.names(), ElementsAre("s.yaml"));
}

TEST_F(Simulate, AFullStandardOutputIsAnError) {
  const Ended ended = headroom({"simulate", folder_.write("s.yaml", kScenario)}, {.stdout_file = "/dev/full"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("standard output cannot be written: No space left on device"));
}

TEST_F(Simulate, CtrlCEndsALongRunCleanly) {
  const auto started = [&](const std::string&) { return !folder_.names().empty(); };
  const Ended ended = headroom(endless(out_), {.signal = SIGINT, .ready = started});
  EXPECT_EQ(ended.code, 130) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("interrupted"));
  EXPECT_THAT(folder_.names(), IsEmpty());
}

TEST_F(Simulate, ALongRunTellsItsProgressAsJsonLinesAndEndsOnTerminate) {
  const auto told = [](const std::string& err) { return err.find("}\n") != std::string::npos; };
  const Ended ended = headroom(endless(out_), {.signal = SIGTERM, .ready = told});
  EXPECT_EQ(ended.code, 130) << ended.err;
  const auto line = nlohmann::json::parse(ended.err.substr(0, ended.err.find('\n')));
  EXPECT_EQ(line.at("progress"), "simulate");
  EXPECT_GT(line.at("done").get<std::int64_t>(), 0);
  EXPECT_EQ(line.at("expected"), 2'000'000'000);
  EXPECT_THAT(folder_.names(), IsEmpty());
}

}  // namespace
}  // namespace headroom::cli
