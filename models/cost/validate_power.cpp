#include "models/cost/validate_power.h"

#include <algorithm>

#include "models/base/error.h"
#include "models/cost/fit_power.h"

namespace headroom::models {
namespace {

ValidationRow row(const std::string& set, const PowerErrors& errors, bool calibrated) {
  return {.rung = "power",
          .set = set,
          .metric = "watts per accelerator",
          .points = errors.points,
          .error_mean_pct = errors.mean_pct,
          .error_median_pct = errors.median_pct,
          .bias_pct = errors.bias_pct,
          .aim_pct = kPowerAimPct,
          .calibrated = calibrated};
}

std::vector<PowerSample> ofAccelerator(const PowerSamples& samples, const std::string& name) {
  std::vector<PowerSample> chosen;
  std::copy_if(samples.samples.begin(), samples.samples.end(), std::back_inserter(chosen),
               [&](const PowerSample& sample) { return sample.accelerator == name; });
  return chosen;
}

PowerModel shipped(const std::string& accelerator) {
  const auto model = findPower(findAccelerator(accelerator));
  CHECK(model, "accelerators of the fit have constants");
  return *model;
}

}  // namespace

PowerValidation validatePower(const std::filesystem::path& data) {
  const PowerSamples mlenergy = readMlEnergy(data / "measured" / "mlenergy_v3_llm.csv");
  const PowerSamples argonne = readArgonnePower(data / "measured" / "argonne_power.csv");
  const PowerModel h100 = shipped("h100-sxm"), a100 = shipped("a100-sxm");
  const std::vector<PowerSample> argonne_a100 = ofAccelerator(argonne, "a100-sxm");
  PowerValidation validation;
  validation.rows = {
      row("mlenergy H100", powerErrors(h100, mlenergy.samples), true),
      row("mlenergy H100, models left out", heldOutErrors(mlenergy.samples, h100.idle, h100.limit), false),
      row("argonne A100", powerErrors(a100, argonne_a100), true),
      row("argonne A100, models left out", heldOutErrors(argonne_a100, a100.idle, a100.limit), false),
      row("argonne H100, another machine", powerErrors(h100, ofAccelerator(argonne, "h100-sxm")), false)};
  validation.skipped = mlenergy.skipped;
  for (const auto& [reason, count] : argonne.skipped) validation.skipped[reason] += count;
  return validation;
}

}  // namespace headroom::models
