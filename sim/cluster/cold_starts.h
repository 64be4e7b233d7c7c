// Replicas that start with the run, or again after a failure: what comes before the weights (provisioning, pulling the
// image), the weights on their way, and what comes after (initialisation, compilation, warm-up).
// Weights come from the site's storage, over a network of its own; from the nodes' local drives; or from a warm replica
// of the same pool over the fabric, which serves one at a time, so that n replicas take log2 n rounds. The first
// replica of a pool then reads from storage. Left out: other users of the storage, caches in host memory.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "sim/cluster/event_targets.h"
#include "sim/cluster/run_network.h"
#include "sim/deployment.h"

namespace headroom::sim {

/// When a replica's stages ended; kNever: not yet.
struct StartTimes {
  Ticks began = 0, before = kNever, weights = kNever, ready = kNever;
};

class ColdStarts final : public TransferHandler {
 public:
  /// Of the events that belong to onEvent().
  static constexpr std::uint32_t kEventTarget = event_target::kColdStarts;

  /// `on_ready`: called when a replica has started, after all that ends at that time.
  ColdStarts(RunNetwork& network, std::function<void(std::uint32_t replica)> on_ready);
  /// The replicas of `pool` from `first_replica` on; pools are added in the order of the run's replicas.
  void addPool(const PoolPlan& pool, std::uint32_t first_replica);
  /// Must this replica start before it serves?
  bool starts(std::uint32_t replica) const { return poolOf(replica) != nullptr; }

  /// From the loop's now() on.
  void start(std::uint32_t replica);
  void onEvent(const Event& event);
  void onTransferEnd(const TransferEnd& end) override;

  const StartTimes& times(std::uint32_t replica) const { return replicas_.at(replica).times; }

 private:
  struct Pool {
    StartSpec spec;
    Bytes weights;  // of a rank
    std::uint32_t first_replica = 0, replicas = 0;
    std::deque<std::uint32_t> waiting;  // for a warm replica, or a free one
    bool first_reads = false;           // somebody reads from storage for all
  };
  struct Starting {
    StartTimes times;
    std::uint32_t source = UINT32_MAX;  // of its weights
    bool warm = false, busy = false;    // has its weights; sends them
  };
  const Pool* poolOf(std::uint32_t replica) const;
  Pool* poolOf(std::uint32_t replica) { return const_cast<Pool*>(std::as_const(*this).poolOf(replica)); }
  void load(std::uint32_t replica);
  void read(std::uint32_t replica, const Pool& pool, std::vector<Way> ways);
  void servePeers(Pool& pool);

  RunNetwork& network_;
  std::function<void(std::uint32_t)> on_ready_;
  std::vector<Pool> pools_;
  std::map<std::uint32_t, Starting> replicas_;
};

}  // namespace headroom::sim
