// headroom simulate: one run.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/interrupt.h"
#include "cli/numbers.h"
#include "cli/progress_bar.h"
#include "cli/report_errors.h"
#include "cli/result_table.h"
#include "cli/scenario_options.h"
#include "cli/streams.h"
#include "cli/verbs.h"
#include "planner/run_files.h"
#include "sim/cluster/simulation.h"
#include "sim/version.h"

namespace headroom::cli {
namespace {

using Plans = std::vector<sim::DeploymentPlan>;

/// What a run took on this machine: never part of its result.
struct RunCost {
  double wall_s = 0;
  double requests_per_s = 0;
  Bytes peak_memory;
};

Bytes peakMemory() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return Bytes(static_cast<double>(usage.ru_maxrss) * 1024);
}

nlohmann::ordered_json runInfo(const RunCost& cost) {
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  return {{"schema", "headroom.run-info/1"},
          {"version", sim::kVersion},
          {"host", host},
          {"wall_s", cost.wall_s},
          {"requests_per_s", cost.requests_per_s},
          {"peak_memory_bytes", cost.peak_memory.value()}};
}

/// The first deployment that cannot run, or "".
std::string problemOf(const Plans& plans) {
  for (const sim::DeploymentPlan& plan : plans) {
    if (std::string problem = plan.problem(); !problem.empty()) return problem;
  }
  return {};
}

sim::SimulationOptions simulationOptions(const SimulateOptions& options, ProgressBar& bar, planner::RunFiles* files,
                                         planner::RunSeries& series) {
  sim::SimulationOptions simulation;
  simulation.exact_steps = options.exact_steps;
  simulation.estimate_load = !options.no_load_estimate;
  simulation.requests = files;
  if (files != nullptr) series.attachTo(simulation);
  simulation.interrupted = &interrupted();
  simulation.progress = [&bar](const sim::Progress& p) {
    bar.update(p.requests_finished, p.requests_expected, durationText(p.simulated.value()) + " simulated");
  };
  return simulation;
}

std::int64_t requestsServed(const sim::Result& result) {
  std::int64_t served = 0;
  for (const sim::PoolOutcome& pool : result.pools) served += pool.requests;
  return served;
}

}  // namespace

int simulate(const SimulateOptions& options) {
  const auto begin = std::chrono::steady_clock::now();
  const sim::Scenario scenario = readScenarioOptions(options.scenario, options.short_form, options.set, options.seed);
  std::unique_ptr<planner::RunFiles> files;
  if (!options.out.empty()) {
    files = std::make_unique<planner::RunFiles>(options.out, options.overwrite, scenario, options.timeline_requests);
  }
  const Plans plans = sim::planDeployments(scenario);
  if (const std::string problem = problemOf(plans); !problem.empty()) {
    printNote("does not fit: " + problem);
    return kExitInfeasible;
  }
  sim::Result result;
  planner::RunSeries series(plans);
  {
    ProgressBar bar("simulate", "requests");
    result = sim::simulate(scenario, plans, simulationOptions(options, bar, files.get(), series));
  }
  throwIfInterrupted();

  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  const std::int64_t served = requestsServed(result);
  const RunCost cost{wall.count(), static_cast<double>(served) / wall.count(), peakMemory()};
  if (files) files->finish(result, sim::resolved(scenario, plans), runInfo(cost), &series);
  printResult(options.format == Format::json ? sim::toJson(result).dump(2) + "\n" : resultTable(scenario, result));
  printNote(fmt::format("{} requests in {} ({} requests/s), peak memory {}{}", countText(served),
                        durationText(cost.wall_s), countText(static_cast<std::int64_t>(cost.requests_per_s)),
                        bytesText(cost.peak_memory), options.out.empty() ? "" : "; files in " + options.out));
  return kExitOk;
}

}  // namespace headroom::cli
