#include "sim/orchestration/router.h"

#include <algorithm>
#include <numeric>

#include "models/base/error.h"
#include "sim/orchestration/least_index.h"

namespace headroom::sim {
namespace {

using workloads::Request;
using workloads::Rng;

class RoundRobin final : public Router {
 public:
  using Router::Router;
  std::size_t choose(const Request&) override {
    const auto at = std::lower_bound(available_.begin(), available_.end(), next_);
    const std::size_t chosen = at == available_.end() ? available_.front() : *at;
    next_ = chosen + 1;
    return chosen;
  }

 private:
  std::size_t next_ = 0;
};

class Random final : public Router {
 public:
  Random(std::size_t replicas, Rng rng) : Router(replicas), rng_(rng) {}
  std::size_t choose(const Request&) override {
    return available_[static_cast<std::size_t>(rng_.integer(0, static_cast<std::int64_t>(available_.size()) - 1))];
  }

 private:
  Rng rng_;
};

/// The replica with the fewest requests outstanding.
class LeastRequests final : public Router {
 public:
  explicit LeastRequests(std::size_t replicas) : Router(replicas), loads_(replicas) {}
  std::size_t choose(const Request&) override { return loads_.least(); }
  void sent(std::size_t replica, const Request&) override { loads_.add(replica, 1); }
  void left(std::size_t replica, const Request&) override { loads_.add(replica, -1); }

 private:
  void onAvailable(std::size_t replica, bool available) override {
    loads_.setAway(replica, !available);
  }
  LeastIndex loads_;
};

/// The replica with the fewest tokens outstanding.
class LeastLoaded final : public Router {
 public:
  explicit LeastLoaded(std::size_t replicas) : Router(replicas), loads_(replicas) {}
  std::size_t choose(const Request&) override { return loads_.least(); }
  void sent(std::size_t replica, const Request& r) override { loads_.add(replica, outstandingTokens(r)); }
  void left(std::size_t replica, const Request& r) override { loads_.add(replica, -outstandingTokens(r)); }

 private:
  void onAvailable(std::size_t replica, bool available) override {
    loads_.setAway(replica, !available);
  }
  LeastIndex loads_;
};

/// The less busy of two replicas drawn at random, by requests outstanding (Mitzenmacher 2001).
class PowerOfTwo final : public Router {
 public:
  PowerOfTwo(std::size_t replicas, Rng rng) : Router(replicas), requests_(replicas), rng_(rng) {}
  std::size_t choose(const Request&) override {
    const auto last = static_cast<std::int64_t>(available_.size()) - 1;
    if (last == 0) return available_.front();
    const auto first = static_cast<std::size_t>(rng_.integer(0, last));
    auto second = static_cast<std::size_t>(rng_.integer(0, last - 1));
    if (second >= first) ++second;
    const std::size_t a = available_[first], b = available_[second];
    return requests_[b] < requests_[a] ? b : a;
  }
  void sent(std::size_t replica, const Request&) override { ++requests_[replica]; }
  void left(std::size_t replica, const Request&) override { --requests_[replica]; }

 private:
  std::vector<std::int64_t> requests_;
  std::size_t there_ = requests_.size();
  Rng rng_;
};

}  // namespace

Router::Router(std::size_t replicas) : available_(replicas) {
  std::iota(available_.begin(), available_.end(), std::size_t{0});
}

void Router::setAvailable(std::size_t replica, bool available) {
  const auto at = std::lower_bound(available_.begin(), available_.end(), replica);
  const bool was = at != available_.end() && *at == replica;
  if (was == available) return;
  if (available) {
    available_.insert(at, replica);
  } else {
    available_.erase(at);
  }
  onAvailable(replica, available);
}

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
