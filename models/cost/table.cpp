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

TableReader::TableReader(const Table& table, const Peaks& peaks)
    : table_(&table),
      values_(table.values.numbers()),
      peaks_(peaks),
      filled_(values_->size()),
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
    result.value += weight * (*values_)[index];
    if (filled_[index]) result.tier = Tier::extrapolated;
  }
  result.value /= kValuesPerE;
  return result;
}

double TableReader::beyondEdge(const GridPoint& point) const {
  // Collectives are left out: their bandwidth still rises with the message at the edge of every grid.
  if (peaks_.memory.value() <= 0 || infoOf(table_->key.operation).key == KeyKind::devices) return 1;
  GridPoint edge = point;
  for (std::size_t d = 0; d < logs_.size(); ++d) {
    edge[d] =
        std::clamp(point[d], static_cast<double>(table_->axes[d].front()), static_cast<double>(table_->axes[d].back()));
  }
  const Seconds at_edge = speedOfLight(peaks_, table_->key, edge);
  return at_edge.value() > 0 ? speedOfLight(peaks_, table_->key, point) / at_edge : 1;
}

KernelTime TableReader::time(const GridPoint& point, Seconds speed_of_light) const {
  const LogRatio ratio = at(point);
  const double growth = ratio.tier == Tier::extrapolated ? beyondEdge(point) : 1;
  const Seconds floor = table_->launch_floor;
  const Seconds edge = std::exp(ratio.value) * (speed_of_light / growth + floor);
  const Seconds time = growth > 1 ? floor + std::max(Seconds(0), edge - floor) * growth : edge;
  return {std::max(speed_of_light, time), speed_of_light, std::max(ratio.tier, best_)};
}

}  // namespace headroom::models
