#include "workloads/trace_reader.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>

#include "models/base/error.h"
#include "tests/workloads/test_files.h"

namespace headroom::workloads {
namespace {

constexpr std::string_view kAzure =
    "TIMESTAMP,ContextTokens,GeneratedTokens\r\n"
    "2023-11-16 23:59:59.9799600,4808,10\r\n"
    "2023-11-17 00:00:00.0319601,3180,8\r\n"
    "2023-11-17 00:00:00.0319601,110,27";

class Traces : public testing::Test {
 protected:
  std::vector<TraceRow> read(const std::string& format, std::string_view text) {
    return readAll(*openTrace(format, folder_.write("trace.csv", text)));
  }
  void expectRefused(const std::string& format, std::string_view text, int line, const std::string& message,
                     const std::string& hint = {}) {
    try {
      read(format, text);
      ADD_FAILURE() << "accepted; expected: " << message;
    } catch (const InputError& error) {
      EXPECT_EQ(error.message(), message);
      EXPECT_EQ(error.where().line, line);
      EXPECT_EQ(error.hint(), hint);
      EXPECT_TRUE(error.where().file.ends_with("trace.csv")) << error.what();
    }
  }
  TemporaryFolder folder_;
};

TEST_F(Traces, AzureTimesAreExactAndCountFromTheFirstRow) {
  const auto rows = read("azure", kAzure);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0], (TraceRow{.arrival = 0, .prompt_tokens = 4808, .output_tokens = 10}));
  EXPECT_EQ(rows[1], (TraceRow{.arrival = 52'000'100 * Ticks{1024}, .prompt_tokens = 3180, .output_tokens = 8}));
  EXPECT_EQ(rows[2].output_tokens, 27);
}

TEST_F(Traces, GzippedAndPlainTracesReadAlike) {
  const auto gzipped = readAll(*openTrace("azure", folder_.writeGzip("trace.csv.gz", kAzure)));
  EXPECT_EQ(gzipped, read("azure", kAzure));
}

TEST_F(Traces, AzureTimesMayCarryTheUtcMarkOfThe2024Files) {
  const auto rows = read("azure",
                         "\xEF\xBB\xBFTIMESTAMP,ContextTokens,GeneratedTokens\n"
                         "2024-05-10 00:00:00.009930+00:00,2162,5\n"
                         "2024-05-10T00:00:01Z,2399,6\n");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].arrival, 990'070'000 * Ticks{1024});
}

TEST_F(Traces, CsvColumnsAreFoundByNameAndExtraOnesKept) {
  const auto rows = read("csv",
                         "output_tokens,arrival_s,note,prompt_tokens,session,class,prefix_group\n"
                         "5, 1.5 ,x,10,s1,chat,g7\n"
                         "\n"
                         "6,2,y,11,,,\n");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].arrival, toTicks(Seconds(1.5)));
  EXPECT_EQ(rows[0].prompt_tokens, 10);
  EXPECT_EQ(rows[0].output_tokens, 5);
  EXPECT_EQ(rows[0].session, "s1");
  EXPECT_EQ(rows[0].class_name, "chat");
  EXPECT_EQ(rows[0].prefix_group, "g7");
  EXPECT_EQ(rows[1].class_name, "");
}

