// Named random streams: Philox4x32-10 (Salmon et al., SC'11; Random123), key = seed, upper counter half = hash of the
// name. Adding a consumer never shifts another. Own distributions on own exp/log: same numbers on every machine.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace headroom::workloads {

class Rng {
 public:
  /// A stream of 2^65 numbers fixed by `seed` and `name`, e.g. Rng(1, "arrivals/chat").
  Rng(std::uint64_t seed, std::string_view name);
  /// The same for one of many streams of a name, e.g. one a session.
  Rng(std::uint64_t seed, std::string_view name, std::uint64_t index);

  /// 64 random bits.
  std::uint64_t bits() {
    if (used_ == block_.size()) refill();
    return block_[used_++];
  }
  /// Uniform in [0, 1), 53 bits.
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  /// Uniform in (0, 1): never 0, so that its logarithm is finite.
  double uniformOpen() { return (static_cast<double>(bits() >> 12) + 0.5) * 0x1p-52; }
  /// A whole number in [low, high], both included, without bias. `low` <= `high`.
  std::int64_t integer(std::int64_t low, std::int64_t high);
  /// Mean 1.
  double exponential();
  /// Mean 0, standard deviation 1 (inverse CDF, Wichura's AS 241): one draw consumes one number.
  double normal();
  /// Mean `shape`, variance `shape` (scale 1), any shape > 0. Marsaglia and Tsang 2000.
  double gamma(double shape);
  /// exp(mu + sigma * normal()): median exp(mu).
  double lognormal(double mu, double sigma);

 private:
  void refill();

  std::uint64_t seed_;
  std::uint64_t name_;
  std::uint64_t counter_ = 0;
  std::array<std::uint64_t, 16> block_{};
  std::size_t used_ = 16;
};

}  // namespace headroom::workloads
