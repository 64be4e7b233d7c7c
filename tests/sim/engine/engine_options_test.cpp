// Options under shared and own names, and the defaults they leave open.
#include "sim/engine/engine_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/base/document.h"
#include "models/base/error.h"
#include "sim/deployment.h"
#include "sim/engine/sglang_defaults.h"
#include "sim/engine/trtllm_defaults.h"

namespace headroom::sim {
namespace {

EngineOptions read(const std::string& yaml) {
  return readEngineOptions(Document::parse(yaml, "engine").root());
}

std::string problem(const std::string& yaml) {
  try {
    read(yaml);
  } catch (const InputError& e) {
    return e.what();
  }
  return {};
}

PoolPlan plan(const std::string& engine, const std::string& accelerator, int tp, const std::string& model) {
  DeploymentSpec spec;
  spec.model = model;
  spec.engine = read(engine);
  PoolSpec pool;
  pool.accelerator = accelerator;
  pool.parallelism.tp = tp;
  spec.pools.push_back(pool);
  return planDeployment(spec, false).pools.front();
}

TEST(EngineOptions, TakeTheEnginesOwnNamesAsWellAsTheSharedOnes) {
  EXPECT_EQ(read("{name: sglang, max_running_requests: 64, chunked_prefill_size: 4096, disable_radix_cache: true, "
                 "disable_overlap_schedule: true, context_length: 8192, mem_fraction_static: 0.8, page_size: 16}"),
            read("{name: sglang, max_num_seqs: 64, max_num_batched_tokens: 4096, prefix_caching: false, "
                 "async_scheduling: false, max_model_len: 8192, gpu_memory_utilization: 0.8, block_size: 16}"));
  EXPECT_EQ(read("{name: trtllm, max_batch_size: 64, max_num_tokens: 4096, max_seq_len: 8192, "
                 "disable_overlap_scheduler: true, kv_cache_config: {enable_block_reuse: false, tokens_per_block: 64, "
                 "free_gpu_memory_fraction: 0.8}}"),
            read("{name: trtllm, max_num_seqs: 64, max_num_batched_tokens: 4096, max_model_len: 8192, "
                 "async_scheduling: false, prefix_caching: false, block_size: 64, gpu_memory_utilization: 0.8}"));
  EXPECT_EQ(read("{name: sglang, chunked_prefill_size: -1}"), read("{name: sglang, enable_chunked_prefill: false}"));
}

TEST(EngineOptions, AreWrittenSoThatTheyReadBack) {
  for (const char* yaml :
       {"{name: sglang, max_running_requests: 64, disable_radix_cache: true, schedule_policy: lpm, page_size: 16}",
        "{name: sglang, chunked_prefill_size: -1, schedule_conservativeness: 0.5, enable_mixed_chunk: true}",
        "{name: sglang, chunked_prefill_size: 2048, max_total_tokens: 90000, cuda_graph_max_bs: 64}",
        "{name: trtllm, max_batch_size: 64, kv_cache_config: {enable_block_reuse: false, max_tokens: 90000}}",
        "{name: trtllm, scheduler_config: {capacity_scheduler_policy: MAX_UTILIZATION}, "
        "cuda_graph_config: {enable_padding: true, max_batch_size: 64}, disable_overlap_scheduler: true}",
        "{name: vllm, speculative_config: {method: eagle, num_speculative_tokens: 2, acceptance_rates: [0.8, 0.5], "
        "acceptance: deterministic, draft_overhead: 1 ms}}",
        "{name: sglang, speculative_algorithm: STANDALONE, speculative_num_steps: 3, speculative_draft_model_path: "
        "llama-3.1-8b, speculative_config: {acceptance_rate: 0.6}}",
        "{name: trtllm, attention_dp_config: {enable_balance: true, timeout_iters: 60, batching_wait_iters: 0}}",
        "{name: trtllm, speculative_config: {decoding_type: MTP, max_draft_len: 3, acceptance_rate: 0.6}}",
        "{name: vllm, lora_modules: [{name: legal, rank: 32}], max_loras: 2, max_lora_rank: 64, max_cpu_loras: 9, "
        "lora_host_bandwidth: 50 GB/s, lora_storage_bandwidth: 2 GB/s}",
        "{name: vllm, max_num_seqs: 64, prefix_caching: false, long_prefill_token_threshold: 5}"}) {
    const EngineOptions options = read(yaml);
    EXPECT_EQ(read(toYaml(toDocument(options))), options) << yaml;
  }
  EXPECT_THAT(toYaml(toDocument(read("{name: sglang, prefix_caching: false}"))),
              testing::HasSubstr("disable_radix_cache: true"));
}

TEST(EngineOptions, SaidTwiceOrOfAnotherEngineAreRefused) {
  using testing::HasSubstr;
  EXPECT_THAT(problem("{name: sglang, max_num_seqs: 8, max_running_requests: 8}"), HasSubstr("says the same"));
  EXPECT_THAT(problem("{name: sglang, scheduling: fcfs, schedule_policy: lpm}"), HasSubstr("says the same"));
  EXPECT_THAT(problem("{name: sglang, chunked_prefill_size: 64, enable_chunked_prefill: false}"),
              HasSubstr("contradicts"));
  const std::string wrong = problem("{name: vllm, max_running_requests: 8}");
  EXPECT_THAT(wrong, HasSubstr("is an option of sglang, not of vllm"));
  EXPECT_THAT(wrong, HasSubstr("vllm calls it max_num_seqs"));
  EXPECT_THAT(problem("{name: sglang, long_prefill_token_threshold: 8}"), HasSubstr("option of vllm, not of sglang"));
  EXPECT_THAT(problem("{name: sglang, version: \"0.4.10\"}"), HasSubstr("from 0.5.0 on"));
  EXPECT_THAT(problem("{name: trtllm, block_size: 64, kv_cache_config: {tokens_per_block: 64}}"),
              HasSubstr("says the same as block_size"));
  EXPECT_THAT(problem("{name: trtllm, kv_cache_config: {tokens: 64}}"), HasSubstr("/kv_cache_config/tokens"));
  EXPECT_THAT(problem("{name: vllm, kv_cache_config: {enable_block_reuse: true}}"),
              HasSubstr("vllm calls it prefix_caching"));
  EXPECT_THAT(problem("{name: trtllm, cuda_graph_config: {max_batch_size: 64}}"), HasSubstr("enable_padding"));
  EXPECT_THAT(problem("{name: trtllm, attention_dp_config: {timeout_iters: 60}}"), HasSubstr("enable_balance"));
  EXPECT_THAT(problem("{name: sglang, attention_dp_config: {enable_balance: true}}"), HasSubstr("option of trtllm"));
  EXPECT_THAT(problem("{name: trtllm, num_gpu_blocks: 100, kv_cache_config: {max_tokens: 640}}"),
              HasSubstr("says the same as num_gpu_blocks"));
  EXPECT_THAT(problem("{name: trtllm, version: \"0.21.0\"}"), HasSubstr("from 1.0.0 on"));
}

TEST(SglangDefaults, FollowTheMemoryOfTheAccelerator) {
  const PoolPlan h100 = plan("{name: sglang}", "h100-sxm", 1, "llama-3.1-8b");
  EXPECT_EQ(h100.engine.config.sglang.chunked_prefill_size, 8192);
  EXPECT_EQ(h100.engine.graph_sizes.back(), 256);
  EXPECT_DOUBLE_EQ(h100.engine.gpu_memory_utilization, 0.834);  // 1 - (512 + 12288 + 512 + 128) MiB / 79.15 GiB
  EXPECT_EQ(h100.engine.config.max_num_seqs, 2048);
  EXPECT_EQ(plan("{name: sglang}", "h100-sxm", 4, "llama-3.1-70b").engine.graph_sizes.back(), 512);
  const PoolPlan small = plan("{name: sglang, context_length: 8192}", "rtx-4090", 1, "llama-3.1-8b");
  EXPECT_EQ(small.engine.config.sglang.chunked_prefill_size, 2048);
  EXPECT_EQ(small.engine.graph_sizes.back(), 24);
}

TEST(SglangDefaults, RunningRequestsFollowTheCacheWithinBounds) {
  EXPECT_EQ(sglangRunningRequests(400'000, 131'072), 2048);
  EXPECT_EQ(sglangRunningRequests(400'000, 65'536), 3125);
  EXPECT_EQ(sglangRunningRequests(400'000, 8192), 4096);
}

TEST(SglangDefaults, GraphSizesAreDenserForSmallBatches) {
  EXPECT_THAT(sglangGraphSizes(24), testing::ElementsAre(1, 2, 4, 8, 12, 16, 24));
  const std::vector<int> sizes = sglangGraphSizes(576);
  EXPECT_THAT(std::vector<int>(sizes.end() - 5, sizes.end()), testing::ElementsAre(480, 496, 512, 544, 576));
}

// vLLM issue 21348: sglang --tp 4 --mem-fraction-static 0.93 on 4 H100 logs 367,404 tokens.
TEST(SglangDefaults, TheKvCacheAgreesWithALoggedOne) {
  DeploymentSpec spec;
  spec.model = "qwen3-235b-a22b";
  spec.weights = models::Precision::fp8;
  spec.engine = read("{name: sglang, mem_fraction_static: 0.93}");
  PoolSpec pool;
  pool.accelerator = "h100-sxm";
  pool.parallelism.tp = 4;
  spec.pools.push_back(pool);
  const PoolPlan planned = planDeployment(spec, false).pools.front();
  EXPECT_EQ(planned.problem, "");
  EXPECT_NEAR(static_cast<double>(planned.memory.kv_tokens.value()), 367'404, 0.05 * 367'404);
}

TEST(SglangDefaults, AContextBeyondTheCacheIsCutToItAndNotRefused) {
  const PoolPlan small = plan("{name: sglang}", "rtx-4090", 1, "llama-3.1-8b");
  EXPECT_EQ(small.problem, "");
  EXPECT_EQ(small.engine.config.max_model_len, small.memory.kv_tokens.value());
  EXPECT_LT(small.engine.config.max_model_len, 131'072);
  EXPECT_EQ(small.warnings.size(), 1U);
  EXPECT_NE(plan("{name: vllm}", "rtx-4090", 1, "llama-3.1-8b").problem, "");
  EXPECT_EQ(plan("{name: sglang, max_total_tokens: 5000}", "h100-sxm", 1, "llama-3.1-8b").engine.config.num_gpu_blocks,
            5000);
}

TEST(TrtllmDefaults, AreThoseOfTheVersion) {
  const PoolPlan h100 = plan("{name: trtllm}", "h100-sxm", 1, "llama-3.1-8b");
  EXPECT_EQ(h100.engine.config.max_num_seqs, 2048);
  EXPECT_EQ(h100.engine.config.max_num_batched_tokens, 8192);
  EXPECT_EQ(h100.engine.config.block_size, 32);
  EXPECT_FALSE(h100.engine.config.enable_chunked_prefill);
  EXPECT_EQ(h100.engine.config.pipeline_depth, 2);
  EXPECT_FALSE(h100.engine.config.trtllm.budget_counts_cached);
  EXPECT_TRUE(h100.engine.graph_sizes.empty());
  ASSERT_EQ(h100.warnings.size(), 1U);
  EXPECT_THAT(h100.warnings.front(), testing::HasSubstr("enable_padding"));
  const PoolPlan old = plan("{name: trtllm, version: \"1.2.0rc6\"}", "h100-sxm", 1, "llama-3.1-8b");
  EXPECT_TRUE(old.engine.config.trtllm.budget_counts_cached);
}

TEST(TrtllmDefaults, GraphSizesEndWithTheLargestBatch) {
  const std::vector<int> sizes = trtllmGraphSizes(300);
  EXPECT_THAT(std::vector<int>(sizes.begin(), sizes.begin() + 6), testing::ElementsAre(1, 2, 4, 8, 16, 24));
  EXPECT_THAT(std::vector<int>(sizes.end() - 5, sizes.end()), testing::ElementsAre(120, 128, 192, 256, 300));
  EXPECT_THAT(trtllmGraphSizes(3), testing::ElementsAre(1, 2, 3));
}

TEST(TrtllmDefaults, TheKvCacheIsAShareOfWhatIsFree) {
  const PoolPlan all =
      plan("{name: trtllm, kv_cache_config: {free_gpu_memory_fraction: 1}}", "h100-sxm", 1, "llama-3.1-8b");
  const PoolPlan half =
      plan("{name: trtllm, kv_cache_config: {free_gpu_memory_fraction: 0.5}}", "h100-sxm", 1, "llama-3.1-8b");
  EXPECT_NEAR(half.memory.kv_cache.value() / all.memory.kv_cache.value(), 0.5, 1e-9);
  const Bytes taken = all.memory.weights + all.memory.activations + all.memory.runtime;
  EXPECT_NEAR(all.memory.kv_cache.value(), (all.memory.memory - taken).value(), 1);
  const PoolPlan capped = plan("{name: trtllm, kv_cache_config: {max_tokens: 6400}}", "h100-sxm", 1, "llama-3.1-8b");
  EXPECT_EQ(capped.engine.config.num_gpu_blocks, 200);
  EXPECT_EQ(capped.engine.config.max_model_len, 6400) << "a context beyond the cache is cut to it";
  EXPECT_NE(plan("{name: trtllm}", "rtx-4090", 1, "llama-3.1-70b").problem, "");
}

TEST(TrtllmDefaults, PausingWithoutChunksNeedsStepsOfTheLongestSequence) {
  const char* evicting =
      "{name: trtllm, scheduler_config: {capacity_scheduler_policy: MAX_UTILIZATION}, max_seq_len: 8193}";
  EXPECT_THROW(plan(evicting, "h100-sxm", 1, "llama-3.1-8b"), InputError);
  const char* fits =
      "{name: trtllm, scheduler_config: {capacity_scheduler_policy: MAX_UTILIZATION}, max_seq_len: 8192}";
  EXPECT_EQ(plan(fits, "h100-sxm", 1, "llama-3.1-8b").problem, "");
}

TEST(Speculation, OptionsGoUnderVllmsNamesOrTheEnginesOwn) {
  EXPECT_EQ(
      read("{name: sglang, speculative_algorithm: EAGLE3, speculative_num_steps: 3, "
           "speculative_num_draft_tokens: 4, speculative_config: {acceptance_rate: 0.6}}"),
      read("{name: sglang, speculative_config: {method: eagle, num_speculative_tokens: 3, acceptance_rate: 0.6}}"));
  EXPECT_EQ(
      read("{name: trtllm, speculative_config: {decoding_type: NGram, max_draft_len: 3, acceptance_rate: 0.6}}"),
      read("{name: trtllm, speculative_config: {method: ngram, num_speculative_tokens: 3, acceptance_rate: 0.6}}"));
}

TEST(Speculation, OptionsThatMakeNoSenseAreRefused) {
  using testing::HasSubstr;
  const auto vllm = [](const std::string& keys) { return problem("{name: vllm, speculative_config: {" + keys + "}}"); };
  EXPECT_THAT(vllm("method: eagle, num_speculative_tokens: 3"), HasSubstr("give acceptance_rate or acceptance_rates"));
  EXPECT_THAT(vllm("method: eagle, acceptance_rate: 0.6"), HasSubstr("needs a method and a number"));
  EXPECT_THAT(vllm("method: medusa, num_speculative_tokens: 3, acceptance_rate: 0.6"), HasSubstr("medusa"));
  EXPECT_THAT(vllm("method: eagle, num_speculative_tokens: 2, acceptance_rates: [0.5, 0.6]"),
              HasSubstr("above the one"));
  EXPECT_THAT(vllm("method: eagle, num_speculative_tokens: 2, acceptance_rates: [0.5]"), HasSubstr("1 rates for 2"));
  EXPECT_THAT(vllm("method: draft_model, num_speculative_tokens: 2, acceptance_rate: 0.5"),
              HasSubstr("a draft model is needed"));
  EXPECT_THAT(vllm("method: mtp, model: llama-3.1-8b, num_speculative_tokens: 2, acceptance_rate: 0.5"),
              HasSubstr("of a draft model only"));
  EXPECT_THAT(vllm("method: mtp, num_speculative_tokens: 2, acceptance_rate: 0.5, topk: 4"), HasSubstr("topk"));
  EXPECT_THAT(problem("{name: orca, speculative_config: {method: mtp}}"), HasSubstr("orca does not speculate"));
  EXPECT_THAT(problem("{name: sglang, speculative_num_steps: 3, speculative_algorithm: EAGLE, "
                      "speculative_num_draft_tokens: 8, speculative_config: {acceptance_rate: 0.5}}"),
              HasSubstr("draft trees are not modelled"));
  EXPECT_THAT(problem("{name: vllm, speculative_num_steps: 3}"), HasSubstr("of sglang, not of vllm"));
}

TEST(Speculation, StepsAreDecidedAheadOnlyWhereTheEngineCan) {
  const auto depth = [](const std::string& keys) {
    return plan("{max_model_len: 8192, " + keys + ", acceptance_rate: 0.5}}", "h100-sxm", 1, "llama-3.1-8b")
        .engine.config.pipeline_depth;
  };
  EXPECT_EQ(depth("speculative_config: {method: eagle, num_speculative_tokens: 3"), 2);
  EXPECT_EQ(depth("speculative_config: {method: ngram, num_speculative_tokens: 3"), 1);
  EXPECT_EQ(depth("name: sglang, speculative_config: {method: eagle, num_speculative_tokens: 3"), 1);
  EXPECT_EQ(depth("name: trtllm, speculative_config: {method: eagle, num_speculative_tokens: 3"), 2);
  EXPECT_THROW(depth("async_scheduling: true, speculative_config: {method: ngram, num_speculative_tokens: 3"),
               InputError);
}

TEST(Speculation, GraphsHoldWholeVerifications) {
  const PoolPlan p = plan(
      "{max_model_len: 8192, max_num_seqs: 16, speculative_config: {method: eagle, "
      "num_speculative_tokens: 2, acceptance_rate: 0.5}}",
      "h100-sxm", 1, "llama-3.1-8b");
  EXPECT_THAT(p.engine.graph_sizes, testing::ElementsAre(3, 6, 9, 18, 24, 33, 42, 48, 57, 66, 72, 81, 90, 96));
}

TEST(Speculation, TheDraftTakesItsWeightsAndItsPartOfTheKvCache) {
  const auto kv = [](const std::string& keys) {
    return plan("{max_model_len: 8192" + keys + "}", "h100-sxm", 1, "llama-3.1-8b").memory;
  };
  const models::MemoryPlan without = kv("");
  const models::MemoryPlan eagle =
      kv(", speculative_config: {method: eagle, num_speculative_tokens: 3, acceptance_rate: 0.5}");
  const models::MemoryPlan ngram =
      kv(", speculative_config: {method: ngram, num_speculative_tokens: 3, acceptance_rate: 0.5}");
  const models::MemoryPlan draft =
      kv(", speculative_config: {method: draft_model, model: llama-3.1-8b, num_speculative_tokens: 3, acceptance_rate: "
         "0.5}");
  EXPECT_EQ(ngram.blocks, without.blocks);
  EXPECT_NEAR((eagle.weights - without.weights).value(), 2 * 218.1e6, 1e6) << "one of its layers";
  EXPECT_NEAR(eagle.kv_block / without.kv_block, 33.0 / 32, 1e-9);
  EXPECT_DOUBLE_EQ(draft.weights.value(), 2 * without.weights.value());
  EXPECT_DOUBLE_EQ(draft.kv_block / without.kv_block, 2);
}

TEST(Speculation, ADraftOfAnotherVocabularyIsRefused) {
  try {
    plan(
        "{speculative_config: {method: draft_model, model: qwen3-8b, num_speculative_tokens: 3, acceptance_rate: 0.5}}",
        "h100-sxm", 1, "llama-3.1-8b");
    FAIL();
  } catch (const InputError& e) {
    EXPECT_THAT(e.what(), testing::HasSubstr("vocabulary"));
  }
}

TEST(Adapters, SlotsOfTheLargestRankAreTakenOffTheKvCache) {
  const auto weights = [](const std::string& keys) {
    return plan("{max_model_len: 8192" + keys + "}", "h100-sxm", 1, "llama-3.1-8b").memory.weights.value();
  };
  const double slot = 2.0 * 41'943'040;  // rank 16
  EXPECT_DOUBLE_EQ(weights(", lora_modules: [{name: a, rank: 8}]") - weights(""), slot);
  EXPECT_DOUBLE_EQ(weights(", lora_modules: [{name: a, rank: 8}], max_loras: 4, max_lora_rank: 32") - weights(""),
                   8 * slot);
}

TEST(Adapters, OptionsThatMakeNoSenseAreRefused) {
  using testing::HasSubstr;
  EXPECT_THAT(problem("{max_loras: 4}"), HasSubstr("needs lora_modules"));
  EXPECT_THAT(problem("{lora_modules: [{name: a, rank: 32}]}"), HasSubstr("above max_lora_rank 16"));
  EXPECT_THAT(problem("{lora_modules: [{name: a, rank: 8}, {name: a, rank: 8}]}"), HasSubstr("two adapters"));
  EXPECT_THAT(problem("{lora_modules: [{name: a, rank: 8}], max_loras: 4, max_cpu_loras: 2}"),
              HasSubstr("at least max_loras"));
  EXPECT_THAT(problem("{name: sglang, lora_modules: [{name: a, rank: 8}]}"), HasSubstr("of vllm, not of sglang"));
}

}  // namespace
}  // namespace headroom::sim
