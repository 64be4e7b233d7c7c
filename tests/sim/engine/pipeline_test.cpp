// Pipeline stages: what a step and the steps in front of it make of each other, by hand and by theory.
#include "sim/engine/pipeline.h"

#include <gmock/gmock.h>

#include "tests/sim/engine/replica_harness.h"

namespace headroom::sim {
namespace {

using testing::ElementsAre;

const models::LinearStepTimes kTimes({.step = 1000, .token = 10}, 1000);

EngineConfig config(EngineKind kind, int stages, double slowest_share) {
  EngineConfig c;
  c.kind = kind;
  c.max_num_batched_tokens = 50;
  c.max_num_seqs = 8;
  c.num_gpu_blocks = 1000;
  c.max_model_len = 1000;
  c.pipeline_depth = 1;
  c.pipeline_parallel = stages;
  c.slowest_stage_share = slowest_share;
  return c;
}

TEST(Pipeline, AStepsTimeIsDividedWithoutARest) {
  std::vector<Ticks> parts;
  splitIntoStages(1000, 1, 1, parts);
  EXPECT_THAT(parts, ElementsAre(1000));
  splitIntoStages(1001, 4, 0.4, parts);
  EXPECT_THAT(parts, ElementsAre(200, 200, 201, 400));
  splitIntoStages(10, 4, 0.1, parts);  // no stage is faster than an equal part
  EXPECT_EQ(parts.back(), 3);
}

TEST(Pipeline, AStageTakesOneStepAfterTheOther) {
  Pipeline pipeline(2);
  EXPECT_EQ(pipeline.enter(0, std::vector<Ticks>{100, 50}), 150);
  EXPECT_EQ(pipeline.enter(10, std::vector<Ticks>{20, 200}), 350);  // first stage from 100, second from 150
  EXPECT_EQ(pipeline.enter(1000, std::vector<Ticks>{1, 1}), 1002);
}

TEST(Pipeline, AResearchEngineFillsAFreeStageOnArrivalAndVllmWhenAStepHasEnded) {
  const std::vector<workloads::Request> requests{request(0, 0, 50, 3), request(1, 100, 50, 1)};
  const auto sarathi = play<SteppingReplica>(requests, config(EngineKind::sarathi, 2, 0.5), kTimes);
  EXPECT_EQ(sarathi.finished[0].first_token, 1500);
  EXPECT_EQ(sarathi.finished[1].scheduled, 100);
  EXPECT_EQ(sarathi.finished[1].first_token, 2250);  // its second stage starts when request 0 has left it
  EXPECT_EQ(sarathi.finished[0].finished, 2755 + 1010);
  const auto vllm = play<SteppingReplica>(requests, config(EngineKind::vllm, 2, 0.5), kTimes);
  EXPECT_EQ(vllm.finished[1].scheduled, 1500);
}

TEST(Pipeline, ChunksOfOnePromptFollowEachOtherInVllm) {
  const auto r = play<SteppingReplica>({request(0, 0, 100, 2)}, config(EngineKind::vllm, 2, 0.5), kTimes);
  EXPECT_EQ(r.finished[0].first_token, 1500 + 750);
  EXPECT_EQ(r.finished[0].finished, 2250 + 1010);
  const auto sarathi = play<SteppingReplica>({request(0, 0, 100, 2)}, config(EngineKind::sarathi, 2, 0.5), kTimes);
  EXPECT_EQ(sarathi.finished[0].first_token, 1500 + 1500);
}

TEST(Pipeline, SglangKeepsAMicroBatchAStageEachWithItsShareOfTheSlots) {
  EngineConfig c = config(EngineKind::sglang, 2, 0.5);
  c.block_size = 1;
  c.sglang.chunked_prefill_size = 50;
  std::vector<workloads::Request> requests;
  for (std::uint64_t i = 0; i < 5; ++i) requests.push_back(request(i, 0, 10, 2));
  const auto r = play<SteppingReplica>(requests, c, kTimes);
  EXPECT_EQ(r.finished[0].first_token, 1100);  // it arrives first, and an idle engine starts at once
  EXPECT_EQ(r.finished[3].first_token, 1100 + 1300) << "four of eight slots are the first micro-batch's";
  EXPECT_EQ(r.finished[4].first_token, 1100 + 1300 + 550) << "the second one's prompt is a stage behind";
  EXPECT_EQ(r.finished[0].finished, 2950 + 520) << "decoded together, behind the prompt of the second";
  EXPECT_EQ(r.finished[3].finished, 2950 + 520);
  EXPECT_EQ(r.finished[4].finished, 3470 + 505);
}

/// Time between two tokens of each of `stages` sequences, one a micro-batch, over many steps of 1000 ticks.
double period(int stages, double slowest_share) {
  const models::LinearStepTimes times({.step = 1000}, 1000);
  EngineConfig c = config(EngineKind::orca, stages, slowest_share);
  c.max_num_batched_tokens = 1000;
  std::vector<workloads::Request> requests;
  for (int i = 0; i < stages; ++i) requests.push_back(request(static_cast<std::uint64_t>(i), 0, 10, 501));
  const auto r = play<SteppingReplica>(requests, c, times);
  return static_cast<double>(r.finished[0].finished - r.finished[0].first_token) / 500;
}

TEST(Pipeline, AMicroBatchComesRoundAfterItsLatencyOrTheBottlenecksWorkOnAll) {
  EXPECT_NEAR(period(2, 0.5), 1000, 1);
  EXPECT_NEAR(period(4, 0.25), 1000, 1);  // four tokens a latency: twice the throughput of two stages
  EXPECT_NEAR(period(4, 0.4), 4 * 400, 4);
  EXPECT_NEAR(period(2, 0.9), 2 * 900, 4);
}

}  // namespace
}  // namespace headroom::sim
