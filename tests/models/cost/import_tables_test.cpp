// Tables of other tools: small samples written by hand, numbers chosen to be checked in the head.
#include "models/cost/import_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "models/cost/fit.h"
#include "tests/models/cost/cost_fixtures.h"

namespace headroom::models {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* kVidurMlp =
    "time_stats.attn_pre_proj.median,time_stats.attn_post_proj.median,time_stats.mlp_up_proj.median,"
    "time_stats.mlp_down_proj.median,time_stats.attn_rope.median,time_stats.add.median,n_head,n_kv_head,n_embd,"
    "n_expanded_embd,vocab_size,use_gated_mlp,num_tokens,num_tensor_parallel_workers\n";
constexpr const char* kVidurAttention =
    "time_stats.attn_prefill.median,time_stats.attn_decode.median,time_stats.attn_kv_cache_save.median,n_embd,n_q_head,"
    "n_kv_head,block_size,num_tensor_parallel_workers,max_model_len,batch_size,prefill_chunk_size,kv_cache_size,"
    "is_prefill,attention_backend\n";
constexpr const char* kVidurAllReduce =
    ",time_stats.all_reduce.median,rank,num_workers,size,collective,devices_per_node,max_devices_per_node\n";

class ImportTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() /
            (std::string("headroom_import_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(root_);
  }
  void TearDown() override { fs::remove_all(root_); }
  fs::path write(const fs::path& name, const std::string& text) {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
    return root_ / name;
  }
  fs::path root_;
};

TEST_F(ImportTest, VidurProjectionsBecomeGemmsOfOneRank) {
  const fs::path file =
      write("any_name.csv", std::string(kVidurMlp) + "0.1,0.2,0.3,0.4,0.05,0.01,64,8,8192,28672,32768,True,128,2\n");
  const RawTables raw = importTables({file}).raw;
  ASSERT_EQ(raw.samples.size(), 5U);  // four projections and the rotary embedding; residual adds have no table
  const double expected[][2] = {{(64 + 2 * 8) * 128 / 2, 8192}, {8192, 4096}, {28672, 8192}, {8192, 14336}};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(raw.samples[i].key.operation, Operation::gemm);
    EXPECT_EQ(raw.samples[i].at, (GridPoint{128, expected[i][0], expected[i][1], 0})) << i;
    EXPECT_DOUBLE_EQ(raw.samples[i].time.value(), (static_cast<double>(i) + 1) * 1e-4);
  }
  EXPECT_EQ(raw.samples[4].key.layer, Layer::rotary);
  EXPECT_EQ(raw.samples[4].key.hidden, (32 + 4) * 128);
}

TEST_F(ImportTest, AnMlpWithoutAGateIsHalfAsWideAndAnEmptyCellIsNoTime) {
  const fs::path file =
      write("mlp.csv", std::string(kVidurMlp) + "0.1,,0.3,0.4,,0.01,32,32,2560,10240,51200,False,1,1\n");
  const RawTables raw = importTables({file}).raw;
  ASSERT_EQ(raw.samples.size(), 3U);
  EXPECT_EQ(raw.samples[1].at, (GridPoint{1, 10240, 2560, 0}));
}

