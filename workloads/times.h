// How long a person or a tool takes: times drawn from a distribution.
#pragma once

#include <variant>

#include "models/base/document.h"
#include "models/base/quantity.h"
#include "workloads/rng.h"

namespace headroom::workloads {

struct FixedTime {
  Seconds time{};
  bool operator==(const FixedTime&) const = default;
};
struct UniformTime {
  Seconds min{}, max{};
  bool operator==(const UniformTime&) const = default;
};
struct ExponentialTime {
  Seconds mean{};
  bool operator==(const ExponentialTime&) const = default;
};
/// median exp(sigma N(0,1)). Read from {p50, sigma} or {p50, p99}.
struct LognormalTime {
  Seconds median{};
  double sigma = 0;
  bool operator==(const LognormalTime&) const = default;
};

using TimeSpec = std::variant<FixedTime, UniformTime, ExponentialTime, LognormalTime>;

/// One time, consuming one number of `rng` (none if fixed).
Seconds drawTime(const TimeSpec& spec, Rng& rng);

/// Throws InputError unless every time is between 0 and 100 days, min <= max and 0 <= sigma <= 10.
void checkTime(const TimeSpec& spec);

/// `5 s`, {uniform: [1 s, 9 s]}, {exponential: 5 s}, {lognormal: {p50: 5 s, p99: 1 min}} or {lognormal: {p50, sigma}}.
TimeSpec readTime(const Value& value);
DocumentNode toDocument(const TimeSpec& spec);

}  // namespace headroom::workloads
