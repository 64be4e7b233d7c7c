// The open-loop arrival processes.
#include <algorithm>
#include <cmath>

#include "models/base/error.h"
#include "workloads/arrivals.h"
#include "workloads/portable_math.h"
#include "workloads/rate_curve.h"
#include "workloads/rng.h"

namespace headroom::workloads {
namespace {

/// Sums gaps in whole ticks, so that times never fall and a long run does not lose precision.
class Clock {
 public:
  Ticks advance(double gap_seconds) {
    if (now_ == kNever || gap_seconds > kLongestRun.value()) return now_ = kNever;
    now_ += toTicks(Seconds(gap_seconds));
    if (now_ > toTicks(kLongestRun)) now_ = kNever;
    return now_;
  }

 private:
  Ticks now_ = 0;
};

/// Draws gaps of mean 1 and a given cv: exponential, or Gamma of shape 1/cv^2.
class UnitGaps {
 public:
  UnitGaps(double cv, std::uint64_t seed, const std::string& name)
      : rng_(seed, "arrivals/" + name), shape_(1 / (cv * cv)), exponential_(cv == 1) {}
  double next() { return exponential_ ? rng_.exponential() : rng_.gamma(shape_) / shape_; }

 private:
  Rng rng_;
  double shape_;
  bool exponential_;
};

class RenewalProcess : public ArrivalProcess {
 public:
  RenewalProcess(PerSecond rate, UnitGaps gaps) : gaps_(std::move(gaps)), mean_gap_(1 / rate.value()) {}
  Ticks next() override { return clock_.advance(gaps_.next() * mean_gap_); }

 private:
  UnitGaps gaps_;
  double mean_gap_;
  Clock clock_;
};

class GammaProcess : public ArrivalProcess {
 public:
  GammaProcess(const GammaArrivals& spec, std::uint64_t seed, const std::string& name)
      : rng_(seed, "arrivals/" + name), shape_(1 / (spec.cv * spec.cv)), scale_(1 / (shape_ * spec.rate.value())) {}
  Ticks next() override { return clock_.advance(rng_.gamma(shape_) * scale_); }

 private:
  Rng rng_;
  double shape_, scale_;
  Clock clock_;
};

class WeibullProcess : public ArrivalProcess {
 public:
  WeibullProcess(const WeibullArrivals& spec, std::uint64_t seed, const std::string& name)
      : rng_(seed, "arrivals/" + name), power_(1 / weibullShape(spec.cv)) {
    scale_ = 1 / (spec.rate.value() * portableExp(portableLogGamma(1 + power_)));
  }
  Ticks next() override { return clock_.advance(scale_ * portableExp(power_ * portableLog(rng_.exponential()))); }

 private:
  Rng rng_;
  double power_, scale_ = 1;
  Clock clock_;
};

class ConstantProcess : public ArrivalProcess {
 public:
  explicit ConstantProcess(PerSecond rate) : rate_(rate) {}
  Ticks next() override {
    if (exhausted_) return kNever;
    const Seconds at = static_cast<double>(++count_) / rate_;  // from the count: no rounding adds up
    exhausted_ = at > kLongestRun;
    return exhausted_ ? kNever : toTicks(at);
  }

 private:
  PerSecond rate_;
  std::int64_t count_ = 0;
  bool exhausted_ = false;
};

/// Poisson arrivals at the rate of a state; states last exponential times and follow each other at random, each of the
/// others alike. Starts in the stationary state.
class MmppProcess : public ArrivalProcess {
 public:
  MmppProcess(const MmppArrivals& spec, std::uint64_t seed, const std::string& name)
      : states_(spec.states), arrivals_(seed, "arrivals/" + name), changes_(seed, "arrivals/" + name + "/states") {
    double total = 0;
    for (const auto& state : states_) total += state.dwell.value();
    double drawn = changes_.uniform() * total;
    while (state_ + 1 < states_.size() && drawn >= states_[state_].dwell.value()) {
      drawn -= states_[state_++].dwell.value();
    }
    left_ = changes_.exponential() * states_[state_].dwell.value();
  }

  Ticks next() override {
    double expected = arrivals_.exponential(), waited = 0;
    while (expected > states_[state_].rate.value() * left_) {
      expected -= states_[state_].rate.value() * left_;
      waited += left_;
      if (waited > kLongestRun.value()) break;
      change();
    }
    const double gap = expected / states_[state_].rate.value();
    left_ -= gap;
    return clock_.advance(waited + gap);
  }

 private:
  void change() {
    const auto others = static_cast<std::int64_t>(states_.size()) - 1;
    auto next = others == 1 ? 1 - static_cast<std::int64_t>(state_) : changes_.integer(0, others - 1);
    if (others > 1 && next >= static_cast<std::int64_t>(state_)) ++next;
    state_ = static_cast<std::size_t>(next);
    left_ = changes_.exponential() * states_[state_].dwell.value();
  }

