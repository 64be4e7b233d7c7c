#include "models/cost/sampled_line.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace headroom::models {
namespace {

TEST(SampledLine, EveryNumberLiesBetweenItsKnotAndTheNext) {
  for (std::int64_t x = 0; x < 5000; ++x) {
    const std::size_t knot = Knots<3>::indexOf(static_cast<std::uint64_t>(x));
    ASSERT_LE(Knots<3>::at(knot), x);
    ASSERT_GT(Knots<3>::at(knot + 1), x);
  }
}

RC_GTEST_PROP(SampledLine, IsContinuousRisingAndAMultipleOfTheQuantum, ()) {
  const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 1000));
  const auto rises = *rc::gen::container<std::vector<int>>(steps.size(), rc::gen::inRange(-1000, 100000));
  const Ticks quantum = Ticks{1} << *rc::gen::inRange(0, 8);
  std::vector<std::int64_t> x = {0};
  std::vector<double> wanted = {5};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    x.push_back(x.back() + steps[i]);
    wanted.push_back(wanted.back() + rises[i]);
  }
  const std::vector<Piece> line = sampleLine(x, wanted, quantum);
  for (std::size_t i = 0; i + 1 < x.size(); ++i) {
    RC_ASSERT(line[i].at_knot + line[i].slope * (x[i + 1] - x[i]) == line[i + 1].at_knot);
    RC_ASSERT(line[i].slope >= 0);
    RC_ASSERT(line[i].slope % quantum == 0);
    RC_ASSERT(line[i].at_knot % quantum == 0);
  }
}

TEST(SampledLine, RoundingOfSlopesDoesNotAddUp) {
  std::vector<std::int64_t> x;
  std::vector<double> wanted;
  for (int i = 0; i < 1000; ++i) {
    x.push_back(10 * i);
    wanted.push_back(0.3 * 10 * i);  // slope 0.3 ticks: no single integer slope fits
  }
  const std::vector<Piece> line = sampleLine(x, wanted, 1);
  for (std::size_t i = 0; i < x.size(); ++i) ASSERT_NEAR(static_cast<double>(line[i].at_knot), wanted[i], 5.01);
}

}  // namespace
}  // namespace headroom::models
