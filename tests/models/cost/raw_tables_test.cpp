// Reading published tables: units, keys, which engine's they are, and known defects.
#include "models/cost/raw_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "models/cost/fit.h"
#include "tests/models/cost/cost_fixtures.h"

namespace headroom::models {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* kMoeHeader =
    "kernel_source,moe_dtype,num_tokens,hidden_size,inter_size,topk,num_experts,moe_tp_size,moe_ep_size,distribution,"
    "latency\n";
constexpr const char* kGemmHeader = "kernel_source,gemm_dtype,m,n,k,latency\n";
constexpr const char* kDeepEpHeader =
    "kernel_source,node_num,hidden_size,num_token,num_topk,num_experts,dispatch_sms,dispatch_transmit_us,"
    "dispatch_notify_us,combine_sms,combine_transmit_us,combine_notify_us\n";

/// A folder of systems that goes away with the test.
class RawTablesTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() /
            (std::string("headroom_raw_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(root_);
  }
  void TearDown() override { fs::remove_all(root_); }
  void write(const fs::path& name, const std::string& text) {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }
  RawTables read(const std::string& system, const std::string& engine = {}) {
    return readRawTables(root_ / system, engine);
  }

  fs::path root_;
};

TEST_F(RawTablesTest, ExpertsAreKeyedByShapeShardingFormatAndLoad) {
  write("sys/moe.csv", std::string(kMoeHeader) + "k,w4a8_mxfp4_mxfp8,64,2880,2880,4,128,2,4,power_law_1.2,0.25\n");
  const RawTables raw = read("sys");
  ASSERT_EQ(raw.samples.size(), 1U);
  const TableKey key{.operation = Operation::moe,
                     .precision = Precision::mxfp4,
                     .arithmetic = Precision::fp8,
                     .hidden = 2880,
                     .inter = 2880,
                     .topk = 4,
                     .experts = 128,
                     .moe_tp = 2,
                     .moe_ep = 4,
                     .load = ExpertLoad::power_law_1_2};
  EXPECT_EQ(raw.samples[0].key, key);
  EXPECT_EQ(raw.samples[0].at[0], 64);
  EXPECT_DOUBLE_EQ(raw.samples[0].time.value(), 250e-6);
}

TEST_F(RawTablesTest, OfTwoKernelsForTheSameExpertsTheFasterCounts) {
  write("sys/moe.csv", std::string(kMoeHeader) + "a,fp8,64,2048,768,8,128,1,1,balanced,0.25\n" +
                           "b,fp8,64,2048,768,8,128,1,1,balanced,0.20\n");
  const RawTables raw = read("sys");
  ASSERT_EQ(raw.samples.size(), 1U);
  EXPECT_DOUBLE_EQ(raw.samples[0].time.value(), 200e-6);
  EXPECT_THAT(raw.skipped.begin()->first, HasSubstr("the engine runs the faster one"));
}

TEST_F(RawTablesTest, ExpertsWithoutAGateAreLeftOutByName) {
  write("sys/moe.csv", std::string(kMoeHeader) + "a,bfloat16,64,2048,5120,22,512,1,1,balanced,0.25\n" +
                           "a,bfloat16,64,2688,1856,6,128,1,1,balanced,0.25\n" +
                           "a,bfloat16,64,2688,1024,6,128,1,1,balanced,0.25\n");
  const RawTables raw = read("sys");
  ASSERT_EQ(raw.samples.size(), 1U);
  EXPECT_EQ(raw.samples[0].key.inter, 1024);
  EXPECT_THAT(raw.skipped.begin()->first, HasSubstr("Nemotron 3"));
}

TEST_F(RawTablesTest, DeepEpIsInMicrosecondsWithItsNotificationAndTwentyProcessors) {
  write("sys/deepep_normal.csv", std::string(kDeepEpHeader) + "deepep,1,7168,128,8,256,20,40,5,20,60,0\n" +
                                     "deepep,1,7168,128,8,256,24,30,5,24,50,0\n");
  const RawTables raw = read("sys");
  ASSERT_EQ(raw.samples.size(), 2U);
  EXPECT_EQ(raw.samples[0].key.operation, Operation::deepep_dispatch);
  EXPECT_DOUBLE_EQ(raw.samples[0].time.value(), 45e-6);
  EXPECT_DOUBLE_EQ(raw.samples[1].time.value(), 60e-6);
  EXPECT_EQ(raw.samples[0].key.devices, 8);
}

TEST_F(RawTablesTest, EachEngineGetsItsOwnTablesAndVllmBorrowsBlockGemmByName) {
  write("MANIFEST.csv", "table,system,framework,version\ngemm,sys,vllm,0.24.0\nmla_bmm,sys,sglang,0.5.14\n");
  write("sys/gemm.csv", std::string(kGemmHeader) + "x,bfloat16,1,64,64,0.006\nx,fp8_block,1,64,64,0.060\n");
  write("sys/mla_bmm.csv",
        "op_name,kernel_source,bmm_dtype,num_tokens,num_heads,latency\nmla_gen_pre,x,fp8,1,16,0.005\n");
  write("alt/sglang/sys/gemm.csv", std::string(kGemmHeader) + "x,bfloat16,1,64,64,0.007\nx,fp8_block,1,64,64,0.008\n");
  const RawTables vllm = read("sys", "vllm");
  ASSERT_EQ(vllm.samples.size(), 3U);
  for (const Sample& sample : vllm.samples) {
    const std::string& origin = vllm.origins[static_cast<std::size_t>(sample.origin)];
    const bool block = sample.key.precision == Precision::fp8_block;
    const bool absorbs = sample.key.operation == Operation::mla_absorb_query;
    EXPECT_EQ(origin, absorbs ? "sglang-0.5.14" : block ? "sglang" : "");
  }
  const RawTables sglang = read("sys", "sglang");
  EXPECT_EQ(sglang.samples.size(), 3U);  // both GEMMs and the absorbed product
  for (const Sample& sample : sglang.samples) EXPECT_EQ(sample.origin, 0);
}

TEST_F(RawTablesTest, TensorRtLlmRunsTheFasterOfItsTwoExpertKernelsForBlocks) {
  const std::string experts = ",2048,768,8,128,1,1,balanced,";
  write("alt/trtllm/sys/moe.csv", std::string(kMoeHeader) + "deepgemm,fp8_block,1" + experts + "0.1\n" +
                                      "deepgemm,fp8_block,512" + experts + "0.2\n");
  write("alt/sglang/sys/moe.csv", std::string(kMoeHeader) + "sglang_flashinfer_trtllm_moe,fp8_block,1" + experts +
                                      "0.02\n" + "sglang_flashinfer_trtllm_moe,fp8_block,512" + experts + "0.3\n" +
                                      "sglang_flashinfer_trtllm_moe,nvfp4,1" + experts + "0.01\n" +
                                      "sglang_fused_moe_triton,fp8_block,1" + experts + "0.001\n");
  write("sys/gemm.csv", std::string(kGemmHeader) + "x,bfloat16,1,64,64,0.006\n");
  std::vector<std::pair<double, std::string>> read_as;
  const RawTables raw = read("sys", "trtllm");
  for (const Sample& sample : raw.samples) {
    if (sample.key.operation != Operation::moe) continue;
    EXPECT_EQ(sample.key.precision, Precision::fp8_block);
    read_as.emplace_back(sample.time.value(), raw.origins[static_cast<std::size_t>(sample.origin)]);
  }
  EXPECT_THAT(read_as, testing::ElementsAre(std::pair(0.02e-3, "sglang"), std::pair(0.2e-3, "")));
}

TEST_F(RawTablesTest, CollectivesOfAHostWithoutPeerToPeerAreLeftOutByName) {
  const std::string rows =
      "op_name,kernel_source,nccl_dtype,num_gpus,message_size,latency\nall_reduce,NCCL,half,2,1024,0.01\n"
      "all_reduce,NCCL,half,8,1024,0.5\n";
  write("l40s/nccl.csv", rows);
  write("h100_sxm/nccl.csv", rows);
  EXPECT_EQ(read("l40s").samples.size(), 1U);
  EXPECT_THAT(read("l40s").skipped.begin()->first, HasSubstr("no peer-to-peer"));
  EXPECT_EQ(read("h100_sxm").samples.size(), 2U);
}

TEST_F(RawTablesTest, EagerAllReducesAreKeptWhereNothingElseWasTimedAndSaySo) {
  write("b60/custom_allreduce.csv",
        "op_name,kernel_source,allreduce_dtype,num_gpus,message_size,latency,backend\n"
        "all_reduce,a,bfloat16,2,1024,0.020,vllm_eager\n");
  const RawTables raw = read("b60");
  ASSERT_EQ(raw.samples.size(), 1U);
  EXPECT_EQ(raw.origins[static_cast<std::size_t>(raw.samples[0].origin)], "eager launches");
}

TEST_F(RawTablesTest, BrokenRowsOfEveryKindNameFileAndLine) {
  const struct {
    const char* file;
    std::string text;
    const char* message;
  } cases[] = {
      {"sys/moe.csv", std::string(kMoeHeader) + "k,fp8,0,2048,768,8,128,1,1,balanced,0.2\n",
       "moe.csv:2: num_tokens: \"0\" is not a whole number of at least 1"},
      {"sys/moe.csv", std::string(kMoeHeader) + "k,fp8,1,2048,768,8,128,1,1,balanced,nan\n",
       "moe.csv:2: latency: \"nan\" is not a time greater than zero"},
      {"sys/moe.csv", "moe_dtype,latency\nfp8,1\n", "moe.csv:1: no column \"num_tokens\""},
      {"sys/deepep_normal.csv", std::string(kDeepEpHeader) + "deepep,2,7168,128,8,256,20,40,5,20,60,0\n",
       "deepep_normal.csv:2: node_num: only one node"},
      {"sys/deepep_normal.csv", std::string(kDeepEpHeader) + "deepep,1,7168,128,8,256,20,-4,5,20,60,0\n",
       "dispatch_transmit_us: \"-4\" is not a time greater than zero"},
  };
  for (const auto& broken : cases) {
    fs::remove_all(root_);
    write(broken.file, broken.text);
    EXPECT_THAT(inputErrorOf([&] { read("sys"); }), HasSubstr(broken.message)) << broken.text;
  }
}

TEST(Defects, EachHasAReasonAndATreatment) {
  for (const DefectInfo& info : knownDefects()) {
    EXPECT_THAT(textOf(info.defect), HasSubstr(info.reason));
    EXPECT_FALSE(std::string(info.treatment).empty()) << info.what;
  }
}

}  // namespace
}  // namespace headroom::models
