// Published sweeps of prefill and decode workers: how they are read, and what the simulator makes of them.
#include "sim/validation/pd_points.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "models/base/error.h"
#include "sim/validation/error_summary.h"
#include "sim/validation/validation.h"
#include "tests/workloads/test_files.h"

namespace headroom::sim {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kHeader =
    "silicon_data_source,backend,backend_version,model_path,system,mode,isl,osl,gemm_quant_mode,prefill_tp_size,"
    "prefill_moe_ep_size,decode_tp_size,decode_moe_ep_size,silicon_ttft_ms,silicon_tpot_ms\n";

std::vector<PdSweep> sweepsOf(const std::string& rows) {
  const workloads::TemporaryFolder folder;
  return readPdSweeps(folder.write("points.csv", kHeader + rows));
}

std::string row(const std::string& source, const std::string& decode_tp, const std::string& metrics) {
  return source + ",sglang,0.5.8,deepseek-ai/DeepSeek-R1,h100_sxm,disagg,8192,1024,fp8,16,1," + decode_tp + ",1," +
         metrics + "\n";
}

TEST(PdPoints, LoadsOfTheSameWorkersAreASweepAndARunThatIsThereTwiceIsOne) {
  const std::vector<PdSweep> sweeps =
      sweepsOf(row("a; silicon_concurrency=32; b", "16", "1865,33.3") + row("silicon_concurrency=4", "16", "861,19.7") +
               row("silicon_concurrency=4", "16", "861,19.7") + row("silicon_concurrency=4", "16", "900,19.9") +
               row("silicon_concurrency=4", "8", "500,9"));
  ASSERT_EQ(sweeps.size(), 2U);
  EXPECT_EQ(sweeps[0].decode.tp, 8);
  ASSERT_EQ(sweeps[1].loads.size(), 3U);
  EXPECT_EQ(sweeps[1].loads[0], (PdLoad{4, 861, 19.7}));
  EXPECT_EQ(sweeps[1].loads[2], (PdLoad{32, 1865, 33.3}));
  EXPECT_EQ(sweeps[1].accelerator, "h100-sxm");
  EXPECT_EQ(sweeps[1].weights, "") << "DeepSeek-R1 is published in fp8";
}

TEST(PdPoints, OfEveryLoadTheSlowestRunIsTheOneWithoutSpeculation) {
  PdSweep sweep;
  sweep.loads = {{4, 200, 4.7}, {4, 180, 9.8}, {8, 300, 5.4}};
  EXPECT_EQ(slowestRuns(sweep).loads, (std::vector<PdLoad>{{4, 180, 9.8}, {8, 300, 5.4}}));
}

TEST(PdPoints, ARowWithoutItsClientsIsBroken) {
  try {
    sweepsOf(row("source_file=x", "16", "861,19.7"));
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("points.csv:2: has no silicon_concurrency=N"));
  }
}

TEST(PdPoints, TheRateIsThatOfClientsWhichWaitForTheirAnswers) {
  PdSweep sweep;
  sweep.output_tokens = 1000;
  EXPECT_NEAR(pdRate(sweep, {10, 1010, 10}), 1.0, 1e-9) << "10 clients, answers of 10 s";
}

/// Those with the fewest unknowns on each accelerator; other sweeps mix runs with and without speculation, which the
/// rows do not record.
TEST(MeasuredPdPoints, OrderOfLoadsIsThatOfTheMeasurementsOnEveryAccelerator) {
  const fs::path file = "../shared/data/measured/serving_points.csv";
  if (!fs::exists(file)) GTEST_SKIP() << "no serving_points.csv";
  int found = 0;
  for (const PdSweep& all_runs : readPdSweeps(file)) {
    const PdSweep sweep = slowestRuns(all_runs);
    const std::string name = sweep.name();
    const bool h100 = name == "sglang 0.5.8, DeepSeek-R1, h100-sxm, 8192/1024, prefill tp 16 and decode tp 16";
    const bool b200 =
        name == "sglang 0.5.8.post1, DeepSeek-R1 nvfp4, b200-sxm, 8192/1024, prefill tp 4 and decode tp 8";
    const bool gb200 = sweep.release == "0.5.1-rc0.pre3" && sweep.prompt_tokens == 8192 && sweep.decode.tp == 8;
    if (!h100 && !b200 && !gb200) continue;
    ++found;
    const PdFit fit = fitPdSweep(sweep);
    const PdOrders orders = ordersOf(sweep, fit);
    EXPECT_GE(orders.tpot_with_clients, 0.99) << name;
    EXPECT_GE(orders.rate_with_clients, 0.99) << name;
    EXPECT_GE(orders.tpot_with_measured, 0.95) << name;
    EXPECT_GE(orders.rate_with_measured, 0.95) << name;
    if (h100) {
      std::vector<double> tpot_errors;
      for (std::size_t i = 0; i < sweep.loads.size(); ++i) {
        tpot_errors.push_back(fit.tpot_ms[i] / sweep.loads[i].tpot_ms - 1);
      }
      EXPECT_EQ(fit.ratio.prefill, 1);
      EXPECT_EQ(fit.ratio.decode, 1);
      EXPECT_LT(rowOf("", "", "", tpot_errors).error_median_pct, 14) << "12.4 when this was written";
    }
  }
  EXPECT_EQ(found, 3);
}

TEST(MeasuredLadder, SetUpsOfPrefillAndDecodeReplicasAreWithinTheAimsAndInTheRightOrder) {
  if (!fs::exists("../shared/data/measured/llmd_pd_disagg_llama31_8b.csv")) {
    GTEST_SKIP() << "no llmd_pd_disagg_llama31_8b.csv";
  }
  const Validation validation = validateDisaggregation("../shared/data");
  int judged = 0;
  for (const models::ValidationRow& row : validation.rows) {
    if (!row.aim_pct) continue;
    ++judged;
    EXPECT_TRUE(row.ok()) << row.metric << ": " << row.error_median_pct << ", " << row.error_mean_pct;
    EXPECT_LE(row.error_mean_pct, *row.aim_pct) << row.metric;
  }
  EXPECT_EQ(judged, 4) << "ttft and tpot, and the order of set-ups by each";
}

}  // namespace
}  // namespace headroom::sim
