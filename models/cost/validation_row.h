// One line of what `headroom validate` prints: errors of predictions against measurements.
#pragma once

#include <optional>
#include <string>

namespace headroom::models {

struct ValidationRow {
  std::string rung;  ///< kernels, steps, runs, power
  std::string set;   ///< which measurements
  std::string metric;
  int points = 0;
  double error_mean_pct = 0;  ///< of absolute relative errors
  double error_median_pct = 0;
  double bias_pct = 0;            ///< mean relative error with its sign
  std::optional<double> aim_pct;  ///< of the median; none: for comparison only
  bool calibrated = false;        ///< with constants fitted to measurements of this kind; `set` says whether to these
  std::optional<double> aim_mean_pct = std::nullopt;  ///< of the mean, where that is judged too
  std::string rival{};                                ///< what others reached on the same kind of data, in percent
  /// Whether the aims are met; true without any.
  bool ok() const {
    return (!aim_pct || error_median_pct <= *aim_pct) && (!aim_mean_pct || error_mean_pct <= *aim_mean_pct);
  }
};

}  // namespace headroom::models
