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
  virtual ~Router() = default;
  /// Index of the replica in [0, replicas). Ties go to the lowest index.
  virtual std::size_t choose(const workloads::Request& request) = 0;
  /// The request was sent to the replica / has left it.
  virtual void sent(std::size_t /*replica*/, const workloads::Request& /*request*/) {}
  virtual void left(std::size_t /*replica*/, const workloads::Request& /*request*/) {}
  /// A replica that is away is not chosen, while another is there. All are there at first; call only on a change.
  virtual void setAway(std::size_t replica, bool away) = 0;
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
