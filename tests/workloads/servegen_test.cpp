// ServeGen folders: a hand-written sample in the layout of alibaba/ServeGen's data/, with few clients and round
// numbers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "models/base/error.h"
#include "tests/workloads/test_files.h"
#include "workloads/servegen_clients.h"
#include "workloads/trace_reader.h"

namespace headroom::workloads {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ServeGen : public testing::Test {
 protected:
  void client(int number, std::string_view windows, std::string_view lengths) {
    const std::string name = "chunk-" + std::to_string(number);
    folder_.write(name + "-trace.csv", windows);
    if (!lengths.empty()) folder_.write(name + "-dataset.json", lengths);
  }
  std::vector<TraceRow> read(const TraceOptions& options = {}) {
    const auto trace = openTrace("servegen", folder_ / "", options);
    std::vector<TraceRow> rows = readAll(*trace);
    warnings_ = trace->warnings();
    return rows;
  }
  std::string refusal() {
    try {
      read();
      return "accepted";
    } catch (const InputError& error) {
      return error.what();
    }
  }
  TemporaryFolder folder_;
  std::vector<std::string> warnings_;
};

constexpr const char* kShort = R"({"0": {"input_tokens": "{10: 1.0}", "output_tokens": "{1: 0.5, 3: 0.5}"}})";
constexpr const char* kLong = R"({"0": {"input_tokens": "{900: 1.0}", "output_tokens": "{7: 1.0}"}})";

Ticks s(double seconds) {
  return toTicks(Seconds(seconds));
}

TEST_F(ServeGen, EveryWindowHoldsTheRecordedCountOfEachClient) {
  client(0, "0,2,1,Gamma,1,0.5\n600,0,0,,0,0\n1200,0.5,7,Gamma,0.02,9\n", kShort);
  client(12, "0,0.01,1.5,Weibull,0.7,80\n600,0.005,1,Weibull,1,1\n1200,0,0,,0,0\n", kLong);
  std::map<std::pair<Ticks, std::int32_t>, int> counts;  // by window and prompt, which tells the client
  Ticks last = 0;
  for (const TraceRow& row : read()) {
    EXPECT_GE(row.arrival, last);
    last = row.arrival;
    ++counts[{row.arrival / s(600), row.prompt_tokens}];
  }
  using Counts = std::map<std::pair<Ticks, std::int32_t>, int>;
  EXPECT_EQ(counts, (Counts{{{0, 10}, 1200}, {{2, 10}, 300}, {{0, 900}, 6}, {{1, 900}, 3}}));
  EXPECT_THAT(warnings_, IsEmpty());
}

double gapCv(const std::vector<TraceRow>& rows) {
  double sum = 0, squares = 0;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const double gap = toSeconds(rows[i].arrival - rows[i - 1].arrival).value();
    sum += gap;
    squares += gap * gap;
  }
  const double n = static_cast<double>(rows.size() - 1), mean = sum / n;
  return std::sqrt(squares / n - mean * mean) / mean;
}

TEST_F(ServeGen, GapsHaveTheBurstinessOfTheirDistribution) {
  client(0, "0,200,2,Gamma,0.25,1\n", kShort);  // cv of Gamma: 1 / sqrt(shape)
  EXPECT_NEAR(gapCv(read()), 2, 0.03);
  client(0, "0,200,2.236,Weibull,0.5,1\n", kShort);  // cv^2 of Weibull at shape 1/2: 4! / (2!)^2 - 1 = 5
  EXPECT_NEAR(gapCv(read()), std::sqrt(5.0), 0.06);
  client(0, "0,200,1,Gamma,1,1\n", kShort);
  EXPECT_NEAR(gapCv(read()), 1, 0.015);
}

TEST_F(ServeGen, GapsBeyondTheRangeOfNumbersAreOneBurst) {
  client(0, "0,0.1,900,Gamma,0.000001,1\n600,0.1,900,Weibull,0.001,1\n", kShort);
  const auto rows = read();
  ASSERT_EQ(rows.size(), 120U);
  for (const TraceRow& row : rows) EXPECT_LT(row.arrival, s(1200));
}

TEST_F(ServeGen, LengthsFollowTheirSharesAndTheirWindow) {
  client(3, "0,10,1,Gamma,1,1\n600,10,1,Gamma,1,1\n",
         R"({"600": {"input_tokens": "{100: 1.0}", "output_tokens": "{9: 1.0}"},
             "0": {"input_tokens": "{50: 0.25, 20: 0.75}", "output_tokens": "{2: 0.75, 8: 0.25}"}})");
  std::map<std::pair<std::int32_t, std::int32_t>, double> share;
  for (const TraceRow& row : read()) share[{row.prompt_tokens, row.output_tokens}] += 1 / 12000.0;
  ASSERT_EQ(share.size(), 3U) << "long prompts have the long answers";
  EXPECT_NEAR((share[{20, 2}]), 0.375, 0.01);
  EXPECT_NEAR((share[{50, 8}]), 0.125, 0.01);
  EXPECT_NEAR((share[{100, 9}]), 0.5, 1e-9);
}

