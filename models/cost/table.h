// One operation's measured times on a rectangular grid, as ln(time / (S + t0)) in thousandths: S is the speed of light,
// t0 the launch floor. Between grid points: multilinear in the logarithms of the coordinates. Beyond the grid: the
// efficiency of the edge is held, above the launch floor: t0 + (edge - t0) S / S(edge). A time is never below S. Left
// out: what lies between two grid points of a ragged kernel.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/base/quantity.h"
#include "models/cost/operation.h"
#include "models/cost/step_times.h"
#include "models/cost/table_values.h"

namespace headroom::models {

/// Units of Table::values.
inline constexpr double kValuesPerE = 1000;

/// Logarithm of a coordinate of a grid; nothing counts as one octave below 1.
double coordinateLog(double x);

/// Ascending points of each axis of a grid, shared by the tables of one item of a profile.
class GridAxes {
 public:
  using Axis = std::vector<std::int64_t>;

  GridAxes(std::vector<Axis> axes = {}) : axes_(std::make_shared<const std::vector<Axis>>(std::move(axes))) {}
  GridAxes(std::initializer_list<Axis> axes) : GridAxes(std::vector<Axis>(axes)) {}

  std::size_t size() const { return axes_->size(); }
  const Axis& operator[](std::size_t d) const { return (*axes_)[d]; }
  const Axis& back() const { return axes_->back(); }
  auto begin() const { return axes_->begin(); }
  auto end() const { return axes_->end(); }
  operator const std::vector<Axis>&() const { return *axes_; }
  bool operator==(const GridAxes& other) const { return axes_ == other.axes_ || *axes_ == *other.axes_; }

 private:
  std::shared_ptr<const std::vector<Axis>> axes_;
};

struct Table {
  TableKey key;
  Seconds launch_floor;  ///< t0 > 0
  GridAxes axes;         ///< one per axis of the operation
  TableValues values;    ///< kValuesPerE * ln(time / (S + t0)); the last axis runs fastest
  /// Ranges (first, count) of `values` that nobody measured: they hold the efficiency of the nearest measured point.
  std::vector<std::pair<std::int32_t, std::int32_t>> filled;
  std::string borrowed_from;  ///< another engine or way of measuring these times come from; "": as the profile says

  bool operator==(const Table&) const = default;
};

/// A time with its origin.
struct KernelTime {
  Seconds time;
  Seconds speed_of_light;
  Tier tier = Tier::measured;
};

/// A table made ready for look-ups.
class TableReader {
 public:
  /// With peaks, the edge's efficiency above the launch floor is held beyond the grid, else its ratio to S + t0.
  explicit TableReader(const Table& table, const Peaks& peaks = {});

  struct LogRatio {
    double value = 0;  ///< ln(time / (S + t0))
    Tier tier = Tier::measured;
  };
  LogRatio at(const GridPoint& point) const;
  /// max(S, ratio(point) * (S + t0)) for a call whose speed of light is `speed_of_light`.
  KernelTime time(const GridPoint& point, Seconds speed_of_light) const;
  const Table& table() const { return *table_; }

 private:
  /// S(point) / S(the nearest point of the grid), of the table's own key; 1 without peaks.
  double beyondEdge(const GridPoint& point) const;

  const Table* table_;
  std::shared_ptr<const Numbers> values_;
  Peaks peaks_;
  std::vector<std::vector<double>> logs_;  ///< of the axes
  std::vector<bool> filled_;
  Tier best_ = Tier::measured;  ///< transferred if the table is borrowed
};

}  // namespace headroom::models
