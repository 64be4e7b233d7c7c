// The ladder's third rung on a folder of a few rows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/validation/validation.h"
#include "tests/workloads/test_files.h"

namespace headroom::sim {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class SmallData {
 public:
  SmallData() {
    fs::create_directories(folder_ / "measured");
    std::string points =
        "silicon_data_source,backend,backend_version,model_path,system,mode,isl,osl,gemm_quant_mode,batch_size,tp_size,"
        "pp_size,"
        "attention_dp_size,moe_tp_size,moe_ep_size,silicon_ttft_ms,silicon_tpot_ms\n";
    for (const int clients : {1, 2, 4, 8}) {
      points += "x,vllm,0.18.0,meta-llama/Llama-3.1-8B-Instruct,h200_sxm,agg,512,64,," + std::to_string(clients) +
                ",1,1,1,1,1,50,5\n";
    }
    points += "x,nobody,1.0,meta-llama/Llama-3.1-8B-Instruct,h200_sxm,agg,512,64,,4,1,1,1,1,1,50,5\n";
    points += "x,vllm,0.18.0,meta-llama/Llama-3.1-8B-Instruct,h200_sxm,disagg,512,64,,4,1,1,1,1,1,50,5\n";
    folder_.write("measured/serving_points.csv", points);
    folder_.write("measured/llmd_benchmark_lmbench_requests.csv.gz",
                  "exp,system,scenario,qps,launch_s,prompt_tokens,generation_tokens,ttft_s,generation_time_s\n"
                  "e,vllm-70b,sharegpt,0.5,1.0,200.0,21.0,0.2,1.0\n");
    folder_.write("measured/accelmark_dataset_lengths.csv", "input_tokens\n100\n");
    folder_.write("measured/accelmark.csv",
                  "suite,gpu,framework,version,model,precision,tp,scenario,load,output_tok_s,elapsed_s,ttft_ms_p50,"
                  "tpot_ms_p50\n"
                  "suite_A,NVIDIA A100-SXM4-80GB,vLLM,0.20.1,meta-llama/Meta-Llama-3-8B,BF16,1,offline,8,4000,8,,\n");
  }
  fs::path path() const { return folder_ / ""; }

 private:
  workloads::TemporaryFolder folder_;
};

int rowsOf(const Validation& validation, const std::string& set, const std::string& metric) {
  return static_cast<int>(
      std::count_if(validation.rows.begin(), validation.rows.end(), [&](const models::ValidationRow& row) {
        return row.set.find(set) != std::string::npos && row.metric == metric && row.points > 0;
      }));
}

TEST(ValidateSweeps, EverySourceHasRowsWithAndWithoutConstantsAndTheRestIsSkippedByName) {
  const SmallData data;
  const Validation sweeps = validateSweeps(data.path());
  EXPECT_EQ(rowsOf(sweeps, "vllm 0.18.0, Llama-3.1-8B-Instruct, h200-sxm", "tpot mean"), 2);
  EXPECT_EQ(rowsOf(sweeps, "vllm, all closed-loop points", "ttft mean"), 2);
  EXPECT_EQ(rowsOf(sweeps, "1 replica, sharegpt", "output throughput"), 2);
  EXPECT_EQ(rowsOf(sweeps, "llama-3.1-8b bf16, a100-sxm, offline", "output throughput"), 2);
  EXPECT_EQ(rowsOf(sweeps, "vllm, the other half", "tpot mean, fitted now"), 1);
  std::string skipped;
  for (const auto& [reason, points] : sweeps.skipped) skipped += reason + "\n";
  EXPECT_THAT(skipped, HasSubstr("nobody 1.0, Llama-3.1-8B-Instruct, h200-sxm: "));
  EXPECT_THAT(skipped, Not(HasSubstr("disagg"))) << "those are another rung's";
}

TEST(ValidateSweeps, AConstantLengthensEveryStep) {
  const SmallData data;
  const Validation sweeps = validateSweeps(data.path());
  double bias[2] = {0, 0};
  for (const models::ValidationRow& row : sweeps.rows) {
    if (row.set == "vllm, all closed-loop points" && row.metric == "tpot mean") bias[row.calibrated] = row.bias_pct;
  }
  // 0.20 ms of 5 ms are 4 %. A client in the front end, a tenth of its turn, is in no step: the others' are shorter.
  EXPECT_GT(bias[1] - bias[0], 2.0);
  EXPECT_LT(bias[1] - bias[0], 4.5);
}

}  // namespace
}  // namespace headroom::sim
