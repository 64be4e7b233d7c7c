// The rules of each research engine on a case small enough to work out by hand, with and without skipping.
#include <gmock/gmock.h>

#include "tests/sim/engine/replica_harness.h"

namespace headroom::sim {
namespace {

// A step takes 1000 ticks, 10 per prompt or decode token.
const models::LinearStepTimes kTimes({.step = 1000, .token = 10}, 1000);

EngineConfig config(EngineKind kind) {
  EngineConfig c;
  c.kind = kind;
  c.max_num_batched_tokens = 100;
  c.max_num_seqs = 8;
  c.num_gpu_blocks = 1000;
  c.max_model_len = 1000;
  c.pipeline_depth = 1;
  return c;
}

template <class T>
class ResearchEngines : public testing::Test {};
using Replicas = testing::Types<SteppingReplica, SkippingReplica>;
TYPED_TEST_SUITE(ResearchEngines, Replicas);

TYPED_TEST(ResearchEngines, VllmV0RunsAPromptInAStepOfItsOwnAndTheOthersWait) {
  const auto r = play<TypeParam>({request(0, 0, 50, 10), request(1, 2000, 20, 1)}, config(EngineKind::vllm_v0), kTimes);
  EXPECT_EQ(r.finished[1].scheduled, 2510);
  EXPECT_EQ(r.finished[1].first_token, 2510 + 1200);
  EXPECT_THAT(r.late_tokens, testing::ElementsAre(std::pair<Ticks, Ticks>(3710 + 1010, 1200 + 1010)));
}

TYPED_TEST(ResearchEngines, VllmV0CountsEveryPromptOfAStepAsItsLongest) {
  const auto firstTokens = [](int longer) {
    return play<TypeParam>({request(0, 0, 10, 2), request(1, 1, longer, 1), request(2, 1, 40, 1)},
                           config(EngineKind::vllm_v0), kTimes);
  };
  EXPECT_EQ(firstTokens(50).finished[2].first_token, 1100 + 1900);
  EXPECT_EQ(firstTokens(51).finished[1].first_token, 1100 + 1510);
  EXPECT_EQ(firstTokens(51).finished[2].first_token, 1100 + 1510 + 1400);
}

TYPED_TEST(ResearchEngines, VllmV0AdmitsOnlyAboveTheWatermark) {
  EngineConfig c = config(EngineKind::vllm_v0);
  c.num_gpu_blocks = 20;
  c.max_model_len = 160;
  const std::vector<workloads::Request> requests{request(0, 0, 96, 20), request(1, 1, 96, 1)};  // 6 blocks each
  c.watermark = 0.4;                                                                            // 8 blocks
  EXPECT_EQ(play<TypeParam>(requests, c, kTimes).finished[1].scheduled, 1960);
  c.watermark = 0.45;  // 9
  const auto r = play<TypeParam>(requests, c, kTimes);
  EXPECT_EQ(r.finished[1].scheduled, r.finished[0].finished);
}

TYPED_TEST(ResearchEngines, OrcaTakesAWholePromptAlongWithTheDecodingOnes) {
  const auto r = play<TypeParam>({request(0, 0, 10, 3), request(1, 1, 90, 2)}, config(EngineKind::orca), kTimes);
  EXPECT_EQ(r.finished[1].first_token, 1100 + 1000 + 910);
  EXPECT_EQ(r.finished[0].finished, 1100 + 1910 + 1020);
}

TYPED_TEST(ResearchEngines, OrcaHoldsBlocksForTheLongestSequence) {
  EngineConfig c = config(EngineKind::orca);
  c.max_model_len = 64;
  for (const int blocks : {7, 8}) {  // four each
    c.num_gpu_blocks = blocks;
    const auto r = play<TypeParam>({request(0, 0, 10, 5), request(1, 1, 10, 1)}, c, kTimes);
    EXPECT_EQ(r.finished[1].scheduled, blocks == 8 ? 1100 : r.finished[0].finished);
  }
}

TYPED_TEST(ResearchEngines, SarathiChunksAPromptAndNeverStallsTheDecodingOnes) {
  const auto r = play<TypeParam>({request(0, 0, 10, 50), request(1, 1, 250, 1)}, config(EngineKind::sarathi), kTimes);
  EXPECT_EQ(r.finished[1].first_token, 1100 + 2000 + 2000 + (1000 + 530));  // 99 and one, twice; 52 and one
  EXPECT_TRUE(r.late_tokens.empty());
}

TYPED_TEST(ResearchEngines, SarathiOutOfBlocksStartsTheNewestOver) {
  EngineConfig c = config(EngineKind::sarathi);
  c.num_gpu_blocks = 5;
  c.max_model_len = 64;
  const auto r = play<TypeParam>({request(0, 0, 10, 40), request(1, 0, 10, 40)}, c, kTimes);
  EXPECT_EQ(r.finished[0].preemptions, 0);
  EXPECT_GE(r.finished[1].preemptions, 1);
  EXPECT_EQ(r.tokens + 2 + static_cast<std::int64_t>(r.late_tokens.size()), 80);
}

TYPED_TEST(ResearchEngines, AStaticBatchRunsToItsLongestAnswer) {
  EngineConfig c = config(EngineKind::static_batch);
  c.max_num_seqs = 2;
  const auto r = play<TypeParam>(
      {request(0, 0, 10, 3), request(1, 1, 10, 1), request(2, 1, 10, 3), request(3, 2, 10, 1)}, c, kTimes);
  EXPECT_EQ(r.finished[0].finished, 1100 + 2 * 1010);
  EXPECT_EQ(r.finished[1].scheduled, 3120);
  EXPECT_EQ(r.finished[1].finished, 3120 + 1200);
  EXPECT_EQ(r.finished[3].scheduled, r.finished[2].finished);
  EXPECT_EQ(r.finished[2].finished, 4320 + 2 * 1010);
}

TYPED_TEST(ResearchEngines, LightllmLooksAtTheQueueAfterSoManyDecodeSteps) {
  EngineConfig c = config(EngineKind::lightllm);
  c.block_size = 1;
  c.max_waiting_iters = 3;
  const auto r = play<TypeParam>({request(0, 0, 10, 40), request(1, 1, 10, 1)}, c, kTimes);
  EXPECT_EQ(r.finished[1].scheduled, 1100 + 3 * 1010);
}

TYPED_TEST(ResearchEngines, LightllmAdmitsWhatFitsAtTheLaterPeakAndNotOneTokenMore) {
  EngineConfig c = config(EngineKind::lightllm);
  c.block_size = 1;
  c.max_waiting_iters = 3;
  c.max_model_len = 60;
  // At 4130 request 0 holds 14 tokens with 35 to come; request 1 will hold 21 with 29: 2 x 29 + 14 + 21 = 93 at most,
  // and every look later 3 less.
  const std::vector<workloads::Request> requests{request(0, 0, 10, 40), request(1, 1, 20, 31)};
  c.num_gpu_blocks = 94;
  EXPECT_EQ(play<TypeParam>(requests, c, kTimes).finished[1].scheduled, 1100 + 3 * 1010);
  c.num_gpu_blocks = 93;
  const auto r = play<TypeParam>(requests, c, kTimes);
  EXPECT_EQ(r.finished[1].scheduled, 1100 + 18 * 1010);
  EXPECT_LE(r.max_blocks, 93);
  EXPECT_TRUE(r.preemptions.empty());
}

}  // namespace
}  // namespace headroom::sim
