// Files of measured loads, as their tools write them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "models/base/error.h"
#include "sim/validation/accelmark.h"
#include "sim/validation/bench_result.h"
#include "sim/validation/csv_numbers.h"
#include "sim/validation/open_loop.h"
#include "sim/validation/serve_point.h"
#include "sim/validation/serving_points.h"
#include "tests/workloads/test_files.h"

namespace headroom::sim {
namespace {

using ::testing::HasSubstr;
using workloads::TemporaryFolder;

template <class Body>
std::string errorOf(Body body) {
  try {
    body();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(LeadingNumbers, OfAVersionWithASuffix) {
  EXPECT_EQ(leadingNumbers("1.2.0rc6.post3"), "1.2.0");
  EXPECT_EQ(leadingNumbers("0.5.1.post1"), "0.5.1");
  EXPECT_EQ(leadingNumbers("0.20.1+transformers-5.8.1"), "0.20.1");
  EXPECT_EQ(leadingNumbers("nightly-dev"), "");
}

constexpr const char* kServingHeader =
    "silicon_data_source,backend,backend_version,model_path,system,mode,isl,osl,gemm_quant_mode,batch_size,tp_size,pp_"
    "size,"
    "attention_dp_size,moe_tp_size,moe_ep_size,silicon_ttft_ms,silicon_tpot_ms\n";

std::vector<ServingPoint> servingPoints(const std::string& rows) {
  const TemporaryFolder folder;
  return readServingPoints(folder.write("points.csv", kServingHeader + rows)).points;
}

TEST(ServingPoints, RepeatsOfAConfigurationBecomeOnePointAtTheirMedians) {
  const std::string row = "x,vllm,0.18.0,openai/gpt-oss-120b,h200_sxm,agg,1024,1024,nvfp4,16,2,1,1,2,1,";
  const auto points = servingPoints(row + "50,5\n" + row + "70,9\n" + row + "60,6\n");
  ASSERT_EQ(points.size(), 1U);
  EXPECT_EQ(points[0].runs, 3);
  EXPECT_EQ(points[0].ttft_ms, 60);
  EXPECT_EQ(points[0].tpot_ms, 6);
  EXPECT_EQ(points[0].concurrency, 16);
  EXPECT_EQ(points[0].accelerator, "h200-sxm");
  EXPECT_EQ(points[0].weights, "") << "gpt-oss is published in mxfp4";
}

TEST(ServingPoints, ConcurrencyIsOverAllAttentionRanksAndMultipliedParallelismIsUndone) {
  const auto points = servingPoints(
      "x,trtllm,1.1.0,deepseek-ai/DeepSeek-R1,b200_sxm,agg,1024,1024,nvfp4,16,1,1,16,4,4,50,5\n"
      "x,trtllm,1.2.0,deepseek-ai/DeepSeek-R1,b200_sxm,agg,1024,1024,nvfp4,32,64,1,1,8,8,50,5\n"
      "x,trtllm,1.3.0,deepseek-ai/DeepSeek-R1,b200_sxm,agg,1024,1024,nvfp4,32,1,1,8,1,8,50,5\n");
  ASSERT_EQ(points.size(), 3U);
  EXPECT_EQ(points[0].concurrency, 256);
  EXPECT_EQ(points[0].dp, 4);
  EXPECT_EQ(points[0].tp, 1);
  EXPECT_EQ(points[1].tp, 8);
  EXPECT_EQ(points[1].dp, 1);
  EXPECT_EQ(points[1].moe_ep, 8);
  EXPECT_EQ(points[2].dp, 8);
  EXPECT_EQ(points[2].concurrency, 256);
}

TEST(ServingPoints, AreServedByTheirProtocol) {
  const ServingPoint point =
      servingPoints("x,vllm,0.18.0,meta-llama/Llama-3.1-8B-Instruct,h200_sxm,agg,1000,100,,4,1,1,1,1,1,50,5\n")[0];
  const PlannedScenario planned = planPoint(point);
  const workloads::WorkloadSpec& spec = planned.scenario.workloads.front().spec;
  EXPECT_EQ(std::get<workloads::ClosedLoop>(spec.arrivals).concurrency, 4);
  EXPECT_EQ(spec.requests, 40);
  EXPECT_EQ(planned.pool().engine.config.max_model_len, 1356);
  EXPECT_THAT(planned.left_out, testing::ElementsAre("context_length", "max_seq_len")) << "other engines' names";
  EXPECT_EQ(std::get<workloads::UniformLength>(spec.prompt_tokens).min, 800);
  EXPECT_EQ(std::get<workloads::UniformLength>(spec.output_tokens).max, 100);
  const ServedPoint served = serve(planned, point.concurrency);
  EXPECT_LT(served.later_ttft_ms, served.ttft_ms) << "the first four arrive together";
  EXPECT_GT(served.tpot_ms, 0);
}

TEST(ServingPoints, OfTheRunsThatStartTogetherEveryTimeHaveEqualLengths) {
  const std::string rest = ",vllm,0.18.0,meta-llama/Llama-3.1-8B-Instruct,h200_sxm,agg,1000,100,,4,1,1,1,1,1,50,5\n";
  const auto points = servingPoints("source_file=a/aic-auto-gap-analysis/b.csv" + rest + "x" + rest);
  ASSERT_EQ(points.size(), 2U) << "not repeats of one configuration";
  for (const ServingPoint& point : points) {
    const PlannedScenario planned = planPoint(point);
    const workloads::LengthSpec& prompt = planned.scenario.workloads.front().spec.prompt_tokens;
    EXPECT_EQ(std::holds_alternative<workloads::FixedLength>(prompt), point.equal_lengths);
  }
  EXPECT_NE(points[0].equal_lengths, points[1].equal_lengths);
}

TEST(ServingPoints, OfTensorRtLlmOneRequestWaitsAndSoTheyDoNotEndTogether) {
  const ServingPoint point = servingPoints(
      "source_file=a/aic-auto-gap-analysis/b.csv,trtllm,1.0.0rc3,meta-llama/Llama-3.1-8B-Instruct,h100_sxm,agg,1024,"
      "100,,8,1,1,1,1,1,50,5\n")[0];
  const PlannedScenario planned = planPoint(point);
  EXPECT_EQ(planned.pool().engine.config.max_num_seqs, 7);
  const workloads::WorkloadSpec& spec = planned.scenario.workloads.front().spec;
  EXPECT_TRUE(std::holds_alternative<workloads::FixedLength>(spec.prompt_tokens));
  EXPECT_EQ(std::get<workloads::UniformLength>(spec.output_tokens).min, 95);
  EXPECT_EQ(std::get<workloads::UniformLength>(spec.output_tokens).max, 105);
}

TEST(ServingPoints, RunsOfThePredictingRecipesPredict) {
  const auto predictedBy = [](const std::string& release, int dp) {
    const ServingPoint point =
        servingPoints("x,trtllm," + release + ",deepseek-ai/DeepSeek-R1,b200_sxm,agg,1024,1024,nvfp4,16," +
                      (dp > 1 ? "1,1,8,1,8" : "8,1,1,8,1") + ",50,5\n")[0];
    return planPoint(point).pool().engine.config.speculation.tokens;
  };
  EXPECT_EQ(predictedBy("1.2.0rc6.post3", 1), 3);
  EXPECT_EQ(predictedBy("1.2.0rc6.post3", 8), 1);
  EXPECT_EQ(predictedBy("1.2.0rc6.post2", 1), 0);
  for (const bool expert_parallel : {false, true}) {
    const ServingPoint point =
        servingPoints(std::string("x,sglang,0.5.9,Qwen/Qwen3.5-397B-A17B,b200_sxm,agg,1024,1024,fp8,16,4,1,1,") +
                      (expert_parallel ? "1,4" : "4,1") + ",50,5\n")[0];
    EXPECT_EQ(planPoint(point).pool().engine.config.speculation.tokens, expert_parallel ? 0 : 3);
  }
}

TEST(OpenLoop, RunsOfPlainEnginesKeepTheirRequestsInTheOrderOfLaunch) {
  const TemporaryFolder folder;
  const auto runs = readOpenLoopRuns(
      folder.write("lmbench.csv",
                   "exp,system,scenario,qps,launch_s,prompt_tokens,generation_tokens,ttft_s,generation_time_s\n"
                   "e,vllm-70b,sharegpt,0.5,2.0,100.0,11.0,0.1,1.0\n"
                   "e,vllm-70b,sharegpt,0.5,1.0,200.0,21.0,0.2,2.0\n"
                   "e,llm-d-70b-2replicas,sharegpt,0.5,1.0,200.0,21.0,0.2,2.0\n"
                   "e,vllm-70b-2replicas,sharegpt,0.5,1.0,200.0,21.0,0.2,2.0\n"));
  ASSERT_EQ(runs.size(), 2U);
  ASSERT_EQ(runs[0].requests.size(), 2U);
  EXPECT_EQ(runs[0].requests[0].prompt_tokens, 200);
  EXPECT_NEAR(runs[0].requests[0].ttft(), 200, 1e-6);
  EXPECT_NEAR(runs[0].requests[0].tpot(), 100, 1e-6);
  EXPECT_EQ(runs[0].replicas, 1);
  EXPECT_EQ(runs[1].replicas, 2);
  EXPECT_EQ(openLoopTrace(runs[0]), "arrival_s,prompt_tokens,output_tokens\n1.000000,200,21\n2.000000,100,11\n");
}

TEST(AccelMark, AnswersHaveTheMeanOfTheOfflineRunAndOtherRowsAreSkippedByName) {
  const TemporaryFolder folder;
  folder.write("accelmark_dataset_lengths.csv", "dataset,request_id,input_tokens\ns,0,10\ns,1,20\n");
  folder.write(
      "accelmark.csv",
      "suite,gpu,framework,version,model,precision,tp,scenario,load,output_tok_s,elapsed_s,ttft_ms_p50,"
      "tpot_ms_p50\n"
      "suite_A,NVIDIA A100-SXM4-80GB,vLLM,0.20.1,meta-llama/Meta-Llama-3-8B-Instruct,BF16,1,offline,8,4000,10,,\n"
      "suite_A,NVIDIA A100-SXM4-80GB,vLLM,0.20.1,meta-llama/Meta-Llama-3-8B-Instruct,BF16,1,online,5,,,40,13\n"
      "suite_A,Tesla T4,vLLM,0.20.1,meta-llama/Meta-Llama-3-8B-Instruct,BF16,1,online,5,,,40,13\n");
  const AccelMark mark = readAccelMark(folder / "");
  ASSERT_EQ(mark.runs.size(), 2U);
  EXPECT_EQ(mark.skipped.at("accelmark: accelerator not in the catalogue"), 1);
  EXPECT_EQ(mark.runs[1].mean_output, 400);
  const std::string trace = accelMarkTrace(mark.runs[1], mark.prompts);
  EXPECT_EQ(std::count(trace.begin(), trace.end(), '\n'), 301);
  const std::string at_once = accelMarkTrace(mark.runs[0], mark.prompts);
  EXPECT_EQ(std::count(at_once.begin(), at_once.end(), '\n'), 101);
  EXPECT_THAT(at_once, HasSubstr("\n0.000000,20,"));
  EXPECT_EQ(at_once.find("\n0.1"), std::string::npos) << "all arrive at once";
}

BenchResult benchResult(const std::string& json) {
  const TemporaryFolder folder;
  return readBenchResult(folder.write("result.json", json));
}

constexpr const char* kVllm =
    R"({{"completed": 200, "total_input_tokens": 204800, "total_output_tokens": 25600, "mean_ttft_ms": 80.5,
        "mean_tpot_ms": 9.25, "burstiness": 4.0, "max_concurrency": {}, "request_rate": {} {}}})";

TEST(BenchResult, OfVllmWithALimitOfConcurrencyIsAClosedLoop) {
  const BenchResult r = benchResult(fmt::format(kVllm, "16", "\"inf\"", ""));
  EXPECT_EQ(r.ttft_ms, 80.5);
  EXPECT_EQ(r.tpot_ms, 9.25);
  EXPECT_EQ(r.prompt_tokens, 1024);
  EXPECT_EQ(r.workload.requests, 200);
  EXPECT_EQ(std::get<workloads::ClosedLoop>(r.workload.arrivals).concurrency, 16);
  EXPECT_EQ(std::get<workloads::FixedLength>(r.workload.output_tokens).tokens, 128);
}

TEST(BenchResult, OfVllmAtARateHasItsBurstinessAndWithoutLimitsAllAtOnce) {
  const BenchResult rate = benchResult(fmt::format(kVllm, "null", "2.5", ""));
  EXPECT_EQ(std::get<workloads::GammaArrivals>(rate.workload.arrivals).rate, PerSecond(2.5));
  EXPECT_EQ(std::get<workloads::GammaArrivals>(rate.workload.arrivals).cv, 0.5);
  const BenchResult burst = benchResult(fmt::format(kVllm, "null", "\"inf\"", ""));
  EXPECT_EQ(std::get<workloads::ClosedLoop>(burst.workload.arrivals).concurrency, 200);
}

TEST(BenchResult, DetailedLengthsAreReplayedAsADistribution) {
  const BenchResult r = benchResult(fmt::format(kVllm, "16", "\"inf\"", R"(, "input_lens": [100, 300, 200])"));
  const auto& lengths = std::get<workloads::EmpiricalLength>(r.workload.prompt_tokens);
  EXPECT_EQ(lengths.quantiles.front(), std::pair(0.0, 100.0));
  EXPECT_EQ(lengths.quantiles[10], std::pair(0.5, 200.0));
  EXPECT_EQ(lengths.quantiles.back(), std::pair(1.0, 300.0));
}

TEST(BenchResult, OfInferencePerfIsInSecondsAndHasARate) {
  const BenchResult r = benchResult(
      R"({"load_summary": {"count": 90, "requested_rate": 3.0}, "failures": {"count": 0},
          "successes": {"count": 90, "latency": {"time_to_first_token": {"mean": 0.25},
                                                 "time_per_output_token": {"mean": 0.02}},
                        "prompt_len": {"mean": 500, "min": 100, "median": 450, "max": 900},
                        "output_len": {"mean": 64}}})");
  EXPECT_EQ(r.ttft_ms, 250);
  EXPECT_EQ(r.tpot_ms, 20);
  EXPECT_EQ(std::get<workloads::PoissonArrivals>(r.workload.arrivals).rate, PerSecond(3));
  EXPECT_EQ(std::get<workloads::EmpiricalLength>(r.workload.prompt_tokens).quantiles.size(), 3U);
  EXPECT_EQ(std::get<workloads::FixedLength>(r.workload.output_tokens).tokens, 64);
}

TEST(BenchResult, SaysWhatIsWrongWithTheFile) {
  const auto problem = [](const std::string& json) { return errorOf([&] { benchResult(json); }); };
  EXPECT_THAT(problem("[1]"), HasSubstr("result.json: is not a JSON object"));
  EXPECT_THAT(problem(R"({"a": 1})"), HasSubstr("neither of vllm bench serve"));
  EXPECT_THAT(problem(R"({"mean_ttft_ms": 1})"), HasSubstr("/completed: is missing"));
  EXPECT_THAT(problem(fmt::format(kVllm, "16", "2.5", "")), HasSubstr("/max_concurrency: a rate and a limit"));
  EXPECT_THAT(problem(fmt::format(kVllm, "16", "\"inf\"", R"(, "failed": 3)")), HasSubstr("some requests failed"));
  EXPECT_THAT(problem(fmt::format(kVllm, "16", "\"inf\"", R"(, "mean_tpot_ms": "fast")")),
              HasSubstr("is not a number"));
}

}  // namespace
}  // namespace headroom::sim
