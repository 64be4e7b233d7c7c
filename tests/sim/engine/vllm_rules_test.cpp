// The rules of vLLM's scheduler, each on a case small enough to work out by hand. Every case runs on both replicas.
#include <gtest/gtest.h>

#include "tests/sim/engine/replica_harness.h"

namespace headroom::sim {
namespace {

EngineConfig config(int depth) {
  EngineConfig c;
  c.max_num_batched_tokens = 100;
  c.max_num_seqs = 8;
  c.num_gpu_blocks = 1001;
  c.max_model_len = 10'000;
  c.pipeline_depth = depth;
  return c;
}

// A step takes 1000 ticks, 10 per prompt or decode token.
const models::LinearStepTimes kTimes({.step = 1000, .token = 10}, 100);

template <class T>
class VllmRules : public testing::Test {};
using Replicas = testing::Types<SteppingReplica, SkippingReplica, FastReplica>;
TYPED_TEST_SUITE(VllmRules, Replicas);

TYPED_TEST(VllmRules, AtDepthOneAnArrivalWaitsForTheEndOfTheStepInProgress) {
  const auto r = play<TypeParam>({request(0, 0, 50, 10), request(1, 2000, 20, 1)}, config(1), kTimes);
  // Steps: prefill 50 -> 1500; decode 1 token -> 1010 each: ends 1500, 2510, 3520, ...
  EXPECT_EQ(r.finished[0].first_token, 1500);
  EXPECT_EQ(r.finished[1].queued, 2510);
  EXPECT_EQ(r.finished[1].scheduled, 2510);
  EXPECT_EQ(r.finished[1].first_token, 2510 + 1000 + 10 * 21);
}

TYPED_TEST(VllmRules, AtDepthTwoAnArrivalWaitsForAWholeCommittedStepMore) {
  const auto r = play<TypeParam>({request(0, 0, 50, 10), request(1, 2000, 20, 1)}, config(2), kTimes);
  EXPECT_EQ(r.finished[1].queued, 2510);
  EXPECT_EQ(r.finished[1].first_token, 2510 + 1010 + 1000 + 10 * 21);
}

TYPED_TEST(VllmRules, AnIdleEngineStartsAtOnce) {
  for (const int depth : {1, 2}) {
    const auto r = play<TypeParam>({request(0, 777, 50, 2)}, config(depth), kTimes);
    EXPECT_EQ(r.finished[0].queued, 777);
    EXPECT_EQ(r.finished[0].first_token, 777 + 1500);
    EXPECT_EQ(r.finished[0].finished, 777 + 1500 + 1010);
  }
}

TYPED_TEST(VllmRules, APromptBeyondTheBudgetIsChunkedBehindTheDecodingOnes) {
  // Request 1 (250 tokens) shares each step with one decode token: chunks of 99, 99, 52.
  const auto r = play<TypeParam>({request(0, 0, 10, 50), request(1, 1, 250, 1)}, config(1), kTimes);
  EXPECT_EQ(r.finished[1].queued, 1100);
  EXPECT_EQ(r.finished[1].first_token, 1100 + 2000 + 2000 + (1000 + 530));
}

TYPED_TEST(VllmRules, ABudgetOfExactlyThePromptTakesItWholeAndOneTokenLessDoesNot) {
  EngineConfig c = config(1);
  EXPECT_EQ(play<TypeParam>({request(0, 0, 100, 1)}, c, kTimes).steps, 1);
  EXPECT_EQ(play<TypeParam>({request(0, 0, 101, 1)}, c, kTimes).steps, 2);
}

TYPED_TEST(VllmRules, MaxNumSeqsHoldsRequestsBackUntilOneFinishes) {
  EngineConfig c = config(1);
  c.max_num_seqs = 1;
  const auto r = play<TypeParam>({request(0, 0, 10, 3), request(1, 0, 10, 1)}, c, kTimes);
  EXPECT_EQ(r.finished[0].finished, 1100 + 2 * 1010);
  EXPECT_EQ(r.finished[1].queued, 1100);
  EXPECT_EQ(r.finished[1].scheduled, r.finished[0].finished);
}

TYPED_TEST(VllmRules, AtDepthTwoASlotIsUsableOneStepAfterItsLastToken) {
  EngineConfig c = config(2);
  c.max_num_seqs = 2;
  // 0 and 1 run; 2 waits for the slot of 0, which ends first. While 0's last step runs, the next is already decided.
  const auto r = play<TypeParam>({request(0, 0, 10, 4), request(1, 0, 10, 40), request(2, 0, 10, 1)}, c, kTimes);
  EXPECT_EQ(r.finished[2].scheduled, r.finished[0].finished);
  EXPECT_EQ(r.finished[2].first_token, r.finished[0].finished + 1010 + 1000 + 110);
}

TYPED_TEST(VllmRules, AtDepthTwoARequestThatStopsByItselfRunsOneRowTooMany) {
  const auto by_length = play<TypeParam>({request(0, 0, 10, 3), request(1, 0, 10, 9)}, config(2), kTimes);
  const auto by_itself = play<TypeParam>({request(0, 0, 10, 3, 64), request(1, 0, 10, 9)}, config(2), kTimes);
  EXPECT_EQ(by_itself.finished[0].finished, by_length.finished[0].finished);
  EXPECT_EQ(by_itself.finished[1].finished, by_length.finished[1].finished + 10);
}

TYPED_TEST(VllmRules, WhenBlocksRunOutTheNewestIsPreemptedAndRecomputed) {
  EngineConfig c = config(1);
  c.num_gpu_blocks = 5;  // four usable
  c.max_model_len = 64;
  // Both take one block at first; 16 tokens later each needs a second, then a third: the newest goes.
  const auto r = play<TypeParam>({request(0, 0, 10, 40), request(1, 0, 10, 40)}, c, kTimes);
  EXPECT_EQ(r.finished[0].preemptions, 0);
  EXPECT_GE(r.finished[1].preemptions, 1);
  EXPECT_EQ(r.late_tokens.size(), static_cast<std::size_t>(r.finished[1].preemptions));
  EXPECT_EQ(r.max_blocks, 4);
  EXPECT_EQ(r.tokens + 2 + static_cast<std::int64_t>(r.late_tokens.size()), 80);  // every token comes once
}

TYPED_TEST(VllmRules, AdmissionNeedsRoomForTheWholePrompt) {
  EngineConfig c = config(1);
  c.num_gpu_blocks = 17;  // 16 usable
  c.max_model_len = 256;
  c.max_num_batched_tokens = 40;
  const std::vector<workloads::Request> requests{request(0, 0, 100, 20), request(1, 0, 160, 1)};
  const auto reserved = play<TypeParam>(requests, c, kTimes);
  EXPECT_EQ(reserved.finished[1].scheduled, reserved.finished[0].finished);
  c.scheduler_reserve_full_isl = false;
  const auto greedy = play<TypeParam>(requests, c, kTimes);
  EXPECT_LT(greedy.finished[1].scheduled, greedy.finished[0].finished);
}

TYPED_TEST(VllmRules, WithoutChunkingAPromptWaitsForABudgetThatHoldsIt) {
  EngineConfig c = config(1);
  c.enable_chunked_prefill = false;
  const auto r = play<TypeParam>({request(0, 0, 60, 2), request(1, 1, 60, 1), request(2, 1, 60, 1)}, c, kTimes);
  EXPECT_EQ(r.finished[1].first_token, 1600 + 1000 + 610);
  EXPECT_EQ(r.finished[2].scheduled, r.finished[1].first_token);
}

TYPED_TEST(VllmRules, HostTimeAddsAtDepthOneAndHidesAtDepthTwo) {
  EngineConfig c = config(1);
  c.overhead = {.host = 400, .residue = 7};
  EXPECT_EQ(play<TypeParam>({request(0, 0, 50, 3)}, c, kTimes).finished[0].finished, 1500 + 2 * 1010 + 3 * 407);
  c.pipeline_depth = 2;
  EXPECT_EQ(play<TypeParam>({request(0, 0, 50, 3)}, c, kTimes).finished[0].finished, 1500 + 2 * 1010 + 3 * 7);
  c.overhead.host = 1200;
  EXPECT_EQ(play<TypeParam>({request(0, 0, 50, 3)}, c, kTimes).finished[0].finished, 1500 + 2 * 1200 + 3 * 7);
}

}  // namespace
}  // namespace headroom::sim