  std::vector<MmppArrivals::State> states_;
  Rng arrivals_, changes_;
  std::size_t state_ = 0;
  double left_ = 0;  // seconds in this state
  Clock clock_;
};

/// Gaps in expected arrivals under a rate curve: with exponential ones a Poisson process of that rate (Cinlar's
/// inversion), with others bursts on top of it.
class CurveProcess : public ArrivalProcess {
 public:
  CurveProcess(std::unique_ptr<RateCurve> curve, UnitGaps gaps)
      : curve_(std::move(curve)), gaps_(std::move(gaps)), segment_(curve_->from(0)) {}

  Ticks next() override {
    double expected = gaps_.next();
    while (now_ <= kLongestRun.value()) {
      const double length = segment_.end - now_;
      // A piece without end has no slope; 0 times its length would not be a number.
      const double mean_rate = segment_.slope == 0 ? segment_.rate : segment_.rate + 0.5 * segment_.slope * length;
      const double inside = mean_rate == 0 ? 0 : mean_rate * length;
      if (expected < inside) {
        step(expected);
        break;
      }
      expected -= inside;
      now_ = segment_.end;
      if (now_ <= kLongestRun.value()) segment_ = curve_->from(now_);
    }
    return now_ <= kLongestRun.value() ? last_ = std::max(last_, toTicks(Seconds(now_))) : kNever;
  }

 private:
  /// The time by which `expected` arrivals lie within the segment: rate x + slope x^2 / 2 = expected.
  void step(double expected) {
    const double root = std::sqrt(std::max(0.0, segment_.rate * segment_.rate + 2 * segment_.slope * expected));
    const double x = 2 * expected / (segment_.rate + root);
    now_ += x;
    segment_.rate = std::max(0.0, segment_.rate + segment_.slope * x);
  }

  std::unique_ptr<RateCurve> curve_;
  UnitGaps gaps_;
  RateSegment segment_;
  double now_ = 0;
  Ticks last_ = 0;
};

using Process = std::unique_ptr<ArrivalProcess>;

Process make(const PoissonArrivals& spec, std::uint64_t seed, const std::string& name) {
  return std::make_unique<RenewalProcess>(spec.rate, UnitGaps(1, seed, name));
}
Process make(const GammaArrivals& spec, std::uint64_t seed, const std::string& name) {
  return std::make_unique<GammaProcess>(spec, seed, name);
}
Process make(const WeibullArrivals& spec, std::uint64_t seed, const std::string& name) {
  return std::make_unique<WeibullProcess>(spec, seed, name);
}
Process make(const ConstantArrivals& spec, std::uint64_t, const std::string&) {
  return std::make_unique<ConstantProcess>(spec.rate);
}
Process make(const MmppArrivals& spec, std::uint64_t seed, const std::string& name) {
  return std::make_unique<MmppProcess>(spec, seed, name);
}
Process make(const DiurnalArrivals& spec, std::uint64_t seed, const std::string& name) {
  return std::make_unique<CurveProcess>(withSpikes(makeDiurnalCurve(spec), spec.spikes), UnitGaps(spec.cv, seed, name));
}
Process make(const RampArrivals& spec, std::uint64_t seed, const std::string& name) {
  return std::make_unique<CurveProcess>(withSpikes(makeRampCurve(spec), spec.spikes), UnitGaps(spec.cv, seed, name));
}
template <class Other>
Process make(const Other&, std::uint64_t, const std::string&) {
  return nullptr;
}

}  // namespace

std::unique_ptr<ArrivalProcess> makeArrivalProcess(const ArrivalSpec& spec, std::uint64_t seed,
                                                   const std::string& name) {
  checkArrivals(spec);
  auto process = std::visit([&](const auto& kind) { return make(kind, seed, name); }, spec);
  CHECK(process != nullptr, "traces and closed loops are not arrival processes");
  return process;
}

double weibullShape(double cv) {
  // cv^2 + 1 = Gamma(1 + 2/k) / Gamma(1 + 1/k)^2 falls with the shape k: bisection over its logarithm.
  const double target = portableLog(1 + cv * cv);
  double low = portableLog(0.02), high = portableLog(2000);
  for (int i = 0; i < 100; ++i) {
    const double middle = 0.5 * (low + high), inverse = portableExp(-middle);
    const bool too_even = portableLogGamma(1 + 2 * inverse) - 2 * portableLogGamma(1 + inverse) < target;
    (too_even ? high : low) = middle;
  }
  return portableExp(0.5 * (low + high));
}

}  // namespace headroom::workloads