TEST_F(ImportTest, VidurAttentionCountsTheNewTokenAndKeepsPriorContext) {
  const fs::path file = write("attention.csv", std::string(kVidurAttention) +
                                                   "0.0,0.02,0.1,8192,64,8,16,2,4096,16,0,1023,False,FLASHINFER\n"
                                                   "0.5,0.0,0.1,8192,64,8,16,2,4096,1,512,0,True,FLASHINFER\n"
                                                   "0.7,0.0,0.1,8192,64,8,16,2,4096,1,512,1024,True,FLASHINFER\n");
  const RawTables raw = importTables({file}).raw;
  ASSERT_EQ(raw.samples.size(), 4U);
  const TableKey decode{.operation = Operation::decode_attention, .heads = 32, .kv_heads = 4, .head_dim = 128};
  EXPECT_EQ(raw.samples[0].key, decode);
  EXPECT_EQ(raw.samples[0].at, (GridPoint{16, 1024, 0, 0}));
  EXPECT_EQ(raw.samples[1].at, (GridPoint{512, 0, 0, 0}));
  EXPECT_EQ(raw.samples[2].key.operation, Operation::prefill_attention);
  EXPECT_EQ(raw.samples[2].at, (GridPoint{1, 512, 0, 0}));
  EXPECT_EQ(raw.samples[3].key.operation, Operation::mixed_attention);
  EXPECT_EQ(raw.samples[3].at, (GridPoint{512, 1024, 0, 0}));
  EXPECT_DOUBLE_EQ(raw.samples[3].time.value(), 0.7e-3);
}

TEST_F(ImportTest, VidurCollectivesAreInBytesAndOfOneNode) {
  const fs::path file =
      write("all_reduce.csv",
            std::string(kVidurAllReduce) + "0,0.05,0,4,65536,all_reduce,4,8\n1,0.90,0,8,65536,all_reduce,4,8\n");
  const RawTables raw = importTables({file}).raw;
  ASSERT_EQ(raw.samples.size(), 1U);
  EXPECT_EQ(raw.samples[0].key.devices, 4);
  EXPECT_EQ(raw.samples[0].at[0], 65536);
  EXPECT_THAT(raw.skipped.begin()->first, HasSubstr("between nodes"));
}

TEST_F(ImportTest, VidurSendsAreLeftOutByName) {
  const RawTables raw = importTables({write("send_recv.csv", ",time_stats.send_recv.median,size\n0,0.02,2048\n")}).raw;
  EXPECT_TRUE(raw.samples.empty());
  EXPECT_THAT(raw.skipped.begin()->first, HasSubstr("costed by their bytes"));
}

TEST_F(ImportTest, AIConfiguratorIsReadUnderTheNamesItPublishes) {
  write("h100/vllm/gemm_perf.txt",
        "framework,version,device,op_name,kernel_source,gemm_dtype,m,n,k,latency\nVLLM,0.11,H100,gemm,x,fp8,16,64,32,0."
        "5\n");
  write("h100/vllm/notes.csv", "a,b\n1,2\n");
  const ImportedTables imported = importTables({root_});
  ASSERT_EQ(imported.raw.samples.size(), 1U);
  EXPECT_EQ(imported.raw.samples[0].key.precision, Precision::fp8);
  ASSERT_EQ(imported.unread.size(), 1U);
  EXPECT_EQ(imported.unread[0].filename(), "notes.csv");
}

TEST_F(ImportTest, WhatIsWrittenIsReadBackAsItWas) {
  const fs::path shard = "sim/meta-llama/Llama-3.1-8B/bf16/tp1";
  write(shard / "dense.csv", "layer,tokens,time_us\nqkv_proj,16,30\nqkv_proj,64,40\nlayernorm,16,4\n");
  write(shard / "attention.csv",
        "prefill_chunk,kv_prefill,n_decode,kv_decode,time_us\n128,0,0,0,20\n128,512,0,0,30\n0,0,8,256,15\n");
  const RawTables direct = readRawTables(root_ / "sim");
  const RawTables imported = importTables({root_ / "sim"}).raw;
  ASSERT_EQ(imported.samples.size(), direct.samples.size());
  for (const auto& [name, text] : operationCsvs(imported)) write(fs::path("out") / name, text);
  const RawTables again = readRawTables(root_ / "out");
  ASSERT_EQ(again.samples.size(), direct.samples.size());
  FitRequest request;
  request.accelerator = roundAccelerator();
  EXPECT_EQ(fitProfile(direct, request), fitProfile(again, request));
}

