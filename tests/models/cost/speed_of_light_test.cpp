// Speeds of light by hand: 1000 TFLOP/s in bf16, 2000 in fp8, 4 TB/s, 400 GB/s between devices.
#include <gtest/gtest.h>

#include <cmath>

#include "models/cost/operation.h"
#include "models/cost/similar_experts.h"
#include "tests/models/cost/cost_fixtures.h"

namespace headroom::models {
namespace {

const Peaks kPeaks = peaksOf(roundAccelerator());

TEST(SpeedOfLight, OneTokenReadsTheWeightsOfItsExperts) {
  const TableKey key{
      .operation = Operation::moe, .hidden = 1000, .inter = 1000, .topk = 4, .experts = 64, .moe_tp = 1, .moe_ep = 1};
  EXPECT_NEAR(speedOfLight(kPeaks, key, {1}).value(), 4 * 3e6 * 2 / 4e12, 1e-12);
  EXPECT_NEAR(speedOfLight(kPeaks, key, {1000}).value(), 64 * 3e6 * 2 / 4e12, 1e-12);  // all of them, once
  EXPECT_NEAR(speedOfLight(kPeaks, key, {1e6}).value(), 2 * 4e6 * 3e6 / 1e15, 1e-9);   // arithmetic
}

TEST(SpeedOfLight, AWindowBoundsWhatADecodingTokenReads) {
  const TableKey all{.operation = Operation::decode_attention, .heads = 8, .kv_heads = 8, .head_dim = 128};
  TableKey windowed = all;
  windowed.window = 128;
  EXPECT_EQ(speedOfLight(kPeaks, windowed, {1, 100}), speedOfLight(kPeaks, all, {1, 100}));
  EXPECT_EQ(speedOfLight(kPeaks, windowed, {1, 5000}), speedOfLight(kPeaks, all, {1, 128}));
}

TEST(SpeedOfLight, PromptsInAWindowGrowLinearlyBeyondIt) {
  const TableKey key{
      .operation = Operation::prefill_attention, .heads = 64, .kv_heads = 8, .head_dim = 128, .window = 128};
  const Seconds at_8k = speedOfLight(kPeaks, key, {1, 8192});
  const Seconds at_16k = speedOfLight(kPeaks, key, {1, 16384});
  EXPECT_NEAR(at_16k / at_8k, 2.0, 0.02);
}

TEST(SpeedOfLight, SparseAttentionReadsNoMoreThanItsTopTokens) {
  TableKey key{.operation = Operation::dsa_decode_block, .heads = 128, .hidden = 7168};
  EXPECT_EQ(speedOfLight(kPeaks, key, {64, 4096}), speedOfLight(kPeaks, key, {64, 65536}));
  key.operation = Operation::mla_decode_block;
  EXPECT_LT(speedOfLight(kPeaks, key, {64, 4096}), speedOfLight(kPeaks, key, {64, 65536}));
}

TEST(SpeedOfLight, EveryOperationHasOneThatGrowsWithItsFirstAxis) {
  TableKey key{.heads = 8,
               .kv_heads = 8,
               .head_dim = 128,
               .devices = 4,
               .hidden = 7168,
               .inter = 2048,
               .topk = 8,
               .experts = 64,
               .moe_tp = 1,
               .moe_ep = 1,
               .layer = Layer::rotary};
  for (const OperationInfo& info : operations()) {
    key.operation = info.operation;
    EXPECT_LE(speedOfLight(kPeaks, key, {16, 64, 64, 64}), speedOfLight(kPeaks, key, {64, 64, 64, 64})) << info.name;
    EXPECT_GE(speedOfLight(kPeaks, key, {16, 64, 64, 64}).value(), 0) << info.name;
  }
}

Profile profileOfExperts() {
  Profile profile = emptyProfile();
  for (const int hidden : {1024, 8192}) {
    Table table;
    table.key = {.operation = Operation::moe,
                 .hidden = hidden,
                 .inter = 1024,
                 .topk = 4,
                 .experts = 64,
                 .moe_tp = 1,
                 .moe_ep = 1};
    table.launch_floor = Seconds(10e-6);
    table.axes = {{1, 1024}};
    const int ratio = hidden == 1024 ? 500 : 1500;
    table.values = {ratio, ratio};
    profile.tables.push_back(table);
  }
  return profile;
}

TEST(SimilarExperts, AShapeBetweenTwoMeasuredOnesLiesBetweenTheirRatios) {
  const Profile profile = profileOfExperts();
  TableKey key = profile.tables[0].key;
  key.hidden = 2048;
  const KernelTime time = SimilarExperts(profile, key).time(64);
  const double ratio = std::log(time.time / (time.speed_of_light + Seconds(10e-6)));
  EXPECT_GT(ratio, 0.5);
  EXPECT_LT(ratio, 1.0);  // nearer to the first
  EXPECT_EQ(time.tier, Tier::transferred);
}

TEST(SimilarExperts, OnlyWhatLiesAboveTheLaunchFloorGrowsWithTheWork) {
  Profile profile = profileOfExperts();
  profile.tables.resize(1);
  TableKey key = profile.tables[0].key;
  key.experts = 16;  // a quarter, so that a quarter of the tokens reach each as often
  const KernelTime measured =
      TableReader(profile.tables[0]).time({256}, speedOfLight(profile.header.peaks, profile.tables[0].key, {256}));
  const KernelTime time = SimilarExperts(profile, key).time(64);
  const Seconds floor(10e-6);
  EXPECT_NEAR(time.speed_of_light / measured.speed_of_light, 0.25, 1e-9);
  EXPECT_NEAR((time.time - floor) / (measured.time - floor), 0.25, 1e-9);
}

TEST(SimilarExperts, ShapesOnAsManyRanksStandInBeforeThoseWithAsManyLocalExperts) {
  Profile profile = profileOfExperts();
  profile.tables[1].key.hidden = profile.tables[0].key.hidden;
  profile.tables[1].key.moe_ep = 4;  // the slowest of four ranks holds more than its share
  TableKey key = profile.tables[0].key;
  key.experts = 16;
  const double all_of_the_first = std::exp(0.5), all_of_the_second = std::exp(1.5);
  const KernelTime time = SimilarExperts(profile, key).time(4096);
  const double slowdown = (time.time - Seconds(10e-6)) / time.speed_of_light;
  EXPECT_GT(slowdown, all_of_the_first);
  EXPECT_LT(slowdown, std::sqrt(all_of_the_first * all_of_the_second));
}

TEST(SimilarExperts, WithoutAnyExpertsThereIsNoAnswer) {
  const Profile empty = emptyProfile();
  EXPECT_FALSE(
      SimilarExperts(
          empty,
          {.operation = Operation::moe, .hidden = 1, .inter = 1, .topk = 1, .experts = 1, .moe_tp = 1, .moe_ep = 1})
          .any());
}

}  // namespace
}  // namespace headroom::models
