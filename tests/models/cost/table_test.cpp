#include "models/cost/table.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "tests/models/cost/cost_fixtures.h"

namespace headroom::models {
namespace {

const Table kTable = attentionTable(Operation::decode_attention, 8, 2, 128);

TEST(Table, AGridPointIsMeasuredAndExact) {
  const auto at = TableReader(kTable).at({16, 128, 1});
  EXPECT_DOUBLE_EQ(at.value, 0.2);
  EXPECT_EQ(at.tier, Tier::measured);
}

TEST(Table, BetweenPointsItIsLinearInTheLogarithmOfEachCoordinate) {
  // batch 4 is half way from 1 to 16; length 256 a third of the way from 128 to 1024
  const auto at = TableReader(kTable).at({4, 256, 1});
  const double low = 0 + 0.1 / 3;
  const double high = 0.2 + 0.2 / 3;
  EXPECT_NEAR(at.value, (low + high) / 2, 1e-12);
  EXPECT_EQ(at.tier, Tier::interpolated);
}

TEST(Table, OutsideTheGridTheEfficiencyOfTheEdgeIsHeld) {
  const auto at = TableReader(kTable).at({1000, 1e6, 1});
  EXPECT_DOUBLE_EQ(at.value, 0.4);
  EXPECT_EQ(at.tier, Tier::extrapolated);
}

TEST(Table, APointThatNobodyMeasuredMakesItsNeighboursExtrapolated) {
  Table ragged = kTable;
  ragged.filled = {{3, 1}};
  const TableReader reader(ragged);
  EXPECT_EQ(reader.at({4, 512, 1}).tier, Tier::extrapolated);
  EXPECT_EQ(reader.at({16, 1024, 1}).tier, Tier::extrapolated);
  EXPECT_EQ(reader.at({1, 512, 1}).tier, Tier::interpolated);
}

TEST(Table, TimeIsTheRatioTimesSpeedOfLightAndLaunchFloor) {
  EXPECT_NEAR(TableReader(kTable).time({16, 128, 1}, Seconds(30e-6)).time.value(), std::exp(0.2) * 40e-6, 1e-15);
}

RC_GTEST_PROP(Table, NoTimeIsBelowTheSpeedOfLight, ()) {
  Table table = kTable;
  table.values = *rc::gen::container<Numbers>(kTable.values.size(), rc::gen::inRange(-3000, 3000));
  const double batch = *rc::gen::inRange(1, 5000);
  const double length = *rc::gen::inRange(1, 200000);
  const Seconds least(*rc::gen::inRange(1, 1000000) * 1e-9);
  const KernelTime time = TableReader(table).time({batch, length, 1}, least);
  RC_ASSERT(time.time >= least);
}

}  // namespace
}  // namespace headroom::models
