// The rules of TensorRT-LLM's scheduler, each on a case small enough to work out by hand. Every case runs step by step
// and with steps skipped.
#include <gtest/gtest.h>

#include "tests/sim/engine/replica_harness.h"

namespace headroom::sim {
namespace {

/// Blocks of ten tokens, `blocks` of them; a longest request takes half.
EngineConfig config(int depth, std::int64_t blocks = 100) {
  EngineConfig c;
  c.kind = EngineKind::trtllm;
  c.max_num_batched_tokens = 100;
  c.max_num_seqs = 8;
  c.block_size = 10;
  c.num_gpu_blocks = blocks;
  c.max_model_len = blocks * 10;
  c.pipeline_depth = depth;
  c.enable_chunked_prefill = false;
  return c;
}

EngineConfig chunking(EngineConfig c) {
  c.enable_chunked_prefill = true;
  return c;
}

EngineConfig evicting(EngineConfig c) {
  c.trtllm.capacity_policy = CapacityPolicy::max_utilization;
  c.enable_chunked_prefill = true;
  return c;
}

EngineConfig caching(EngineConfig c) {
  c.enable_prefix_caching = true;
  return c;
}

/// Its first `shared` tokens are text `text`.
workloads::Request with(workloads::Request request, std::uint64_t text, int shared) {
  auto details = std::make_shared<workloads::RequestDetails>();
  details->content.push_back({text, shared});
  if (shared < request.prompt_tokens) details->content.push_back({1000 + request.id, request.prompt_tokens - shared});
  request.details = details;
  return request;
}

std::vector<workloads::Request> byArrival(std::vector<workloads::Request> requests) {
  std::stable_sort(requests.begin(), requests.end(),
                   [](const auto& a, const auto& b) { return a.arrival < b.arrival; });
  return requests;
}

// A step takes 1000 ticks, 10 per prompt or decode token.
const models::LinearStepTimes kTimes({.step = 1000, .token = 10}, 1000);

template <class T>
class TrtllmRules : public testing::Test {};
using Replicas = testing::Types<SteppingReplica, SkippingReplica>;
TYPED_TEST_SUITE(TrtllmRules, Replicas);

TYPED_TEST(TrtllmRules, ContextsRunBesideGeneration) {
  const auto r = play<TypeParam>({request(0, 0, 10, 50), request(1, 1, 60, 1)}, config(1), kTimes);
  EXPECT_EQ(r.finished[1].first_token, 1100 + 1000 + 10 * (60 + 1));
  EXPECT_TRUE(r.late_tokens.empty());
}

TYPED_TEST(TrtllmRules, WithoutChunksAPromptThatDoesNotFitTheRestWaitsAndBlocksOthers) {
  // Beside the generated token 99 are left: 60 and 40 do not fit together, and the 10 behind them wait too.
  const auto r = play<TypeParam>(
      {request(0, 0, 10, 50), request(1, 1, 60, 1), request(2, 1, 40, 1), request(3, 1, 10, 1)}, config(1), kTimes);
  EXPECT_EQ(r.finished[1].scheduled, 1100);
  EXPECT_EQ(r.finished[2].scheduled, 1100 + 1610);
  EXPECT_EQ(r.finished[3].scheduled, 1100 + 1610);
  // One token less fits.
  const auto fits =
      play<TypeParam>({request(0, 0, 10, 50), request(1, 1, 60, 1), request(2, 1, 39, 1)}, config(1), kTimes);
  EXPECT_EQ(fits.finished[2].scheduled, 1100);
}

TEST(TrtllmLimits, WithoutChunksAPromptBeyondTheTokensOfAStepIsRejected) {
  EXPECT_FALSE(isTooLong(request(0, 0, 100, 1), config(1)));
  EXPECT_TRUE(isTooLong(request(0, 0, 101, 1), config(1)));
  EXPECT_FALSE(isTooLong(request(0, 0, 101, 1), chunking(config(1))));
}

TYPED_TEST(TrtllmRules, ChunksAreWholeBlocks) {
  // Beside one generated token 99 are left: 90 of 105, then the last 15.
  const auto r = play<TypeParam>({request(0, 0, 10, 50), request(1, 1, 105, 1)}, chunking(config(1)), kTimes);
  EXPECT_EQ(r.finished[1].first_token, 1100 + (1000 + 10 * 91) + (1000 + 10 * 16));
  EXPECT_EQ(r.step_tokens.at(91), 1);
}

TYPED_TEST(TrtllmRules, AShortPromptUsesWhatIsTooLittleForABlockOfTheOneBefore) {
  // 99 are left: the 95 of request 1 fit, of the 20 of request 2 not even a block does, the 4 of request 3 do.
  const auto r =
      play<TypeParam>({request(0, 0, 10, 50), request(1, 1, 95, 1), request(2, 1, 20, 1), request(3, 1, 4, 1)},
                      chunking(config(1)), kTimes);
  EXPECT_EQ(r.finished[1].scheduled, 1100);
  EXPECT_EQ(r.finished[3].scheduled, 1100);
  EXPECT_EQ(r.finished[2].scheduled, 1100 + 2000);
}

TYPED_TEST(TrtllmRules, GuaranteedNoEvictReservesTheLongestAnswer) {
  // Request 0 may reach 10 + 60 tokens: 7 of 10 blocks. 3 are left, whatever it holds by now.
  const auto fits = play<TypeParam>({request(0, 0, 10, 5, 60), request(1, 1, 10, 1, 20)}, config(1, 10), kTimes);
  EXPECT_EQ(fits.finished[1].scheduled, 1100);
  const auto waits = play<TypeParam>({request(0, 0, 10, 5, 60), request(1, 1, 10, 1, 21)}, config(1, 10), kTimes);
  EXPECT_EQ(waits.finished[1].scheduled, waits.finished[0].finished);
  EXPECT_TRUE(waits.preemptions.empty());
}

TYPED_TEST(TrtllmRules, TheFirstThatDoesNotFitStopsAdmission) {
  const auto r = play<TypeParam>({request(0, 0, 10, 5, 60), request(1, 1, 10, 1, 30), request(2, 1, 10, 1)},
                                 config(1, 10), kTimes);
  EXPECT_EQ(r.finished[2].scheduled, r.finished[0].finished);
}

TYPED_TEST(TrtllmRules, MaxUtilizationPausesTheLatestAndComputesItAgain) {
  // Two prompts of 25 take 3 blocks each of 6. With 30 tokens in the cache request 0 wants a fourth.
  const auto r = play<TypeParam>({request(0, 0, 25, 20), request(1, 0, 25, 20)}, evicting(config(1, 6)), kTimes);
  const Ticks full = 1250 + 1260 + 4 * 1020;  // its prompt, that of request 1 beside it, four steps together
  EXPECT_EQ(r.preemptions, std::vector<Ticks>{full});
  EXPECT_EQ(r.finished[0].preemptions, 0);
  EXPECT_EQ(r.finished[0].finished, full + 14 * 1010);
  // The 25 + 5 tokens of request 1 come back once request 0 has left its blocks.
  EXPECT_EQ(r.finished[1].preempted_late, 14 * 1010);
  EXPECT_EQ(r.finished[1].finished, r.finished[0].finished + (1000 + 300) + 14 * 1010);
}

TYPED_TEST(TrtllmRules, AStepThatPausesLetsNobodyIn) {
  // Request 2 wants its eleventh token's block at 3630, there is none, and it is paused. Request 3, more urgent than
  // it, would fit into what it leaves, and waits for the next step.
  EngineConfig c = evicting(config(1, 7));
  c.order = RequestOrder::priority;
  workloads::Request urgent = request(3, 3000, 5, 1);
  auto details = std::make_shared<workloads::RequestDetails>();
  details->priority = -1;
  urgent.details = details;
  const auto r =
      play<TypeParam>({request(0, 0, 25, 20), request(1, 1, 25, 20), request(2, 1, 9, 20), urgent}, c, kTimes);
  ASSERT_FALSE(r.preemptions.empty());
  EXPECT_EQ(r.preemptions.front(), 1250 + 1350 + 1030);
  EXPECT_EQ(r.finished[3].scheduled, 3630 + 1020);
}

TYPED_TEST(TrtllmRules, APausedOneGoesBeforeThoseThatWait) {
  const std::vector<workloads::Request> requests{request(0, 0, 25, 20), request(1, 0, 25, 20), request(2, 1, 25, 1)};
  const auto r = play<TypeParam>(requests, evicting(config(1, 6)), kTimes);
  EXPECT_EQ(r.preemptions.size(), 1U);
  EXPECT_GE(r.finished[2].scheduled, r.finished[0].finished);
  EXPECT_EQ(r.finished[1].preempted_late, 14 * 1010);
}

TYPED_TEST(TrtllmRules, MoreSequencesThanTokensTakeTurnsInOrder) {
  EngineConfig c = chunking(config(1));
  c.max_num_batched_tokens = 10;
  c.max_num_seqs = 20;
  std::vector<workloads::Request> requests;
  for (std::uint64_t i = 0; i < 11; ++i) requests.push_back(request(i, 0, 10, 30));
  const auto r = play<TypeParam>(requests, c, kTimes);
  // While the first ten generate nothing is left for the eleventh.
  EXPECT_GT(r.finished[10].finished, r.finished[9].finished);
  EXPECT_LE(r.step_tokens.rbegin()->first, 10);
}

TYPED_TEST(TrtllmRules, APromptWaitsForTheOneThatComputesItsBeginning) {
  const std::vector<workloads::Request> requests{with(request(0, 1, 40, 3), 1, 30), with(request(1, 1, 40, 3), 1, 30),
                                                 with(request(2, 1, 40, 3), 2, 30), request(3, 0, 10, 1)};
  const auto r = play<TypeParam>(byArrival(requests), caching(config(1)), kTimes);
  EXPECT_EQ(r.finished[0].scheduled, 1100);
  EXPECT_EQ(r.finished[2].scheduled, 1100) << "other text passes";
  EXPECT_EQ(r.finished[1].scheduled, 1100 + 1800);
  EXPECT_EQ(r.finished[1].cached_tokens, 30);
}

TYPED_TEST(TrtllmRules, WithOverlapItWaitsOneStepTooFew) {
  // The step behind is decided before the first prompt's blocks are stored, and nothing is computed any more.
  const std::vector<workloads::Request> requests{with(request(0, 1, 40, 3), 1, 30), with(request(1, 1, 40, 3), 1, 30),
                                                 request(3, 0, 10, 1)};
  const auto r = play<TypeParam>(byArrival(requests), caching(config(2)), kTimes);
  EXPECT_EQ(r.finished[0].first_token, 1100 + 1400);
  EXPECT_EQ(r.finished[1].first_token, 1100 + 1400 + 1410);
  EXPECT_EQ(r.finished[1].cached_tokens, 0);
}

TYPED_TEST(TrtllmRules, CachedTokensCountTowardsTheStepWhereTheVersionSaysSo) {
  const std::vector<workloads::Request> requests{with(request(0, 0, 90, 1), 1, 90), request(3, 4990, 10, 1),
                                                 with(request(1, 5000, 91, 1), 1, 90),
                                                 with(request(2, 5000, 60, 1), 3, 60)};
  const auto r = play<TypeParam>(requests, caching(config(1)), kTimes);
  EXPECT_EQ(r.finished[1].cached_tokens, 90);
  EXPECT_EQ(r.finished[2].scheduled, 4990 + 1100);
  EngineConfig counted = caching(config(1));
  counted.trtllm.budget_counts_cached = true;
  const auto apart = play<TypeParam>(requests, counted, kTimes);
  EXPECT_EQ(apart.finished[1].cached_tokens, 90);
  EXPECT_EQ(apart.finished[2].scheduled, 4990 + 1100 + 1010);
}

TYPED_TEST(TrtllmRules, OneThatEndsByLengthHasNoRowTooMany) {
  const auto by_length = play<TypeParam>({request(0, 0, 10, 3), request(1, 0, 10, 9)}, config(2), kTimes);
  const auto by_itself = play<TypeParam>({request(0, 0, 10, 3, 5), request(1, 0, 10, 9)}, config(2), kTimes);
  EXPECT_EQ(by_itself.finished[1].finished - by_length.finished[1].finished, 10);
}

TYPED_TEST(TrtllmRules, WithStagesEachMicroBatchTakesMaxBatchSize) {
  EngineConfig c = config(1);
  c.max_num_seqs = 2;
  c.pipeline_parallel = 2;
  std::vector<workloads::Request> requests;
  requests.push_back(request(5, 0, 10, 1));
  for (std::uint64_t i = 0; i < 5; ++i) requests.push_back(request(i, 1, 10, 4));
  const auto r = play<TypeParam>(requests, c, kTimes);
  EXPECT_EQ(r.finished[1].scheduled, 1100);
  EXPECT_EQ(r.finished[2].scheduled, 1100) << "the second micro-batch is decided at once";
  EXPECT_GE(r.finished[4].scheduled, r.finished[0].finished);
}

/// Two ranks that let prompts in together, or after `timeout` decisions.
EngineConfig balanced(int timeout, int batching_wait = 0) {
  EngineConfig c = config(1);
  c.data_parallel = 2;
  c.trtllm.balance = true;
  c.trtllm.balance_timeout_iters = timeout;
  c.trtllm.balance_batching_wait_iters = batching_wait;
  return c;
}

// Both ranks decode from 2200 on, a step is 1010.
TYPED_TEST(TrtllmRules, PromptsOfOneRankWaitForTheOther) {
  const std::vector<workloads::Request> both{request(0, 0, 10, 30), request(1, 0, 10, 30), request(2, 3000, 50, 3),
                                             request(3, 5000, 50, 3)};
  const auto apart = play<TypeParam>(
      both,
      [] {
        EngineConfig c = balanced(60);
        c.trtllm.balance = false;
        return c;
      }(),
      kTimes);
  EXPECT_EQ(apart.finished[2].scheduled, 2200 + 1010);
  const auto together = play<TypeParam>(both, balanced(60), kTimes);
  EXPECT_EQ(together.finished[2].scheduled, 2200 + 3 * 1010) << "the next decision after the second came";
  EXPECT_EQ(together.finished[3].scheduled, 2200 + 3 * 1010);
  const auto later = play<TypeParam>(both, balanced(60, 2), kTimes);
  EXPECT_EQ(later.finished[2].scheduled, 2200 + 5 * 1010);
}

TYPED_TEST(TrtllmRules, PromptsWaitForOtherRanksNoLongerThanTheTimeout) {
  const std::vector<workloads::Request> requests{request(0, 0, 10, 30), request(1, 0, 10, 30), request(2, 3000, 50, 3)};
  // The first decision with rows on both ranks is at 2200; every tenth lets go.
  EXPECT_EQ(play<TypeParam>(requests, balanced(10), kTimes).finished[2].scheduled, 2200 + 9 * 1010);
  EXPECT_EQ(
      play<TypeParam>({request(0, 0, 10, 30), request(1, 3000, 50, 3)}, balanced(10), kTimes).finished[1].scheduled,
      1100 + 2 * 1010)
      << "a rank without requests lets go at once";
}

TYPED_TEST(TrtllmRules, OneRankWaitsForNoOther) {
  const std::vector<workloads::Request> requests{request(0, 0, 10, 30), request(1, 3000, 50, 3)};
  EngineConfig one = balanced(10, 5);
  one.data_parallel = 1;
  EXPECT_EQ(play<TypeParam>(requests, one, kTimes).finished[1].scheduled,
            play<TypeParam>(requests, config(1), kTimes).finished[1].scheduled);
}

}  // namespace
}  // namespace headroom::sim
