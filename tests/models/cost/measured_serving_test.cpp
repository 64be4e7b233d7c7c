// Decode steps of whole deployments against the time per output token that others measured at low concurrency
// (../shared serving_points: closed loop, medians of repeats), before any calibration: the kernels alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "models/cost/compile.h"
#include "tests/models/cost/cost_fixtures.h"
#include "tests/models/cost/csv_rows.h"

namespace headroom::models {
namespace {

struct Served {
  const char* model;      ///< catalogue name
  const char* published;  ///< in the file
  const char* engine;
  int tp;
  double limit;  ///< of the median error
};

struct PointKey {
  int concurrency, isl, osl;
  auto operator<=>(const PointKey&) const = default;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

std::map<PointKey, std::vector<double>> tokenTimes(const std::vector<CsvRow>& rows, const Served& served) {
  std::map<PointKey, std::vector<double>> times;
  for (const CsvRow& row : rows) {
    if (row.at("model_path") != served.published || row.at("system") != "h200_sxm") continue;
    if (row.at("backend") != served.engine || row.at("mode") != "agg") continue;
    if (numberIn(row, "tp_size") != served.tp || numberIn(row, "attention_dp_size") > 1) continue;
    if (numberIn(row, "moe_ep_size") > 1 || numberIn(row, "batch_size") > 16) continue;
    times[{static_cast<int>(numberIn(row, "batch_size")), static_cast<int>(numberIn(row, "isl")),
           static_cast<int>(numberIn(row, "osl"))}]
        .push_back(numberIn(row, "silicon_tpot_ms"));
  }
  return times;
}

TEST(MeasuredServing, DecodeStepsAtLowConcurrencyAreNearTheMeasuredTimePerToken) {
  const std::filesystem::path file = sharedData() / "measured" / "serving_points.csv";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "measurements not here: " << file;
  const std::vector<CsvRow> rows = csvRows(file);
  const Accelerator accelerator = findAccelerator("h200-sxm");
  const Served all[] = {{"deepseek-r1", "deepseek-ai/DeepSeek-R1", "sglang", 8, 0.3},
                        {"gpt-oss-120b", "openai/gpt-oss-120b", "vllm", 1, 0.3},
                        {"gpt-oss-120b", "openai/gpt-oss-120b", "vllm", 8, 0.3}};
  for (const Served& served : all) {
    const Profile profile = findProfile(accelerator, served.engine, "").profile;
    const Model model = findModel(served.model);
    StepRequest request;
    request.parallelism.tp = served.tp;
    request.weights = model.native_precision;
    request.graph_sizes = vllmGraphSizes();
    const CompiledStepTimes compiled = compileStepTimes(profile, accelerator, model, request);
    if (compiled.tier_share[static_cast<std::size_t>(Tier::spec)] > 0.5) continue;  // no tables of experts
    std::vector<double> errors;
    for (const auto& [point, measured] : tokenTimes(rows, served)) {
      // Lengths are uniform in 0.8 to 1.0 of the nominal ones; a sequence is half done on average.
      const auto context = static_cast<std::int64_t>(0.9 * (point.isl + point.osl / 2.0));
      const std::int64_t sum = point.concurrency * context;
      const StepTimes& t = *compiled.tables;
      const double predicted = toMilliseconds(t.tokenwise(point.concurrency) + t.perSequence(point.concurrency) +
                                              t.decodeAttention(point.concurrency, sum).at(sum));
      errors.push_back(predicted / median(measured) - 1);
      std::printf("%-12s tp%d %4d/%4d tokens, %2d at once: measured %6.2f ms, kernels %6.2f ms, %+5.1f %%\n",
                  served.model, served.tp, point.isl, point.osl, point.concurrency, median(measured), predicted,
                  100 * errors.back());
    }
    ASSERT_FALSE(errors.empty()) << served.model;
    EXPECT_LT(std::abs(median(errors)), served.limit) << served.model << " tp" << served.tp;
  }
}

}  // namespace
}  // namespace headroom::models
