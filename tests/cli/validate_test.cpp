// `headroom validate`, as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program.h"

namespace headroom::cli {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

TEST(ValidateVerb, NamesTheFileThatIsMissing) {
  const TemporaryFolder folder;
  const Ended ended = headroom({"validate", "--power", "--data", folder.path().string()});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("mlenergy_v3_llm.csv"));
  EXPECT_EQ(ended.out, "");
}

TEST(ValidateVerb, NamesTheColumnThatIsMissingAndTheLineOfABrokenNumber) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.path() / "measured");
  const auto errorOf = [&](const std::string& text) {
    folder.write("measured/mlenergy_v3_llm.csv", text);
    return headroom({"validate", "--power", "--data", folder.path().string()}).err;
  };
  EXPECT_THAT(errorOf("task\ngpqa\n"), HasSubstr("no column \"model_id\""));
  EXPECT_THAT(errorOf("task,model_id,num_gpus\ngpqa,Qwen/Qwen3-8B,none\n"),
              HasSubstr("mlenergy_v3_llm.csv:2: num_gpus: \"none\" is not a number"));
}

TEST(ValidateVerb, NamesTheMissingFileOfEveryRung) {
  const TemporaryFolder folder;
  const auto errorOf = [&](const char* rung) {
    return headroom({"validate", rung, "--data", folder.path().string()}).err;
  };
  EXPECT_THAT(errorOf("--steps"), HasSubstr("engine_steps_h100.csv"));
  EXPECT_THAT(errorOf("--runs"), HasSubstr("RTX4090__Llama-3.1-8B__meta.json"));
}

TEST(ValidateVerb, StepsAreComparedWithAndWithoutEngineConstants) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.path() / "measured");
  folder.write("measured/engine_steps_h100.csv",
               "experiment_id,batch.num_prefill_reqs,batch.num_decode_reqs,batch.prefill_tokens,kv.usage_gpu_ratio,"
               "kv.blocks_total_gpu,steps_to_next_sample,mean_step_us_to_next_sample\n"
               "x-general,0,16,0,0.02,31356,1.0,17000\n"
               "x-codegen,0,16,0,0.02,31356,1.0,17000\n"
               "x-codegen,0,16,0,0.02,31356,2.0,1\n"
               "x-codegen,1,16,500,0.02,31356,1.0,33000\n");
  const Ended ended = headroom({"validate", "--steps", "--data", folder.path().string(), "--format", "json"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const json rows = json::parse(ended.out).at("rows");
  ASSERT_EQ(rows.size(), 8U);
  std::vector<double> bias;
  for (const json& row : rows) {
    if (row.at("set") == "Llama-2-70B, 4 H100, codegen" && row.at("metric") == "decode-only step") {
      EXPECT_EQ(row.at("points"), 1);
      bias.push_back(row.at("bias_pct"));
    }
  }
  ASSERT_EQ(bias.size(), 2U);
  EXPECT_GT(bias[1], bias[0]) << "constants lengthen a step";
}

TEST(ValidateVerb, PowerRowsHaveTheKeysOfTheContractAndSayWhatWasNotUsed) {
  const std::filesystem::path data = sourceRoot() / "../shared/data";
  if (!std::filesystem::exists(data / "measured" / "argonne_power.csv"))
    GTEST_SKIP() << "no measured/argonne_power.csv";
  const Ended ended = headroom({"validate", "--power", "--data", data.string(), "--format", "json"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const json result = json::parse(ended.out);
  ASSERT_FALSE(result.at("rows").empty());
  for (const json& row : result.at("rows")) {
    for (const char* key : {"rung", "set", "metric", "points", "error_mean_pct", "error_median_pct", "bias_pct",
                            "aim_pct", "ok", "calibrated"}) {
      EXPECT_TRUE(row.contains(key)) << key;
    }
    EXPECT_EQ(row.at("ok"), row.at("error_median_pct") <= row.at("aim_pct"));
  }
  EXPECT_THAT(ended.err, HasSubstr("rows not used: mlenergy: task video-chat"));
}

}  // namespace
}  // namespace headroom::cli
