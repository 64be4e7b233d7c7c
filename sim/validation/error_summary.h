// Errors of predictions against measurements: of many points, or of one statistic of a run.
#pragma once

#include <string>
#include <vector>

#include "models/cost/validation_row.h"

namespace headroom::sim {

/// The value below which a share `q` in [0, 1] of `values` lies, linear between neighbours (as numpy does it).
/// `values` is not empty (CHECKed).
double quantile(std::vector<double> values, double q);
double mean(const std::vector<double>& values);

/// Spearman's rank correlation, ties at their mean rank; 0 if one of them is constant. Of equal size, at least 2
/// (CHECKed).
double rankCorrelation(const std::vector<double>& a, const std::vector<double>& b);

/// A row of `relative` errors (predicted / measured - 1): mean and median of their absolute values, and their mean.
models::ValidationRow rowOf(const std::string& rung, const std::string& set, const std::string& metric,
                            const std::vector<double>& relative);

}  // namespace headroom::sim
