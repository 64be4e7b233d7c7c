#include "workloads/times.h"

#include <fmt/format.h>

#include "models/base/document_nodes.h"
#include "models/base/error.h"
#include "models/base/ticks.h"
#include "workloads/portable_math.h"

namespace headroom::workloads {
namespace {

constexpr double kNormalP99 = 2.3263478740408408;

Seconds draw(const FixedTime& spec, Rng&) {
  return spec.time;
}
Seconds draw(const UniformTime& spec, Rng& rng) {
  return spec.min + (spec.max - spec.min) * rng.uniform();
}
Seconds draw(const ExponentialTime& spec, Rng& rng) {
  return spec.mean * rng.exponential();
}
Seconds draw(const LognormalTime& spec, Rng& rng) {
  return spec.median * rng.lognormal(0, spec.sigma);
}

void checkRange(Seconds time) {
  if (!(time.value() >= 0) || time > kLongestRun) {
    throw InputError(fmt::format("a time must be 0 or more and at most 100 days, not {} s", time.value()));
  }
}
void check(const FixedTime& spec) {
  checkRange(spec.time);
}
void check(const UniformTime& spec) {
  checkRange(spec.min);
  checkRange(spec.max);
  if (spec.max < spec.min) throw InputError("the shortest time is above the longest");
}
void check(const ExponentialTime& spec) {
  checkRange(spec.mean);
}
void check(const LognormalTime& spec) {
  checkRange(spec.median);
  if (!(spec.sigma >= 0) || spec.sigma > 10) throw InputError("sigma must be 0 to 10, and p99 not below p50");
}

TimeSpec readLognormal(const Value& value) {
  Fields fields(value);
  LognormalTime spec{.median = fields.required("p50").quantity<Seconds>()};
  const auto p99 = fields.optional("p99"), sigma = fields.optional("sigma");
  fields.finish();
  if (p99.has_value() == sigma.has_value())
    value.fail("a lognormal time takes two numbers", "{p50, p99} or {p50, sigma}");
  if (sigma) spec.sigma = sigma->number();
  if (p99) {
    if (!(spec.median.value() > 0)) value.fail("p50 must be above 0");
    const double ratio = p99->quantity<Seconds>() / spec.median;
    if (!(ratio >= 1)) value.fail("p99 must not be below p50");
    spec.sigma = portableLog(ratio) / kNormalP99;
  }
  return spec;
}

TimeSpec readDistribution(const Value& value) {
  Fields fields(value);
  const auto uniform = fields.optional("uniform"), exponential = fields.optional("exponential");
  const auto lognormal = fields.optional("lognormal");
  fields.finish();
  if (value.members().size() != 1) {
    value.fail("a time is given in one way", "5 s, {uniform: [A, B]}, {exponential: MEAN} or {lognormal: {p50, p99}}");
  }
  if (exponential) return ExponentialTime{exponential->quantity<Seconds>()};
  if (lognormal) return readLognormal(*lognormal);
  const auto bounds = uniform->items();
  if (bounds.size() != 2) value.fail("a uniform time is [shortest, longest]");
  return UniformTime{.min = bounds[0].quantity<Seconds>(), .max = bounds[1].quantity<Seconds>()};
}

DocumentNode timeNode(Seconds time) {
  return withUnit(time.value(), "s");
}
DocumentNode write(const FixedTime& spec) {
  return timeNode(spec.time);
}
DocumentNode write(const UniformTime& spec) {
  return mapNode({{"uniform", listNode({timeNode(spec.min), timeNode(spec.max)})}});
}
DocumentNode write(const ExponentialTime& spec) {
  return mapNode({{"exponential", timeNode(spec.mean)}});
}
DocumentNode write(const LognormalTime& spec) {
  return mapNode({{"lognormal", mapNode({{"p50", timeNode(spec.median)}, {"sigma", numberNode(spec.sigma)}})}});
}

}  // namespace

Seconds drawTime(const TimeSpec& spec, Rng& rng) {
  return std::visit([&](const auto& kind) { return draw(kind, rng); }, spec);
}

void checkTime(const TimeSpec& spec) {
  std::visit([](const auto& kind) { check(kind); }, spec);
}

TimeSpec readTime(const Value& value) {
  const TimeSpec spec = value.isScalar() ? TimeSpec(FixedTime{value.quantity<Seconds>()}) : readDistribution(value);
  try {
    checkTime(spec);
  } catch (const InputError& error) {
    value.fail(error.message(), error.hint());
  }
  return spec;
}

DocumentNode toDocument(const TimeSpec& spec) {
  return std::visit([](const auto& kind) { return write(kind); }, spec);
}

}  // namespace headroom::workloads
