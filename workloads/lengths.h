// How long prompts and answers are, in tokens. A sampler draws one length, at least 1 token.
// Leaves out: token contents. Joint lengths of real traces: {from: trace} with a trace or a trace model.
#pragma once

#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "workloads/rng.h"

namespace headroom::workloads {

/// Longest prompt or answer that is believed, in tokens.
inline constexpr std::int32_t kLongestLength = 100'000'000;

struct FixedLength {
  std::int32_t tokens = 1;
  bool operator==(const FixedLength&) const = default;
};
/// Whole numbers in [min, max], both included.
struct UniformLength {
  std::int32_t min = 1;
  std::int32_t max = 1;
  bool operator==(const UniformLength&) const = default;
};
/// exp(ln(median) + sigma * N(0,1)), rounded, then clamped to [min, max].
/// Read from {p50, sigma}, {mean, sigma} or {p50, p99}; held as median and sigma.
struct LognormalLength {
  double median = 1;
  double sigma = 0;
  std::int32_t min = 1;
  std::int32_t max = kLongestLength;
  bool operator==(const LognormalLength&) const = default;
};
/// Inverse CDF, linear between (share, tokens) points; shares rise from 0 to 1, tokens do not fall.
struct EmpiricalLength {
  std::vector<std::pair<double, double>> quantiles;
  bool operator==(const EmpiricalLength&) const = default;
};
/// The length in the row of the trace (or trace model) that gives the arrivals.
struct LengthFromTrace {
  bool operator==(const LengthFromTrace&) const = default;
};

using LengthSpec = std::variant<FixedLength, UniformLength, LognormalLength, EmpiricalLength, LengthFromTrace>;

LognormalLength lognormalFromMean(double mean, double sigma);
/// `p99` >= `p50`.
LognormalLength lognormalFromP99(double p50, double p99);

/// One length, consuming one number of `rng`. `spec` must not be LengthFromTrace (CHECKed).
std::int32_t drawLength(const LengthSpec& spec, Rng& rng);

/// Value of a piecewise-linear inverse CDF at `share` in [0, 1].
double quantileAt(const std::vector<std::pair<double, double>>& quantiles, double share);

/// Throws InputError if `spec` makes no sense (below 1 token, min > max, shares that do not rise from 0 to 1).
void checkLengths(const LengthSpec& spec);

}  // namespace headroom::workloads
