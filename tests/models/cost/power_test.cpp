// Work of steps, power, its fit, and the validation against published measurements.
#include "models/cost/power.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "models/base/error.h"
#include "models/cost/capped_step_times.h"
#include "models/cost/fit_power.h"
#include "models/cost/validate_power.h"
#include "tests/models/cost/cost_fixtures.h"

namespace headroom::models {
namespace {

using ::testing::HasSubstr;

PowerModel handPower() {
  return {.idle = Watts(100), .active = Watts(100), .compute = Watts(800), .memory = Watts(400), .limit = Watts(700)};
}

StepWork smallWork(int tp = 1) {
  WorkRequest request;
  request.parallelism.tp = tp;
  return StepWork(roundAccelerator(), smallModel(), request);
}

TEST(StepWork, OfADenseModelIsTwoFlopsAParameterAndOneReadingOfTheWeights) {
  const double dense = 4 * (1024.0 * (1024 + 2 * 256 + 1024) + 3.0 * 1024 * 4096 + 2 * 1024);
  const double head = 32000.0 * 1024;
  const Work work = smallWork().tokenwise(16);
  EXPECT_NEAR(work.compute.value(), 2 * dense * 16 / 1e15, 1e-18);
  EXPECT_NEAR(work.memory.value(), 2 * (dense + head) / 4e12, 1e-15);
}

TEST(StepWork, CountsRowsInTilesSoThatSixteenCostNoMoreThanOne) {
  EXPECT_EQ(smallWork().tokenwise(1).compute, smallWork().tokenwise(16).compute);
  EXPECT_EQ(smallWork().tokenwise(17).compute, 2 * smallWork().tokenwise(16).compute);
}

TEST(StepWork, ReachesEveryExpertWithManyTokensAndFewWithOne) {
  Model model = smallModel();
  model.moe = MixtureOfExperts{.experts = 64, .experts_per_token = 4, .intermediate = 512};
  const StepWork work(roundAccelerator(), model, {});
  const double experts = 4 * 64 * 3.0 * 1024 * 512 * 2 / 4e12;
  const double one = work.tokenwise(1).memory.value(), many = work.tokenwise(4096).memory.value();
  EXPECT_NEAR(many - one, experts * (1 - 4.0 / 64), 1e-3 * experts);
}

TEST(StepWork, AttentionBeyondAWindowCostsNothing) {
  Model model = smallModel();
  model.sliding_window = 128;
  const StepWork work(roundAccelerator(), model, {});
  EXPECT_NEAR(work.attention(1, 1000, 1000).memory.value(), work.attention(1, 8000, 8000).memory.value(), 1e-18);
  EXPECT_LT(work.attention(1, 8000, 8000).memory, smallWork().attention(1, 8000, 8000).memory);
}

TEST(StepWork, OfMoreRanksIsTheSameButForWhatIsReplicated) {
  EXPECT_NEAR(smallWork(4).tokenwise(64).compute / smallWork(1).tokenwise(64).compute, 1, 1e-12);
  EXPECT_GE(smallWork(4).tokenwise(64).memory, smallWork(1).tokenwise(64).memory);
  EXPECT_EQ(smallWork(4).accelerators(), 4);
}

TEST(Power, RisesWithWorkToTheBoardLimit) {
  const PowerModel power = handPower();
  EXPECT_EQ(power.inStep({}, Seconds(1), 1), Watts(200));
  EXPECT_EQ(power.inStep({Seconds(0.25), Seconds(0.5)}, Seconds(1), 1), Watts(600));
  EXPECT_EQ(power.inStep({Seconds(0.25), Seconds(0.5)}, Seconds(1), 2), Watts(400));
  EXPECT_EQ(power.inStep({Seconds(1), Seconds(1)}, Seconds(1), 1), Watts(700));
}

TEST(Power, EnergyIsIdleOutsideStepsAndNeverBeyondTheLimitInThem) {
  StepTotals totals;
  totals.wall = Seconds(10);
  EXPECT_EQ(handPower().energy(totals, smallWork()), Joules(1000));
  totals.busy = Seconds(4);
  EXPECT_EQ(handPower().energy(totals, smallWork()), Joules(1400));
  totals.attended = totals.cached = 1e18;
  totals.steps = {{16, 1.0}};
  EXPECT_EQ(handPower().energy(totals, smallWork()), Joules(600 + 4 * 700));
}

TEST(Power, OfAnUnmeasuredAcceleratorTakesTheH100sSharesAndSaysSo) {
  const auto h100 = findPower(findAccelerator("h100-sxm")), b200 = findPower(findAccelerator("b200-sxm"));
  ASSERT_TRUE(h100 && b200);
  EXPECT_EQ(h100->tier, Tier::interpolated);
  EXPECT_EQ(b200->tier, Tier::spec);
  EXPECT_EQ(b200->limit, findAccelerator("b200-sxm").power);
  EXPECT_NEAR(b200->idle / b200->limit, h100->idle / h100->limit, 1e-12);
}

TEST(Power, ReadsNoFileWithIdleBeyondTheLimitOrAWrongUnit) {
  const auto read = [](const std::string& idle) {
    const Document document = Document::parse("schema: headroom.power/1\naccelerator: h100-sxm\nidle: " + idle +
                                                  "\nactive: 1 W\ncompute: 1 W\nmemory: 1 W\nsource: s\n",
                                              "p.yaml");
    return inputErrorOf([&] { readPower(document.root(), findAccelerator("h100-sxm")); });
  };
  EXPECT_EQ(read("70 W"), "");
  EXPECT_THAT(read("900 W"), HasSubstr("not below the board power"));
  EXPECT_THAT(read("70 J"), HasSubstr("p.yaml:3"));
  EXPECT_THAT(read("-1 W"), HasSubstr("must not be negative"));
}

TEST(PowerFit, FindsTheConstantsThatMadeTheSamples) {
  std::vector<PowerSample> samples;
  for (int i = 0; i < 20; ++i) {
    const PowerSample sample{.accelerator = "a",
                             .model = i % 2 == 0 ? "m" : "n",
                             .compute = 0.02 * i,
                             .memory = 0.05 * (i * 7 % 11),
                             .power = Watts()};
    samples.push_back(sample);
    samples.back().power = predictedPower(handPower(), sample);
  }
  const PowerModel fitted = fitPower(samples, Watts(100), Watts(700));
  EXPECT_NEAR(fitted.active.value(), 100, 1e-6);
  EXPECT_NEAR(fitted.compute.value(), 800, 1e-6);
  EXPECT_NEAR(fitted.memory.value(), 400, 1e-6);
  EXPECT_NEAR(heldOutErrors(samples, Watts(100), Watts(700)).mean_pct, 0, 1e-6);
}

TEST(PowerFit, NeverGivesNegativePower) {
  std::vector<PowerSample> samples;
  for (int i = 0; i < 8; ++i) {
    samples.push_back({.accelerator = "a",
                       .model = "m",
                       .compute = 0.1 * i,
                       .memory = 0.1 * (i % 3),
                       .power = Watts(300 - 20 * (i % 3) + 10 * i)});
  }
  const PowerModel fitted = fitPower(samples, Watts(50), Watts(700));
  EXPECT_EQ(fitted.memory, Watts());
  EXPECT_GT(fitted.compute, Watts());
  EXPECT_THROW(fitPower({samples[0], samples[1]}, Watts(50), Watts(700)), InputError);
}

TEST(PowerCap, StretchesByPowerAboveIdle) {
  const Ticks millisecond = toTicks(Seconds(1e-3));
  const auto times = std::make_shared<LinearStepTimes>(LinearStepTimes::Rates{.step = millisecond}, 64);
  const CappedStepTimes capped(times, handPower(), smallWork(), Watts(150), 8);
  const double drawn = handPower().inStep(smallWork().tokenwise(16), Seconds(1e-3), 1).value();
  ASSERT_GT(drawn, 200);
  EXPECT_NEAR(static_cast<double>(capped.tokenwise(16)) / static_cast<double>(millisecond), (drawn - 100) / 50, 1e-6);
  const CappedStepTimes free(times, handPower(), smallWork(), Watts(690), 8);
  EXPECT_EQ(free.tokenwise(16), millisecond);
}

TEST(PowerCap, NeverSpeedsAStepUpAndKeepsItMonotoneInTokensAndContext) {
  const auto times = std::make_shared<LinearStepTimes>(
      LinearStepTimes::Rates{.step = 5000, .token = 300, .decode_context = 3, .prefill_context = 2, .sequence = 40},
      200);
  for (const double cap : {101.0, 150.0, 250.0, 400.0, 650.0}) {
    const CappedStepTimes capped(times, handPower(), smallWork(), Watts(cap), 64);
    Ticks before = 0;
    for (int tokens = 1; tokens <= 200; ++tokens) {
      EXPECT_GE(capped.tokenwise(tokens), times->tokenwise(tokens)) << cap << " W, " << tokens;
      EXPECT_GE(capped.tokenwise(tokens), before) << cap << " W, " << tokens;
      before = capped.tokenwise(tokens);
    }
    for (int n = 1; n <= 64; ++n) {
      const Segment segment = capped.decodeAttention(n, 5000);
      EXPECT_GE(segment.at(5000), times->decodeAttention(n, 5000).at(5000));
      EXPECT_GE(segment.slope, 3);
    }
  }
}

TEST(MeasuredPower, ShippedConstantsAreWhatTheFitGives) {
  const auto folder = sharedData() / "measured";
  if (!std::filesystem::exists(folder / "mlenergy_v3_llm.csv")) GTEST_SKIP() << "no measured/mlenergy_v3_llm.csv";
  const auto expectFit = [](const std::vector<PowerSample>& samples, const char* accelerator) {
    const PowerModel shipped = *findPower(findAccelerator(accelerator));
    const PowerModel fitted = fitPower(samples, shipped.idle, shipped.limit);
    EXPECT_NEAR(fitted.active.value(), shipped.active.value(), 0.5) << accelerator;
    EXPECT_NEAR(fitted.compute.value(), shipped.compute.value(), 0.5) << accelerator;
    EXPECT_NEAR(fitted.memory.value(), shipped.memory.value(), 0.5) << accelerator;
  };
  expectFit(readMlEnergy(folder / "mlenergy_v3_llm.csv").samples, "h100-sxm");
  std::vector<PowerSample> a100;
  for (const PowerSample& sample : readArgonnePower(folder / "argonne_power.csv").samples) {
    if (sample.accelerator == "a100-sxm") a100.push_back(sample);
  }
  expectFit(a100, "a100-sxm");
}

TEST(MeasuredPower, ModelsLeftOutOfTheFitAreWithinTheAim) {
  if (!std::filesystem::exists(sharedData() / "measured" / "argonne_power.csv")) GTEST_SKIP() << "no argonne_power.csv";
  const PowerValidation validation = validatePower(sharedData());
  for (const ValidationRow& row : validation.rows) {
    std::printf("%-34s %4d points  mean %.1f %%  median %.1f %%  bias %+.1f %%\n", row.set.c_str(), row.points,
                row.error_mean_pct, row.error_median_pct, row.bias_pct);
    if (row.set.ends_with("models left out")) {
      EXPECT_TRUE(row.ok() && !row.calibrated) << row.set;
    }
  }
  EXPECT_EQ(validation.rows.front().points, 199);
}

}  // namespace
}  // namespace headroom::models
