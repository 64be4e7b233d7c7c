// Workloads as a user writes them: tenants, classes and traces, and what the result says of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "tests/cli/program.h"

namespace headroom::cli {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kDeployment = R"(schema: headroom.scenario/1
deployments:
  - {name: chat, model: llama-3.1-8b, pools: [{accelerator: h100-sxm, replicas: 1}]}
)";

class Workloads : public ::testing::Test {
 protected:
  Ended run(const std::string& rest) {
    return headroom(
        {"simulate", folder_.write("s.yaml", kDeployment + rest), "--no-load-estimate", "--format", "json"});
  }
  json result(const std::string& rest) {
    const Ended ended = run(rest);
    EXPECT_EQ(ended.code, 0) << ended.err;
    return json::parse(ended.out);
  }
  TemporaryFolder folder_;
};

constexpr const char* kTwoTenants = R"(workloads:
  - {class: a, tenant: acme, arrivals: {type: poisson, rate: 4 /s}, requests: 20, prompt_tokens: {fixed: 9}, output_tokens: {fixed: 3}}
  - {class: b, tenant: birch, arrivals: {type: poisson, rate: 4 /s}, requests: 20, prompt_tokens: {fixed: 9}, output_tokens: {fixed: 3}}
)";

TEST_F(Workloads, ATenantWithoutSloIsWarnedOf) {
  const std::string one = std::string(kTwoTenants) + "slos: [{class: a, ttft: 1 s}]\n";
  EXPECT_THAT(result(one)["warnings"], Contains("tenant birch: 1 of 1 workloads have no SLO, so their requests count "
                                                "in no attainment"));
  const std::string both = std::string(kTwoTenants) + "slos: [{class: a, ttft: 1 s}, {class: b, e2e: 9 s}]\n";
  EXPECT_THAT(result(both)["warnings"], Not(Contains(HasSubstr("tenant"))));
}

TEST_F(Workloads, AnSloOfAClassNobodySendsIsRefused) {
  const Ended ended = run(std::string(kTwoTenants) + "slos: [{class: aa, ttft: 1 s}]\n");
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("/slos/0/class: unknown value \"aa\""));
}

TEST_F(Workloads, TheResolvedScenarioKeepsTenantPriorityAndAdapter) {
  const std::string out = (folder_.path() / "out").string();
  const std::string text =
      std::string(kDeployment) +
      "workloads:\n  - {tenant: acme, priority: -2, adapter: legal, arrivals: {type: poisson, rate: "
      "4 /s}, requests: 9, prompt_tokens: {fixed: 9}, output_tokens: {fixed: 3}}\n";
  ASSERT_EQ(headroom({"simulate", folder_.write("s.yaml", text), "--out", out}).code, 0);
  const std::string resolved = contentOf(folder_.path() / "out/scenario.resolved.yaml");
  for (const char* key : {"tenant: acme", "priority: -2", "adapter: legal"}) EXPECT_THAT(resolved, HasSubstr(key));
}

std::string traceOf(const std::string& file, const std::string& format, const std::string& more = {}) {
  return "workloads:\n  - {arrivals: {type: trace, format: " + format + ", file: " + file + more + "}}\n";
}

TEST_F(Workloads, FailedRequestsAndUnknownColumnsOfATraceAreCountedInTheResult) {
  folder_.write("t.csv", "Timestamp,Model,Request tokens,Response tokens,mood\n0,a,10,3,x\n1,a,11,0,y\n2,a,12,4,z\n");
  const json kept = result(traceOf("t.csv", "burstgpt"));
  EXPECT_EQ(kept["requests"]["offered"], 3);
  EXPECT_THAT(kept["warnings"], Contains(HasSubstr("1 requests failed when the trace was recorded")));
  EXPECT_THAT(kept["warnings"], Contains(HasSubstr("1 unknown column ignored: mood")));
  EXPECT_EQ(result(traceOf("t.csv", "burstgpt", ", failed_requests: leave-out"))["requests"]["offered"], 2);
}

TEST_F(Workloads, ATraceClassNobodySendsAndHashIdsThatDoNotFitAreRefused) {
  folder_.write("t.csv", "arrival_s,prompt_tokens,output_tokens,class\n0,5,5,chat\n");
  const Ended none = run(traceOf("t.csv", "csv", ", trace_class: code"));
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, HasSubstr("no row is of trace_class \"code\" (it has chat)"));
  folder_.write("t.jsonl", R"({"timestamp": 0, "input_length": 600, "output_length": 1, "hash_ids": [1, 2, 3]})");
  const Ended wrong = run(traceOf("t.jsonl", "mooncake"));
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("t.jsonl:1: 3 hash_ids do not fit a prompt of 600 tokens"));
}

