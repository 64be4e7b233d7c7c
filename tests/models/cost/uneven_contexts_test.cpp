// What unequal contexts of a batch cost where a profile measured it.
#include "models/cost/uneven_contexts.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "models/cost/compile.h"
#include "models/hardware/accelerator.h"

namespace headroom::models {
namespace {

constexpr TableKey kHeads{.operation = Operation::decode_attention, .heads = 32, .kv_heads = 8, .head_dim = 128};

/// 50 us for 1,024 tokens in one layer, whatever the batch.
Table evenPace() {
  Table table;
  table.key = kHeads;
  table.key.operation = Operation::uneven_attention;
  table.launch_floor = Seconds(1e-6);
  table.axes = {{0, 16, 2048}, {2, 32, 64, 128}};
  table.values = Numbers(12, 3912);  // 1000 ln 50
  return table;
}

FoundProfile withUnevenContexts() {
  FoundProfile found = findProfile(findAccelerator("rtx-pro-6000"), "vllm", "0.19.0");
  std::erase_if(found.profile.tables, [](const Table& t) { return t.key.operation == Operation::uneven_attention; });
  found.profile.tables.push_back(evenPace());
  std::sort(found.profile.tables.begin(), found.profile.tables.end(),
            [](const Table& a, const Table& b) { return a.key < b.key; });
  return found;
}

class UnevenOnRtxPro6000 : public testing::Test {
 protected:
  FoundProfile found = withUnevenContexts();
  std::optional<UnevenContexts> uneven = UnevenContexts::find(found.profile, kHeads, 32);
};

TEST_F(UnevenOnRtxPro6000, NothingIsLostWhileTheKernelSplitsContexts) {
  ASSERT_TRUE(uneven.has_value());
  // 8 KV heads a sequence on 188 processors: FlashAttention-2 splits below 0.8 x 376 work items.
  EXPECT_TRUE(uneven->splits(37));
  EXPECT_FALSE(uneven->splits(38));
  EXPECT_EQ(uneven->pace(0, 37).value(), 0);
  EXPECT_GT(uneven->pace(0, 38).value(), 0);
  EXPECT_GT(uneven->pace(64, 8).value(), 0) << "beside a prompt it never splits";
}

TEST_F(UnevenOnRtxPro6000, OneProcessorWalksThroughTheLongestContextAtTheSamePaceBesideAnyBatch) {
  ASSERT_TRUE(uneven.has_value());
  for (const double n : {4.0, 16.0, 64.0}) {
    EXPECT_NEAR(uneven->pace(64, n).value(), 32 * 50e-6 / 1024, 1e-9) << n;
  }
}

TEST_F(UnevenOnRtxPro6000, IsPartOfCompiledStepsAndGrowsWithTheExcess) {
  StepRequest request;
  request.max_num_batched_tokens = 2048;
  request.max_num_seqs = 128;
  request.max_model_len = 8192;
  const Accelerator accelerator = findAccelerator("rtx-pro-6000");
  const CompiledStepTimes compiled = compileStepTimes(found.profile, accelerator, findModel("llama-3.1-8b"), request);
  const StepTimes& times = *compiled.tables;
  ASSERT_TRUE(times.knowsUnevenContexts());
  EXPECT_EQ(times.unevenAttention(64, 0), 0);
  EXPECT_EQ(times.unevenAttention(64, -64), 0) << "a mean rounded up";
  const Ticks once = times.unevenAttention(64, 64 * 1000);
  EXPECT_EQ(times.unevenAttention(64, 128 * 1000), 2 * once);
  EXPECT_NEAR(toSeconds(once).value(), 1000 * uneven->pace(0, 64).value(), 1e-9);
  const Ticks equal = times.fusedAttention(512, 0, 32, 32 * 1024, 1024);
  EXPECT_GT(times.fusedAttention(512, 0, 32, 32 * 1024, 4096), equal);
  EXPECT_EQ(times.fusedAttention(512, 8000, 32, 32 * 1024, 4096), times.fusedAttention(512, 8000, 32, 32 * 1024, 1024))
      << "the prompt's own context is longer";
}

TEST(UnevenContexts, AreShippedWhereTwoLengthBatchesWereMeasured) {
  for (const char* name : {"rtx-4090", "rtx-pro-6000"}) {
    const FoundProfile found = findProfile(findAccelerator(name), "vllm", "0.19.0");
    const auto uneven = UnevenContexts::find(found.profile, kHeads, 1);
    ASSERT_TRUE(uneven.has_value()) << name;
    EXPECT_GT(uneven->pace(64, 32).value(), 10e-9) << name;
    EXPECT_LT(uneven->pace(64, 32).value(), 35e-9) << name;
  }
}

TEST(UnevenContexts, ProfilesThatHaveNotMeasuredItDoNotKnowIt) {
  const Accelerator accelerator = findAccelerator("h100-sxm");
  const FoundProfile found = findProfile(accelerator, "vllm", "0.24.0");
  EXPECT_FALSE(UnevenContexts::find(found.profile, kHeads, 32).has_value());
  const CompiledStepTimes compiled = compileStepTimes(found.profile, accelerator, findModel("llama-3.1-8b"), {});
  EXPECT_FALSE(compiled.tables->knowsUnevenContexts());
}

}  // namespace
}  // namespace headroom::models
