// Rung 3: published load sweeps.
#include <fmt/format.h>

#include <cmath>

#include "models/base/error.h"
#include "models/base/files.h"
#include "sim/validation/error_summary.h"
#include "sim/validation/open_loop.h"
#include "sim/validation/serve_point.h"
#include "sim/validation/simulated_requests.h"
#include "sim/validation/temporary_trace.h"
#include "sim/validation/validation.h"

namespace headroom::sim {
namespace {

constexpr double kTpotAimPct = 10, kTtftAimPct = 25, kThroughputAimPct = 8, kFar = 0.25;

/// Relative errors of one set, without and with the engine constants.
struct SweepErrors {
  struct Of {
    std::vector<double> tpot, ttft, later_ttft, throughput;
  };
  Of bare, calibrated;
};

void addRows(const std::string& set, const SweepErrors& errors, Validation& result) {
  for (const bool calibrated : {false, true}) {
    const SweepErrors::Of& of = calibrated ? errors.calibrated : errors.bare;
    const auto add = [&](const char* metric, const std::vector<double>& relative, std::optional<double> aim) {
      if (relative.empty()) return;
      models::ValidationRow row = rowOf("sweeps", set, metric, relative);
      row.aim_pct = aim;
      row.calibrated = calibrated;
      result.rows.push_back(row);
    };
    std::vector<double> far;
    for (const double error : of.tpot) far.push_back(std::abs(error) > kFar ? 1 : 0);
    add("tpot mean", of.tpot, kTpotAimPct);
    add("tpot mean beyond 25 % (share of points)", far, std::nullopt);
    add("ttft mean", of.ttft, kTtftAimPct);
    add("ttft mean, simulated without the first N", of.later_ttft, std::nullopt);
    add("output throughput", of.throughput, kThroughputAimPct);
  }
}

std::string setOf(const ServingPoint& p) {
  return fmt::format("{} {}, {}{}, {}", p.engine, p.version.empty() ? "?" : p.version,
                     p.model.substr(p.model.find('/') + 1), p.weights.empty() ? "" : " " + p.weights, p.accelerator);
}

void compare(const ServingPoint& point, const ServedPoint& served, SweepErrors::Of& errors) {
  errors.tpot.push_back(served.tpot_ms / point.tpot_ms - 1);
  errors.ttft.push_back(served.ttft_ms / point.ttft_ms - 1);
  errors.later_ttft.push_back(served.later_ttft_ms / point.ttft_ms - 1);
}

void addClosedLoop(const std::filesystem::path& data, Validation& result) {
  const ServingPoints points = readServingPoints(data / "measured" / "serving_points.csv");
  for (const auto& [reason, count] : points.skipped) result.skipped[reason] += count;
  std::map<std::string, SweepErrors> by_set, by_engine;
  for (const ServingPoint& point : points.points) {
    try {
      const PlannedScenario planned = planPoint(point);
      const ServedPoint bare = serve(withOverhead(planned, StepOverhead{}), point.concurrency);
      const ServedPoint calibrated = serve(planned, point.concurrency);
      for (SweepErrors* errors : {&by_set[setOf(point)], &by_engine[point.engine + ", all closed-loop points"]}) {
        compare(point, bare, errors->bare);
        compare(point, calibrated, errors->calibrated);
      }
    } catch (const InputError& error) {
      result.skipped[fmt::format("{}: {}", setOf(point), error.what())] += point.runs;
    }
  }
  for (const auto& [set, errors] : by_set) addRows(set, errors, result);
  for (const auto& [set, errors] : by_engine) addRows(set, errors, result);
}

/// Output tokens per second from the first arrival to the last token.
double throughput(const std::vector<RequestStamps>& requests) {
  Ticks first = kNever, last = 0;
  double tokens = 0;
  for (const RequestStamps& r : requests) {
    first = std::min(first, r.arrival);
    last = std::max(last, r.finished);
    tokens += r.output_tokens;
  }
  return tokens / toSeconds(last - first).value();
}

void compare(const OpenLoopRun& run, const SimulatedRun& simulated, SweepErrors::Of& errors) {
  errors.tpot.push_back(mean(tpots(simulated.requests)) / mean(tpots(run.requests)) - 1);
  errors.ttft.push_back(mean(ttfts(simulated.requests)) / mean(ttfts(run.requests)) - 1);
  errors.throughput.push_back(throughput(simulated.requests) / throughput(run.requests) - 1);
}

void addOpenLoop(const std::filesystem::path& data, Validation& result) {
  std::map<std::string, SweepErrors> by_set;
  for (const OpenLoopRun& run : readOpenLoopRuns(data / "measured" / "llmd_benchmark_lmbench_requests.csv.gz")) {
    const std::string set = fmt::format("vllm ?, Llama-3.1-70B, a100-sxm, {} replica{}, {}", run.replicas,
                                        run.replicas > 1 ? "s" : "", run.workload);
    try {
      const TemporaryTrace trace(openLoopTrace(run));
      const PlannedScenario planned = planOpenLoop(run, trace.file());
      compare(run, simulateRequests(withOverhead(planned, StepOverhead{})), by_set[set].bare);
      compare(run, simulateRequests(planned), by_set[set].calibrated);
    } catch (const InputError& error) {
      result.skipped[fmt::format("{}: {}", set, error.what())] += static_cast<int>(run.requests.size());
    }
  }
  for (const auto& [set, errors] : by_set) addRows(set, errors, result);
}

}  // namespace

Validation validateSweeps(const std::filesystem::path& data) {
  Validation result;
  addClosedLoop(data, result);
  addOpenLoop(data, result);
  return result;
}

}  // namespace headroom::sim
