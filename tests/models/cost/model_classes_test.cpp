// Every model class of the catalogue compiles into step tables, on measured and on data-sheet profiles, in every kind
// of layout, and the tables keep their properties.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>

#include "models/cost/step_kernels.h"
#include "tests/models/cost/cost_fixtures.h"

namespace headroom::models {
namespace {

struct Deployment {
  const char* model;
  const char* accelerator;
  const char* engine;
  Parallelism parallelism;
};

constexpr Deployment kDeployments[] = {
    {"llama-2-7b", "a100-sxm", "vllm", {.tp = 1}},
    {"llama-3.1-405b", "h100-sxm", "vllm", {.tp = 8, .pp = 2}},
    {"llama-4-maverick-17b-128e", "h200-sxm", "vllm", {.tp = 8, .ep = true}},
    {"codellama-34b", "h100-sxm", "vllm", {.tp = 2}},
    {"yi-34b", "a100-sxm", "vllm", {.tp = 4}},
    {"qwen2.5-72b", "h200-sxm", "vllm", {.tp = 4}},
    {"qwen3-32b", "mi300x", "vllm", {.tp = 1}},
    {"qwen3-235b-a22b", "h200-sxm", "sglang", {.tp = 4, .dp = 2, .ep = true}},
    {"mixtral-8x7b", "h100-sxm", "vllm", {.tp = 2}},
    {"deepseek-r1", "h200-sxm", "sglang", {.tp = 8}},
    {"deepseek-v3", "b200-sxm", "trtllm", {.tp = 1, .dp = 8, .ep = true}},
    {"gpt-oss-120b", "h200-sxm", "vllm", {.tp = 1}},
    {"minimax-m2.5", "h200-sxm", "vllm", {.tp = 4}},
    {"kimi-k2.5", "h200-sxm", "vllm", {.tp = 8}},
    {"glm-5", "b200-sxm", "sglang", {.tp = 8}},
    {"qwen3.5-397b-a17b", "h200-sxm", "vllm", {.tp = 8}},
    {"llama-3.1-70b", "gaudi3", "vllm", {.tp = 8}},
    {"llama-3.1-8b", "tpu-v6e", "vllm", {.tp = 1}},
    {"qwen3-30b-a3b", "trainium2", "vllm", {.tp = 4, .ep = true}},
    {"qwen2.5-7b", "alveo-v80", "vllm", {.tp = 1}},
    {"qwen3-8b", "l4", "vllm", {.tp = 1}},
};

struct Compiled {
  Accelerator accelerator;
  Profile profile;
  Model model;
  StepRequest request;
  CompiledStepTimes compiled;
  double milliseconds = 0;

