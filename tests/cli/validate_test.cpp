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
