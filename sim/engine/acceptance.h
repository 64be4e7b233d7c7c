// How many draft tokens of a verification the target model accepts: those before the first that it rejects.
// Random: P(the first i are accepted) = rate i, drawn from Philox4x32-10 (Random123) keyed by the run's seed, with
// (request, its n-th verification) as counter, so that a draw depends on neither batch nor clock. Deterministic: the
// n-th verification accepts floor((n + 1) m) - floor(n m), m the mean (Bresenham). Left out: acceptance that differs by
// text, temperature or position in the answer.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/engine/engine_config.h"

namespace headroom::sim {

class Acceptance {
 public:
  explicit Acceptance(const Speculation& speculation);
  /// Of `drafts` draft tokens in the request's `verification`-th one, from 0.
  int accepted(std::uint64_t request, std::int64_t verification, int drafts) const;

 private:
  const Speculation& speculation_;
  std::int64_t mean_;  ///< tokens a verification, in 1e-9
};

/// Rates of `drafts` positions where each draft token is accepted with one probability if all before it were, such that
/// `mean_rate` of all draft tokens are: p + p^2 + ... + p^drafts = drafts * mean_rate.
std::vector<double> geometricRates(int drafts, double mean_rate);

}  // namespace headroom::sim
