// Rung 2: recorded runs, replayed request by request.
#include <fmt/format.h>

#include <cmath>

#include "models/base/error.h"
#include "sim/validation/error_summary.h"
#include "sim/validation/replay.h"
#include "sim/validation/simulated_requests.h"
#include "sim/validation/validation.h"

namespace headroom::sim {
namespace {

/// A request whose engine put it into a batch this soon after it had seen it did not queue.
const Ticks kNoQueue = toTicks(Seconds(1e-3));
/// By how much step times are changed for the sensitivities.
constexpr double kStretch = 1.01;

struct RunSource {
  const char* set;
  ReplaySource source;
  double ttft_aim_pct;  ///< of the mean
};
constexpr RunSource kRuns[] = {
    {"RTX 4090, Llama-3.1-8B",
     {"RTX4090__Llama-3.1-8B", "sharegpt-llama-3.1-8b-300-sps10.jsonl.gz", "llama-3.1-8b", "rtx-4090"},
     3},
    {"RTX PRO 6000, Llama-3.1-8B",
     {"RTXPRO6000__Llama-3.1-8B", "sharegpt-llama-3.1-8b-300-sps10.jsonl.gz", "llama-3.1-8b", "rtx-pro-6000"},
     4},
    {"RTX PRO 6000, Qwen3-30B-A3B",
     {"RTXPRO6000__Qwen3-30B-A3B-Instruct-2507", "sharegpt-qwen3-30b-a3b-300-sps10.jsonl.gz", "qwen3-30b-a3b",
      "rtx-pro-6000"},
     7}};

struct Metric {
  const char* name;
  double (RequestStamps::*value)() const;
  bool needs_two_tokens;
  double mean_aim_pct;  ///< 0: that of the run
  double tail_aim_pct;  ///< of p99
  const char* rival;    ///< LLMServingSim's on its own five runs, of the mean
};
constexpr Metric kMetrics[] = {{"ttft", &RequestStamps::ttft, false, 0, 10, "0.6-13.6"},
                               {"engine ttft", &RequestStamps::engineTtft, false, 0, 10, ""},
                               {"tpot", &RequestStamps::tpot, true, 1, 5, "0.2-1.7"},
                               {"e2e", &RequestStamps::e2e, false, 1.2, 5, "0.5-2.2"}};
constexpr double kMedianAimPct = 2.5, kNoQueueAimPct = 5;

std::vector<double> valuesOf(const std::vector<RequestStamps>& requests, const Metric& metric) {
  std::vector<double> values;
  for (const RequestStamps& request : requests) {
    if (!metric.needs_two_tokens || request.output_tokens > 1) values.push_back((request.*metric.value)());
  }
  return values;
}

class RunErrors {
 public:
  RunErrors(const RunSource& source, const MeasuredRun& measured, const SimulatedRun& simulated, bool calibrated,
            Validation& result)
      : source_(source), measured_(measured), simulated_(simulated), calibrated_(calibrated), result_(result) {
    CHECK(measured.requests.size() == simulated.requests.size(), "every request is replayed");
  }

  void add() {
    for (const Metric& metric : kMetrics) {
      const std::vector<double> is = valuesOf(simulated_.requests, metric), was = valuesOf(measured_.requests, metric);
      const std::string name = metric.name;
      const double mean_aim = metric.mean_aim_pct > 0 ? metric.mean_aim_pct : source_.ttft_aim_pct;
      const int points = static_cast<int>(was.size());
      row(name + " mean", points, {mean(is) / mean(was) - 1}, mean_aim, metric.rival);
      for (const auto& [q, label] : {std::pair{0.5, " p50"}, {0.9, " p90"}, {0.99, " p99"}}) {
        row(name + label, points, {quantile(is, q) / quantile(was, q) - 1},
            q > 0.95 ? metric.tail_aim_pct : kMedianAimPct, "");
      }
    }
    addUnqueued("ttft, did not queue", &RequestStamps::ttft);
    addUnqueued("engine ttft, did not queue", &RequestStamps::engineTtft);
  }

 private:
  void row(const std::string& metric, int points, const std::vector<double>& errors, double aim, const char* rival) {
    models::ValidationRow row = rowOf("runs", source_.set, metric, errors);
    row.points = points;
    row.aim_pct = aim;
    row.calibrated = calibrated_;
    row.rival = rival;
    result_.rows.push_back(row);
  }

  /// Of requests that the real engine took up at once, whatever the simulated one did: mean against mean.
  void addUnqueued(const std::string& name, double (RequestStamps::*value)() const) {
    std::vector<double> is, was;
    for (std::size_t i = 0; i < measured_.requests.size(); ++i) {
      const RequestStamps& request = measured_.requests[i];
      if (request.scheduled - request.queued > kNoQueue) continue;
      was.push_back((request.*value)());
      is.push_back((simulated_.requests[i].*value)());
    }
    if (was.empty()) return;
    row(name, static_cast<int>(was.size()), {mean(is) / mean(was) - 1}, kNoQueueAimPct, "");
  }

  const RunSource& source_;
  const MeasuredRun& measured_;
  const SimulatedRun& simulated_;
  bool calibrated_;
  Validation& result_;
};

/// d ln mean / d ln step time, by a change of 1 % to both sides.
std::string sensitivities(const Replay& replay) {
  const SimulatedRun slow = simulateRequests(slowedDown(replay.planned(), kStretch));
  const SimulatedRun fast = simulateRequests(slowedDown(replay.planned(), 1 / kStretch));
  std::string text;
  for (const Metric& metric : kMetrics) {
    const double ratio = mean(valuesOf(slow.requests, metric)) / mean(valuesOf(fast.requests, metric));
    text +=
        fmt::format("{}{} {:.1f}", text.empty() ? "" : ", ", metric.name, std::log(ratio) / (2 * std::log(kStretch)));
  }
  return text;
}

void addRun(const std::filesystem::path& data, const RunSource& source, Validation& result) {
  const Replay replay(data, source.source);
  if (!replay.problem().empty()) {
    result.skipped[fmt::format("{}: {}", source.set, replay.problem())] +=
        static_cast<int>(replay.measured().requests.size());
    return;
  }
  const SimulatedRun bare = simulateRequests(withoutConstants(replay.planned()));
  RunErrors(source, replay.measured(), bare, false, result).add();
  const SimulatedRun shipped = simulateRequests(replay.planned());
  RunErrors(source, replay.measured(), shipped, true, result).add();
  result.notes.push_back(fmt::format("runs: {}: {} KV blocks ({}), {} preemptions, d ln mean / d ln step time: {}",
                                     source.set, replay.planned().pool().engine.config.num_gpu_blocks,
                                     replay.measured().num_gpu_blocks ? "recorded" : "computed", shipped.preemptions,
                                     sensitivities(replay)));
  if (!replay.hasPrefixes()) result.notes.push_back(fmt::format("runs: {}: shared prefixes left out", source.set));
  for (const std::string& key : replay.planned().left_out) {
    result.notes.push_back(fmt::format("runs: {}: the engine does not support {} yet", source.set, key));
  }
}

}  // namespace

Validation validateRuns(const std::filesystem::path& data) {
  Validation result;
  for (const RunSource& source : kRuns) addRun(data, source, result);
  return result;
}

}  // namespace headroom::sim
