// A piecewise-linear inverse CDF that is drawn from often: quantileAt() (lengths.h) with the same values, found through
// a table of where to look.
#pragma once

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace headroom::workloads {

class InverseCdf {
 public:
  /// (share, value) points, shares rising from 0 to 1.
  explicit InverseCdf(std::vector<std::pair<double, double>> points) : points_(std::move(points)) {
    for (std::size_t cell = 0, i = 0; cell < kCells; ++cell) {
      while (i < points_.size() && points_[i].first <= static_cast<double>(cell) / kCells) ++i;
      first_above_[cell] = i;
    }
  }
  /// Value at `share` in [0, 1].
  double at(double share) const {
    std::size_t above = first_above_[share < 1 ? static_cast<std::size_t>(share * kCells) : kCells - 1];
    while (above < points_.size() && points_[above].first <= share) ++above;
    if (above == 0) return points_.front().second;
    if (above == points_.size()) return points_.back().second;
    const auto& [left_share, left] = points_[above - 1];
    const auto& [right_share, right] = points_[above];
    return left + (right - left) * (share - left_share) / (right_share - left_share);
  }

 private:
  static constexpr std::size_t kCells = 256;
  std::vector<std::pair<double, double>> points_;
  std::array<std::size_t, kCells> first_above_{};
};

}  // namespace headroom::workloads