TEST_F(ServeGen, AWindowWithoutLengthsTakesThoseBeforeIt) {
  client(
      0, "0,0.01,1,Gamma,1,1\n600,0.01,1,Gamma,1,1\n",
      R"({"0": {"input_tokens": "{10: 1}", "output_tokens": "{1: 1}"}, "600": {"input_tokens": "{}", "output_tokens": "{}"}})");
  const auto rows = read();
  ASSERT_EQ(rows.size(), 12U);
  EXPECT_EQ(rows.back().prompt_tokens, 10);
}

TEST_F(ServeGen, PromptsWithImagesHaveTheTokensOfEach) {
  client(0, "0,0.01,1,Gamma,1,1\n",
         R"({"0": {"text_tokens": "{40: 1.0}", "image_tokens": "{1280: 1.0}", "image_count": "{3: 1.0}",
             "audio_tokens": "{0: 1.0}", "audio_count": "{0: 1.0}", "output_tokens": "{5: 1.0}"}})");
  EXPECT_EQ(read().at(0).prompt_tokens, 40 + 3 * 1280);
}

TEST_F(ServeGen, ClientsWithoutLengthsAreLeftOutWithTheirShare) {
  client(0, "0,1,1,Gamma,1,1\n", kShort);
  client(1, "0,3,1,Gamma,1,1\n", "");
  EXPECT_EQ(read().size(), 600U);
  EXPECT_THAT(warnings_,
              ElementsAre(HasSubstr("1 clients without lengths (chunk-N-dataset.json) are left out, 75.0 %")));
}

TEST_F(ServeGen, LengthsOfZeroCountAsOneTokenWithAWarning) {
  client(0, "0,0.01,1,Gamma,1,1\n", R"({"0": {"input_tokens": "{0: 1.0}", "output_tokens": "{5: 1.0}"}})");
  EXPECT_EQ(read().at(0).prompt_tokens, 1);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("6 requests with 0 tokens")));
}

TEST_F(ServeGen, TheSeedAndTheClientFixTheRequests) {
  client(0, "0,1,1,Gamma,1,1\n", kShort);
  const auto alone = read();
  EXPECT_EQ(read(), alone);
  EXPECT_NE(read({.seed = 2}), alone);
  client(1, "0,1,1,Gamma,1,1\n", kLong);
  auto both = read();
  std::erase_if(both, [](const TraceRow& row) { return row.prompt_tokens == 900; });
  EXPECT_EQ(both, alone);
}

TEST_F(ServeGen, WhatIsWrongIsRefusedWithItsPlace) {
  EXPECT_THAT(refusal(), HasSubstr("no chunk-N-trace.csv in this folder"));
  client(0, "0,1,1,Pareto,1,1\n", kShort);
  EXPECT_THAT(refusal(), HasSubstr("chunk-0-trace.csv:1: pattern: \"Pareto\" is neither Gamma nor Weibull"));
  client(0, "0,1,1,Gamma,1,1\n0,1,1,Gamma,1,1\n", kShort);
  EXPECT_THAT(refusal(), HasSubstr("chunk-0-trace.csv:2: a window that is not after the one above it"));
  client(0, "0,x,1,Gamma,1,1\n", kShort);
  EXPECT_THAT(refusal(), HasSubstr("rate: \"x\" is not a number of 0 or more"));
  client(0, "0,1\n", kShort);
  EXPECT_THAT(refusal(), HasSubstr("a window is start,rate,cv,pattern,shape,scale"));
  client(0, "0,1,1,Gamma,1,1\n", R"({"0": {"input_tokens": "{10: a}", "output_tokens": "{1: 1}"}})");
  EXPECT_THAT(refusal(), HasSubstr("/0: input_tokens: \"10: a\" is not tokens: share"));
  client(0, "0,1,1,Gamma,1,1\n", R"({"0": {"output_tokens": "{1: 1}"}})");
  EXPECT_THAT(refusal(), HasSubstr("one of input_tokens and text_tokens must be there"));
  client(0, "0,0,0,,0,0\n", kShort);
  EXPECT_THAT(refusal(), HasSubstr("no client has both requests and lengths"));
}

TEST_F(ServeGen, AFileIsNoFolder) {
  const auto file = folder_.write("file", "x");
  EXPECT_THROW(loadServeGenClients(file), InputError);
}

}  // namespace
}  // namespace headroom::workloads
