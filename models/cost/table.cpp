#include "models/cost/table.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace headroom::models {
namespace {

/// A coordinate between two neighbours of an axis.
struct Place {
  std::size_t low = 0;
  double weight = 0;  ///< of the upper neighbour; 0: exactly on `low`
  bool outside = false;
};

Place locate(const std::vector<double>& logs, double coordinate) {
  const double x = coordinateLog(coordinate);
  constexpr double kSame = 1e-9;
  if (x < logs.front() - kSame) return {0, 0, true};
  if (x > logs.back() + kSame) return {logs.size() - 1, 0, true};
  const auto above = std::upper_bound(logs.begin(), logs.end(), x + kSame);
  const auto low = static_cast<std::size_t>(above - logs.begin()) - 1;
  if (x - logs[low] < kSame) return {low, 0, false};
  return {low, (x - logs[low]) / (logs[low + 1] - logs[low]), false};
}

}  // namespace

double coordinateLog(double x) {
  constexpr double kNothing = 0.5;
  return std::log(std::max(x, kNothing));
}

TableReader::TableReader(const Table& table) : table_(&table), filled_(table.values.size()),
      best_(table.borrowed_from.empty() ? Tier::measured : Tier::transferred) {
  for (const auto& axis : table.axes) {
    std::vector<double>& logs = logs_.emplace_back();
    for (const std::int64_t point : axis) logs.push_back(coordinateLog(static_cast<double>(point)));
  }
  for (const auto& [first, count] : table.filled) {
    std::fill_n(filled_.begin() + first, count, true);
  }
}

TableReader::LogRatio TableReader::at(const GridPoint& point) const {
  std::array<Place, kMaxAxes> places;
  LogRatio result;
  for (std::size_t d = 0; d < logs_.size(); ++d) {
    places[d] = locate(logs_[d], point[d]);
    if (places[d].outside) result.tier = Tier::extrapolated;
    if (places[d].weight > 0 && result.tier == Tier::measured) result.tier = Tier::interpolated;
  }
  for (unsigned corner = 0; corner < (1U << logs_.size()); ++corner) {
    double weight = 1;
    std::size_t index = 0;
    for (std::size_t d = 0; d < logs_.size(); ++d) {
      const bool upper = ((corner >> d) & 1U) != 0;
      weight *= upper ? places[d].weight : 1 - places[d].weight;
      index = index * logs_[d].size() + places[d].low + (upper ? 1 : 0);
    }
    if (weight <= 0) continue;
    result.value += weight * table_->values[index];
    if (filled_[index]) result.tier = Tier::extrapolated;
  }
  result.value /= kValuesPerE;
  return result;
}

KernelTime TableReader::time(const GridPoint& point, Seconds speed_of_light) const {
  const LogRatio ratio = at(point);
  const Seconds time = std::exp(ratio.value) * (speed_of_light + table_->launch_floor);
  return {std::max(speed_of_light, time), speed_of_light, std::max(ratio.tier, best_)};
}

}  // namespace headroom::models
