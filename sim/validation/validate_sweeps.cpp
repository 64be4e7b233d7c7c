// Rung 3: published load sweeps.
#include <fmt/format.h>

#include <cmath>
#include <set>

#include "models/base/error.h"
#include "models/base/files.h"
#include "sim/validation/accelmark.h"
#include "sim/validation/calibration.h"
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
    std::vector<double> tpot, ttft, later_ttft, throughput, tpot_p50, ttft_p50;
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
    add("tpot p50", of.tpot_p50, kTpotAimPct);
    add("ttft p50", of.ttft_p50, kTtftAimPct);
    add("output throughput", of.throughput, kThroughputAimPct);
  }
}

std::string setOf(const ServingPoint& p) {
  return fmt::format("{} {}, {}{}, {}", p.engine, p.release.empty() ? "?" : p.release,
                     p.model.substr(p.model.find('/') + 1), p.weights.empty() ? "" : " " + p.weights, p.accelerator);
}

void compare(const ServingPoint& point, const ServedPoint& served, SweepErrors::Of& errors) {
  errors.tpot.push_back(served.tpot_ms / point.tpot_ms - 1);
  errors.ttft.push_back(served.ttft_ms / point.ttft_ms - 1);
  errors.later_ttft.push_back(served.later_ttft_ms / point.ttft_ms - 1);
}

std::string nameOf(const ServingPoint& p) {
  return fmt::format("{} tp {} dp {} ep {}, {}/{}, {} at once", setOf(p), p.tp, p.dp, p.moe_ep, p.prompt_tokens,
                     p.output_tokens, p.concurrency);
}

/// Three constants an engine, fitted on half of its points and judged on the other.
void addFitted(const std::string& engine, const std::vector<LoadPoint>& points, Validation& result) {
  const Halves halves = split(points);
  if (halves.kept_out.empty()) return;
  const EngineConstants fitted = fitConstants(halves.fitted);
  result.notes.push_back(
      fmt::format("sweeps: {}: fitted on {} closed-loop points: step overhead {:.2f} ms, front end {:.0f} ms + {:.2f} "
                  "us a prompt token",
                  engine, halves.fitted.size(), fitted.step_overhead.value() * 1e3, fitted.front_end.value() * 1e3,
                  fitted.front_end_per_prompt_token.value() * 1e6));
  const std::string metric[] = {"tpot mean", "ttft mean"};
  for (const bool in_fit : {true, false}) {
    const std::vector<LoadPoint>& half = in_fit ? halves.fitted : halves.kept_out;
    const std::string set = engine + (in_fit ? ", half of the points (in the fit)" : ", the other half");
    const auto add = [&](const std::string& of, const std::vector<double>& errors, double aim, bool calibrated) {
      models::ValidationRow row = rowOf("sweeps", set, of, errors);
      row.aim_pct = aim;
      row.calibrated = calibrated;
      result.rows.push_back(row);
    };
    for (const bool calibrated : {false, true}) {
      std::vector<double> tpot, ttft;
      for (const LoadPoint& point : half) {
        const ServedPoint& served = calibrated ? point.shipped : point.kernels;
        tpot.push_back(served.tpot_ms / point.tpot_ms - 1);
        ttft.push_back(served.ttft_ms / point.ttft_ms - 1);
      }
      add(metric[0], tpot, kTpotAimPct, calibrated);
      add(metric[1], ttft, kTtftAimPct, calibrated);
    }
    add(metric[0] + ", fitted now", tpotErrors(half, fitted), kTpotAimPct, true);
    add(metric[1] + ", fitted now", ttftErrors(half, fitted), kTtftAimPct, true);
  }
}

void markFitted(const std::vector<LoadPoint>& points, std::vector<SweepPoint>& all) {
  std::set<std::string> names;
  for (const LoadPoint& point : split(points).fitted) names.insert(point.name);
  for (SweepPoint& point : all) point.fitted = point.fitted || names.contains(nameOf(point.measured));
}

