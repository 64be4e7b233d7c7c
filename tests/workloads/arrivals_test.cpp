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

TEST(Arrivals, WeibullHasItsRateAndCv) {
  EXPECT_NEAR(weibullShape(1), 1, 1e-12);
  EXPECT_NEAR(weibullShape(std::sqrt(5.0)), 0.5, 1e-12);  // Gamma(5) / Gamma(3)^2 - 1 = 24/4 - 1
  for (const double cv : {0.3, 1.0, 2.0, 4.0}) {
    const auto process = makeArrivalProcess(WeibullArrivals{.rate = PerSecond(20), .cv = cv}, 1, "chat");
    const Gaps gaps = gapsOf(*process, 400'000);
    EXPECT_NEAR(gaps.rate / 20, 1, 4 * cv / std::sqrt(400'000)) << cv;
    EXPECT_NEAR(gaps.cv / cv, 1, 0.05) << cv;
  }
}

/// Arrivals in each of `windows` windows of `width` seconds from the start.
std::vector<double> countsOf(ArrivalProcess& process, double width, std::size_t windows) {
  std::vector<double> counts(windows, 0);
  for (Ticks now = process.next(), last = 0; now != kNever; last = now, now = process.next()) {
    EXPECT_GE(now, last);
    const auto window = static_cast<std::size_t>(toSeconds(now).value() / width);
    if (window >= windows) break;
    counts[window] += 1;
  }
  return counts;
}
double meanOf(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}
double dispersionOf(const std::vector<double>& counts) {
  const double mean = meanOf(counts);
  double squares = 0;
  for (const double count : counts) squares += (count - mean) * (count - mean);
  return squares / static_cast<double>(counts.size()) / mean;
}

// Fischer and Meier-Hellstern 1993, two states that end at rates s1, s2 and arrivals at l1, l2: mean rate
// l = (l1 s2 + l2 s1) / s, s = s1 + s2, and IDC(t) = 1 + 2 p1 p2 (l1 - l2)^2 / (l s) (1 - (1 - e^(-s t)) / (s t)).
TEST(Arrivals, MmppHasTheRateAndIndexOfDispersionOfTheory) {
  const double l1 = 2, l2 = 20, d1 = 60, d2 = 5;
  const double p1 = d1 / (d1 + d2), p2 = 1 - p1, rate = p1 * l1 + p2 * l2, sum = 1 / d1 + 1 / d2;
  const MmppArrivals spec{{{PerSecond(l1), Seconds(d1)}, {PerSecond(l2), Seconds(d2)}}};
  for (const double window : {1.0, 10.0, 60.0, 600.0}) {
    const auto process = makeArrivalProcess(spec, 1, "burst");
    const auto counts = countsOf(*process, window, static_cast<std::size_t>(2e6 / window));
    const double x = sum * window;
    const double idc = 1 + 2 * p1 * p2 * (l1 - l2) * (l1 - l2) / (rate * sum) * (1 - (1 - std::exp(-x)) / x);
    EXPECT_NEAR(meanOf(counts) / window / rate, 1, 0.02) << window;
    EXPECT_NEAR(dispersionOf(counts) / idc, 1, 0.08) << window << " s: theory " << idc;
  }
}

TEST(Arrivals, MmppOfManyStatesSpendsTimeByTheirDwell) {
  const MmppArrivals spec{{{PerSecond(0), Seconds(30)}, {PerSecond(10), Seconds(10)}, {PerSecond(40), Seconds(2)}}};
  const auto counts = countsOf(*makeArrivalProcess(spec, 1, "three"), 1000, 2000);
  EXPECT_NEAR(meanOf(counts) / 1000, (10 * 10 + 40 * 2) / 42.0, 0.1);
}

TEST(Arrivals, DiurnalFollowsItsWaveAndSpikes) {
  DiurnalArrivals spec{.rate = PerSecond(5), .peak_to_trough = 4, .peak_at = Seconds(14 * 3600.0)};
  constexpr double kPi = 3.14159265358979;
  const auto hours = countsOf(*makeArrivalProcess(spec, 1, "day"), 3600, 48);
  for (std::size_t h = 0; h < hours.size(); ++h) {
    // Mean of the cosine over the hour: its integral.
    const double a = 2 * kPi * (static_cast<double>(h) - 14) / 24, b = a + 2 * kPi / 24;
    const double expected = 5 * 3600 * (1 + 0.6 * (std::sin(b) - std::sin(a)) / (b - a));
    EXPECT_NEAR(hours[h], expected, 4.5 * std::sqrt(expected)) << h;
  }
  spec.spikes = {{.at = Seconds(1800), .duration = Seconds(600), .factor = 10, .every = Seconds(7200)},
                 {.at = Seconds(2400), .duration = Seconds(600), .factor = 0}};
  const auto spiky = countsOf(*makeArrivalProcess(spec, 1, "day"), 600, 144);
  spec.spikes.clear();
  const auto calm = countsOf(*makeArrivalProcess(spec, 2, "day"), 600, 144);
  for (std::size_t w = 0; w < spiky.size(); ++w) {
    const double factor = w % 12 == 3 ? 10 : w == 4 ? 0 : 1;
    EXPECT_NEAR(spiky[w], factor * calm[w], 6 * factor * std::sqrt(calm[w]) + 1e-9) << w;
  }
}

TEST(Arrivals, RampsAreLinearBetweenTheirPointsAndHoldTheLastRate) {
  const RampArrivals spec{.points = {{Seconds(0), PerSecond(0)},
                                     {Seconds(1000), PerSecond(40)},
                                     {Seconds(1000), PerSecond(5)},
                                     {Seconds(2000), PerSecond(5)},
                                     {Seconds(2000), PerSecond(10)}}};
  const auto counts = countsOf(*makeArrivalProcess(spec, 1, "ramp"), 500, 8);
  const std::vector<double> expected{5000, 15000, 2500, 2500, 5000, 5000, 5000, 5000};
  for (std::size_t i = 0; i < counts.size(); ++i) {
    EXPECT_NEAR(counts[i], expected[i], 4.5 * std::sqrt(expected[i])) << i;
  }
  const RampArrivals ends{.points = {{Seconds(0), PerSecond(100)}, {Seconds(10), PerSecond(0)}}};
  const auto all = countsOf(*makeArrivalProcess(ends, 1, "ends"), 10, 1);
  EXPECT_NEAR(all[0], 500, 100);
}

TEST(Arrivals, BurstsRideOnARateCurve) {
  // The counts of a renewal process have index of dispersion cv^2 over long windows.
  const RampArrivals spec{.points = {{Seconds(0), PerSecond(20)}}, .cv = 3};
  const auto counts = countsOf(*makeArrivalProcess(spec, 1, "bursts"), 100, 5000);
  EXPECT_NEAR(meanOf(counts), 2000, 15);
  EXPECT_NEAR(dispersionOf(counts), 9, 0.9);
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

rc::Gen<ArrivalSpec> anySpec() {
  return rc::gen::exec([]() -> ArrivalSpec {
    const auto rate = [] { return PerSecond(*rc::gen::inRange(1, 1000) * 0.1); };
    const auto time = [] { return Seconds(*rc::gen::inRange(1, 10'000) * 0.01); };
    const double cv = *rc::gen::inRange(1, 200) * 0.1;
    std::vector<Spike> spikes;
    for (int i = *rc::gen::inRange(0, 3); i > 0; --i) {
      spikes.push_back({.at = time(), .duration = time(), .factor = *rc::gen::inRange(0, 50) * 0.1});
      if (*rc::gen::inRange(0, 2) == 1) spikes.back().every = spikes.back().duration + time();
    }
    switch (*rc::gen::inRange(0, 5)) {
      case 0:
        return GammaArrivals{.rate = rate(), .cv = cv};
      case 1:
        return WeibullArrivals{.rate = rate(), .cv = cv};
      case 2:
        return MmppArrivals{{{rate(), time()}, {rate(), time()}, {PerSecond(0), time()}}};
      case 3:
        return DiurnalArrivals{.rate = rate(),
                               .peak_to_trough = *rc::gen::inRange(1, 100) * 1.0,
                               .peak_at = time(),
                               .period = time(),
                               .cv = cv,
                               .spikes = spikes};
      default:
        const Seconds first = time();
        return RampArrivals{.points = {{Seconds(0), rate()}, {first, PerSecond(0)}, {first + time(), rate()}},
                            .cv = cv,
                            .spikes = spikes};
    }
  });
}

TEST(Arrivals, TimesNeverFallAndASeedRepeatsThem) {
  rc::check([](std::uint64_t seed) {
    const ArrivalSpec spec = *anySpec();
    const auto process = makeArrivalProcess(spec, seed, "x"), again = makeArrivalProcess(spec, seed, "x");
    Ticks last = 0;
    for (int i = 0; i < 100; ++i) {
      const Ticks now = process->next();
      RC_ASSERT(now >= last);
      RC_ASSERT(again->next() == now);
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
  const MmppArrivals::State calm{PerSecond(1), Seconds(10)}, off{PerSecond(0), Seconds(10)};
  expectRefused(MmppArrivals{{calm}}, "two states");
  expectRefused(MmppArrivals{{off, off}}, "0 in every state");
  expectRefused(MmppArrivals{{calm, {PerSecond(1), Seconds(0)}}}, "dwell");
  expectRefused(WeibullArrivals{.rate = PerSecond(1), .cv = 0}, "cv");
  DiurnalArrivals day{.rate = PerSecond(1), .peak_to_trough = 0.5};
  expectRefused(day, "peak_to_trough");
  day.peak_to_trough = 2;
  day.spikes = {{.at = Seconds(0), .duration = Seconds(10), .factor = 2, .every = Seconds(5)}};
  expectRefused(day, "again before it is over");
  expectRefused(RampArrivals{.points = {{Seconds(1), PerSecond(1)}}}, "begin at 0 s");
  expectRefused(RampArrivals{.points = {{Seconds(0), PerSecond(0)}}}, "0 throughout");
  expectRefused(
      RampArrivals{.points = {{Seconds(0), PerSecond(1)}, {Seconds(5), PerSecond(1)}, {Seconds(4), PerSecond(1)}}},
      "in order of time");
  expectRefused(ClosedLoop{.concurrency = 0}, "concurrency must be at least 1");
  expectRefused(ClosedLoop{.concurrency = 1, .think_time = Seconds(-1)}, "think_time");
  EXPECT_NO_THROW(checkArrivals(ClosedLoop{.concurrency = 1}));
}

}  // namespace
}  // namespace headroom::workloads
