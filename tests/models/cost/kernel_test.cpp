#include "models/cost/kernel.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "models/cost/kernel_collective.h"
#include "tests/models/cost/cost_fixtures.h"

namespace headroom::models {
namespace {

Profile h100() {
  return findProfile(findAccelerator("h100-sxm"), "vllm", "0.24.0").profile;
}

TEST(Kernel, GemmWorkIsTwoMnkAndEachMatrixMovesOnce) {
  const Peaks peaks = peaksOf(roundAccelerator());
  EXPECT_NEAR(gemmSpeedOfLight(peaks, Precision::bf16, 1e4, 1e4, 1e4).value(), 2e12 / 1e15, 1e-12);
  EXPECT_NEAR(gemmSpeedOfLight(peaks, Precision::bf16, 1, 1e4, 1e4).value(), 2 * (1e8 + 2e4) / 4e12, 1e-12);
  EXPECT_NEAR(gemmSpeedOfLight(peaks, Precision::fp8, 1, 1e4, 1e4).value(), (1e8 + 1e4 + 2e4) / 4e12, 1e-12);
}

TEST(Kernel, CausalAttentionHasHalfTheSquareAndAllOfThePriorContext) {
  const Peaks peaks = peaksOf(roundAccelerator());
  const TableKey key{.operation = Operation::prefill_attention, .heads = 32, .kv_heads = 8, .head_dim = 128};
  EXPECT_NEAR(attentionSpeedOfLight(peaks, key, 1, 8192, 0).value(), 4.0 * 32 * 128 * 8192 * 8192 / 2 / 1e15, 1e-9);
  EXPECT_NEAR(attentionSpeedOfLight(peaks, key, 1, 4096, 8192).value(),
              4.0 * 32 * 128 * (4096.0 * 8192 + 4096.0 * 4096 / 2) / 1e15, 1e-9);
}

TEST(Kernel, RowsArePaddedToTheTile) {
  EXPECT_EQ(alignedRows(1), 1);
  EXPECT_EQ(alignedRows(16), 16);
  EXPECT_EQ(alignedRows(17), 32);
  EXPECT_EQ(alignedRows(32), 32);
}

TEST(Kernel, WithoutATableTheDataSheetAnswersAndSaysSo) {
  const Profile profile = emptyProfile();
  const KernelTime time = GemmKernel(profile, Precision::bf16).time(1, 1e4, 1e4);
  EXPECT_EQ(time.tier, Tier::spec);
  EXPECT_NEAR(time.time.value(), time.speed_of_light.value() / 0.8 + 5e-6, 1e-12);
}

TEST(Kernel, AMissingNumberFormatBorrowsTheEfficiencyOfAWiderOne) {
  const Profile profile = h100();
  const KernelTime bf16 = GemmKernel(profile, Precision::bf16).time(16, 8192, 8192);
  const KernelTime int4 = GemmKernel(profile, Precision::int4).time(16, 8192, 8192);
  EXPECT_EQ(bf16.tier, Tier::measured);
  EXPECT_EQ(int4.tier, Tier::transferred);
  EXPECT_LT(int4.time, 0.5 * bf16.time);
  EXPECT_EQ(GemmKernel(profile, Precision::fp8_block).time(16, 8192, 8192).tier, Tier::transferred);
}

TEST(Kernel, UnseenHeadsBorrowFromTheSameQueryHeadsPerKvHead) {
  Profile profile = emptyProfile();
  profile.tables = {attentionTable(Operation::decode_attention, 4, 1, 128),
                    attentionTable(Operation::decode_attention, 16, 2, 128)};
  profile.tables[0].values = {0, 0, 500, 500};
  const AttentionKernel twice(profile, Operation::decode_attention, {.heads = 8, .kv_heads = 2, .head_dim = 128});
  const AttentionKernel once(profile, Operation::decode_attention, {.heads = 4, .kv_heads = 1, .head_dim = 128});
  // 8/2 heads of 4 sequences are the same work as 4/1 heads of 8 sequences
  EXPECT_NEAR(twice.decode(4, 512).time.value(), once.decode(8, 512).time.value(), 1e-12);
  EXPECT_EQ(twice.decode(4, 512).tier, Tier::transferred);
  EXPECT_EQ(once.decode(8, 512).tier, Tier::interpolated);
}

TEST(Kernel, AChunkWithoutPriorContextIsAWholePrompt) {
  const Profile profile = h100();
  const AttentionKernel kernel(profile, Operation::prefill_attention, {.heads = 16, .kv_heads = 2, .head_dim = 128});
  EXPECT_EQ(kernel.prefill(2048, 0).time, kernel.prompts(1, 2048).time);
  EXPECT_EQ(kernel.prefill(2048, 0).tier, Tier::measured);
  EXPECT_EQ(kernel.prefill(2048, 2048).tier, Tier::interpolated);
}

TEST(Kernel, TheChunksOfAPromptTakeAboutAsLongAsThePrompt) {
  const Profile profile = h100();
  const AttentionKernel kernel(profile, Operation::prefill_attention, {.heads = 16, .kv_heads = 2, .head_dim = 128});
  Seconds chunks;
  for (int prior = 0; prior < 16384; prior += 2048) chunks += kernel.prefill(2048, prior).time;
  EXPECT_NEAR(chunks / kernel.prefill(16384, 0).time, 1.0, 0.15);
}

TEST(Kernel, TheCustomAllReduceRunsInsideItsRange) {
  const Profile profile = h100();
  const CollectiveKernel kernel(profile, CollectiveKernel::Kind::all_reduce, 4);
  const KernelTime time = kernel.time(2.0 * 131072);
  EXPECT_EQ(time.tier, Tier::measured);
  EXPECT_NEAR(time.time.value(), 7.18e-6, 0.02e-6);  // the vllm_graph row of 131072 elements, not NCCL's 11.8 us
}

RC_GTEST_PROP(Kernel, NoKernelIsFasterThanTheSpeedOfLight, ()) {
  static const Profile profile = h100();
  const int rows = *rc::gen::inRange(1, 40000);
  const double n = *rc::gen::inRange(16, 200000);
  const double k = *rc::gen::inRange(16, 200000);
  const auto weights = *rc::gen::elementOf(std::vector<Precision>{Precision::bf16, Precision::fp8, Precision::int4});
  const KernelTime gemm = GemmKernel(profile, weights).time(rows, n, k);
  RC_ASSERT(gemm.time >= gemm.speed_of_light);
  const int kv_heads = *rc::gen::inRange(1, 65);
  const AttentionHeads heads{.heads = kv_heads * *rc::gen::inRange(1, 17),
                             .kv_heads = kv_heads,
                             .head_dim = *rc::gen::elementOf(std::vector<int>{64, 80, 96, 128, 256})};
  const KernelTime decode = AttentionKernel(profile, Operation::decode_attention, heads)
                                .decode(*rc::gen::inRange(1, 3000), *rc::gen::inRange(1, 300000));
  RC_ASSERT(decode.time >= decode.speed_of_light);
  const KernelTime prefill = AttentionKernel(profile, Operation::prefill_attention, heads)
                                 .prefill(*rc::gen::inRange(1, 9000), *rc::gen::inRange(0, 300000));
  RC_ASSERT(prefill.time >= prefill.speed_of_light);
}

}  // namespace
}  // namespace headroom::models