void addClosedLoop(const std::filesystem::path& data, Validation& result) {
  const ServingPoints points = readServingPoints(data / "measured" / "serving_points.csv");
  for (const auto& [reason, count] : points.skipped) result.skipped[reason] += count;
  std::map<std::string, SweepErrors> by_set, by_engine;
  std::map<std::string, std::vector<LoadPoint>> load;
  for (const ServingPoint& point : points.points) {
    try {
      const PlannedScenario planned = planPoint(point);
      const ServedPoint bare = serve(withoutConstants(planned), point.concurrency);
      const ServedPoint calibrated = serve(planned, point.concurrency);
      for (SweepErrors* errors : {&by_set[setOf(point)], &by_engine[point.engine + ", all closed-loop points"]}) {
        compare(point, bare, errors->bare);
        compare(point, calibrated, errors->calibrated);
      }
      const ServedPoint without_step = serve(withStepOverhead(planned, Seconds()), point.concurrency);
      load[point.engine].push_back({nameOf(point), 0.9 * point.prompt_tokens, point.ttft_ms, point.tpot_ms,
                                    without_step, serve(withStepOverhead(planned, Seconds(1e-3)), point.concurrency),
                                    bare, calibrated});
      result.points.push_back({point, bare, calibrated});
    } catch (const InputError& error) {
      result.skipped[fmt::format("{}: {}", setOf(point), error.what())] += point.runs;
    }
  }
  for (const auto& [set, errors] : by_set) addRows(set, errors, result);
  for (const auto& [set, errors] : by_engine) addRows(set, errors, result);
  for (const auto& [engine, list] : load) {
    addFitted(engine, list, result);
    markFitted(list, result.points);
  }
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
      compare(run, simulateRequests(withoutConstants(planned)), by_set[set].bare);
      compare(run, simulateRequests(planned), by_set[set].calibrated);
    } catch (const InputError& error) {
      result.skipped[fmt::format("{}: {}", set, error.what())] += static_cast<int>(run.requests.size());
    }
  }
  for (const auto& [set, errors] : by_set) addRows(set, errors, result);
}

const char* nameOf(AccelMarkRun::Kind kind) {
  return kind == AccelMarkRun::Kind::offline  ? "offline"
         : kind == AccelMarkRun::Kind::online ? "online"
                                              : "interactive";
}

void compare(const AccelMarkRun& run, const SimulatedRun& simulated, SweepErrors::Of& errors) {
  if (run.kind == AccelMarkRun::Kind::offline) {
    errors.throughput.push_back(throughput(simulated.requests) / *run.output_tokens_per_s - 1);
    return;
  }
  if (run.tpot_p50_ms) errors.tpot_p50.push_back(quantile(tpots(simulated.requests), 0.5) / *run.tpot_p50_ms - 1);
  if (run.ttft_p50_ms) errors.ttft_p50.push_back(quantile(ttfts(simulated.requests), 0.5) / *run.ttft_p50_ms - 1);
}

void addAccelMark(const std::filesystem::path& data, Validation& result) {
  const AccelMark mark = readAccelMark(data / "measured");
  for (const auto& [reason, count] : mark.skipped) result.skipped[reason] += count;
  std::map<std::string, SweepErrors> by_set;
  for (const AccelMarkRun& run : mark.runs) {
    const std::string set =
        fmt::format("{} {}, {} {}, {}, {}", run.engine, run.version, run.model.substr(run.model.find('/') + 1),
                    run.weights, run.accelerator, nameOf(run.kind));
    try {
      const TemporaryTrace trace(accelMarkTrace(run, mark.prompts));
      const PlannedScenario planned = planAccelMark(run, trace.file());
      compare(run, simulateRequests(withoutConstants(planned)), by_set[set].bare);
      compare(run, simulateRequests(planned), by_set[set].calibrated);
    } catch (const InputError& error) {
      ++result.skipped[fmt::format("{}: {}", set, error.what())];
    }
  }
  for (const auto& [set, errors] : by_set) addRows(set, errors, result);
}

}  // namespace

std::string pointsCsv(const std::vector<SweepPoint>& points) {
  std::string text =
      "engine,version,model,accelerator,weights,tp,pp,dp,experts_tp,experts_ep,prompt_tokens,output_tokens,concurrency,"
      "equal_lengths,runs,in_fit,ttft_ms,ttft_ms_kernels,ttft_ms_constants,tpot_ms,tpot_ms_kernels,tpot_ms_constants\n";
  for (const SweepPoint& point : points) {
    const ServingPoint& p = point.measured;
    text +=
        fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{:d},{},{:d},{:.3f},{:.3f},{:.3f},{:.4f},{:.4f},{:.4f}\n",
                    p.engine, p.release, p.model, p.accelerator, p.weights, p.tp, p.pp, p.dp, p.moe_tp, p.moe_ep,
                    p.prompt_tokens, p.output_tokens, p.concurrency, p.equal_lengths, p.runs, point.fitted, p.ttft_ms,
                    point.bare.ttft_ms, point.shipped.ttft_ms, p.tpot_ms, point.bare.tpot_ms, point.shipped.tpot_ms);
  }
  return text;
}

Validation validateSweeps(const std::filesystem::path& data) {
  Validation result;
  addClosedLoop(data, result);
  addOpenLoop(data, result);
  addAccelMark(data, result);
  return result;
}

}  // namespace headroom::sim