  explicit Compiled(const Deployment& d)
      : accelerator(findAccelerator(d.accelerator)),
        profile(findProfile(accelerator, d.engine, "").profile),
        model(findModel(d.model)) {
    request.parallelism = d.parallelism;
    request.weights = model.native_precision;
    if (accelerator.fp8.value() <= 0 && request.weights == Precision::fp8_block) request.weights = Precision::int4;
    request.graph_sizes = vllmGraphSizes();
    const auto start = std::chrono::steady_clock::now();
    compiled = compileStepTimes(profile, accelerator, model, request);
    milliseconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() * 1e3;
  }
  Ticks time(const StepShape& shape) const {
    const StepTimes& tables = *compiled.tables;
    int tokens = shape.decode_sequences;
    Ticks sum = tables.perSequence(shape.emitting_sequences);
    for (const auto& [chunk, prior] : shape.chunks) {
      tokens += chunk;
      sum += tables.prefillAttention(chunk, prior).at(prior);
    }
    if (shape.decode_sequences > 0) {
      sum += tables.decodeAttention(shape.decode_sequences, shape.decode_context_sum).at(shape.decode_context_sum);
    }
    return sum + tables.tokenwise(tokens);
  }
};

const Compiled& compiledOf(std::size_t index) {
  static std::map<std::size_t, Compiled> all;
  return all.try_emplace(index, kDeployments[index]).first->second;
}

const Compiled& anyDeployment() {
  return compiledOf(*rc::gen::inRange<std::size_t>(0, std::size(kDeployments)));
}

StepShape anyStep() {
  StepShape shape;
  const auto context = [] { return std::int64_t{1} << *rc::gen::inRange(0, 17); };
  shape.decode_sequences = *rc::gen::inRange(0, 257);
  shape.decode_context_sum = shape.decode_sequences * (context() + *rc::gen::inRange(0, 500));
  shape.emitting_sequences = shape.decode_sequences;
  if (shape.decode_sequences == 0 || *rc::gen::arbitrary<bool>()) {
    shape.chunks = {{*rc::gen::inRange(1, 4096), context() - 1}};
  }
  return shape;
}

TEST(ModelClasses, EveryOneCompilesIntoStepTables) {
  for (std::size_t i = 0; i < std::size(kDeployments); ++i) {
    const Compiled& c = compiledOf(i);
    const StepShape decode{
        .decode_sequences = 16, .decode_context_sum = 16 * 2048, .chunks = {}, .emitting_sequences = 16};
    std::printf("%-26s %-10s %-7s tp%d pp%d dp%d ep%d: compiled in %5.1f ms; 16 sequences of 2048 tokens %6.2f ms;",
                kDeployments[i].model, kDeployments[i].accelerator, kDeployments[i].engine, c.request.parallelism.tp,
                c.request.parallelism.pp, c.request.parallelism.dp, c.request.parallelism.ep, c.milliseconds,
                toMilliseconds(c.time(decode)));
    for (int tier = 0; tier < kTiers; ++tier) {
      const double share = c.compiled.tier_share[static_cast<std::size_t>(tier)];
      if (share > 0.005) std::printf(" %s %.0f %%", nameOf(static_cast<Tier>(tier)), 100 * share);
    }
    std::printf("\n");
    EXPECT_GT(c.time(decode), 0) << kDeployments[i].model;
    EXPECT_LT(toMilliseconds(c.time(decode)), 200) << kDeployments[i].model;
  }
}

RC_GTEST_PROP(ModelClasses, NoStepOfAnyModelIsFasterThanTheSpeedOfLight, ()) {
  const Compiled& c = anyDeployment();
  const StepShape shape = anyStep();
  Seconds least;
  for (const StepPart& part : stepParts(c.profile, c.accelerator, c.model, c.request, shape)) {
    least += part.speed_of_light;
  }
  RC_ASSERT(toSeconds(c.time(shape)).value() >= 0.997 * least.value());
}

// Prompt attention climbs in stairs of 64 tokens; above 2048 tokens two and more of them are one slope.
RC_GTEST_PROP(ModelClasses, CompiledStepsOfAnyModelFollowTheKernels, ()) {
  const Compiled& c = anyDeployment();
  const StepShape shape = anyStep();
  Seconds sum;
  for (const StepPart& part : stepParts(c.profile, c.accelerator, c.model, c.request, shape)) sum += part.time;
  const double ratio = toSeconds(c.time(shape)) / sum;
  RC_ASSERT(ratio > 0.95);
  RC_ASSERT(ratio < 1.07);
}

TEST(ModelClasses, StairsOfPromptAttentionStayStairs) {
  const Compiled& c = compiledOf(4);  // 14 heads on an A100, whose kernel does not split contexts
  const auto ratio = [&](int chunk, std::int64_t prior) {
    const StepShape shape{.decode_sequences = 0, .decode_context_sum = 0, .chunks = {{chunk, prior}}};
    Seconds sum;
    for (const StepPart& part : stepParts(c.profile, c.accelerator, c.model, c.request, shape)) sum += part.time;
    return toSeconds(c.time(shape)) / sum;
  };
  for (int stair = 64; stair <= 1984; stair += 64) {
    for (const std::int64_t prior : {500, 16383, 120000}) {
      EXPECT_NEAR(ratio(stair, prior), 1, 0.02) << stair << " on " << prior;
      EXPECT_NEAR(ratio(stair + 1, prior), 1, 0.02) << stair + 1 << " on " << prior;
      EXPECT_NEAR(ratio(stair + 31, prior), 1, 0.02) << stair + 31 << " on " << prior;
    }
  }
}

RC_GTEST_PROP(ModelClasses, DecodeSegmentsOfAnyModelAreContinuousAndRise, ()) {
  const Compiled& c = anyDeployment();
  const int n = *rc::gen::inRange(1, 257);
  std::int64_t sum = 0;
  Ticks before = -1;
  for (;;) {
    const Segment segment = c.compiled.tables->decodeAttention(n, sum);
    RC_ASSERT(segment.slope >= 0);
    if (before >= 0) RC_ASSERT(segment.at_x0 == before);
    if (segment.x_end == INT64_MAX) break;
    before = segment.at(segment.x_end);
    sum = segment.x_end;
  }
}

// vLLM's fp8 GEMM of a single row takes another path on Blackwell, 13 to 16 us longer at every size: larger batches do
// not.
TEST(ModelClasses, ASlowKernelOfFewTokensDoesNotSlowDownMore) {
  const Accelerator& accelerator = findAccelerator("b200-sxm");
  StepRequest request;
  request.weights = Precision::fp8;
  request.parallelism.tp = 2;
  request.graph_sizes = vllmGraphSizes();
  const CompiledStepTimes compiled =
      compileStepTimes(findProfile(accelerator, "vllm", "").profile, accelerator, findModel("llama-3.1-70b"), request);
  const auto time = [&](int tokens) { return static_cast<double>(compiled.tables->tokenwise(tokens)); };
  EXPECT_LT(time(4), 0.8 * time(1));
  EXPECT_LT(time(16), 0.8 * time(1));
}

TEST(ModelClasses, WindowedLayersStopGrowingAtTheWindow) {
  const Profile profile = findProfile(findAccelerator("h200-sxm"), "vllm", "").profile;
  const AttentionHeads heads{.heads = 64, .kv_heads = 8, .head_dim = 64, .kv_cache = Precision::bf16, .window = 128};
  const AttentionKernel decode(profile, Operation::decode_attention, heads);
  EXPECT_EQ(decode.decode(16, 128).time, decode.decode(16, 100000).time);
  const AttentionKernel prefill(profile, Operation::prefill_attention, heads);
  EXPECT_EQ(prefill.prefill(512, 128).time, prefill.prefill(512, 100000).time);
}

TEST(ModelClasses, ExpertParallelismSharesTheExpertsAndTensorParallelismTheirWidth) {
  const Peaks peaks = peaksOf(roundAccelerator());
  const ExpertShape shape{.hidden = 4096, .inter = 1024, .topk = 8, .experts = 64};
  ExpertShape by_tp = shape;
  by_tp.tp = 8;
  ExpertShape by_ep = shape;
  by_ep.ep = 8;
  const Profile profile = emptyProfile();
  const KernelTime tp = MoeKernel(profile, by_tp).time(256);
  const KernelTime ep = MoeKernel(profile, by_ep).time(256);
  // 64 experts of 3 x 4096 x 1024 bf16 weights, an eighth on each rank
  EXPECT_NEAR(tp.speed_of_light.value(), 64 * 3 * 4096.0 * 1024 * 2 / 8 / peaks.memory.value(), 1e-9);
  EXPECT_NEAR(ep.speed_of_light.value(), tp.speed_of_light.value(), 1e-9);
  EXPECT_EQ(tp.tier, Tier::spec);
}

TEST(ModelClasses, APipelineCountsEveryStageAndItsSends) {
  const Compiled& whole = compiledOf(1);
  EXPECT_EQ(whole.compiled.stages, 2);
  EXPECT_GE(whole.compiled.slowest_stage_share, 0.5);
  EXPECT_LT(whole.compiled.slowest_stage_share, 0.6);
  EXPECT_EQ(stageLayers(61, 4), (std::vector<int>{15, 15, 16, 15}));
}

TEST(ModelClasses, RanksWithTheirOwnTokensMeetAtTheExperts) {
  StepRequest request = compiledOf(7).request;
  const StepShape shape{
      .decode_sequences = 16, .decode_context_sum = 16 * 2048, .chunks = {}, .emitting_sequences = 16};
  const Compiled& c = compiledOf(7);
  const auto parts = stepParts(c.profile, c.accelerator, c.model, request, shape);
  const bool exchanges =
      std::any_of(parts.begin(), parts.end(), [](const StepPart& p) { return p.name == "expert exchange"; });
  EXPECT_TRUE(exchanges);
}

TEST(ModelClasses, GroupsAcrossNodesPayForTheNetwork) {
  const Profile profile = emptyProfile();
  const CollectiveKernel node(profile, CollectiveKernel::Kind::all_reduce, {8, 8});
  const CollectiveKernel two_nodes(profile, CollectiveKernel::Kind::all_reduce, {16, 8});
  const double bytes = 64e6;
  // 2 (N-1)/N of an eighth of the message over 50 GB/s at 80 %, and two messages of 10 us
  const double network = 2 * 0.5 * bytes / 8 / 50e9 / 0.8 + 20e-6;
  EXPECT_NEAR((two_nodes.time(bytes).time - node.time(bytes).time).value(), network, 1e-9);
}

}  // namespace
}  // namespace headroom::models
