// How far a profile is from measured kernel times, by operation and number format: the gates of docs/cost.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/cost/fit.h"
#include "models/cost/profile.h"
#include "models/cost/raw_tables.h"

namespace headroom::models {

/// Errors of |predicted / measured - 1|; measured times below the speed of light count as the speed of light.
struct KernelErrors {
  std::string operation;  ///< e.g. "gemm bf16", "nccl_all_reduce"
  /// "fitted", "thinned out", "unseen heads"; "left out", "unseen (n,k)", "unseen shape"; "beyond the grid"
  std::string points;
  int count = 0;
  double mean = 0;    ///< mean absolute error, a share
  double median = 0;  ///< median absolute error, a share
  double bias = 0;    ///< mean of ln(predicted / measured)
};

/// Every sample against the profile: those that its grid holds apart from those that it does not.
std::vector<KernelErrors> checkProfile(const Profile& profile, const RawTables& raw);

/// Fits without a random `share` of points, and without whole (n,k) sites of GEMM and whole shapes of experts of the
/// same share, and reports on those alone.
std::vector<KernelErrors> checkHeldOut(const RawTables& raw, const FitRequest& request, double share,
                                       std::uint64_t seed);

/// Fits on the lower `share` of the points of each axis, and reports on what lies beyond: how far efficiency carries.
std::vector<KernelErrors> checkBeyondGrid(const RawTables& raw, const FitRequest& request, double share);

/// Predicted time of the call a sample measured.
KernelTime predict(const Profile& profile, const Sample& sample);

}  // namespace headroom::models
