// Which time stands at which pixel, and zooming and panning within the length of a run.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "gui/selection.h"

namespace headroom::gui {

class TimeAxis {
 public:
  static constexpr double kShortest = 1e-3;  ///< s; no closer than this

  TimeAxis() = default;
  explicit TimeAxis(double length_s) : length_(std::max(length_s, kShortest)), end_(length_) {}

  double begin() const { return begin_; }
  double end() const { return end_; }
  double length() const { return length_; }
  bool showsAll() const { return begin_ <= 0 && end_ >= length_; }
  bool operator==(const TimeAxis&) const = default;

  double xOf(double s, double width) const { return (s - begin_) / (end_ - begin_) * width; }
  double timeAt(double x, double width) const { return begin_ + (end_ - begin_) * x / width; }

  void showAll() { show({0, length_}); }
  void show(TimeRange range) {
    const double span = std::clamp(range.end - range.begin, std::min(kShortest, length_), length_);
    begin_ = std::clamp((range.begin + range.end - span) / 2, 0.0, length_ - span);
    end_ = begin_ + span;
  }
  /// `factor` below 1 comes closer; what stands at `around` stays there.
  void zoom(double factor, double around) {
    const double span = std::clamp((end_ - begin_) * factor, std::min(kShortest, length_), length_);
    const double share = std::clamp((around - begin_) / (end_ - begin_), 0.0, 1.0);
    begin_ = std::clamp(around - share * span, 0.0, length_ - span);
    end_ = begin_ + span;
  }
  /// By a share of what is shown.
  void pan(double share) {
    const double span = end_ - begin_;
    begin_ = std::clamp(begin_ + share * span, 0.0, length_ - span);
    end_ = begin_ + span;
  }

 private:
  double length_ = 1, begin_ = 0, end_ = 1;
};

inline std::int64_t toNs(double s) {
  return static_cast<std::int64_t>(std::llround(s * 1e9));
}

}  // namespace headroom::gui
