// The gate table of `headroom validate --kernels`.
#include "models/cost/validate_kernels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "models/base/files.h"
#include "tests/models/cost/cost_fixtures.h"

namespace headroom::models {
namespace {

using testing::HasSubstr;

TEST(ValidateKernels, EverySourceHasAShippedProfileOfItsAcceleratorAndEngine) {
  std::set<std::string> shipped;
  for (const ProfileHeader& header : listProfiles()) shipped.insert(header.name);
  for (const KernelSource& s : kernelSources()) {
    EXPECT_TRUE(shipped.contains(std::string(s.accelerator) + "/" + s.engine + "-" + s.engine_version)) << s.folder;
    EXPECT_EQ(findAccelerator(s.accelerator).name, s.accelerator);
  }
}

TEST(ValidateKernels, GatesAreThoseOfTheDocument) {
  KernelErrors errors;
  errors.operation = "gemm bf16";
  errors.points = "left out";
  EXPECT_EQ(gateOf(errors, "h100-sxm").mean_pct, 5);
  EXPECT_EQ(gateOf(errors, "h100-sxm").median_pct, 3);
  errors.operation = "decode_attention bf16";
  EXPECT_EQ(gateOf(errors, "b200-sxm").mean_pct, 6);
  EXPECT_EQ(gateOf(errors, "l40s").mean_pct, 9.5);
  errors.operation = "moe fp8";
  errors.points = "unseen shape";
  EXPECT_EQ(gateOf(errors, "h100-sxm").mean_pct, 17);
  errors.points = "beyond the grid";
  EXPECT_EQ(gateOf(errors, "h100-sxm").median_pct, 10);
  EXPECT_FALSE(gateOf(errors, "h100-sxm").mean_pct);
}

TEST(ValidateKernels, ARowIsOnlyGoodIfMeanAndMedianAre) {
  ValidationRow row;
  row.error_mean_pct = 6;
  row.error_median_pct = 2;
  row.aim_pct = 3;
  EXPECT_TRUE(row.ok());
  row.aim_mean_pct = 5;
  EXPECT_FALSE(row.ok());
}

TEST(ValidateKernels, AFolderWithoutMeasurementsIsRefused) {
  EXPECT_THAT(inputErrorOf([] { validateKernels("no-such-folder"); }), HasSubstr("no kernel measurements here"));
}

TEST(ShippedProfiles, TakeLessThanTwelveMegabytesTogether) {
  std::uintmax_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(datasetsRoot() / "profiles")) {
    bytes += std::filesystem::file_size(entry.path());
  }
  EXPECT_LT(bytes, 12'000'000U);
  EXPECT_GT(bytes, 1'000'000U);
}

TEST(ShippedProfiles, AnEngineWithoutTablesOfAKindBorrowsThemAndSaysSo) {
  const Profile sglang = findProfile(findAccelerator("b300-sxm"), "sglang", "").profile;
  const Table* gemm = sglang.find({.operation = Operation::gemm, .precision = Precision::bf16});
  ASSERT_NE(gemm, nullptr);
  EXPECT_EQ(gemm->borrowed_from, "");
  bool attention = false;
  for (const Table& table : sglang.tables) {
    if (table.key.operation == Operation::decode_attention) {
      attention = true;
      EXPECT_EQ(table.borrowed_from, "vllm-0.24.0");
    }
    if (table.key.operation == Operation::nccl_all_reduce) {
      EXPECT_EQ(table.borrowed_from, "");
    }
  }
  EXPECT_TRUE(attention);
}

TEST(ShippedProfiles, BlockwiseFp8OfVllmComesFromSglang) {
  const Profile profile = findProfile(findAccelerator("h100-sxm"), "vllm", "").profile;
  const Table* gemm = profile.find({.operation = Operation::gemm, .precision = Precision::fp8_block});
  ASSERT_NE(gemm, nullptr);
  EXPECT_EQ(gemm->borrowed_from, "sglang");
  EXPECT_LT(gemm->launch_floor.value(), 20e-6);
  EXPECT_EQ(TableReader(*gemm).time({16, 4096, 4096}, Seconds(1e-6)).tier, Tier::transferred);
}

}  // namespace
}  // namespace headroom::models
