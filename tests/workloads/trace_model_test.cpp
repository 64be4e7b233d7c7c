#include "workloads/trace_model.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <iostream>

#include "models/base/error.h"
#include "models/base/files.h"
#include "tests/workloads/test_files.h"
#include "workloads/request_stream.h"
#include "workloads/rng.h"
#include "workloads/trace_generator.h"
#include "workloads/trace_statistics.h"
#include "workloads/trace_writer.h"

namespace headroom::workloads {
namespace {

std::filesystem::path shipped(const std::string& name) {
  return std::filesystem::path("datasets/traces") / name;
}

/// Poisson arrivals whose rate triples in the second half; the answer is a tenth of the prompt.
std::vector<TraceRow> risingTrace() {
  Rng rng(1, "rising");
  std::vector<TraceRow> rows;
  for (double now = 0; now < 3600; now += rng.exponential() / (now < 1800 ? 2 : 6)) {
    const auto prompt = static_cast<std::int32_t>(rng.integer(10, 2000));
    rows.push_back(TraceRow{.arrival = toTicks(Seconds(now)), .prompt_tokens = prompt, .output_tokens = prompt / 10});
  }
  return rows;
}

/// Trains of 50 requests a tenth of a second apart, 20 s of quiet between them.
std::vector<TraceRow> trainTrace() {
  std::vector<TraceRow> rows;
  double now = 0;
  for (int i = 0; i < 100 * 50; ++i) {
    rows.push_back(TraceRow{.arrival = toTicks(Seconds(now)), .prompt_tokens = 100, .output_tokens = 10});
    now += i % 50 == 49 ? 20 : 0.1;
  }
  return rows;
}

TEST(TraceModel, RisingRateIsFittedByACurveAndComesBack) {
  const auto rows = risingTrace();
  const TraceModel model = fitTraceModel(*openRows(rows), "rising", "a test");
  const auto& curve = std::get<CurveArrivals>(model.arrivals);
  EXPECT_NEAR(curve.relative_rate.front(), 0.5, 0.1);
  EXPECT_NEAR(curve.relative_rate.back(), 1.5, 0.1);
  const auto original = measureTrace(*openRows(rows));
  const auto synthetic = measureTrace(*openRows(generateTrace(model, 1)));
  EXPECT_NEAR(synthetic.rate_per_s / original.rate_per_s, 1, 0.02);
  EXPECT_NEAR(synthetic.dispersion / original.dispersion, 1, 0.15);
  EXPECT_NEAR(synthetic.cv / original.cv, 1, 0.05);
  EXPECT_GT(synthetic.correlation, 0.95);  // the output follows the prompt
}

TEST(TraceModel, TrainsAreFoundAndComeBack) {
  const TraceModel model = fitTraceModel(*openRows(trainTrace()), "trains", "a test");
  const auto& trains = std::get<TrainArrivals>(model.arrivals);
  EXPECT_EQ(trains.trains, 100);
  EXPECT_DOUBLE_EQ(trains.quiet.mean, 20);
  EXPECT_DOUBLE_EQ(trains.requests.mean, 50);
  EXPECT_NEAR(trains.gap.mean, 0.1, 1e-6);
  const auto rows = generateTrace(model, 1);
  ASSERT_EQ(rows.size(), 5000u);
  EXPECT_NEAR(toSeconds(rows[50].arrival - rows[49].arrival).value(), 20, 1e-3);
  EXPECT_NEAR(toSeconds(rows[51].arrival - rows[50].arrival).value(), 0.1, 1e-3);
}

TEST(TraceModel, AClockOfWholeSecondsGivesTrainsWithoutGaps) {
  std::vector<TraceRow> rows = trainTrace();
  for (TraceRow& row : rows) row.arrival = row.arrival / toTicks(Seconds(60)) * toTicks(Seconds(60));
  const TraceModel model = fitTraceModel(*openRows(rows), "coarse", "a test");
  EXPECT_EQ(std::get<TrainArrivals>(model.arrivals).gap.mean, 0);
  const TemporaryFolder folder;
  EXPECT_EQ(loadTraceModel(folder.write("model.yaml", toYaml(toDocument(model)))), model);
  const auto original = measureTrace(*openRows(rows)), synthetic = measureTrace(*openRows(generateTrace(model, 1)));
  EXPECT_NEAR(synthetic.cv / original.cv, 1, 0.05);
}

TEST(TraceModel, WhatIsWrittenReadsBackEqual) {
  const TemporaryFolder folder;
  for (const auto& rows : {risingTrace(), trainTrace()}) {
    const TraceModel model = fitTraceModel(*openRows(rows), "test", "a test: with \"quotes\"");
    EXPECT_EQ(loadTraceModel(folder.write("model.yaml", toYaml(toDocument(model)))), model);
  }
}

TEST(TraceModel, TooShortATraceIsRefused) {
  std::vector<TraceRow> rows = trainTrace();
  rows.resize(199);
  EXPECT_THROW(fitTraceModel(*openRows(rows), "x", "y"), InputError);
}

TEST(TraceGenerator, SameSeedGivesTheSameRowsAndLimitsHold) {
  const TraceModel model = loadTraceModel(shipped("azure-2023-code.yaml"));
  const auto rows = generateTrace(model, 1, {.requests = 300});
  EXPECT_EQ(rows.size(), 300u);
  EXPECT_EQ(rows, generateTrace(model, 1, {.requests = 300}));
  EXPECT_NE(rows, generateTrace(model, 2, {.requests = 300}));
  const auto until = generateTrace(model, 1, {.duration = toSeconds(rows[200].arrival)});
  ASSERT_FALSE(until.empty());
  EXPECT_LT(until.back().arrival, rows[200].arrival);
  EXPECT_EQ(generateTrace(model, 1).size(), static_cast<std::size_t>(model.requests));
}

TEST(TraceGenerator, RunsOnBeyondTheSpanOfTheOriginal) {
  const TraceModel model = loadTraceModel(shipped("azure-2023-conv.yaml"));
  const auto day = measureTrace(*limitTrace(openTraceModel(model, 3, "x"), {.duration = Seconds(86400)}));
  EXPECT_NEAR(day.rate_per_s / 5.53, 1, 0.02);
  EXPECT_NEAR(day.span.value(), 86400, 10);
}

TEST(TraceGenerator, DrivesAWorkload) {
  WorkloadSpec spec;
  spec.name = "code";
  spec.arrivals = TraceModelArrivals{.file = shipped("azure-2023-code.yaml"), .rate_scale = 2};
  spec.prompt_tokens = spec.output_tokens = LengthFromTrace{};
  EXPECT_TRUE(isEndless(spec));
  spec.requests = 8819;
  const auto stream = openStream(spec, 1);
  Request request, last;
  std::int64_t count = 0, prompts = 0;
  for (; stream->next(request); ++count) {
    prompts += request.prompt_tokens;
    last = request;
  }
  EXPECT_EQ(count, 8819);
  EXPECT_NEAR(8819 / toSeconds(last.arrival).value() / (2 * 2.57), 1, 0.05);
  EXPECT_NEAR(static_cast<double>(prompts) / 8819 / 2048, 1, 0.03);
}

struct Target {
  const char* name;
  double rate, cv, dispersion;
  std::array<double, 7> prompt, output;  ///< p5 25 50 75 90 95 99
};

// Figures of the originals: rows "Azure 2023 code" and "Azure 2023 conv" of the statistics measured on
// Azure/AzurePublicDataset @b469a113 (README beside the recorded traces).
const Target kTargets[] = {
    {"code", 2.57, 13.15, 164, {75, 578, 1469, 2744, 5188, 7303, 7436}, {6, 9, 13, 24, 55, 90, 251}},
    {"conv", 5.53, 1.09, 16.1, {181, 396, 1020, 1189, 2734, 4083, 4142}, {41, 85, 129, 395, 424, 451, 601}},
};

TEST(ShippedTraces, HaveTheStatisticsOfTheirOriginals) {
  for (const Target& target : kTargets) {
    const auto measured = measureTrace(*openTrace("csv", shipped(fmt::format("synthetic-{}.csv.gz", target.name))));
    EXPECT_NEAR(measured.rate_per_s / target.rate, 1, 0.02) << target.name;
    EXPECT_NEAR(measured.cv / target.cv, 1, 0.10) << target.name;
    EXPECT_NEAR(measured.dispersion / target.dispersion, 1, 0.15) << target.name;
    for (std::size_t i = 0; i < target.prompt.size(); ++i) {
      EXPECT_NEAR(measured.prompt_tokens.quantiles[i] / target.prompt[i], 1, 0.05) << target.name << " prompt " << i;
      EXPECT_NEAR(measured.output_tokens.quantiles[i] / target.output[i], 1, 0.05) << target.name << " output " << i;
    }
    std::cout << fmt::format("{}: index of dispersion {:.1f}, original {:.1f}\n", target.name, measured.dispersion,
                             target.dispersion);
  }
}

TEST(ShippedTraces, AreWhatTheirModelsGenerateWithSeedOne) {
  const TemporaryFolder folder;
  for (const std::string name : {"code", "conv"}) {
    const auto rows = generateTrace(loadTraceModel(shipped("azure-2023-" + name + ".yaml")), 1);
    writeCsvTrace(*openRows(rows), folder / "again.csv");
    EXPECT_EQ(readAll(*openTrace("csv", shipped("synthetic-" + name + ".csv.gz"))),
              readAll(*openTrace("csv", folder / "again.csv")));
  }
}

TEST(ShippedTraces, ModelsAreWhatTheRecordedTracesFit) {
  for (const std::string name : {"code", "conv"}) {
    const auto file = recordedTrace("azure2023/AzureLLMInferenceTrace_" + name + ".csv.gz");
    if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is not on this machine";
    const TraceModel model = loadTraceModel(shipped("azure-2023-" + name + ".yaml"));
    EXPECT_EQ(fitTraceModel(*openTrace("azure", file), model.name, model.source), model);
  }
}

// A quarter of the recorded gaps lie below 2 ms: chance makes some equal to a microsecond, a copy would make all so.
TEST(ShippedTraces, DoNotCopyTheArrivalTimesOfTheOriginals) {
  for (const std::string name : {"code", "conv"}) {
    const auto file = recordedTrace("azure2023/AzureLLMInferenceTrace_" + name + ".csv.gz");
    if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is not on this machine";
    const auto original = readAll(*openTrace("azure", file));
    const auto synthetic = readAll(*openTrace("csv", shipped("synthetic-" + name + ".csv.gz")));
    std::size_t near = 0, at = 0;
    for (const TraceRow& row : synthetic) {
      while (at < original.size() && original[at].arrival < row.arrival - toTicks(Seconds(1e-5))) ++at;
      near += at < original.size() && original[at].arrival <= row.arrival + toTicks(Seconds(1e-5)) ? 1 : 0;
    }
    EXPECT_LT(near, synthetic.size() / 100) << name;
  }
}

class BrokenModel : public testing::Test {
 protected:
  std::string errorAfter(const std::string& from, const std::string& to) {
    std::string text = readFile(shipped("azure-2023-code.yaml"));
    const std::size_t place = text.find(from);
    EXPECT_NE(place, std::string::npos) << from;
    text.replace(place, from.size(), to);
    try {
      loadTraceModel(folder_.write("model.yaml", text));
      return "accepted";
    } catch (const InputError& error) {
      return error.what();
    }
  }
  TemporaryFolder folder_;
};

TEST_F(BrokenModel, IsRefusedWithItsPlace) {
  for (const auto& [from, to, expected] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"trace-model/1", "trace-model/2", "/schema"},
           {"type: trains", "type: train", "did you mean \"trains\"?"},
           {"requests: 8819", "requests: 0", "/requests"},
           {"span: 34", "span: -34", "/span: must be above 0"},
           {"mean: ", "mean: -", "/arrivals/quiet_s/mean"},
           {"shares: [0, 0.05,", "shares: [0, 0,", "shares must rise"},
           {"shares: [0, 0.05,", "shares: [0.01, 0.05,", "shares must run from 0 to 1"},
           {"shares: [0, 0.05,", "shares: [0,", "as many"},
           {"values: [3,", "values: [9e9,", "values must not fall"},
           {"prompt_up_to: ", "prompt_up_to: 99999", "bins must rise"},
           {"name: ", "nam: ", "name"},
           {"requests_per_train:", "gap_z: 1\n  requests_per_train:", "gap_z"}}) {
    EXPECT_NE(errorAfter(from, to).find(expected), std::string::npos) << to << ": " << errorAfter(from, to);
  }
}

}  // namespace
}  // namespace headroom::workloads
