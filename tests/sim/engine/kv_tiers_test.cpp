// KV tiers: no measurement to compare with, so by theory: a prefix comes back after latency + blocks x time per block,
// and only if that is faster than computing it.
#include "sim/engine/kv_tiers.h"

#include <gtest/gtest.h>

#include "tests/sim/engine/replica_harness.h"

namespace headroom::sim {
namespace {

workloads::Request turn(std::uint64_t id, Ticks arrival, std::uint64_t text, int prompt) {
  workloads::Request made = request(id, arrival, prompt, 1);
  auto details = std::make_shared<workloads::RequestDetails>();
  details->content = {{text, prompt}};
  made.details = details;
  return made;
}

/// 320 tokens of one text, then of another that pushes it out of 25 blocks, then of the first again.
Ticks ttftOfThird(const std::vector<KvTierConfig>& tiers, std::int64_t* fetched = nullptr) {
  EngineConfig c;
  c.max_num_batched_tokens = 1000;
  c.max_num_seqs = 4;
  c.num_gpu_blocks = 26;
  c.max_model_len = 400;
  c.pipeline_depth = 1;
  c.enable_prefix_caching = true;
  c.kv_tiers = tiers;
  const models::LinearStepTimes times({.step = 1000, .token = 100}, 1000);
  const auto r =
      play<SteppingReplica>({turn(0, 0, 1, 320), turn(1, 100'000, 2, 320), turn(2, 200'000, 1, 320)}, c, times);
  if (fetched != nullptr) *fetched = r.finished[2].fetched_tokens;
  return r.finished[2].first_token - 200'000;
}

TEST(KvTiers, APrefixComesBackAfterLatencyAndBandwidth) {
  // The tail of the first text was reused, 5 of its 20 blocks are left; 19 count, the last token is computed.
  EXPECT_EQ(ttftOfThird({}), 1000 + 100 * (320 - 5 * 16));
  std::int64_t fetched = 0;
  EXPECT_EQ(ttftOfThird({{"host", 100, 50, 300}}, &fetched), 300 + 50 * 14 + 1000 + 100 * 16);
  EXPECT_EQ(fetched, 14 * 16);
}

TEST(KvTiers, WhatIsFasterToComputeIsComputed) {
  EXPECT_EQ(ttftOfThird({{"nvme", 100, 5000, 0}}), ttftOfThird({}));
}

TEST(KvTiers, TheNearestOfEqualTiersIsReadAndASmallOneForgets) {
  const std::vector<KvTierConfig> both{{"host", 100, 50, 300}, {"nvme", 100, 1, 0}};
  EXPECT_EQ(ttftOfThird(both), ttftOfThird({{"host", 100, 50, 300}}));
  EXPECT_EQ(ttftOfThird({{"host", 20, 50, 300}}), ttftOfThird({})) << "the second text took all 20 blocks";
}

}  // namespace
}  // namespace headroom::sim
