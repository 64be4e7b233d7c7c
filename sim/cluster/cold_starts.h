// Replicas that start with the run, or again after a failure: what comes before the weights (provisioning, pulling the
// image), the weights on their way, and what comes after (initialisation, compilation, warm-up).
// Weights come from the site's storage, over a network of its own; from the nodes' local drives; or from a warm replica
// of the same pool over the fabric, which serves one at a time, so that n replicas take log2 n rounds. The first
// replica of a pool then reads from storage, as does one whose copy a dead link cut off. Left out: other users of the
// storage, caches in host memory.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
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
  /// Its weights are gone, those that it was loading or sending too: it may start again.
  void stop(std::uint32_t replica);
  void onEvent(const Event& event);
  void onTransferEnd(const TransferEnd& end) override;

  /// Of its first start that came to its end; null: none did.
  const StartTimes* firstStart(std::uint32_t replica) const {
    const auto found = first_.find(replica);
    return found == first_.end() ? nullptr : &found->second;
  }

 private:
  struct Pool {
    StartSpec spec;
    Bytes weights;  // of a rank
    std::uint32_t first_replica = 0, replicas = 0;
    std::deque<std::uint32_t> waiting;  // for a warm replica, or a free one
  };
  struct Starting {
    StartTimes times;
    std::uint32_t number = 0;  // of the start: events of an earlier one are out of date
    std::optional<TransferId> loading;
    std::uint32_t source = UINT32_MAX;  // of its weights, if another replica
    bool warm = false, busy = false;    // has its weights; sends them
  };
  struct Stage {
    std::uint32_t replica, start;
  };
  const Pool* poolOf(std::uint32_t replica) const;
  Pool* poolOf(std::uint32_t replica) { return const_cast<Pool*>(std::as_const(*this).poolOf(replica)); }
  void schedule(std::uint32_t replica, Seconds after);
  void load(std::uint32_t replica);
  void read(std::uint32_t replica, const Pool& pool, std::vector<Way> ways);
  void letGo(Starting& starting);
  void servePeers(Pool& pool);

  RunNetwork& network_;
  std::function<void(std::uint32_t)> on_ready_;
  std::vector<Pool> pools_;
  std::map<std::uint32_t, Starting> replicas_;
  std::map<std::uint32_t, StartTimes> first_;
  std::vector<Stage> stages_;  // one for each event, by its stamp
};

}  // namespace headroom::sim
