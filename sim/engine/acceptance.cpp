#include "sim/engine/acceptance.h"

#include <Random123/philox.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "models/base/error.h"

namespace headroom::sim {
namespace {

constexpr std::int64_t kOne = 1'000'000'000;  // of a mean
constexpr std::uint32_t kStream = 0x5bec0de;  // apart from other uses of the run's seed

/// Uniform in [0, 1), 53 bits.
double uniform(std::uint64_t seed, std::uint64_t request, std::int64_t verification) {
  const auto low = [](std::uint64_t v) { return static_cast<std::uint32_t>(v); };
  const auto high = [](std::uint64_t v) { return static_cast<std::uint32_t>(v >> 32); };
  r123::Philox4x32 philox;
  const auto words = philox({{low(request), high(request), low(static_cast<std::uint64_t>(verification)), kStream}},
                            {{low(seed), high(seed)}});
  const std::uint64_t bits = words[0] | (std::uint64_t{words[1]} << 32);
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

}  // namespace

Acceptance::Acceptance(const Speculation& speculation)
    : speculation_(speculation),
      mean_(std::llround(
          std::accumulate(speculation.acceptance_rates.begin(), speculation.acceptance_rates.end(), 0.0) * kOne)) {
  CHECK(speculation.acceptance_rates.size() == static_cast<std::size_t>(speculation.tokens), "a rate for every draft");
}

int Acceptance::accepted(std::uint64_t request, std::int64_t verification, int drafts) const {
  if (speculation_.deterministic) {
    const std::int64_t before = verification * mean_ / kOne, after = (verification + 1) * mean_ / kOne;
    return static_cast<int>(std::min<std::int64_t>(drafts, after - before));
  }
  const double u = uniform(speculation_.seed, request, verification);
  const auto& rates = speculation_.acceptance_rates;  // not rising
  int accepted = 0;
  while (accepted < drafts && u < rates[static_cast<std::size_t>(accepted)]) ++accepted;
  return accepted;
}

std::vector<double> geometricRates(int drafts, double mean_rate) {
  const auto sum = [&](double p) {
    double total = 0, power = 1;
    for (int i = 0; i < drafts; ++i) total += power *= p;
    return total;
  };
  double low = 0, high = 1;
  for (int i = 0; i < 60; ++i) {
    const double middle = 0.5 * (low + high);
    (sum(middle) < drafts * mean_rate ? low : high) = middle;
  }
  const double p = mean_rate >= 1 ? 1 : mean_rate <= 0 ? 0 : high;
  std::vector<double> rates;
  double power = 1;
  for (int i = 0; i < drafts; ++i) rates.push_back(power *= p);
  return rates;
}

}  // namespace headroom::sim