TEST_F(ImportTest, UnequalContextsComeFromSumsOfAsManyRepetitionsAsEqualBatchesSay) {
  const fs::path shard = "sim/meta-llama/Llama-3.1-8B/bf16/tp1";
  write(shard / "dense.csv", "layer,tokens,time_us\nqkv_proj,16,30\n");
  write(shard / "skew.csv",
        "regime,n,nb,pc,kp,kvs,kv_big,kv_mean,t_mean_us,t_max_us,t_skew_us\n"
        "pure,64,8,0,0,512,4096,960,300,1200,420\npure,64,16,0,0,512,2048,896,300,600,360\n");
  const auto uneven = [&] {
    std::vector<Sample> samples = readRawTables(root_ / "sim").samples;
    std::erase_if(samples, [](const Sample& s) { return s.key.operation != Operation::uneven_attention; });
    return samples;
  };
  EXPECT_TRUE(uneven().empty()) << "nothing says how many repetitions were added up";
  write(shard / "attention.csv",
        "prefill_chunk,kv_prefill,n_decode,kv_decode,time_us\n0,0,64,2048,200\n0,0,64,4096,400\n");
  ASSERT_EQ(uneven().size(), 1U);
  EXPECT_EQ(uneven()[0].at, (GridPoint{0, 64}));
  // The upper median of 60 us for 1,152 tokens and 120 us for 3,136, a third of it, for 1,024 tokens.
  EXPECT_NEAR(uneven()[0].time.value(), 60e-6 / 1152 * 1024 / 3, 1e-10);
}

TEST_F(ImportTest, FoldersInOurOwnColumnsCanBeBroughtTogether) {
  write("a/gemm.csv", "weights,m,n,k,latency\nfp8-block,1,64,64,0.01\n");
  write("b/moe.csv",
        "weights,hidden,inter,topk,experts,moe_tp,moe_ep,load,tokens,latency\nbfloat16,64,64,2,8,1,1,power-law-1.2,4,"
        "1\n");
  const RawTables raw = importTables({root_}).raw;
  ASSERT_EQ(raw.samples.size(), 2U);
  EXPECT_EQ(raw.samples[0].key.precision, Precision::fp8_block);
  EXPECT_EQ(raw.samples[1].key.load, ExpertLoad::power_law_1_2);
}

TEST_F(ImportTest, WhatCannotBeReadIsRefusedWithFileLineAndWhatCan) {
  const auto error = [](const fs::path& source) { return inputErrorOf([&] { importTables({source}); }); };
  EXPECT_THAT(error(write("x.csv", "a,b\n1,2\n")), HasSubstr("x.csv:1: not a table of kernel times"));
  EXPECT_THAT(error(root_), HasSubstr("no kernel table in this folder"));
  EXPECT_THAT(error(root_ / "absent.csv"), HasSubstr("absent.csv"));
  const std::string row = "0.1,0.2,0.3,0.4,0.05,0.01,64,8,8192,28672,32768,True,128,";
  EXPECT_THAT(error(write("mlp.csv", kVidurMlp + row + "3\n")), HasSubstr("mlp.csv:2: 64 heads of 8192"));
  EXPECT_THAT(error(write("mlp.csv", kVidurMlp + row + "x\n")), HasSubstr("num_tensor_parallel_workers: \"x\""));
  EXPECT_THAT(error(write("mlp.csv", kVidurMlp + std::string("nan") + row.substr(3) + "1\n")),
              HasSubstr("attn_pre_proj.median: \"nan\" is not a time greater than zero"));
  EXPECT_THAT(error(write("decode_attention.csv", "kv_cache,heads,kv_heads,batch,length,latency\n")),
              HasSubstr("no column \"head_dim\""));
  EXPECT_THAT(error(write("gemm.csv", "weights,m,n,k,latency\nbf61,1,1,1,1\n")),
              HasSubstr("gemm.csv:2: unknown number format \"bf61\" (did you mean \"bf16\"?)"));
}

}  // namespace
}  // namespace headroom::models
