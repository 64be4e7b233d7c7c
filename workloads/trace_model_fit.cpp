// From a recorded trace to the statistics a generator needs.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "models/base/error.h"
#include "workloads/lengths.h"
#include "workloads/trace_model.h"
#include "workloads/trace_statistics.h"

namespace headroom::workloads {
namespace {

constexpr std::size_t kFewestRows = 200;
constexpr double kQuietOfMedianGap = 10;   // a gap so many times the median ends a train
constexpr double kBurstyCv = 2;            // gaps still so uneven under the rate curve are told by trains
constexpr double kRequestsOfWindow = 600;  // so that counting noise (4 %) does not pass for a change of rate
constexpr std::size_t kLengthBins = 12;

/// Six significant digits: the model is written to a file and must read back equal.
double rounded(double value) {
  const std::string text = fmt::format("{:.6g}", value);
  double result = 0;
  std::from_chars(text.data(), text.data() + text.size(), result);
  return result;
}

/// 0, step, 2 step, ... and the given points of the upper tail, 1.
std::vector<double> sharesBy(double step, const std::vector<double>& tail) {
  std::vector<double> shares;
  for (int i = 0; i * step < 1 - 1e-9 && (tail.empty() || i * step < tail.front() - 1e-9); ++i) {
    shares.push_back(rounded(i * step));
  }
  shares.insert(shares.end(), tail.begin(), tail.end());
  shares.push_back(1);
  return shares;
}

QuantileTable tableOf(std::vector<double> values, const std::vector<double>& shares) {
  std::sort(values.begin(), values.end());
  QuantileTable table;
  for (const double share : shares) {
    const double position = share * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    const double mix = position - static_cast<double>(below);
    table.emplace_back(share, rounded(values[below] + mix * (values[above] - values[below])));
  }
  return table;
}

FittedDistribution fitDistribution(const std::vector<double>& values, const std::vector<double>& shares) {
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  return {.mean = rounded(sum / static_cast<double>(values.size())), .quantiles = tableOf(values, shares)};
}

const std::vector<double> kGapTail{0.98, 0.99, 0.995, 0.998, 0.999, 0.9995};

TrainArrivals fitTrains(const std::vector<double>& gaps, double quiet_from) {
  std::vector<double> quiet, within, sizes{1};
  for (const double gap : gaps) {
    if (gap >= quiet_from) {
      quiet.push_back(gap);
      sizes.push_back(1);
    } else {
      within.push_back(gap);
      sizes.back() += 1;
    }
  }
  return {.trains = static_cast<std::int64_t>(sizes.size()),
          .quiet = fitDistribution(quiet, sharesBy(0.05, {0.975})),
          .requests = fitDistribution(sizes, sharesBy(0.05, {0.975})),
          .gap = fitDistribution(within, sharesBy(0.05, kGapTail))};
}

/// Gaps between `times` in expected numbers of arrivals under the curve.
std::vector<double> gapsUnder(const CurveArrivals& curve, const std::vector<double>& times) {
  const double window = curve.window.value();
  std::vector<double> until{0};  // expected arrivals before each window
  for (const double level : curve.relative_rate) until.push_back(until.back() + level * curve.rate.value() * window);
  std::vector<double> gaps;
  double last = 0;
  for (const double time : times) {
    const auto index = std::min(static_cast<std::size_t>(time / window), curve.relative_rate.size() - 1);
    const double into = time - static_cast<double>(index) * window;
    const double now = until[index] + into * curve.relative_rate[index] * curve.rate.value();
    gaps.push_back(now - last);
    last = now;
  }
  gaps.erase(gaps.begin());  // the first arrival ends no gap
  return gaps;
}

CurveArrivals fitCurve(const std::vector<double>& times) {
  const double span = times.back(), count = static_cast<double>(times.size());
  CurveArrivals curve;
  curve.rate = PerSecond(rounded(count / span));
  curve.window = Seconds(60 * std::max(1.0, std::ceil(kRequestsOfWindow * span / count / 60)));
  const double window = curve.window.value();
  curve.relative_rate.assign(static_cast<std::size_t>(std::ceil(span / window)), 0);
  for (const double time : times) {
    const auto index = std::min(static_cast<std::size_t>(time / window), curve.relative_rate.size() - 1);
    curve.relative_rate[index] += 1;
  }
  for (std::size_t i = 0; i < curve.relative_rate.size(); ++i) {
    const double length = std::min(window, span - static_cast<double>(i) * window);
    curve.relative_rate[i] = rounded(curve.relative_rate[i] / length / curve.rate.value());
  }
  curve.gap = fitDistribution(gapsUnder(curve, times), sharesBy(0.02, kGapTail));
  return curve;
}

/// Gaps from here on end a train. A clock of whole seconds makes most gaps 0: then the mean has to do.
double quietFrom(std::vector<double> gaps) {
  const auto middle = gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2);
  std::nth_element(gaps.begin(), middle, gaps.end());
  const double sum = std::accumulate(gaps.begin(), gaps.end(), 0.0);
  return std::max(kQuietOfMedianGap * *middle, sum / static_cast<double>(gaps.size()));
}

std::variant<TrainArrivals, CurveArrivals> fitArrivals(const std::vector<double>& times) {
  CurveArrivals curve = fitCurve(times);
  std::vector<double> gaps;
  RunningMoments moments;
  for (const double gap : gapsUnder(curve, times)) moments.add(gap);
  if (moments.cv() <= kBurstyCv) return curve;
  for (std::size_t i = 1; i < times.size(); ++i) gaps.push_back(times[i] - times[i - 1]);
  const double quiet_from = quietFrom(gaps);
  if (*std::max_element(gaps.begin(), gaps.end()) < quiet_from) return curve;
  return fitTrains(gaps, quiet_from);
}

JointLengths fitLengths(std::vector<TraceRow> rows) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const TraceRow& a, const TraceRow& b) { return a.prompt_tokens < b.prompt_tokens; });
  JointLengths lengths;
  std::vector<double> prompts, outputs;
  for (const TraceRow& row : rows) prompts.push_back(row.prompt_tokens);
  lengths.prompt_tokens = tableOf(prompts, sharesBy(0.01, {0.99, 0.995, 0.998, 0.999}));
  const std::size_t bin_rows = rows.size() / kLengthBins;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    outputs.push_back(rows[i].output_tokens);
    const bool last_of_prompt = i + 1 == rows.size() || rows[i + 1].prompt_tokens != rows[i].prompt_tokens;
    const bool enough = outputs.size() >= bin_rows && (rows.size() - i - 1 >= bin_rows || i + 1 == rows.size());
    if (!last_of_prompt || !enough) continue;
    lengths.bins.push_back(
        {.prompt_up_to = prompts[i], .output_tokens = tableOf(outputs, sharesBy(0.025, {0.975, 0.99, 0.995, 0.998}))});
    outputs.clear();
  }
  return lengths;
}

}  // namespace

TraceModel fitTraceModel(TraceReader& trace, const std::string& name, const std::string& source) {
  std::vector<TraceRow> rows = readAll(trace);
  std::vector<double> times;
  for (const TraceRow& row : rows) times.push_back(toSeconds(row.arrival - rows.front().arrival).value());
  if (rows.size() < kFewestRows || times.back() <= 0) {
    throw InputError(
        fmt::format("a model needs {} rows or more over some time; the trace has {}", kFewestRows, rows.size()));
  }
  TraceModel model;
  model.name = name;
  model.source = source;
  model.requests = static_cast<std::int64_t>(rows.size());
  model.span = Seconds(rounded(times.back()));
  model.arrivals = fitArrivals(times);
  std::erase_if(rows, [](const TraceRow& row) { return row.failed; });  // arrivals without lengths
  if (rows.size() < kFewestRows) throw InputError("too few requests have lengths: the others failed");
  model.lengths = fitLengths(std::move(rows));
  return model;
}

}  // namespace headroom::workloads
