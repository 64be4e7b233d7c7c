#include "workloads/lengths.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/base/error.h"
#include "workloads/portable_math.h"

namespace headroom::workloads {
namespace {

std::int32_t roundWithin(double tokens, std::int32_t low, std::int32_t high) {
  if (!(tokens > low)) return low;
  if (tokens >= high) return high;
  return static_cast<std::int32_t>(std::floor(tokens + 0.5));
}

std::int32_t draw(const FixedLength& spec, Rng&) {
  return spec.tokens;
}
std::int32_t draw(const UniformLength& spec, Rng& rng) {
  return static_cast<std::int32_t>(rng.integer(spec.min, spec.max));
}
std::int32_t draw(const LognormalLength& spec, Rng& rng) {
  return roundWithin(rng.lognormal(portableLog(spec.median), spec.sigma), spec.min, spec.max);
}
std::int32_t draw(const EmpiricalLength& spec, Rng& rng) {
  return roundWithin(quantileAt(spec.quantiles, rng.uniform()), 1, kLongestLength);
}
std::int32_t draw(const LengthFromTrace&, Rng&) {
  CHECK(false, "a length from a trace comes with its row");
  return 0;
}

void checkTokens(double tokens, const char* what) {
  if (!(tokens >= 1 && tokens <= kLongestLength)) {
    throw InputError(fmt::format("{} must be 1 to {} tokens, not {}", what, kLongestLength, tokens));
  }
}
void checkRange(std::int32_t min, std::int32_t max) {
  checkTokens(min, "the shortest length");
  checkTokens(max, "the longest length");
  if (min > max) throw InputError(fmt::format("the shortest length, {}, is above the longest, {}", min, max));
}

void check(const FixedLength& spec) {
  checkTokens(spec.tokens, "a fixed length");
}
void check(const UniformLength& spec) {
  checkRange(spec.min, spec.max);
}
void check(const LognormalLength& spec) {
  checkTokens(spec.median, "the median");
  if (!(spec.sigma >= 0 && spec.sigma <= 10))
    throw InputError(fmt::format("sigma must be 0 to 10, not {}", spec.sigma));
  checkRange(spec.min, spec.max);
}
void check(const EmpiricalLength& spec) {
  const auto& points = spec.quantiles;
  if (points.size() < 2 || points.front().first != 0 || points.back().first != 1) {
    throw InputError("quantiles must run from share 0 to share 1");
  }
  for (std::size_t i = 0; i < points.size(); ++i) {
    checkTokens(points[i].second, "a quantile");
    if (i > 0 && !(points[i].first > points[i - 1].first)) throw InputError("the shares of quantiles must rise");
    if (i > 0 && points[i].second < points[i - 1].second) throw InputError("the tokens of quantiles must not fall");
  }
}
void check(const LengthFromTrace&) {}

}  // namespace

LognormalLength lognormalFromMean(double mean, double sigma) {
  return {.median = mean * portableExp(-0.5 * sigma * sigma), .sigma = sigma};
}

LognormalLength lognormalFromP99(double p50, double p99) {
  if (!(p50 > 0) || !(p99 >= p50)) throw InputError(fmt::format("p99, {}, must not be below p50, {}", p99, p50));
  return {.median = p50, .sigma = portableLog(p99 / p50) / normalQuantile(0.99)};
}

std::int32_t drawLength(const LengthSpec& spec, Rng& rng) {
  return std::visit([&](const auto& kind) { return draw(kind, rng); }, spec);
}

double quantileAt(const std::vector<std::pair<double, double>>& quantiles, double share) {
  const auto above = std::upper_bound(quantiles.begin(), quantiles.end(), share,
                                      [](double s, const auto& point) { return s < point.first; });
  if (above == quantiles.begin()) return quantiles.front().second;
  if (above == quantiles.end()) return quantiles.back().second;
  const auto& [left_share, left] = *(above - 1);
  const auto& [right_share, right] = *above;
  return left + (right - left) * (share - left_share) / (right_share - left_share);
}

void checkLengths(const LengthSpec& spec) {
  std::visit([](const auto& kind) { check(kind); }, spec);
}

}  // namespace headroom::workloads
