// Every format reads back what it wrote, and says what it had no place for.
#include "workloads/trace_targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/base/error.h"
#include "models/base/files.h"
#include "tests/workloads/test_files.h"
#include "workloads/trace_generator.h"
#include "workloads/trace_statistics.h"
#include "workloads/trace_writer.h"

namespace headroom::workloads {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr Ticks kNanosecond = 1024;
constexpr Ticks kSecond = 1'000'000'000 * kNanosecond;

ConvertedTrace convert(const std::vector<TraceRow>& rows, const std::string& format,
                       const std::filesystem::path& file) {
  return convertTrace(*openRows(rows), findTraceTarget(format), file);
}

std::vector<TraceRow> plainRows() {
  std::vector<TraceRow> rows;
  for (int i = 0; i < 2000; ++i) {
    rows.push_back(TraceRow{.arrival = (i * Ticks{70'123'456'789} + 100) * kNanosecond,
                            .prompt_tokens = i % 900 + 1,
                            .output_tokens = i % 70 + 1});
  }
  rows[0].arrival = 0;
  return rows;
}

TEST(TraceTargets, TimesAndLengthsComeBackFromEveryFormatPlainAndCompressed) {
  const TemporaryFolder folder;
  const auto rows = plainRows();
  for (const TraceTarget& target : traceTargets()) {
    // The readers of the others go through a double.
    const bool is_decimal = target.name == "csv" || target.name == "azure" || target.name == "splitwise";
    for (const std::string ending : {"", ".gz", ".zst"}) {
      const auto file = folder / (target.name + ending);
      const ConvertedTrace converted = convert(rows, target.name, file);
      EXPECT_EQ(converted.rows, 2000);
      EXPECT_THAT(converted.left_out, IsEmpty());
      const auto back = readAll(*openTrace(target.name, file));
      ASSERT_EQ(back.size(), rows.size()) << target.name;
      for (std::size_t i = 0; i < rows.size(); ++i) {
        ASSERT_NEAR(static_cast<double>(back[i].arrival), static_cast<double>(rows[i].arrival), 40 * kNanosecond);
        if (is_decimal) {
          ASSERT_EQ(back[i].arrival, rows[i].arrival) << target.name << ending;
        }
        ASSERT_EQ(back[i].prompt_tokens, rows[i].prompt_tokens);
        ASSERT_EQ(back[i].output_tokens, rows[i].output_tokens);
      }
    }
  }
}

TEST(TraceTargets, AnAzureTimestampHasTheDateOfTheTraceAndNineDecimals) {
  const TemporaryFolder folder;
  convert({{.arrival = 0, .prompt_tokens = 3, .output_tokens = 4},
           {.arrival = 90'061 * kSecond + 5 * kNanosecond, .prompt_tokens = 1, .output_tokens = 2}},
          "azure", folder / "t.csv");
  EXPECT_EQ(readFile(folder / "t.csv"),
            "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 00:00:00.000000000,3,4\n"
            "2023-11-17 01:01:01.000000005,1,2\n");
}

std::vector<TraceRow> markedRows() {
  TraceRow row{.arrival = kSecond, .prompt_tokens = 600, .output_tokens = 2, .class_name = "chat", .session = "s1"};
  row.prefix_group = "g";
  row.prefix_tokens = 520;
  row.content = {{hashBytes("g"), 520}, {kUnsharedText, 80}};
  TraceRow failed{.arrival = 2 * kSecond, .prompt_tokens = 7, .output_tokens = 0, .failed = true};
  return {row, failed};
}

TEST(TraceTargets, WhatAFormatHasNoPlaceForIsCounted) {
  const TemporaryFolder folder;
  const auto left_out = [&](const std::string& format) {
    return convert(markedRows(), format, folder / format).left_out;
  };
  const std::string failed = "1 failed requests are left out: ";
  EXPECT_THAT(left_out("csv"), ElementsAre(failed + "csv would read them as answered"));
  EXPECT_THAT(left_out("azure"),
              ElementsAre("1 of 1 rows have a class, for which azure has no place",
                          "1 of 1 rows have a session, for which azure has no place",
                          "1 of 1 rows have a prefix_group, for which azure has no place",
                          "1 of 1 rows have text that others may share (hash_ids), for which azure has no place",
                          "the 1.000000 s before the first row, for which azure has no place",
                          failed + "azure would read them as answered"));
  EXPECT_THAT(left_out("burstgpt"),
              ElementsAre(HasSubstr("a prefix_group"), HasSubstr("text"), HasSubstr("before the first row")));
  EXPECT_THAT(left_out("mooncake"), ElementsAre(HasSubstr("a class"), HasSubstr("a session"), HasSubstr("failed")));
  const auto csv = readAll(*openTrace("csv", folder / "csv"));
  EXPECT_EQ(csv, std::vector<TraceRow>{markedRows()[0]});
  const auto burst = readAll(*openTrace("burstgpt", folder / "burstgpt"));
  ASSERT_EQ(burst.size(), 2U);
  EXPECT_EQ(burst[0].class_name + burst[0].session, "chats1");
  EXPECT_TRUE(burst[1].failed);
  EXPECT_EQ(burst[1].prompt_tokens, 7);
}

TEST(TraceTargets, TextInBlocksKeepsItsIds) {
  const TemporaryFolder folder;
  const std::string text = R"({"timestamp": 27, "input_length": 1100, "output_length": 5, "hash_ids": [0, 1, 7]})"
                           "\n"
                           R"({"timestamp": 30.5, "input_length": 1024, "output_length": 6, "hash_ids": [0, 9]})"
                           "\n"
                           R"({"timestamp": 31, "input_length": 20, "output_length": 6})"
                           "\n";
  const auto from = folder.write("a.jsonl", text);
  convertTrace(*openTrace("mooncake", from), findTraceTarget("mooncake"), folder / "b.jsonl");
  EXPECT_EQ(readFile(folder / "b.jsonl"), text);
}

TEST(TraceTargets, TextInOtherBlocksSharesAsMuchAsWholeBlocksCan) {
  const TemporaryFolder folder;
  std::vector<TraceRow> rows(3, {.prompt_tokens = 1600, .output_tokens = 1});
  for (std::uint64_t block = 0; block < 100; ++block) {  // rows 0 and 1 share 1120 tokens, row 2 nothing
    rows[0].content.push_back({block, 16});
    rows[1].content.push_back({block < 70 ? block : block + 1000, 16});
    rows[2].content.push_back({block + 5000, 16});
  }
  convert(rows, "mooncake", folder / "m.jsonl");
  const auto back = readAll(*openTrace("mooncake", folder / "m.jsonl"));
  ASSERT_EQ(back[0].content.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(back[0].content[i] == back[1].content[i], i < 2) << i;
    EXPECT_NE(back[0].content[i], back[2].content[i]);
  }
  convert(rows, "llmservingsim", folder / "l.jsonl");
  EXPECT_EQ(readAll(*openTrace("llmservingsim", folder / "l.jsonl")), rows);
}

TEST(TraceTargets, APrefixGroupBecomesBlocksThatItsRowsShare) {
  const TemporaryFolder folder;
  std::vector<TraceRow> rows{markedRows()[0], markedRows()[0]};
  convert(rows, "llmservingsim", folder / "l.jsonl");
  const auto back = readAll(*openTrace("llmservingsim", folder / "l.jsonl"));
  ASSERT_EQ(back[0].content.size(), 38U);  // 37 full blocks and the rest
  for (std::size_t i = 0; i < 37; ++i) EXPECT_EQ(back[0].content[i] == back[1].content[i], i < 32) << i;
}

TEST(TraceTargets, AFormatThatIsReadOnlyOrUnknownIsRefused) {
  EXPECT_THROW(
      {
        try {
          findTraceTarget("servegen");
        } catch (const InputError& error) {
          EXPECT_THAT(error.what(), HasSubstr("servegen is read only"));
          throw;
        }
      },
      InputError);
  EXPECT_THROW(findTraceTarget("moncake"), InputError);
}

TEST(TraceTargets, ATextThatBreaksTheFormatOrATraceOfFailuresLeavesNoFile) {
  const TemporaryFolder folder;
  const std::vector<TraceRow> comma{{.arrival = 0, .prompt_tokens = 1, .output_tokens = 2, .class_name = "a,b"}};
  EXPECT_THROW(convert(comma, "csv", folder / "c.csv.zst"), InputError);
  EXPECT_THROW(convert({markedRows()[1]}, "csv", folder / "c.csv.zst"), InputError);
  EXPECT_FALSE(std::filesystem::exists(folder / "c.csv.zst"));
}

TEST(TraceTargets, TheMooncakeTraceSharesAsMuchTextAfterwards) {
  const auto trace = recordedTrace("mooncake_fast25/synthetic_trace.jsonl.gz");
  if (!std::filesystem::exists(trace)) GTEST_SKIP() << "no ../shared/data/traces";
  const TemporaryFolder folder;
  const auto beginning = [&] { return limitTrace(openTrace("mooncake", trace), {.requests = 200, .duration = {}}); };
  const double shared = measureTrace(*beginning()).shared_prefix;
  EXPECT_GT(shared, 0.05);
  for (const char* format : {"mooncake", "llmservingsim"}) {
    convertTrace(*beginning(), findTraceTarget(format), folder / "t");
    EXPECT_NEAR(measureTrace(*openTrace(format, folder / "t")).shared_prefix, shared, 1e-3) << format;
  }
}

}  // namespace
}  // namespace headroom::workloads
