#include "models/llm/memory_plan.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace headroom::models {
namespace {

using testing::HasSubstr;

/// vLLM start-up check off the table: short sequences.
MemoryRequest requestOf(Parallelism parallelism, int max_model_len = 2048) {
  MemoryRequest request;
  request.parallelism = parallelism;
  request.max_model_len = max_model_len;
  return request;
}

// Measured: vLLM reported 2588 blocks.
TEST(MemoryPlan, AgreesWithTheBlocksOfLlama8bOnAnRtx4090) {
  MemoryRequest request = requestOf({});
  request.max_num_batched_tokens = 2048;
  const MemoryPlan plan = planMemory(findModel("llama-3.1-8b"), findAccelerator("rtx-4090"), request);
  EXPECT_TRUE(plan.fits) << plan.reason;
  EXPECT_EQ(plan.kv_block, Bytes(2.0 * 1024 * 1024));
  EXPECT_NEAR(static_cast<double>(plan.blocks.value()), 2588, 0.03 * 2588);
}

// Measured: 31,356 blocks. The engine's settings are not recorded: vLLM of early 2026 with its defaults for a server on
// an H100 is assumed (8192 batched tokens) and 256 sequences.
TEST(MemoryPlan, AgreesWithTheBlocksOfLlama70bOnFourH100) {
  const MemoryPlan plan = planMemory(findModel("llama-2-70b"), findAccelerator("h100-sxm"), requestOf({.tp = 4}));
  EXPECT_TRUE(plan.fits) << plan.reason;
  EXPECT_EQ(plan.kv_block, Bytes(1.25 * 1024 * 1024));
  EXPECT_NEAR(static_cast<double>(plan.blocks.value()), 31356, 0.03 * 31356);
}

TEST(MemoryPlan, TheEngineRefusesToStartWhenOneLongestSequenceDoesNotFit) {
  MemoryRequest request = requestOf({}, 0);  // the model's own 131,072 tokens
  request.max_num_batched_tokens = 2048;
  const MemoryPlan plan = planMemory(findModel("llama-3.1-8b"), findAccelerator("rtx-4090"), request);
  EXPECT_FALSE(plan.fits);
  EXPECT_GT(plan.blocks.value(), 0);
  EXPECT_THAT(plan.reason, HasSubstr("max_model_len 131072"));
  EXPECT_THAT(plan.reason, HasSubstr("--max-model-len " + std::to_string(plan.kv_tokens.value())));
  request.max_model_len = static_cast<int>(plan.kv_tokens.value());
  EXPECT_TRUE(planMemory(findModel("llama-3.1-8b"), findAccelerator("rtx-4090"), request).fits);
  ++request.max_model_len;
  EXPECT_FALSE(planMemory(findModel("llama-3.1-8b"), findAccelerator("rtx-4090"), request).fits);
}

TEST(MemoryPlan, WeightsThatDoNotFitSayHowMuchIsMissing) {
  const MemoryPlan plan = planMemory(findModel("llama-2-70b"), findAccelerator("h100-sxm"), requestOf({}));
  EXPECT_FALSE(plan.fits);
  EXPECT_EQ(plan.blocks, Blocks(0));
  EXPECT_EQ(plan.kv_cache, Bytes());
  const double missing = (plan.weights + plan.activations + plan.runtime - plan.usable).value() / 1073741824.0;
  EXPECT_THAT(plan.reason, HasSubstr(fmt::format("{:.2f} GiB are missing", missing)));
}

TEST(MemoryPlan, TheLayersOfAPipelineAddUpToTheModel) {
  const Model model = findModel("llama-3.1-8b");
  const Accelerator accelerator = findAccelerator("h100-sxm");
  const double linear = countParameters(model).attention + countParameters(model).dense_mlp;
  for (const int pp : {1, 2, 3, 5, 32}) {
    const MemoryPlan plan = planMemory(model, accelerator, requestOf({.pp = pp}));
    // The fullest stage holds no less than its share of the layers and at most one layer more, and one of the two
    // tables.
    EXPECT_GE(plan.weights.value(), 2 * linear / pp * 0.9) << pp;
    EXPECT_LE(plan.weights.value(), 2 * (linear * (1.0 / pp + 1.0 / 32) + (pp == 1 ? 2 : 1) * 128256.0 * 4096) * 1.01)
        << pp;
  }
}

TEST(MemoryPlan, QuantisationLeavesTablesNormsAndRouterInBf16) {
  const Model model = findModel("qwen3-30b-a3b");
  const ParameterCount count = countParameters(model);
  MemoryRequest request = requestOf({});
  request.weights = Precision::fp8;
  const double plain = count.embedding + count.lm_head + count.norms + count.router;
  const MemoryPlan plan = planMemory(model, findAccelerator("h100-sxm"), request);
  EXPECT_NEAR(plan.weights.value(), 2 * plain + (count.total() - plain), 1);
}

// The published checkpoint is 60.8 GiB: mxfp4 experts, the rest in bf16.
TEST(MemoryPlan, GptOssTakesWhatItsCheckpointTakes) {
  MemoryRequest request = requestOf({});
  request.weights = Precision::mxfp4;
  const MemoryPlan plan = planMemory(findModel("gpt-oss-120b"), findAccelerator("h100-sxm"), request);
  EXPECT_NEAR(plan.weights.value() / 1073741824.0, 60.8, 0.6);
}

TEST(MemoryPlan, ExpertsAreSpreadOverDataParallelRanksAndAttentionIsNot) {
  const Model model = findModel("deepseek-v3");
  const ParameterCount count = countParameters(model);
  MemoryRequest request = requestOf({.dp = 8, .ep = true});
  request.weights = Precision::fp8_block;
  const MemoryPlan plan = planMemory(model, findAccelerator("h200-sxm"), request);
  EXPECT_TRUE(plan.fits) << plan.reason;
  const double each = 1 + 4.0 / 16384;
  const double expected = each * (count.experts / 8 + count.attention + count.shared_experts + count.dense_mlp) +
                          2 * (count.embedding + count.lm_head + count.router + count.norms);
  EXPECT_NEAR(plan.weights.value(), expected, expected * 1e-9);
}

TEST(MemoryPlan, RecurrentStatesOfAllSequencesAreSetAside) {
  MemoryRequest request = requestOf({.tp = 8});
  const Model model = findModel("qwen3.5-397b-a17b");
  const MemoryPlan many = planMemory(model, findAccelerator("h200-sxm"), request);
  EXPECT_EQ(many.state, 256.0 * recurrentStateBytes(model, 8));
  request.max_num_seqs = 64;
  EXPECT_EQ(planMemory(model, findAccelerator("h200-sxm"), request).state, 64.0 * recurrentStateBytes(model, 8));
}

TEST(MemoryPlan, WindowedLayersKeepTheirWindowOnlyWhereThatHoldsMore) {
  const Model model = findModel("gpt-oss-120b");  // 18 of 36 layers see 128 tokens; 2 KiB a token and layer
  MemoryRequest request = requestOf({});
  request.weights = Precision::mxfp4;
  const MemoryPlan plan = planMemory(model, findAccelerator("h200-sxm"), request);
  EXPECT_EQ(plan.kv_block, Bytes(18.0 * 16 * 2048));
  EXPECT_EQ(plan.state, Bytes(18.0 * 256 * (128 + 16) * 2048));
  Model wide = model;
  wide.sliding_window = 100'000;
  request.max_model_len = 0;
  const MemoryPlan whole = planMemory(wide, findAccelerator("h200-sxm"), request);
  EXPECT_EQ(whole.kv_block, Bytes(36.0 * 16 * 2048));
  EXPECT_EQ(whole.state, Bytes());
  EXPECT_LT(whole.blocks, plan.blocks);
}

// 32 layers in three stages of 11, 11 and 10: the last has fewest layers but LM head and sampler, and the first the
// embedding. Activations tell which stage limits.
TEST(MemoryPlan, TheTightestStageOfAPipelineCounts) {
  const Model model = findModel("llama-3.1-8b");
  const ParameterCount count = countParameters(model);
  const double layer = (count.attention + count.dense_mlp + count.norms - 4096) / 32;
  MemoryRequest request = requestOf({.pp = 3});
  request.max_num_batched_tokens = 512;
  request.max_num_seqs = 1;  // no sampler peak: the embedding stage is the fullest
  const MemoryPlan first = planMemory(model, findAccelerator("rtx-4090"), request);
  EXPECT_NEAR(first.weights.value(), 2 * (11 * layer + count.embedding), 1);
  EXPECT_EQ(first.kv_block, Bytes(11.0 * 16 * 2 * 8 * 128 * 2));
  request.max_num_seqs = 512;  // 1.8 GB of sampler outweigh one layer and its cache
  request.gpu_memory_utilization = 0.4;
  const MemoryPlan last = planMemory(model, findAccelerator("rtx-4090"), request);
  EXPECT_NEAR(last.weights.value(), 2 * (10 * layer + count.lm_head + 4096), 1);
  EXPECT_EQ(last.kv_block, Bytes(10.0 * 16 * 2 * 8 * 128 * 2));
}

TEST(MemoryPlan, GraphsAreDeductedWhereTheEngineDoes) {
  MemoryRequest request = requestOf({});
  const MemoryPlan without = planMemory(findModel("llama-3.1-8b"), findAccelerator("h100-sxm"), request);
  request.deduct_graphs = true;
  const MemoryPlan with = planMemory(findModel("llama-3.1-8b"), findAccelerator("h100-sxm"), request);
  EXPECT_EQ(without.graphs, Bytes());
  EXPECT_EQ(with.kv_cache + with.graphs, without.kv_cache);
}

TEST(LayoutProblem, SaysWhichSizeDoesNotDivide) {
  const Model llama = findModel("llama-3.1-8b");  // 32 heads, 8 KV heads, 32 layers
  EXPECT_EQ(layoutProblem(llama, {.tp = 8, .pp = 4}), "");
  EXPECT_EQ(layoutProblem(llama, {.tp = 16}), "");  // KV heads are replicated
  EXPECT_EQ(layoutProblem(llama, {.tp = 3}), "tp 3 does not divide 32 attention heads");
  EXPECT_EQ(layoutProblem(llama, {.pp = 32}), "");
  EXPECT_EQ(layoutProblem(llama, {.pp = 33}), "pp 33 is more than 32 layers");
  EXPECT_EQ(layoutProblem(llama, {.ep = true}), "expert parallelism needs a mixture-of-experts model");
  EXPECT_EQ(layoutProblem(llama, {.tp = 0}), "tp, pp and dp must be at least 1");
  EXPECT_THAT(layoutProblem(findModel("qwen2.5-14b"), {.tp = 20}), HasSubstr("8 KV heads"));  // 40 heads, 8 KV heads
}

TEST(LayoutProblem, ExpertsMustHaveEnoughOfThemOrDivide) {
  const Model qwen = findModel("qwen3-30b-a3b");  // 128 experts of 768
  EXPECT_EQ(layoutProblem(qwen, {.dp = 128, .ep = true}), "");
  EXPECT_THAT(layoutProblem(qwen, {.dp = 129, .ep = true}), HasSubstr("128 experts cannot be spread over"));
  EXPECT_EQ(layoutProblem(qwen, {.tp = 4, .dp = 2}), "");
  EXPECT_THAT(layoutProblem(qwen, {.dp = 5}), HasSubstr("expert parallelism would work"));
}

TEST(PrecisionProblem, SaysWhatWouldWork) {
  const Accelerator a100 = findAccelerator("a100-sxm");
  const Accelerator h100 = findAccelerator("h100-sxm");
  const Accelerator b200 = findAccelerator("b200-sxm");
  EXPECT_EQ(precisionProblem(a100, Precision::bf16, Precision::bf16), "");
  EXPECT_EQ(precisionProblem(a100, Precision::int4, Precision::bf16), "");
  EXPECT_EQ(precisionProblem(a100, Precision::mxfp4, Precision::bf16), "");
  EXPECT_THAT(precisionProblem(a100, Precision::fp8, Precision::bf16),
              HasSubstr("weights in bf16, int4 or mxfp4 would work"));
  EXPECT_THAT(precisionProblem(a100, Precision::bf16, Precision::fp8), HasSubstr("KV cache in bf16 would work"));
  EXPECT_EQ(precisionProblem(h100, Precision::fp8_block, Precision::fp8), "");
  EXPECT_THAT(precisionProblem(h100, Precision::nvfp4, Precision::bf16), HasSubstr("h100-sxm has no fp4 arithmetic"));
  EXPECT_EQ(precisionProblem(b200, Precision::nvfp4, Precision::fp8), "");
  EXPECT_THAT(precisionProblem(b200, Precision::nvfp4, Precision::nvfp4), HasSubstr("bf16 or fp8, not nvfp4"));
}

TEST(PrecisionProblem, IsTheReasonOfAPlan) {
  MemoryRequest request = requestOf({});
  request.weights = Precision::fp8;
  const MemoryPlan plan = planMemory(findModel("llama-3.1-8b"), findAccelerator("a100-sxm"), request);
  EXPECT_FALSE(plan.fits);
  EXPECT_THAT(plan.reason, HasSubstr("no fp8 arithmetic"));
}

struct Draw {
  Model model;
  Accelerator accelerator;
  MemoryRequest request;
};

Draw anyPlan() {
  static const std::vector<Model> models = listModels();
  static const std::vector<Accelerator> accelerators = listAccelerators();
  Draw draw;
  draw.model = models[*rc::gen::inRange<std::size_t>(0, models.size())];
  draw.accelerator = accelerators[*rc::gen::inRange<std::size_t>(0, accelerators.size())];
  draw.request.parallelism = {.tp = *rc::gen::element(1, 2, 4, 8), .pp = *rc::gen::inRange(1, 5), .dp = 1, .ep = false};
  draw.request.max_num_seqs = *rc::gen::inRange(1, 512);
  draw.request.max_num_batched_tokens = *rc::gen::inRange(256, 16384);
  draw.request.block_size = *rc::gen::element(1, 16, 32, 64);
  draw.request.max_model_len = *rc::gen::inRange(1, 200000);
  draw.request.gpu_memory_utilization = *rc::gen::inRange(1, 101) / 100.0;
  return draw;
}

TEST(MemoryPlan, BlocksNeverGrowWhenUtilizationFalls) {
  EXPECT_TRUE(rc::check([] {
    Draw draw = anyPlan();
    const MemoryPlan more = planMemory(draw.model, draw.accelerator, draw.request);
    draw.request.gpu_memory_utilization *= *rc::gen::inRange(0, 101) / 100.0;
    const MemoryPlan less = planMemory(draw.model, draw.accelerator, draw.request);
    RC_ASSERT(less.blocks <= more.blocks);
    RC_ASSERT(!less.fits || more.fits);
  }));
}

TEST(MemoryPlan, WhatFitsHoldsOneLongestSequenceAndStaysWithinTheMemory) {
  EXPECT_TRUE(rc::check([] {
    const Draw draw = anyPlan();
    const MemoryPlan plan = planMemory(draw.model, draw.accelerator, draw.request);
    RC_ASSERT(plan.fits == plan.reason.empty());
    RC_CLASSIFY(plan.fits, "fits");
    if (!plan.fits) return;
    RC_ASSERT(plan.kv_tokens.value() >= draw.request.max_model_len);
    RC_ASSERT(plan.kv_tokens.value() == plan.blocks.value() * draw.request.block_size);
    const Bytes used = plan.weights + plan.activations + plan.runtime + plan.graphs + plan.state +
                       static_cast<double>(plan.blocks.value()) * plan.kv_block;
    RC_ASSERT(used <= plan.usable + Bytes(1));
  }));
}

}  // namespace
}  // namespace headroom::models
