#include "sim/orchestration/router.h"

#include "models/base/error.h"
#include "sim/orchestration/least_index.h"

namespace headroom::sim {
namespace {

using workloads::Request;
using workloads::Rng;

class RoundRobin final : public Router {
 public:
  explicit RoundRobin(std::size_t replicas) : away_(replicas) {}
  std::size_t choose(const Request&) override {
    for (std::size_t tries = 1; away_[next_] && tries < away_.size(); ++tries) next_ = (next_ + 1) % away_.size();
    const std::size_t chosen = next_;
    next_ = (next_ + 1) % away_.size();
    return chosen;
  }
  void setAway(std::size_t replica, bool away) override { away_[replica] = away; }

 private:
  std::vector<bool> away_;
  std::size_t next_ = 0;
};

class Random final : public Router {
 public:
  Random(std::size_t replicas, Rng rng)
      : last_(static_cast<std::int64_t>(replicas) - 1), away_(replicas), there_(replicas), rng_(rng) {}
  std::size_t choose(const Request&) override {
    for (;;) {
      const auto drawn = static_cast<std::size_t>(rng_.integer(0, last_));
      if (!away_[drawn] || there_ == 0) return drawn;
    }
  }
  void setAway(std::size_t replica, bool away) override {
    away_[replica] = away;
    away ? --there_ : ++there_;
  }

 private:
  std::int64_t last_;
  std::vector<bool> away_;
  std::size_t there_;
  Rng rng_;
};

/// The replica with the fewest requests outstanding.
class LeastRequests final : public Router {
 public:
  explicit LeastRequests(std::size_t replicas) : loads_(replicas) {}
  std::size_t choose(const Request&) override { return loads_.least(); }
  void sent(std::size_t replica, const Request&) override { loads_.add(replica, 1); }
  void left(std::size_t replica, const Request&) override { loads_.add(replica, -1); }
  void setAway(std::size_t replica, bool away) override { loads_.setAway(replica, away); }

 private:
  LeastIndex loads_;
};

/// The replica with the fewest tokens outstanding.
class LeastLoaded final : public Router {
 public:
  explicit LeastLoaded(std::size_t replicas) : loads_(replicas) {}
  std::size_t choose(const Request&) override { return loads_.least(); }
  void sent(std::size_t replica, const Request& r) override { loads_.add(replica, outstandingTokens(r)); }
  void left(std::size_t replica, const Request& r) override { loads_.add(replica, -outstandingTokens(r)); }
  void setAway(std::size_t replica, bool away) override { loads_.setAway(replica, away); }

 private:
  LeastIndex loads_;
};

/// The less busy of two replicas drawn at random, by requests outstanding (Mitzenmacher 2001).
class PowerOfTwo final : public Router {
 public:
  PowerOfTwo(std::size_t replicas, Rng rng) : requests_(replicas), rng_(rng) {}
  std::size_t choose(const Request&) override {
    const auto last = static_cast<std::int64_t>(requests_.size()) - 1;
    if (last == 0) return 0;
    for (;;) {
      const auto first = static_cast<std::size_t>(rng_.integer(0, last));
      auto second = static_cast<std::size_t>(rng_.integer(0, last - 1));
      if (second >= first) ++second;
      const std::size_t chosen = requests_[second] < requests_[first] ? second : first;
      if (requests_[chosen] < LeastIndex::kAway || there_ == 0) return chosen;
    }
  }
  void sent(std::size_t replica, const Request&) override { ++requests_[replica]; }
  void left(std::size_t replica, const Request&) override { --requests_[replica]; }
  void setAway(std::size_t replica, bool away) override {
    requests_[replica] += away ? LeastIndex::kAway : -LeastIndex::kAway;
    away ? --there_ : ++there_;
  }

 private:
  std::vector<std::int64_t> requests_;
  std::size_t there_ = requests_.size();
  Rng rng_;
};

}  // namespace

const std::vector<RouterPolicy>& routerPolicies() {
  static const std::vector<RouterPolicy> policies{
      {"round-robin", "each replica in turn",
       [](std::size_t n, Rng) -> std::unique_ptr<Router> { return std::make_unique<RoundRobin>(n); }},
      {"random", "a replica at random",
       [](std::size_t n, Rng rng) -> std::unique_ptr<Router> { return std::make_unique<Random>(n, rng); }},
      {"least-requests", "fewest requests outstanding",
       [](std::size_t n, Rng) -> std::unique_ptr<Router> { return std::make_unique<LeastRequests>(n); }},
      {"least-loaded", "fewest tokens outstanding (prompt and max_tokens)",
       [](std::size_t n, Rng) -> std::unique_ptr<Router> { return std::make_unique<LeastLoaded>(n); }},
      {"power-of-two", "the less busy of two at random",
       [](std::size_t n, Rng rng) -> std::unique_ptr<Router> { return std::make_unique<PowerOfTwo>(n, rng); }},
  };
  return policies;
}

const std::vector<std::string>& routerNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const RouterPolicy& policy : routerPolicies()) all.emplace_back(policy.name);
    return all;
  }();
  return names;
}

std::unique_ptr<Router> makeRouter(const std::string& policy, std::size_t replicas, Rng rng) {
  for (const RouterPolicy& row : routerPolicies()) {
    if (policy == row.name) return row.make(replicas, rng);
  }
  CHECK(false, "unknown router " + policy);
  return nullptr;
}

}  // namespace headroom::sim
