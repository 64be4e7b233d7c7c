#include "sim/validation/error_summary.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "models/base/error.h"

namespace headroom::sim {

double quantile(std::vector<double> values, double q) {
  CHECK(!values.empty(), "a quantile of nothing");
  std::sort(values.begin(), values.end());
  const double at = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (at - static_cast<double>(below)) * (values[above] - values[below]);
}

double mean(const std::vector<double>& values) {
  CHECK(!values.empty(), "a mean of nothing");
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double rankCorrelation(const std::vector<double>& a, const std::vector<double>& b) {
  CHECK(a.size() == b.size() && a.size() >= 2, "ranks of pairs");
  const auto ranks = [](const std::vector<double>& values) {
    std::vector<double> rank(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      for (const double other : values) rank[i] += other < values[i] ? 1 : other == values[i] ? 0.5 : 0;
    }
    return rank;
  };
  const std::vector<double> ra = ranks(a), rb = ranks(b);
  const double ma = mean(ra), mb = mean(rb);
  double both = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < ra.size(); ++i) {
    both += (ra[i] - ma) * (rb[i] - mb);
    aa += (ra[i] - ma) * (ra[i] - ma);
    bb += (rb[i] - mb) * (rb[i] - mb);
  }
  return aa > 0 && bb > 0 ? both / std::sqrt(aa * bb) : 0;
}

models::ValidationRow rowOf(const std::string& rung, const std::string& set, const std::string& metric,
                            const std::vector<double>& relative) {
  models::ValidationRow row;
  row.rung = rung;
  row.set = set;
  row.metric = metric;
  row.points = static_cast<int>(relative.size());
  if (relative.empty()) return row;
  std::vector<double> absolute = relative;
  for (double& error : absolute) error = std::abs(error);
  row.error_mean_pct = 100 * mean(absolute);
  row.error_median_pct = 100 * quantile(absolute, 0.5);
  row.bias_pct = 100 * mean(relative);
  return row;
}

}  // namespace headroom::sim
