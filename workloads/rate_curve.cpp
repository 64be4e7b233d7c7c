#include "workloads/rate_curve.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "workloads/portable_math.h"

namespace headroom::workloads {
namespace {

constexpr double kForever = std::numeric_limits<double>::infinity();

class DiurnalCurve : public RateCurve {
 public:
  explicit DiurnalCurve(const DiurnalArrivals& spec)
      : step_(spec.period.value() / kPoints), begin_(spec.peak_at.value() - spec.period.value()) {
    while (begin_ > 0) begin_ -= spec.period.value();
    const double swing = (spec.peak_to_trough - 1) / (spec.peak_to_trough + 1);
    for (int i = 0; i <= kPoints; ++i) {
      rates_[static_cast<std::size_t>(i)] = spec.rate.value() * (1 + swing * portableCosTurn(double(i) / kPoints));
    }
  }

  RateSegment from(double time) const override {
    double point = std::floor((time - begin_) / step_);
    if (begin_ + (point + 1) * step_ <= time) ++point;  // rounding: the piece must reach beyond `time`
    const auto index = static_cast<std::size_t>(std::fmod(point, kPoints));
    const double slope = (rates_[index + 1] - rates_[index]) / step_;
    const double into = std::max(0.0, time - (begin_ + point * step_));
    return {.rate = rates_[index] + slope * into, .slope = slope, .end = begin_ + (point + 1) * step_};
  }

 private:
  static constexpr int kPoints = 288;  // five minutes of a day: the chord is 6e-5 of the swing off
  std::array<double, kPoints + 1> rates_{};
  double step_;
  double begin_;  // a peak at or before 0
};

class RampCurve : public RateCurve {
 public:
  explicit RampCurve(const RampArrivals& spec) : points_(spec.points) {}

  RateSegment from(double time) const override {
    const auto next = std::find_if(points_.begin(), points_.end(),
                                   [&](const RampArrivals::Point& point) { return point.at.value() > time; });
    if (next == points_.end()) return {.rate = points_.back().rate.value(), .slope = 0, .end = kForever};
    const auto& last = *std::prev(next);
    const double slope = (next->rate.value() - last.rate.value()) / (next->at.value() - last.at.value());
    return {.rate = last.rate.value() + slope * (time - last.at.value()), .slope = slope, .end = next->at.value()};
  }

 private:
  std::vector<RampArrivals::Point> points_;
};

class SpikedCurve : public RateCurve {
 public:
  SpikedCurve(std::unique_ptr<RateCurve> curve, const std::vector<Spike>& spikes)
      : curve_(std::move(curve)), spikes_(spikes) {}

  RateSegment from(double time) const override {
    RateSegment segment = curve_->from(time);
    for (const Spike& spike : spikes_) apply(spike, time, segment);
    return segment;
  }

 private:
  static void apply(const Spike& spike, double time, RateSegment& segment) {
    const double every = spike.every ? spike.every->value() : kForever;
    const double at = spike.at.value();
    const double near = spike.every ? std::floor((time - at) / every) : 0;
    for (double k = std::max(0.0, near - 1); k <= std::max(0.0, near + 1); ++k) {  // rounding may be one off
      const double begin = k == 0 ? at : at + k * every, end = begin + spike.duration.value();
      if (time >= begin && time < end) {
        segment.rate *= spike.factor;
        segment.slope *= spike.factor;
      }
      for (const double change : {begin, end}) {
        if (change > time) segment.end = std::min(segment.end, change);
      }
      if (!spike.every) return;
    }
  }

  std::unique_ptr<RateCurve> curve_;
  std::vector<Spike> spikes_;
};

}  // namespace

std::unique_ptr<RateCurve> makeDiurnalCurve(const DiurnalArrivals& spec) {
  return std::make_unique<DiurnalCurve>(spec);
}

std::unique_ptr<RateCurve> makeRampCurve(const RampArrivals& spec) {
  return std::make_unique<RampCurve>(spec);
}

std::unique_ptr<RateCurve> withSpikes(std::unique_ptr<RateCurve> curve, const std::vector<Spike>& spikes) {
  if (spikes.empty()) return curve;
  return std::make_unique<SpikedCurve>(std::move(curve), spikes);
}

}  // namespace headroom::workloads
