// Which replica of a deployment serves a request. A policy sees what a router in front of the engines can see: the
// requests it has sent and the completions it has relayed, at once (no stale metrics here).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "workloads/request.h"
#include "workloads/rng.h"

namespace headroom::sim {

/// Tokens a request stands for while it is outstanding: its prompt and its answer as far as the client allows.
inline std::int64_t outstandingTokens(const workloads::Request& request) {
  return std::int64_t{request.prompt_tokens} + request.max_tokens;
}

class Router {
 public:
  explicit Router(std::size_t replicas);
  virtual ~Router() = default;
  /// Replicas that are down or draining are left out from then on.
  void setAvailable(std::size_t replica, bool available);
  bool anyAvailable() const { return !available_.empty(); }
  /// Index of an available replica in [0, replicas). Ties go to the lowest index. One must be available.
  virtual std::size_t choose(const workloads::Request& request) = 0;
  /// The request was sent to the replica / has left it.
  virtual void sent(std::size_t /*replica*/, const workloads::Request& /*request*/) {}
  virtual void left(std::size_t /*replica*/, const workloads::Request& /*request*/) {}

 protected:
  virtual void onAvailable(std::size_t /*replica*/, bool /*available*/) {}
  std::vector<std::size_t> available_;  // rising
};

struct RouterPolicy {
  const char* name;
  const char* summary;
  std::unique_ptr<Router> (*make)(std::size_t replicas, workloads::Rng rng);
};
/// The table that the CLI lists and unknown names are answered from.
const std::vector<RouterPolicy>& routerPolicies();
const std::vector<std::string>& routerNames();
/// CHECKs that the name is known: scenarios are checked when read.
std::unique_ptr<Router> makeRouter(const std::string& policy, std::size_t replicas, workloads::Rng rng);

}  // namespace headroom::sim
