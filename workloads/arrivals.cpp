#include "workloads/arrivals.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/base/error.h"

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
  if (spec.hash_block_tokens && *spec.hash_block_tokens < 1) throw InputError("hash_block_tokens must be at least 1");
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

void check(const WeibullArrivals& spec) {
  checkRate(spec.rate);
  if (!(spec.cv >= 0.01) || spec.cv > 100) throw InputError(fmt::format("cv must be 0.01 to 100, not {}", spec.cv));
}

bool isTime(Seconds time) {
  return time.value() >= 0 && time <= kLongestRun;
}
void checkLasts(Seconds time, const char* what) {
  if (!isTime(time) || time.value() == 0) {
    throw InputError(fmt::format("{} must be above 0 and at most 100 days, not {} s", what, time.value()));
  }
}
/// 0 is a pause.
void checkLevel(double value, const char* what) {
  if (!std::isfinite(value) || value < 0 || value > kHighestRate) {
    throw InputError(fmt::format("{} must be 0 or more and at most {}, not {}", what, kHighestRate, value));
  }
}

void check(const MmppArrivals& spec) {
  if (spec.states.size() < 2) throw InputError("mmpp needs two states or more", "one state is type poisson");
  double highest = 0;
  for (const MmppArrivals::State& state : spec.states) {
    checkLevel(state.rate.value(), "rate (per second)");
    checkLasts(state.dwell, "dwell");
    highest = std::max(highest, state.rate.value());
  }
  if (highest == 0) throw InputError("the rate is 0 in every state");
}

void check(const std::vector<Spike>& spikes) {
  for (const Spike& spike : spikes) {
    if (!isTime(spike.at)) throw InputError("a spike begins at 0 s or later, within 100 days");
    checkLasts(spike.duration, "duration of a spike");
    checkLevel(spike.factor, "factor of a spike");
    if (spike.every) checkLasts(*spike.every, "every");
    if (spike.every && *spike.every < spike.duration) throw InputError("a spike comes again before it is over");
  }
}

void check(const DiurnalArrivals& spec) {
  checkRate(spec.rate);
  checkPositive(spec.cv, 1000, "cv");
  if (!(spec.peak_to_trough >= 1) || spec.peak_to_trough > 1e6) {
    throw InputError(fmt::format("peak_to_trough must be 1 or more and at most 1e6, not {}", spec.peak_to_trough));
  }
  checkLasts(spec.period, "period");
  if (!isTime(spec.peak_at)) throw InputError("peak_at must be 0 s or later, within 100 days");
  check(spec.spikes);
}

void check(const RampArrivals& spec) {
  checkPositive(spec.cv, 1000, "cv");
  if (spec.points.empty() || spec.points.front().at.value() != 0) throw InputError("points must begin at 0 s");
  double highest = 0;
  for (std::size_t i = 0; i < spec.points.size(); ++i) {
    checkLevel(spec.points[i].rate.value(), "rate (per second)");
    if (!isTime(spec.points[i].at)) throw InputError("points must lie within 100 days");
    if (i > 0 && spec.points[i].at < spec.points[i - 1].at) throw InputError("points must be in order of time");
    highest = std::max(highest, spec.points[i].rate.value());
  }
  if (highest == 0) throw InputError("the rate is 0 throughout");
  check(spec.spikes);
}

}  // namespace

void checkArrivals(const ArrivalSpec& spec) {
  std::visit([](const auto& kind) { check(kind); }, spec);
}

}  // namespace headroom::workloads
