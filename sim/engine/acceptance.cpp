#include "sim/engine/acceptance.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "models/base/error.h"
#include "workloads/uniform_at.h"

namespace headroom::sim {
namespace {

constexpr std::int64_t kOne = 1'000'000'000;  // of a mean
constexpr std::uint32_t kStream = 0x5bec0de;  // apart from other uses of the run's seed

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
  const double u = workloads::uniformAt(speculation_.seed, kStream, request, static_cast<std::uint32_t>(verification));
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
