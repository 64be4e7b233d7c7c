#include "workloads/trace_statistics.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/workloads/test_files.h"
#include "workloads/trace_writer.h"

namespace headroom::workloads {
namespace {

TraceRow at(double seconds, std::int32_t prompt = 1, std::int32_t output = 1) {
  return TraceRow{.arrival = toTicks(Seconds(seconds)), .prompt_tokens = prompt, .output_tokens = output};
}
TraceStatistics measure(const std::vector<TraceRow>& rows) {
  return measureTrace(*openRows(rows));
}

TEST(TraceStatistics, GapsGiveRateAndCv) {
  const auto statistics = measure({at(5), at(6), at(9), at(10), at(13)});  // gaps 1 3 1 3
  EXPECT_EQ(statistics.rows, 5);
  EXPECT_DOUBLE_EQ(statistics.span.value(), 8);
  EXPECT_DOUBLE_EQ(statistics.rate_per_s, 5.0 / 8);
  EXPECT_DOUBLE_EQ(statistics.cv, 0.5);
  EXPECT_DOUBLE_EQ(statistics.cv_10min, 0.5);
}

TEST(TraceStatistics, TheLastUnfinishedMinuteDoesNotCount) {
  std::vector<TraceRow> rows;
  for (const auto& [minute, count] : {std::pair{0, 2}, {1, 4}, {3, 6}, {4, 50}}) {
    for (int i = 0; i < count; ++i) rows.push_back(at(60.0 * minute + i));
  }
  const auto statistics = measure(rows);  // whole minutes: 2 4 0 6, mean 3, variance 5
  EXPECT_DOUBLE_EQ(statistics.peak_to_mean, 2);
  EXPECT_DOUBLE_EQ(statistics.dispersion, 5.0 / 3);
}

TEST(TraceStatistics, CvOfWindowsIsTheirMedianAndLeavesOutGapsAcrossTheirBorder) {
  std::vector<TraceRow> rows;
  for (const double offset : {0.0, 1.0, 2.0, 3.0}) rows.push_back(at(offset));                 // cv 0
  for (const double offset : {0.0, 1.0, 4.0, 5.0, 8.0}) rows.push_back(at(600 + offset));      // cv 0.5
  for (const double offset : {0.0, 1.0, 10.0, 11.0, 20.0}) rows.push_back(at(1800 + offset));  // cv 0.8
  const auto statistics = measure(rows);
  EXPECT_DOUBLE_EQ(statistics.cv_10min, 0.5);
  EXPECT_GT(statistics.cv, 2);
}

TEST(TraceStatistics, QuantilesAreLinearBetweenOrderStatistics) {
  std::vector<TraceRow> rows;
  for (const std::int32_t tokens : {30, 10, 20, 40, 50})
    rows.push_back(at(static_cast<double>(rows.size()), tokens, 7));
  const auto statistics = measure(rows);
  EXPECT_DOUBLE_EQ(statistics.prompt_tokens.mean, 30);
  EXPECT_DOUBLE_EQ(statistics.prompt_tokens.quantiles[0], 12);  // p5: position 0.2 of 4
  EXPECT_DOUBLE_EQ(statistics.prompt_tokens.quantiles[1], 20);
  EXPECT_DOUBLE_EQ(statistics.prompt_tokens.quantiles[4], 46);  // p90: position 3.6
  EXPECT_DOUBLE_EQ(statistics.prompt_tokens.quantiles[7], 50);
  for (const double quantile : statistics.output_tokens.quantiles) EXPECT_DOUBLE_EQ(quantile, 7);
}

TEST(TraceStatistics, CorrelationIsOneForProportionalLengthsAndZeroForConstantOnes) {
  EXPECT_NEAR(measure({at(0, 10, 20), at(1, 20, 40), at(2, 50, 100)}).correlation, 1, 1e-12);
  EXPECT_NEAR(measure({at(0, 10, 40), at(1, 20, 30), at(2, 30, 20)}).correlation, -1, 1e-12);
  EXPECT_EQ(measure({at(0, 10, 7), at(1, 20, 7)}).correlation, 0);
}

TEST(TraceStatistics, OneRowOrNoneGiveZerosNotNumbersThatAreNone) {
  EXPECT_EQ(measure({}), TraceStatistics());
  const auto one = measure({at(3, 10, 20)});
  EXPECT_EQ(one.rate_per_s, 0);
  EXPECT_EQ(one.cv, 0);
  EXPECT_EQ(one.prompt_tokens.quantiles[2], 10);
}

TEST(TraceStatistics, ComparisonGivesTheDifferenceInPercent) {
  const auto table =
      compareTraces(measure({at(0, 100, 10), at(10, 100, 10)}), measure({at(0, 110, 10), at(8, 110, 10)}));
  const auto line = [&](const std::string& name) {
    for (const auto& entry : table) {
      if (entry.name == name) return entry;
    }
    ADD_FAILURE() << "no line " << name;
    return ComparedStatistic{};
  };
  EXPECT_NEAR(*line("prompt_tokens mean").difference_pct, 10, 1e-9);
  EXPECT_NEAR(*line("rate_per_s").difference_pct, 25, 1e-9);
  EXPECT_DOUBLE_EQ(line("span_s").synthetic, 8);
  EXPECT_EQ(line("output_tokens max").difference_pct, 0.0);
  EXPECT_FALSE(line("cv").difference_pct);  // the original's is 0
  EXPECT_FALSE(line("correlation").difference_pct);
}

struct Published {
  const char* file;
  std::int64_t rows;
  double rate, cv, cv_10min, peak_to_mean, dispersion;
  LengthStatistics prompt, output;
};

// The two Azure rows of "Request traces: measured statistics" in the README beside the recorded traces.
const Published kPublished[] = {
    {"code",
     8819,
     2.57,
     13.15,
     11.16,
     4.18,
     164,
     {2048, {75, 578, 1469, 2744, 5188, 7303, 7436, 7437}},
     {28, {6, 9, 13, 24, 55, 90, 251, 1899}}},
    {"conv",
     19366,
     5.53,
     1.09,
     1.05,
     1.52,
     16.1,
     {1155, {181, 396, 1020, 1189, 2734, 4083, 4142, 14050}},
     {211, {41, 85, 129, 395, 424, 451, 601, 1000}}},
};

void expectLengths(const LengthStatistics& measured, const LengthStatistics& published, const std::string& what) {
  EXPECT_NEAR(measured.mean, published.mean, 0.5) << what;
  for (std::size_t i = 0; i < kLengthShares.size(); ++i) {
    EXPECT_NEAR(measured.quantiles[i], published.quantiles[i], 0.75) << what << " at share " << kLengthShares[i];
  }
}

TEST(RecordedTraces, AzureStatisticsAreThePublishedOnes) {
  for (const Published& published : kPublished) {
    const auto file = recordedTrace(fmt::format("azure2023/AzureLLMInferenceTrace_{}.csv.gz", published.file));
    if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is not on this machine";
    const auto measured = measureTrace(*openTrace("azure", file));
    EXPECT_EQ(measured.rows, published.rows);
    EXPECT_NEAR(measured.rate_per_s, published.rate, 0.005);
    EXPECT_NEAR(measured.cv, published.cv, 0.005);
    EXPECT_NEAR(measured.cv_10min, published.cv_10min, 0.005);
    EXPECT_NEAR(measured.peak_to_mean, published.peak_to_mean, 0.005);
    EXPECT_NEAR(measured.dispersion, published.dispersion, published.dispersion > 100 ? 0.5 : 0.05);
    expectLengths(measured.prompt_tokens, published.prompt, std::string(published.file) + " prompt");
    expectLengths(measured.output_tokens, published.output, std::string(published.file) + " output");
  }
}

}  // namespace
}  // namespace headroom::workloads
