// Rung 1: the time of single engine steps.
#include <nlohmann/json.hpp>

#include "sim/validation/error_summary.h"
#include "sim/validation/measured_scenario.h"
#include "sim/validation/measured_steps.h"
#include "sim/validation/validation.h"

namespace headroom::sim {
namespace {

/// The experiment that the shipped constant was fitted on; the other was never used.
constexpr const char* kFitted = "general";
constexpr double kDecodeAimPct = 4, kMixedAimPct = 7;

PlannedScenario planSteps() {
  ScenarioParts parts;
  parts.model = "llama-2-70b";
  parts.engine = {{"name", "vllm"}, {"max_num_seqs", 256}};
  parts.pool = {{"accelerator", "h100-sxm"}, {"tp", 4}};
  parts.workload = {{"arrivals", {{"type", "closed-loop"}, {"concurrency", 1}}},
                    {"requests", 1},
                    {"prompt_tokens", {{"fixed", 1}}},
                    {"output_tokens", {{"fixed", 1}}}};
  return planMeasured(parts);
}

std::vector<double> relativeErrors(const std::vector<MeasuredStep>& steps, const StepCost& cost,
                                   const std::string& experiment, bool decode_only) {
  std::vector<double> errors;
  for (const MeasuredStep& step : steps) {
    if (step.experiment != experiment || step.decodeOnly() != decode_only) continue;
    errors.push_back(toSeconds(cost.of(step.batch)) / step.measured - 1);
  }
  return errors;
}

}  // namespace

Validation validateSteps(const std::filesystem::path& data) {
  const std::vector<MeasuredStep> steps = readMeasuredSteps(data / "measured" / "engine_steps_h100.csv");
  const PlannedScenario planned = planSteps();
  const EngineConfig& config = planned.pool().engine.config;
  Validation result;
  for (const bool calibrated : {false, true}) {
    const StepCost cost(*planned.pool().step_times, calibrated ? config.overhead : StepOverhead{},
                        config.pipeline_depth);
    for (const char* experiment : {"general", "codegen"}) {
      for (const bool decode_only : {true, false}) {
        const std::string set = std::string("Llama-2-70B, 4 H100, ") + experiment +
                                (calibrated && experiment == std::string(kFitted) ? " (in the fit)" : "");
        models::ValidationRow row = rowOf("steps", set, decode_only ? "decode-only step" : "mixed step",
                                          relativeErrors(steps, cost, experiment, decode_only));
        row.aim_pct = decode_only ? kDecodeAimPct : kMixedAimPct;
        row.calibrated = calibrated;
        result.rows.push_back(row);
      }
    }
  }
  result.notes.push_back("steps: the engine version is not recorded; contexts of a step are taken as equal");
  return result;
}

}  // namespace headroom::sim
