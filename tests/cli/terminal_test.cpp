// What people see: numbers, tables, the progress bar.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/numbers.h"
#include "cli/progress_bar.h"
#include "cli/result_table.h"
#include "cli/text_table.h"

namespace headroom::cli {
namespace {

TEST(Numbers, KeepAboutThreeDigits) {
  EXPECT_EQ(countText(0), "0");
  EXPECT_EQ(countText(-1234567), "-1,234,567");
  EXPECT_EQ(countText(999), "999");
  EXPECT_EQ(numberText(0), "0");
  EXPECT_EQ(numberText(0.01234), "0.0123");
  EXPECT_EQ(numberText(9.999), "10.0");
  EXPECT_EQ(numberText(99.96), "100");
  EXPECT_EQ(numberText(1234.5), "1,235");
}

TEST(Numbers, AShareBelowOneIsNeverShownAsAllOfIt) {
  EXPECT_EQ(shareText(1), "100 %");
  EXPECT_EQ(shareText(0.99987), "99.987 %");
  EXPECT_EQ(shareText(0.9999999), "> 99.99 %");
  EXPECT_EQ(shareText(0.123), "12.3 %");
}

TEST(Numbers, DurationsChangeTheirUnit) {
  EXPECT_EQ(durationText(0.0123), "12.3 ms");
  EXPECT_EQ(durationText(75), "1 min 15 s");
  EXPECT_EQ(durationText(7260), "2 h 01 min");
  EXPECT_EQ(durationText(3 * 86400), "3 d 00 h");
  EXPECT_EQ(bytesText(Bytes(80e9)), "80.0 GB");
}

TEST(TextTable, AlignsColumnsWithoutSpacesAtTheEnd) {
  TextTable table("lrl");
  table.add({"a", "1", ""});
  table.add({"long", "1000", "x"});
  EXPECT_EQ(table.text(), "a        1\nlong  1000  x\n");
}

TEST(ProgressBar, ShowsShareRateAndTimeLeftWithinTheWidth) {
  const std::string bar = barText("simulate", "requests", 250, 1000, 10, "5 min simulated", 200);
  EXPECT_EQ(bar, "simulate [#####...............] 25 %  30.0 s left  25/s  250 of 1,000 requests  5 min simulated");
  EXPECT_EQ(barText("simulate", "requests", 250, 1000, 10, "5 min simulated", 20).size(), 20U);
}

TEST(ProgressBar, WithoutAnEndItCounts) {
  EXPECT_EQ(barText("trace fit", "rows", 5000, 0, 2, "", 80), "trace fit  2,500/s  5,000 rows");
  const auto line = nlohmann::json::parse(progressJson("trace fit", "rows", 5000, 0, 2));
  EXPECT_TRUE(line.at("expected").is_null());
  EXPECT_EQ(line.at("done"), 5000);
}

TEST(Regime, IsAPlainSentence) {
  sim::Result result;
  EXPECT_EQ(regimeSentence(result), "load: not estimated");
  result.offered_load = 0.714;
  result.regime = "stable";
  EXPECT_EQ(regimeSentence(result), "stable: load 0.71 of what these replicas sustain");
}

}  // namespace
}  // namespace headroom::cli
