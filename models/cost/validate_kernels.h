// `headroom validate --kernels`: kernel times against measured points that were kept out of the fit. For each
// accelerator, engine, operation and number format:
//   left out          a random fifth of the points; "at the edge" those without measured neighbours on both sides
//   unseen (n,k)      whole GEMM sites; unseen shape: whole shapes of experts
//   beyond the grid   what lies above the lower three quarters of each axis, which alone were fitted
// Seeds are fixed. The gates are those of docs/cost.md.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "models/cost/check.h"
#include "models/cost/validation_row.h"

namespace headroom::models {

/// One published folder of tables, and the profile that is fitted to it.
struct KernelSource {
  const char* folder;  ///< below `kernels/` of the measurements
  const char* accelerator;
  const char* engine;
  const char* engine_version;
};
/// What the shipped profiles are fitted to, one each.
const std::vector<KernelSource>& kernelSources();

/// Aims for the mean and the median of absolute errors, in percent; none where nobody set one.
struct KernelGate {
  std::optional<double> mean_pct;
  std::optional<double> median_pct;
};
KernelGate gateOf(const KernelErrors& errors, const std::string& accelerator);

/// `data`: the folder that holds `kernels/`. Throws InputError if none of its tables is there, or one is broken.
std::vector<ValidationRow> validateKernels(const std::filesystem::path& data);

}  // namespace headroom::models
