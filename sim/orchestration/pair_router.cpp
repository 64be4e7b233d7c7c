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
  ReplicaPair choose(const Request&) override { return {prefill_load_.least(), decode_load_.least()}; }
};

class RoundRobinPair final : public PairRouter {
 public:
  using PairRouter::PairRouter;
  ReplicaPair choose(const Request&) override {
    const ReplicaPair pair{next_ % prefill_.size(), next_ % decode_.size()};
    ++next_;
    return pair;
  }

 private:
  std::size_t next_ = 0;
};

/// The least loaded prefill replica, and the nearest decode replica that is not far busier than the others: by more
/// than this share of the mean load, and a request.
class SameSwitchPair final : public PairRouter {
 public:
  static constexpr double kSlack = 0.25;
  using PairRouter::PairRouter;
  ReplicaPair choose(const Request& request) override {
    const std::size_t prefill = prefill_load_.least();
    const double mean = static_cast<double>(decode_total_) / static_cast<double>(decode_.size());
    const auto most = static_cast<std::int64_t>((1 + kSlack) * mean) + outstandingTokens(request);
    std::size_t best = decode_load_.least();
    int nearest = distanceBetween(prefill_[prefill], decode_[best]);
    for (std::size_t d = 0; d < decode_.size(); ++d) {
      if (decode_load_.load(d) > most) continue;
      const int distance = distanceBetween(prefill_[prefill], decode_[d]);
      if (distance > nearest) continue;
      if (distance == nearest && decode_load_.load(d) >= decode_load_.load(best)) continue;
      best = d;
      nearest = distance;
    }
    return {prefill, best};
  }
};

template <class Policy>
std::unique_ptr<PairRouter> make(Places prefill, Places decode) {
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

void PairRouter::sentToDecode(std::size_t replica, const Request& request) {
  decode_load_.add(replica, outstandingTokens(request));
  decode_total_ += outstandingTokens(request);
}

void PairRouter::leftDecode(std::size_t replica, const Request& request) {
  decode_load_.add(replica, -outstandingTokens(request));
  decode_total_ -= outstandingTokens(request);
}

const std::vector<PairingPolicy>& pairingPolicies() {
  static const std::vector<PairingPolicy> policies{
      {"least-loaded", "the least loaded prefill and the least loaded decode replica, by tokens outstanding",
       &make<LeastLoadedPair>},
      {"round-robin", "each in turn", &make<RoundRobinPair>},
      {"same-switch", "the least loaded prefill replica; the nearest decode replica that is not far busier than others",
       &make<SameSwitchPair>},
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

std::unique_ptr<PairRouter> makePairRouter(const std::string& policy, Places prefill, Places decode) {
  for (const PairingPolicy& row : pairingPolicies()) {
    if (policy == row.name) return row.make(std::move(prefill), std::move(decode));
  }
  CHECK(false, "unknown pairing " + policy);
  return nullptr;
}

}  // namespace headroom::sim
