#include "workloads/rng.h"

#include <Random123/philox.h>

#include <cmath>

#include "models/base/error.h"
#include "models/base/files.h"
#include "workloads/portable_math.h"

namespace headroom::workloads {
namespace {

constexpr std::uint32_t lowWord(std::uint64_t v) {
  return static_cast<std::uint32_t>(v);
}
constexpr std::uint32_t highWord(std::uint64_t v) {
  return static_cast<std::uint32_t>(v >> 32);
}

}  // namespace

Rng::Rng(std::uint64_t seed, std::string_view name) : seed_(seed), name_(hashBytes(name)) {}

Rng::Rng(std::uint64_t seed, std::string_view name, std::uint64_t index)
    : seed_(seed), name_(hashBytes({reinterpret_cast<const char*>(&index), sizeof index}, hashBytes(name))) {}

void Rng::refill() {
  const r123::Philox4x32::key_type key{{lowWord(seed_), highWord(seed_)}};
  r123::Philox4x32 philox;
  for (std::size_t i = 0; i < block_.size(); i += 2) {
    const r123::Philox4x32::ctr_type counter{{lowWord(counter_), highWord(counter_), lowWord(name_), highWord(name_)}};
    const auto words = philox(counter, key);
    block_[i] = words[0] | (static_cast<std::uint64_t>(words[1]) << 32);
    block_[i + 1] = words[2] | (static_cast<std::uint64_t>(words[3]) << 32);
    ++counter_;
  }
  used_ = 0;
}

std::int64_t Rng::integer(std::int64_t low, std::int64_t high) {
  CHECK(low <= high, "an empty range of integers");
  const std::uint64_t last = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  if (last == UINT64_MAX) return static_cast<std::int64_t>(bits());
  const std::uint64_t count = last + 1;
  std::uint64_t drawn = bits();
  if (drawn < count) {  // else it is not below the tail that would bias, 2^64 mod count, which costs a division
    const std::uint64_t rejected = (UINT64_MAX - count + 1) % count;
    while (drawn < rejected) drawn = bits();
  }
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + drawn % count);
}

double Rng::exponential() {
  return -portableLog(uniformOpen());
}

double Rng::normal() {
  return normalQuantile(uniformOpen());
}

double Rng::gamma(double shape) {
  CHECK(shape > 0, "the shape of a Gamma distribution must be above 0");
  // Gamma(k) = Gamma(k + 1) * U^(1/k) brings small shapes into the range of the method.
  if (shape < 1) {
    const double base = gamma(shape + 1);
    return base * portableExp(portableLog(uniformOpen()) / shape);
  }
  const double d = shape - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = normal();
    const double root = 1.0 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    if (portableLog(uniformOpen()) < 0.5 * x * x + d - d * v + d * portableLog(v)) return d * v;
  }
}

double Rng::lognormal(double mu, double sigma) {
  return portableExp(mu + sigma * normal());
}

}  // namespace headroom::workloads
