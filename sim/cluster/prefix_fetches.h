// Prefixes that replicas read over the network from a KV tier (`kv_tiers[].from`): from the site's storage, or from a
// node that keeps them for all. Each read waits out the tier's latency, is no faster than the tier, and shares the
// links with all other transfers.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "sim/cluster/event_targets.h"
#include "sim/cluster/fleet.h"
#include "sim/cluster/run_network.h"
#include "sim/deployment.h"
#include "sim/metrics/request_record.h"

namespace headroom::sim {

/// Does any engine read prefixes over the network?
bool readsPrefixes(const Scenario& scenario);

class PrefixFetches final : public TransferHandler {
 public:
  static constexpr std::uint32_t kEventTarget = event_target::kPrefixFetches;

  PrefixFetches(Fleet& fleet, RunNetwork& network) : fleet_(fleet), network_(network) {}
  /// Pools in the order of the fleet's.
  void addPool(const DeploymentPlan& plan, const PoolPlan& pool);

  /// A replica waits for `tokens` tokens from its tier `tier` for a request of a workload.
  void want(std::uint32_t replica, const workloads::Request& request, std::size_t tier, std::int64_t tokens);
  /// It is gone, and what it waited for with it.
  void forget(std::uint32_t replica);

  /// What of the time before it was scheduled a request's prefix took, into its record; `replica`: that computed the
  /// prompt.
  void finished(std::uint32_t replica, RequestRecord& record);

  void onEvent(const Event& event);
  void onTransferEnd(const TransferEnd& end) override;

 private:
  struct Tier {
    BytesPerSecond bandwidth;
    Seconds latency;
    bool storage = false;
    NodeId node{};  // if not
  };
  struct Pool {
    double token_bytes = 0;
    std::vector<Tier> tiers;
  };
  struct Fetch {
    std::uint32_t replica = 0, workload = 0;
    std::uint64_t request = 0;
    std::size_t tier = 0;
    std::int64_t bytes = 0;
    std::uint64_t tries = 0;
    Ticks wanted = 0;
    TransferId transfer{};
    bool moving = false;
  };
  void read(std::uint32_t id, Fetch& fetch);

  Fleet& fleet_;
  RunNetwork& network_;
  std::vector<Pool> pools_;
  std::map<std::uint32_t, Fetch> fetches_;  // under way, by number
  struct Done {
    std::uint32_t replica = 0;
    Ticks ended = 0, alone = 0, contention = 0;
  };
  std::unordered_map<std::uint64_t, Done> done_;  // by request, of those that are not finished
  std::uint32_t numbered_ = 0;
};

}  // namespace headroom::sim