TEST_F(Traces, CsvTimesAreExactToTheTick) {
  const auto rows = read("csv",
                         "arrival_s,prompt_tokens,output_tokens\n"
                         "0.1,1,1\n0.100000000001,1,1\n2e-1,1,1\n12345.678901234567891,1,1\n");
  EXPECT_EQ(rows[0].arrival, 102'400'000'000);
  EXPECT_EQ(rows[1].arrival, 102'400'000'001);
  EXPECT_EQ(rows[2].arrival, 204'800'000'000);
  EXPECT_NEAR(static_cast<double>(rows[3].arrival), 12345.678901234567891 * 1024e9, 2);
}

TEST_F(Traces, BrokenRowsAreRefusedWithTheirLine) {
  const std::string head = "arrival_s,prompt_tokens,output_tokens\n1,2,3\n";
  expectRefused("csv", head + "2,4\n", 3, "2 fields where the header has 3");
  expectRefused("csv", head + "2,4,5,6\n", 3, "4 fields where the header has 3");
  expectRefused("csv", head + "2,4x,5\n", 3, "prompt_tokens: \"4x\" is not a whole number of tokens");
  expectRefused("csv", head + "2,-4,5\n", 3, "prompt_tokens: \"-4\" is not a whole number of tokens");
  expectRefused("csv", head + "2,4,\n", 3, "output_tokens: \"\" is not a whole number of tokens");
  expectRefused("csv", head + "2,4,5.5\n", 3, "output_tokens: \"5.5\" is not a whole number of tokens");
  expectRefused("csv", head + "2,4,3000000000\n", 3,
                "output_tokens: 3000000000 tokens is beyond the 100000000 believed");
  const std::string hint = "times count from the start of the trace";
  for (const std::string bad :
       {"", "soon", "-1", "nan", "inf", "1e300", "9e6", "8640000.5", "1700000000", "1.2.3", ".", "1 2"}) {
    expectRefused("csv", head + bad + ",4,5\n", 3,
                  fmt::format("arrival_s: \"{}\" is not a number of seconds from 0 to 100 days", bad), hint);
  }
}

TEST_F(Traces, BrokenAzureTimesAreRefused) {
  const std::string head = "TIMESTAMP,ContextTokens,GeneratedTokens\n";
  for (const std::string bad :
       {"", "2023-11-16", "2023-11-16 18:15", "2023-02-30 18:15:46", "2023-11-16 24:00:00", "2023-11-16 18:60:00",
        "2023-11-16 18:15:60", "2023-11-16 18:15:46.", "2023-11-16 18:15:46.1234567890", "2023-11-16 18:15:46.5+02:00",
        "2023/11/16 18:15:46", "2023-11-16 18:15:46.68x"}) {
    expectRefused("azure", head + bad + ",1,1\n", 2, fmt::format("TIMESTAMP: \"{}\" is not a time", bad),
                  "such as 2023-11-16 18:15:46.6805900");
  }
  expectRefused("azure", head + "2023-01-01 00:00:00,1,1\n2023-04-12 00:00:00,1,1\n", 3,
                "more than 100 days after the first row", "the simulator's clock ends there");
}

TEST_F(Traces, TimesThatGoBackAreRefused) {
  const std::string hint = "sort the rows by time";
  expectRefused("csv", "arrival_s,prompt_tokens,output_tokens\n1,2,3\n0.75,2,3\n", 3,
                "arrives 0.250000 s before the row above it", hint);
  expectRefused("azure",
                "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46,1,1\n2023-11-16 18:15:45.5,1,1\n", 3,
                "arrives 0.500000 s before the row above it", hint);
}

TEST_F(Traces, ZeroTokensAreRefused) {
  const std::string head = "arrival_s,prompt_tokens,output_tokens\n";
  expectRefused("csv", head + "1,0,3\n", 2, "a prompt of 0 tokens", "leave such rows out");
  expectRefused("csv", head + "1,3,0\n", 2, "an output of 0 tokens", "a failed request; leave such rows out");
  expectRefused("azure", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46,1,0\n", 2,
                "an output of 0 tokens", "a failed request; leave such rows out");
}

TEST_F(Traces, MissingColumnsAndEmptyFilesAreRefused) {
  expectRefused("csv", "arrival_s,prompt_tokens\n1,2\n", 1, "no column \"output_tokens\"",
                "the header has: arrival_s, prompt_tokens");
  expectRefused("azure", "arrival_s,prompt_tokens,output_tokens\n1,2,3\n", 1, "no column \"TIMESTAMP\"",
                "the header has: arrival_s, prompt_tokens, output_tokens");
  expectRefused("csv", "", 0, "an empty file: it has no header");
  expectRefused("csv", "arrival_s,prompt_tokens,output_tokens\n", 0, "an empty trace: it has no rows");
  EXPECT_THROW(openTrace("csv", folder_ / "absent.csv"), InputError);
}

TEST_F(Traces, DamagedGzipIsRefused) {
  std::string rows = "arrival_s,prompt_tokens,output_tokens\n";
  for (int i = 0; i < 5000; ++i) rows += fmt::format("{},{},{}\n", i, i * 7919 % 5000 + 1, i * 104729 % 300 + 1);
  const auto whole = folder_.writeGzip("whole.csv.gz", rows);
  std::filesystem::resize_file(whole, std::filesystem::file_size(whole) / 2);
  EXPECT_THROW(readAll(*openTrace("csv", whole)), InputError);
}

TEST(TraceFormats, UnknownNamesGetASuggestion) {
  EXPECT_THROW(findTraceFormat("azur"), InputError);
  try {
    findTraceFormat("azur");
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "unknown trace format \"azur\" (did you mean \"azure\"?)");
  }
  EXPECT_EQ(findTraceFormat("csv").name, "csv");
  std::vector<std::string> names;
  for (const TraceFormat& format : traceFormats()) names.push_back(format.name);
  EXPECT_EQ(names, (std::vector<std::string>{"azure", "burstgpt", "mooncake", "servegen", "splitwise", "llmservingsim", "csv"}));
}

TEST_F(Traces, RateScaleDividesTheGaps) {
  const auto file = folder_.write("trace.csv", "arrival_s,prompt_tokens,output_tokens\n1,2,3\n4,5,6\n");
  const auto fast = readAll(*scaleRate(openTrace("csv", file), 2));
  EXPECT_EQ(fast[0].arrival, toTicks(Seconds(0.5)));
  EXPECT_EQ(fast[1].arrival, toTicks(Seconds(2)));
  EXPECT_EQ(fast[1].prompt_tokens, 5);
  for (const double bad : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THROW(scaleRate(openTrace("csv", file), bad), InputError);
  }
  EXPECT_THROW(readAll(*scaleRate(openTrace("csv", file), 1e-7)), InputError);
}

// Structure only: the same reader object gives rows one at a time, so nothing is held but a buffer.
TEST_F(Traces, ManyRowsAreReadOneByOneAndFast) {
  std::string text = "arrival_s,prompt_tokens,output_tokens\n";
  for (int i = 0; i < 200'000; ++i)
    text += fmt::format("{}.{:06},{},{}\n", i / 100, i % 100 * 10'000, i % 4000 + 1, 100);
  const auto file = folder_.write("trace.csv", text);
  const auto start = std::chrono::steady_clock::now();
  const auto trace = openTrace("csv", file);
  std::int64_t rows = 0;
  for (TraceRow row; trace->next(row);) ++rows;
  const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  EXPECT_EQ(rows, 200'000);
  EXPECT_LT(elapsed, 2.0);  // 0.03 s where this was written; an instrumented build on a busy machine is slower
  RecordProperty("rows_per_second", fmt::format("{:.0f}", static_cast<double>(rows) / elapsed));
}

TEST(RecordedTraces, AzureFilesReadToTheirEnd) {
  for (const auto& [name, rows, span_ns] :
       {std::tuple{"code", 8819, 3435'948'056'000LL}, std::tuple{"conv", 19366, 3501'721'937'000LL}}) {
    const auto file = recordedTrace(fmt::format("azure2023/AzureLLMInferenceTrace_{}.csv.gz", name));
    if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is not on this machine";
    const auto read = readAll(*openTrace("azure", file));
    EXPECT_EQ(static_cast<int>(read.size()), rows);
    EXPECT_EQ(read.back().arrival, span_ns * 1024) << name;
  }
}

}  // namespace
}  // namespace headroom::workloads
