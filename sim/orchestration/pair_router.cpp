#include "sim/orchestration/pair_router.h"

#include "models/base/error.h"
#include "sim/orchestration/router.h"

namespace headroom::sim {
namespace {

using workloads::Request;
using Places = std::vector<ReplicaPlace>;

/// Prefill and decode replica chosen apart, each with the fewest tokens outstanding.
class LeastLoadedPair final : public PairRouter {
 public:
  using PairRouter::PairRouter;
  ReplicaPair choose(const Request&) override { return {prefill_load_.least(), decode_load_.least(), false}; }
};

class RoundRobinPair final : public PairRouter {
 public:
  using PairRouter::PairRouter;
  ReplicaPair choose(const Request&) override {
    const ReplicaPair pair{nextThere(prefill_load_, prefill_.size(), next_prefill_),
                           nextThere(decode_load_, decode_.size(), next_decode_), false};
    next_prefill_ = (pair.prefill + 1) % prefill_.size();
    next_decode_ = (pair.decode + 1) % decode_.size();
    return pair;
  }

 private:
  std::size_t next_prefill_ = 0, next_decode_ = 0;
};

/// Prompts at random over all replicas, those that decode too; a prompt that falls to a decode replica is answered
/// there.
class EverywherePair final : public PairRouter {
 public:
  EverywherePair(Places prefill, Places decode, workloads::Rng rng)
      : PairRouter(std::move(prefill), std::move(decode)), rng_(rng) {}
  bool doesWithoutPrefill() const override { return true; }
  ReplicaPair choose(const Request&) override {
    const std::size_t all = prefill_.size() + decode_.size();
    const auto away = [&](std::size_t i) {
      return i < prefill_.size() ? isAway(prefill_load_, i) : isAway(decode_load_, i - prefill_.size());
    };
    auto drawn = static_cast<std::size_t>(rng_.integer(0, static_cast<std::int64_t>(all) - 1));
    for (std::size_t tries = 1; away(drawn) && tries < all; ++tries) drawn = (drawn + 1) % all;
    if (drawn < prefill_.size()) return {drawn, decode_load_.least(), false};
    return {0, drawn - prefill_.size(), true};
  }

 private:
  workloads::Rng rng_;
};

/// The least loaded decode replica, since answers take long; and the nearest prefill replica that is not far busier
/// than the others: by more than this share of the mean load, and a prompt.
class SameSwitchPair final : public PairRouter {
 public:
  static constexpr double kSlack = 0.25;
  using PairRouter::PairRouter;
  ReplicaPair choose(const Request& request) override {
    const std::size_t decode = decode_load_.least();
    const double mean = static_cast<double>(prefill_total_) / static_cast<double>(prefill_.size());
    const auto most = static_cast<std::int64_t>((1 + kSlack) * mean) + request.prompt_tokens;
    std::size_t best = prefill_load_.least();
    int nearest = distanceBetween(prefill_[best], decode_[decode]);
    for (std::size_t p = 0; p < prefill_.size(); ++p) {
      if (prefill_load_.load(p) > most) continue;
      const int distance = distanceBetween(prefill_[p], decode_[decode]);
      if (distance > nearest) continue;
      if (distance == nearest && prefill_load_.load(p) >= prefill_load_.load(best)) continue;
      best = p;
      nearest = distance;
    }
    return {best, decode, false};
  }
};

template <class Policy>
std::unique_ptr<PairRouter> make(Places prefill, Places decode, workloads::Rng) {
  return std::make_unique<Policy>(std::move(prefill), std::move(decode));
}

}  // namespace

int distanceBetween(const ReplicaPlace& a, const ReplicaPlace& b) {
  if (a.node == b.node) return 0;
  if (a.domain == b.domain) return 1;
  if (a.site != b.site) return 4;
  return a.leaf == b.leaf ? 2 : 3;
}

PairRouter::PairRouter(Places prefill, Places decode)
    : prefill_(std::move(prefill)),
      decode_(std::move(decode)),
      prefill_load_(prefill_.size()),
      decode_load_(decode_.size()) {
  CHECK(!prefill_.empty() && !decode_.empty(), "a pair has two ends");
}

void PairRouter::setPrefillAway(std::size_t replica, bool away) {
  prefill_load_.setAway(replica, away);
}

void PairRouter::setDecodeAway(std::size_t replica, bool away) {
  decode_load_.setAway(replica, away);
}

std::size_t PairRouter::nextThere(const LeastIndex& loads, std::size_t count, std::size_t from) const {
  std::size_t next = from;
  for (std::size_t tries = 1; isAway(loads, next) && tries < count; ++tries) next = (next + 1) % count;
  return next;
}

void PairRouter::addPrefill(std::size_t replica, std::int64_t tokens) {
  prefill_load_.add(replica, tokens);
  prefill_total_ += tokens;
}

const std::vector<PairingPolicy>& pairingPolicies() {
  static const std::vector<PairingPolicy> policies{
      {"least-loaded", "the least loaded prefill and the least loaded decode replica, by tokens outstanding",
       &make<LeastLoadedPair>},
      {"round-robin", "each in turn", &make<RoundRobinPair>},
      {"same-switch", "the least loaded decode replica; the nearest prefill replica that is not far busier than others",
       &make<SameSwitchPair>},
      {"everywhere", "prompts at random on all replicas, decode ones too, which answer their own",
       [](Places prefill, Places decode, workloads::Rng rng) -> std::unique_ptr<PairRouter> {
         return std::make_unique<EverywherePair>(std::move(prefill), std::move(decode), rng);
       }},
  };
  return policies;
}

const std::vector<std::string>& pairingNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const PairingPolicy& policy : pairingPolicies()) all.emplace_back(policy.name);
    return all;
  }();
  return names;
}

std::unique_ptr<PairRouter> makePairRouter(const std::string& policy, Places prefill, Places decode,
                                           workloads::Rng rng) {
  for (const PairingPolicy& row : pairingPolicies()) {
    if (policy == row.name) return row.make(std::move(prefill), std::move(decode), rng);
  }
  CHECK(false, "unknown pairing " + policy);
  return nullptr;
}

}  // namespace headroom::sim
