// `headroom profile calibrate`: engine constants from a user's own load tests, with the error before and after.
#include <fmt/format.h>

#include "cli/report_errors.h"
#include "cli/scenario_options.h"
#include "cli/streams.h"
#include "cli/text_table.h"
#include "cli/verbs.h"
#include "models/base/files.h"
#include "models/base/output_directory.h"
#include "sim/validation/bench_result.h"
#include "sim/validation/calibration.h"
#include "sim/validation/error_summary.h"

namespace headroom::cli {
namespace {

sim::LoadPoint loadPoint(const sim::Scenario& scenario, const sim::BenchResult& result) {
  const sim::PlannedScenario planned = sim::planWith(scenario, result.workload);
  return {result.name,
          result.prompt_tokens,
          result.ttft_ms,
          result.tpot_ms,
          sim::serve(sim::withStepOverhead(planned, Seconds()), 0),
          sim::serve(sim::withStepOverhead(planned, Seconds(1e-3)), 0)};
}

std::string errorTable(const sim::Halves& halves, const sim::EngineConstants& fitted) {
  TextTable table("llrrrr");
  table.add({"results", "constants", "points", "tpot median %", "ttft median %", "tpot bias %"});
  for (const bool in_fit : {true, false}) {
    const std::vector<sim::LoadPoint>& points = in_fit ? halves.fitted : halves.kept_out;
    if (points.empty()) continue;
    for (const bool with : {false, true}) {
      const sim::EngineConstants constants = with ? fitted : sim::EngineConstants{};
      const models::ValidationRow tpot = sim::rowOf("", "", "", sim::tpotErrors(points, constants));
      const models::ValidationRow ttft = sim::rowOf("", "", "", sim::ttftErrors(points, constants));
      table.add({in_fit ? "in the fit" : "kept out", with ? "fitted" : "none", fmt::format("{}", tpot.points),
                 fmt::format("{:.1f}", tpot.error_median_pct), fmt::format("{:.1f}", ttft.error_median_pct),
                 fmt::format("{:+.1f}", tpot.bias_pct)});
    }
  }
  return table.text();
}

std::string constantsYaml(const sim::EngineOptions& engine, const sim::Halves& halves,
                          const sim::EngineConstants& fitted) {
  return fmt::format(
      "# Engine constants fitted on {} load tests ({} kept out): these are the keys of deployments/N/engine.\n"
      "name: {}\n"
      "version: \"{}\"\n"
      "step_overhead: {:.2f} ms\n"
      "front_end: {:.0f} ms\n"
      "front_end_per_prompt_token: {:.2f} us\n",
      halves.fitted.size(), halves.kept_out.size(), engine.name, engine.version, fitted.step_overhead.value() * 1e3,
      fitted.front_end.value() * 1e3, fitted.front_end_per_prompt_token.value() * 1e6);
}

}  // namespace

int profileCalibrate(const ProfileCalibrateOptions& options) {
  if (!options.out.empty()) checkMayWrite(options.out, options.overwrite);
  const sim::Scenario scenario = readScenarioOptions(options.scenario, {}, options.set, std::nullopt);
  std::vector<sim::LoadPoint> points;
  for (const std::string& file : options.results) points.push_back(loadPoint(scenario, sim::readBenchResult(file)));
  const sim::Halves halves = sim::split(points);
  const sim::EngineConstants fitted = sim::fitConstants(halves.fitted);
  const std::string yaml = constantsYaml(scenario.deployments.front().engine, halves, fitted);
  if (options.out.empty()) {
    printResult(yaml + "\n" + errorTable(halves, fitted));
  } else {
    writeFileAtomically(options.out, yaml);
    printResult(errorTable(halves, fitted));
  }
  return kExitOk;
}

}  // namespace headroom::cli