TEST_F(Workloads, WhatDoesNotFitTheContextIsRefusedOrCutAsTheEngineDoesItAndCounted) {
  folder_.write("t.csv", "arrival_s,prompt_tokens,output_tokens\n0,100,10\n1,150000,10\n2,131000,500\n3,100,5\n");
  const auto with = [&](const std::string& engine, const std::string& more) {
    const std::string text =
        "schema: headroom.scenario/1\ndeployments:\n  - {name: chat, model: llama-3.1-8b, engine: {name: " + engine +
        "}, pools: [{accelerator: h100-sxm, replicas: 1}]}\n" +
        "workloads:\n  - {arrivals: {type: trace, format: csv, file: t.csv}" + more + "}\n";
    const Ended ended = headroom({"simulate", folder_.write("e.yaml", text), "--no-load-estimate", "--format", "json"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    return json::parse(ended.out);
  };
  const auto cut = [](int answers) {
    return std::to_string(answers) + " answers were cut where the context ends (max_model_len)";
  };
  for (const char* engine : {"vllm", "sglang"}) {
    EXPECT_EQ(with(engine, "")["requests"]["rejected"], 2) << engine;
    const json omitted = with(engine, ", max_tokens: omitted");
    EXPECT_EQ(omitted["requests"]["rejected"], 1) << engine;
    EXPECT_THAT(omitted["warnings"], Contains(cut(1))) << engine;
  }
  const json trtllm = with("trtllm, enable_chunked_prefill: true", "");
  EXPECT_EQ(trtllm["requests"]["rejected"], 1);
  EXPECT_THAT(trtllm["warnings"], Contains(cut(1)));
  EXPECT_THAT(trtllm["warnings"], Contains("1 of 4 requests are longer than max_model_len and were rejected"));
}

TEST_F(Workloads, AnAnswerOfNoTokensIsRefusedInEveryFormatThatHasNoMarkForFailures) {
  folder_.write("t.csv", "arrival_s,prompt_tokens,output_tokens\n0,5,5\n1,5,0\n");
  folder_.write("t.az", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.1,10,0\n");
  folder_.write("t.jsonl", R"({"timestamp": 0, "input_length": 6, "output_length": 0})");
  for (const auto& [format, place] :
       std::map<std::string, std::string>{{"csv", "t.csv:3"}, {"azure", "t.az:2"}, {"mooncake", "t.jsonl:1"}}) {
    const Ended ended = run(traceOf(place.substr(0, place.find(':')), format));
    EXPECT_EQ(ended.code, 2) << format;
    EXPECT_THAT(ended.err, HasSubstr(place + ": an output of 0 tokens")) << format;
  }
}

TEST_F(Workloads, ATraceIsConvertedAndWhatIsLeftOutIsSaid) {
  const std::string from =
      folder_.write("t.csv", "arrival_s,prompt_tokens,output_tokens,class\n0.5,600,5,chat\n1,7,3,\n");
  const std::string out = (folder_.path() / "t.jsonl.zst").string();
  const Ended ended = headroom({"trace", "convert", "csv:" + from, "--to", "mooncake", "--out", out});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("left out: 1 of 2 rows have a class, for which mooncake has no place"));
  EXPECT_THAT(ended.err, HasSubstr("2 requests written to " + out + " as mooncake"));
  EXPECT_EQ(decompressed(out),
            "{\"timestamp\": 500, \"input_length\": 600, \"output_length\": 5}\n"
            "{\"timestamp\": 1000, \"input_length\": 7, \"output_length\": 3}\n");
  EXPECT_EQ(headroom({"trace", "convert", "csv:" + from, "--to", "mooncake", "--out", out}).code, 2) << "it is there";
  const Ended unknown = headroom({"trace", "convert", "csv:" + from, "--to", "servegen", "--out", out + "2"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("servegen is read only"));
}

TEST_F(Workloads, TheRequestTableNamesTheTenant) {
  const std::string out = (folder_.path() / "out").string();
  const std::string scenario = folder_.write("s.yaml", std::string(kDeployment) + kTwoTenants);
  ASSERT_EQ(headroom({"simulate", scenario, "--out", out}).code, 0);
  const std::string table = decompressed(folder_.path() / "out/requests.csv.zst");
  EXPECT_THAT(table, HasSubstr(",chat,a,acme,"));
  EXPECT_THAT(table, HasSubstr(",chat,b,birch,"));
}

TEST_F(Workloads, AFolderOfServeGenClientsIsATrace) {
  folder_.write("chunk-4-trace.csv", "0,0.05,1,Gamma,1,1\n600,0.1,2,Gamma,0.25,1\n");
  folder_.write("chunk-4-dataset.json", R"({"0": {"input_tokens": "{30: 1.0}", "output_tokens": "{4: 1.0}"}})");
  const json all = result(traceOf(".", "servegen"));
  EXPECT_EQ(all["requests"]["completed"], 90);
  EXPECT_EQ(all["itl_ms"]["count"], 90 * 3);
  const Ended short_form = headroom({"simulate", "--model", "llama-3.1-8b", "--accelerator", "h100-sxm", "--trace",
                                     "servegen:" + folder_.path().string(), "--requests", "7", "--format", "json"});
  ASSERT_EQ(short_form.code, 0) << short_form.err;
  EXPECT_EQ(json::parse(short_form.out)["requests"]["completed"], 7);
}

}  // namespace
}  // namespace headroom::cli
