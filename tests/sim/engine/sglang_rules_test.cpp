// The rules of SGLang's scheduler, each on a case small enough to work out by hand. Every case runs step by step and
// with steps skipped.
#include <gtest/gtest.h>

#include "tests/sim/engine/replica_harness.h"

namespace headroom::sim {
namespace {

/// Pages of one token, `pool` of them; estimates count every token to come unless a case says otherwise.
EngineConfig config(int depth, std::int64_t pool = 1000) {
  EngineConfig c;
  c.kind = EngineKind::sglang;
  c.max_num_batched_tokens = 1000;
  c.max_num_seqs = 8;
  c.block_size = 1;
  c.num_gpu_blocks = pool;
  c.max_model_len = pool;
  c.pipeline_depth = depth;
  c.sglang.chunked_prefill_size = 100;
  return c;
}

EngineConfig withRatio(EngineConfig c, double ratio, double least, int steps) {
  c.sglang.init_new_token_ratio = static_cast<std::int64_t>(ratio * 1e9);
  c.sglang.min_new_token_ratio = static_cast<std::int64_t>(least * 1e9);
  c.sglang.new_token_ratio_decay_steps = steps;
  return c;
}

workloads::Request with(workloads::Request request, std::uint64_t text) {
  auto details = std::make_shared<workloads::RequestDetails>();
  details->content.push_back({text, request.prompt_tokens});
  request.details = details;
  return request;
}

// A step takes 1000 ticks, 10 per prompt or decode token.
const models::LinearStepTimes kTimes({.step = 1000, .token = 10}, 1000);

template <class T>
class SglangRules : public testing::Test {};
using Replicas = testing::Types<SteppingReplica, SkippingReplica>;
TYPED_TEST_SUITE(SglangRules, Replicas);

TYPED_TEST(SglangRules, ALongPromptStarvesDecodingWhereVllmMixes) {
  const std::vector<workloads::Request> requests{request(0, 0, 10, 50), request(1, 1, 250, 1)};
  EngineConfig vllm = config(1);
  vllm.kind = EngineKind::vllm;
  vllm.max_model_len = 900;
  vllm.max_num_batched_tokens = 100;
  const auto mixed = play<TypeParam>(requests, vllm, kTimes);
  // vLLM: request 0 gets a token beside each chunk of 99; no gap is longer than one step.
  EXPECT_TRUE(mixed.late_tokens.empty());
  EXPECT_EQ(mixed.gaps.max(), 2000);
  // SGLang: chunks of 100, 100 and 50 run alone from 1100 to 6600; the next token comes behind all three.
  const auto starved = play<TypeParam>(requests, config(1), kTimes);
  EXPECT_EQ(starved.finished[1].first_token, 1100 + 2000 + 2000 + 1500);
  const std::vector<std::pair<Ticks, Ticks>> late{{6600 + 1010, 6600 + 1010 - 1100}};
  EXPECT_EQ(starved.late_tokens, late);
}

TYPED_TEST(SglangRules, MixedChunksGiveDecodingOnesARowBesideThePrompt) {
  EngineConfig c = config(1);
  c.sglang.mixed_chunk = true;
  const auto r = play<TypeParam>({request(0, 0, 10, 50), request(1, 1, 250, 1)}, c, kTimes);
  EXPECT_EQ(r.finished[1].first_token, 1100 + 2000 + 2000 + (1000 + 530));  // chunks of 99, 99, 52
  EXPECT_TRUE(r.late_tokens.empty());
}

TYPED_TEST(SglangRules, WhatAChunkInProgressLeavesGoesToNewPrompts) {
  const auto r = play<TypeParam>({request(0, 0, 150, 1), request(1, 1, 30, 1)}, config(1), kTimes);
  EXPECT_EQ(r.finished[1].scheduled, 2000);
  EXPECT_EQ(r.finished[0].first_token, 2000 + 1000 + 10 * (50 + 30));
  EXPECT_EQ(r.finished[1].first_token, r.finished[0].first_token);
}

TYPED_TEST(SglangRules, WithoutChunkingAPromptRunsWholeAndMaxPrefillTokensEndsTheBatch) {
  EngineConfig c = config(1);
  c.sglang.chunked_prefill_size = 0;
  c.sglang.max_prefill_tokens = 300;
  const std::vector<workloads::Request> fit{request(0, 0, 10, 1), request(1, 1, 250, 1), request(2, 1, 49, 1)};
  const auto together = play<TypeParam>(fit, c, kTimes);
  EXPECT_EQ(together.finished[2].first_token, 1100 + 1000 + 2990);
  const std::vector<workloads::Request> over{request(0, 0, 10, 1), request(1, 1, 250, 1), request(2, 1, 50, 1)};
  const auto apart = play<TypeParam>(over, c, kTimes);
  EXPECT_EQ(apart.finished[1].first_token, 1100 + 3500);
  EXPECT_EQ(apart.finished[2].scheduled, 1100 + 3500);
}

TYPED_TEST(SglangRules, ASlotIsUsableOneDecodeStepAfterItCameFree) {
  EngineConfig c = config(1);
  c.max_num_seqs = 2;
  const auto r = play<TypeParam>({request(0, 0, 10, 4), request(1, 0, 10, 10), request(2, 0, 10, 1)}, c, kTimes);
  // Prompts end at 1100 and 2200, then three steps of two rows. The latch opens in the decode step behind.
  EXPECT_EQ(r.finished[0].finished, 2200 + 3 * 1020);
  EXPECT_EQ(r.finished[2].scheduled, r.finished[0].finished + 1010);
}

TYPED_TEST(SglangRules, AdmissionCountsTheTokensThatMayComeAndOnePage) {
  // 90 of 100 tokens are free: 10 + max_tokens + 1 must be less.
  const EngineConfig c = withRatio(config(1, 100), 0, 0, 1);
  const auto admitted = play<TypeParam>({request(0, 0, 10, 5), request(1, 0, 10, 1, 78)}, c, kTimes);
  EXPECT_EQ(admitted.finished[1].scheduled, 1100);
  const auto refused = play<TypeParam>({request(0, 0, 10, 5), request(1, 0, 10, 1, 79)}, c, kTimes);
  EXPECT_EQ(refused.finished[1].scheduled, refused.finished[0].finished);
}

TYPED_TEST(SglangRules, AnEstimateIsClipped) {
  EngineConfig c = withRatio(config(1, 100), 0, 0, 1);
  c.sglang.clip_max_new_tokens = 50;
  const auto r = play<TypeParam>({request(0, 0, 10, 5), request(1, 0, 10, 1, 79)}, c, kTimes);
  EXPECT_EQ(r.finished[1].scheduled, 1100);
}

TYPED_TEST(SglangRules, TheRatioDecaysWithEachDecodeStep) {
  const EngineConfig c = withRatio(config(1, 200), 0.8, 0, 8);
  // Request 1 is looked at after four decode steps: ratio 0.4, 14 tokens taken, 95 to come: room for 200 - 14 - 38.
  const auto admitted = play<TypeParam>({request(0, 0, 10, 100), request(1, 4500, 20, 1, 126)}, c, kTimes);
  EXPECT_EQ(admitted.finished[1].scheduled, 1100 + 4 * 1010);
  const auto refused = play<TypeParam>({request(0, 0, 10, 100), request(1, 4500, 20, 1, 127)}, c, kTimes);
  EXPECT_EQ(refused.finished[1].scheduled, refused.finished[0].finished);
}

TYPED_TEST(SglangRules, TheLatchHoldsWhileOnlyTheRatioDecays) {
  // At 1100: 90 free, 59 x 0.7 reserved, 51 wanted: refused. Two steps later it would fit, but nobody looks.
  const EngineConfig c = withRatio(config(1, 100), 0.7, 0, 2);
  const std::vector<workloads::Request> requests{request(0, 0, 10, 60), request(1, 0, 10, 40)};
  const auto r = play<TypeParam>(requests, c, kTimes);
  EXPECT_EQ(r.finished[1].scheduled, r.finished[0].finished);
  const auto lower = play<TypeParam>(requests, withRatio(config(1, 100), 0.3, 0, 2), kTimes);
  EXPECT_EQ(lower.finished[1].scheduled, 1100);
}

TYPED_TEST(SglangRules, AnIdleEngineForgetsTheDecayedRatio) {
  const EngineConfig c = withRatio(config(1, 100), 0.7, 0, 2);
  const std::vector<workloads::Request> requests{request(0, 0, 10, 20), request(1, 90'000, 10, 60),
                                                 request(2, 90'000, 10, 40)};
  const auto r = play<TypeParam>(requests, c, kTimes);
  EXPECT_EQ(r.finished[2].scheduled, r.finished[1].finished);
}

TYPED_TEST(SglangRules, WhenPagesRunOutOneOfThoseWithFewestTokensAndTheLongestPromptGoesToTheTail) {
  EngineConfig c = withRatio(config(1, 40), 0, 0, 1);
  c.sglang.clip_max_new_tokens = 5;
  const auto r = play<TypeParam>({request(0, 0, 10, 20), request(1, 0, 12, 20)}, c, kTimes);
  // From 2220 both decode, nine steps until 40 tokens are taken. Both made ten tokens: the longer prompt goes.
  const Ticks full = 2220 + 9 * 1020;
  EXPECT_EQ(r.preemptions, std::vector<Ticks>{full});
  EXPECT_EQ(r.finished[1].preemptions, 1);
  EXPECT_EQ(r.finished[0].finished, full + 10 * 1010);
  // 22 tokens to compute again and 5 to come do not fit beside request 0.
  EXPECT_EQ(r.finished[1].finished, r.finished[0].finished + 1220 + 9 * 1010);
}

TYPED_TEST(SglangRules, FewerTokensCountBeforeTheLengthOfThePrompt) {
  EngineConfig c = withRatio(config(1, 40), 0, 0, 1);
  c.sglang.clip_max_new_tokens = 5;
  const auto r = play<TypeParam>({request(0, 0, 15, 20), request(1, 3000, 5, 20)}, c, kTimes);
  EXPECT_EQ(r.finished[0].preemptions, 0);
  EXPECT_EQ(r.finished[1].preemptions, 1);
}

TYPED_TEST(SglangRules, ARetractionRaisesTheRatioToWhatTheRemainingOnesMade) {
  EngineConfig c = withRatio(config(1, 60), 0, 0, 1000);
  c.sglang.clip_max_new_tokens = 5;
  c.sglang.retract_decode_steps = 4;
  // 0 and 1 decode from 2200 with 20 tokens taken: full after 20 steps, 21 tokens each, and 1 goes as the later one.
  // Ratio: (21 + 4) / (49 + 1) = 0.5. A step later request 2, in front of 1, finds 29 free and 5 x 0.5 reserved.
  const Ticks full = 2200 + 20 * 1020;
  const auto scheduled = [&](int prompt) {
    const auto r = play<TypeParam>(
        {request(0, 0, 10, 40, 49), request(1, 0, 10, 40, 49), request(2, full - 8000, prompt, 1, 5)}, c, kTimes);
    EXPECT_EQ(r.preemptions, std::vector<Ticks>{full});
    return r.finished[2].scheduled;
  };
  EXPECT_EQ(scheduled(20), full + 1010);       // 20 + 5 + 1 < 26.5
  EXPECT_EQ(scheduled(21), full + 19 * 1010);  // when request 0 has ended
}

TYPED_TEST(SglangRules, AtDepthTwoTheRowAfterTheLastTokenIsWastedHoweverARequestEnds) {
  for (const int limit : {3, 64}) {
    const auto r = play<TypeParam>({request(0, 0, 10, 3, limit), request(1, 0, 10, 9)}, config(2), kTimes);
    // Steps end at 1100 (prompt 0), 2110, 3210 (prompt 1), 4230 (both), 5250 (both, the row of 0 wasted), then 1 alone.
    EXPECT_EQ(r.finished[0].finished, 4230);
    EXPECT_EQ(r.finished[1].finished, 5250 + 6 * 1010);
  }
}

TYPED_TEST(SglangRules, AnArrivalWaitsForOneCommittedStepMoreAtDepthTwo) {
  const std::vector<workloads::Request> requests{request(0, 0, 50, 10), request(1, 2000, 20, 1)};
  const auto synchronous = play<TypeParam>(requests, config(1), kTimes);
  EXPECT_EQ(synchronous.finished[1].first_token, 2510 + 1000 + 200);
  const auto overlapped = play<TypeParam>(requests, config(2), kTimes);
  EXPECT_EQ(overlapped.finished[1].queued, 2510);
  EXPECT_EQ(overlapped.finished[1].first_token, 2510 + 1010 + 1000 + 200);
}

TYPED_TEST(SglangRules, EqualPromptsOfOneBatchDoNotShareLaterOnesDoByWholePages) {
  EngineConfig c = config(1);
  c.enable_prefix_caching = true;
  const std::vector<workloads::Request> requests{request(0, 0, 10, 2), with(request(1, 1, 40, 1), 7),
                                                 with(request(2, 1, 40, 1), 7), with(request(3, 9000, 40, 1), 7)};
  const auto by_token = play<TypeParam>(requests, c, kTimes);
  EXPECT_EQ(by_token.finished[2].scheduled, by_token.finished[1].scheduled);
  EXPECT_EQ(by_token.finished[2].cached_tokens, 0);
  EXPECT_EQ(by_token.finished[3].cached_tokens, 39);  // its last token is computed
  c.block_size = 16;
  EXPECT_EQ(play<TypeParam>(requests, c, kTimes).finished[3].cached_tokens, 32);
}

TYPED_TEST(SglangRules, ByLongestPrefixARequestThatSharesABeginningLetsOthersPass) {
  EngineConfig c = config(1);
  c.enable_prefix_caching = true;
  c.sglang.chunked_prefill_size = 80;
  const std::vector<workloads::Request> requests{request(0, 0, 10, 2), with(request(1, 1, 40, 1), 7),
                                                 with(request(2, 1, 40, 1), 7), with(request(3, 1, 40, 1), 8)};
  const auto in_order = play<TypeParam>(requests, c, kTimes);
  EXPECT_EQ(in_order.finished[2].scheduled, 1100);
  c.sglang.longest_prefix_first = true;
  const auto by_prefix = play<TypeParam>(requests, c, kTimes);
  EXPECT_EQ(by_prefix.finished[1].scheduled, 1100);
  EXPECT_EQ(by_prefix.finished[3].scheduled, 1100);
  EXPECT_EQ(by_prefix.finished[2].scheduled, 1100 + 1800);
  EXPECT_EQ(by_prefix.finished[2].cached_tokens, 39);
}

TYPED_TEST(SglangRules, AQueueAbove128IsNotSortedByPrefix) {
  EngineConfig c = config(1);
  c.enable_prefix_caching = true;
  c.max_num_seqs = 1;
  c.sglang.longest_prefix_first = true;
  const auto firstServed = [&](std::uint64_t waiting) {
    std::vector<workloads::Request> requests{with(request(0, 0, 20, 3), 7)};
    for (std::uint64_t i = 1; i < waiting; ++i) requests.push_back(request(i, 1, 20, 1));
    requests.push_back(with(request(waiting, 1, 20, 1), 7));
    const auto r = play<TypeParam>(requests, c, kTimes);
    return r.finished[1].scheduled < r.finished[waiting].scheduled ? std::uint64_t{1} : waiting;
  };
  EXPECT_EQ(firstServed(128), 128U);
  EXPECT_EQ(firstServed(129), 1U);
}

TYPED_TEST(SglangRules, TheInputIsLookedAtAfterEveryNthDecodeStepAndAfterPrompts) {
  EngineConfig c = config(1);
  c.sglang.recv_interval = 5;
  // Request 0 computes its prompt until 1100 and decodes; request 1 is seen at the end of the fifth decode step.
  // Request 2 comes while 1's prompt runs and is seen when that ends; an idle engine sees request 3 at once.
  const std::vector<workloads::Request> requests{request(0, 0, 10, 50), request(1, 1101, 10, 1),
                                                 request(2, 6200, 10, 1), request(3, 200'000, 10, 1)};
  const auto r = play<TypeParam>(requests, c, kTimes);
  EXPECT_EQ(r.finished[1].queued, 1100 + 5 * 1010);
  EXPECT_EQ(r.finished[1].first_token, 6150 + 1100);
  EXPECT_EQ(r.finished[2].queued, 7250);
  EXPECT_EQ(r.finished[3].queued, 200'000);
  c.sglang.recv_interval = 1;
  EXPECT_EQ(play<TypeParam>(requests, c, kTimes).finished[1].queued, 1100 + 1010);
}

TYPED_TEST(SglangRules, AStepWithPromptsTakesItsLaunchesAtLeast) {
  EngineConfig c = config(2);
  c.overhead.launches = 5000;
  const std::vector<workloads::Request> requests{request(0, 0, 10, 3)};
  const auto r = play<TypeParam>(requests, c, kTimes);
  EXPECT_EQ(r.finished[0].first_token, 5000);  // 1100 of kernels
  EXPECT_EQ(r.finished[0].finished, 5000 + 2 * 1010);
  c.overhead.launches = 500;
  EXPECT_EQ(play<TypeParam>(requests, c, kTimes).finished[0].first_token, 1100);
}

TYPED_TEST(SglangRules, AtDepthOneTheHostWorksAfterTheLaunches) {
  EngineConfig c = config(1);
  c.overhead = {.host = 300, .launches = 5000};
  const auto r = play<TypeParam>({request(0, 0, 10, 3)}, c, kTimes);
  EXPECT_EQ(r.finished[0].first_token, 5000 + 300);
  EXPECT_EQ(r.finished[0].finished, 5300 + 2 * 1310);
}

}  // namespace
}  // namespace headroom::sim
