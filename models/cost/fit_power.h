// Fits a PowerModel on measured runs: least squares of relative residuals, no coefficient below zero. Runs within 5 %
// of the board limit are left out of the sums, since they only say "at least". Errors are reported on models that were
// kept out of the fit whole.
#pragma once

#include <string>
#include <vector>

#include "models/cost/measured_power.h"
#include "models/cost/power.h"

namespace headroom::models {

/// `idle` and `limit` are given: runs under load do not show them. Throws InputError if fewer than 4 samples are left.
PowerModel fitPower(const std::vector<PowerSample>& samples, Watts idle, Watts limit);

/// What the model says of a sample.
Watts predictedPower(const PowerModel& model, const PowerSample& sample);

/// Relative errors in percent: predicted / measured - 1.
struct PowerErrors {
  int points = 0;
  double mean_pct = 0;  ///< of absolute errors
  double median_pct = 0;
  double bias_pct = 0;  ///< mean with sign
};
PowerErrors powerErrors(const PowerModel& model, const std::vector<PowerSample>& samples);
/// Each model predicted by a fit on all others.
PowerErrors heldOutErrors(const std::vector<PowerSample>& samples, Watts idle, Watts limit);

/// Text of a file for datasets/power; model.source says whose measurements these are.
std::string toPowerYaml(const PowerModel& model, const std::string& accelerator, const std::string& note);

}  // namespace headroom::models
