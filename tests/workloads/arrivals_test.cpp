#include "workloads/arrivals.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <limits>

#include "models/base/error.h"

namespace headroom::workloads {
namespace {

struct Gaps {
  double rate = 0, cv = 0;
};

Gaps gapsOf(ArrivalProcess& process, int count) {
  double sum = 0, squares = 0;
  Ticks last = 0;
  for (int i = 0; i < count; ++i) {
    const Ticks now = process.next();
    EXPECT_GE(now, last);
    const double gap = toSeconds(now - last).value();
    sum += gap;
    squares += gap * gap;
    last = now;
  }
  const double mean = sum / count;
  return {.rate = 1 / mean, .cv = std::sqrt(squares / count - mean * mean) / mean};
}

TEST(Arrivals, PoissonHasItsRateAndCvOne) {
  const auto process = makeArrivalProcess(PoissonArrivals{PerSecond(6.5)}, 1, "chat");
  const Gaps gaps = gapsOf(*process, 200'000);
  EXPECT_NEAR(gaps.rate, 6.5, 0.06);
  EXPECT_NEAR(gaps.cv, 1, 0.01);
}

TEST(Arrivals, GammaHasItsRateAndCv) {
  for (const double cv : {0.3, 1.0, 2.0, 5.0}) {
    const auto process = makeArrivalProcess(GammaArrivals{.rate = PerSecond(20), .cv = cv}, 1, "chat");
    const Gaps gaps = gapsOf(*process, 400'000);
    EXPECT_NEAR(gaps.rate / 20, 1, 4 * cv / std::sqrt(400'000)) << cv;
    EXPECT_NEAR(gaps.cv / cv, 1, 0.04) << cv;
  }
}

TEST(Arrivals, ConstantRateKeepsTimeOverAMillionRequests) {
  const auto process = makeArrivalProcess(ConstantArrivals{PerSecond(3)}, 1, "chat");
  Ticks last = 0;
  for (int i = 0; i < 1'000'000; ++i) last = process->next();
  EXPECT_EQ(last, toTicks(Seconds(1e6 / 3)));
}

TEST(Arrivals, SameSeedAndNameGiveTheSameTimes) {
  const PoissonArrivals spec{PerSecond(1)};
  const auto a = makeArrivalProcess(spec, 1, "a"), again = makeArrivalProcess(spec, 1, "a"),
             other = makeArrivalProcess(spec, 1, "b");
  for (int i = 0; i < 100; ++i) {
    const Ticks time = a->next();
    EXPECT_EQ(time, again->next());
    EXPECT_NE(time, other->next());
  }
}

TEST(Arrivals, ClockEndsInsteadOfWrapping) {
  const auto slow = makeArrivalProcess(PoissonArrivals{PerSecond(1e-30)}, 1, "slow");
  EXPECT_EQ(slow->next(), kNever);
  EXPECT_EQ(slow->next(), kNever);
  const auto steady = makeArrivalProcess(ConstantArrivals{PerSecond(1 / (60.0 * 86400))}, 1, "steady");
  EXPECT_EQ(steady->next(), toTicks(Seconds(60.0 * 86400)));
  EXPECT_EQ(steady->next(), kNever);
}

TEST(Arrivals, TimesNeverFall) {
  rc::check([](std::uint64_t seed) {
    const double rate = *rc::gen::inRange(1, 1000) * 0.1, cv = *rc::gen::inRange(1, 200) * 0.1;
    const auto process = makeArrivalProcess(GammaArrivals{.rate = PerSecond(rate), .cv = cv}, seed, "x");
    Ticks last = 0;
    for (int i = 0; i < 100; ++i) {
      const Ticks now = process->next();
      RC_ASSERT(now >= last);
      last = now;
    }
  });
}

void expectRefused(const ArrivalSpec& spec, const std::string& what) {
  try {
    checkArrivals(spec);
    ADD_FAILURE() << "accepted; expected: " << what;
  } catch (const InputError& error) {
    EXPECT_NE(error.message().find(what), std::string::npos) << error.message();
  }
}

TEST(Arrivals, SenselessNumbersAreRefused) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  for (const double bad : {0.0, -1.0, nan, infinite, 1e10}) {
    expectRefused(PoissonArrivals{PerSecond(bad)}, "rate");
    expectRefused(ConstantArrivals{PerSecond(bad)}, "rate");
    expectRefused(GammaArrivals{.rate = PerSecond(1), .cv = bad}, "cv must be above 0");
    expectRefused(TraceArrivals{.format = "csv", .file = "x", .rate_scale = bad}, "rate_scale");
  }
  expectRefused(ClosedLoop{.concurrency = 0}, "concurrency must be at least 1");
  expectRefused(ClosedLoop{.concurrency = 1, .think_time = Seconds(-1)}, "think_time");
  EXPECT_NO_THROW(checkArrivals(ClosedLoop{.concurrency = 1}));
}

}  // namespace
}  // namespace headroom::workloads
