#include "workloads/arrivals.h"

#include <fmt/format.h>

#include <cmath>

#include "models/base/error.h"
#include "workloads/rng.h"

namespace headroom::workloads {
namespace {

constexpr double kHighestRate = 1e9;  // beyond it gaps come near the clock's resolution

void checkPositive(double value, double highest, const char* what) {
  if (!std::isfinite(value) || value <= 0 || value > highest) {
    throw InputError(fmt::format("{} must be above 0 and at most {}, not {}", what, highest, value));
  }
}
void checkRate(PerSecond rate) {
  checkPositive(rate.value(), kHighestRate, "rate (per second)");
}

void check(const PoissonArrivals& spec) {
  checkRate(spec.rate);
}
void check(const ConstantArrivals& spec) {
  checkRate(spec.rate);
}
void check(const GammaArrivals& spec) {
  checkRate(spec.rate);
  checkPositive(spec.cv, 1000, "cv");
}
void check(const TraceArrivals& spec) {
  checkPositive(spec.rate_scale, kHighestRate, "rate_scale");
}
void check(const TraceModelArrivals& spec) {
  checkPositive(spec.rate_scale, kHighestRate, "rate_scale");
}
void check(const ClosedLoop& spec) {
  if (spec.concurrency < 1) throw InputError(fmt::format("concurrency must be at least 1, not {}", spec.concurrency));
  const double think = spec.think_time.value();
  if (!(think >= 0) || spec.think_time > kLongestRun) {
    throw InputError(fmt::format("think_time must be 0 or more and at most 100 days, not {} s", think));
  }
}

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

class PoissonProcess : public ArrivalProcess {
 public:
  PoissonProcess(PerSecond rate, std::uint64_t seed, const std::string& name)
      : rng_(seed, "arrivals/" + name), mean_gap_(1 / rate.value()) {}
  Ticks next() override { return clock_.advance(rng_.exponential() * mean_gap_); }

 private:
  Rng rng_;
  double mean_gap_;
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

}  // namespace

void checkArrivals(const ArrivalSpec& spec) {
  std::visit([](const auto& kind) { check(kind); }, spec);
}

std::unique_ptr<ArrivalProcess> makeArrivalProcess(const ArrivalSpec& spec, std::uint64_t seed,
                                                   const std::string& name) {
  checkArrivals(spec);
  if (const auto* poisson = std::get_if<PoissonArrivals>(&spec)) {
    return std::make_unique<PoissonProcess>(poisson->rate, seed, name);
  }
  if (const auto* gamma = std::get_if<GammaArrivals>(&spec)) return std::make_unique<GammaProcess>(*gamma, seed, name);
  const auto* constant = std::get_if<ConstantArrivals>(&spec);
  CHECK(constant != nullptr, "traces and closed loops are not arrival processes");
  return std::make_unique<ConstantProcess>(constant->rate);
}

}  // namespace headroom::workloads
