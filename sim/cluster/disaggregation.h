// Requests whose prompt one replica computes and another answers, and the KV cache that moves between them.
// Whole: the prompt is computed, then the decode replica reserves blocks and pulls all of it (vLLM's connectors).
// Layer-wise: the decode replica reserves blocks first; layers are pushed as they are computed, so that only the last
// is left when the prompt ends. Either way blocks are held at the prefill replica until the KV has been moved.
// When a replica dies, what it alone had is lost; a request whose KV, or whose prompt, is at the other one gets a new
// partner where there is one (disaggregation_faults.cpp).
// Left out: the pace of single layers; a push may run ahead of the computation, never end before it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "sim/cluster/event_targets.h"
#include "sim/cluster/fleet.h"
#include "sim/cluster/run_network.h"
#include "sim/deployment.h"
#include "sim/metrics/request_record.h"
#include "sim/orchestration/pair_router.h"

namespace headroom::sim {

/// Told what faults do to requests that two replicas serve.
class PairObserver {
 public:
  virtual ~PairObserver() = default;
  /// The attempt came to nothing.
  virtual void onFailed(std::uint64_t attempt) = 0;
  /// No engine has it any more. Later than onFailed() if its prompt was computed to the end, for nobody.
  virtual void onGone(const LostRequest& attempt) = 0;
  /// Its KV or its prompt was not lost: `replica` takes the place of the dead one.
  virtual void onTakenOver(std::uint32_t replica) = 0;
};

class Disaggregation final : public TransferHandler {
 public:
  /// Of the events that belong to onEvent().
  static constexpr std::uint32_t kEventTarget = event_target::kDisaggregation;

  Disaggregation(Fleet& fleet, RunNetwork& network, EventLoop& loop, PairObserver& observer);
  /// Its replicas stand in the fleet, from `first_replica` on, in the order of pools.
  void addDeployment(std::uint32_t deployment, const DeploymentPlan& plan, std::uint32_t first_replica,
                     workloads::Rng rng);
  bool has(std::uint32_t deployment) const {
    return deployment < deployments_.size() && deployments_[deployment] != nullptr;
  }

  /// Is the prompt short enough to be computed where it is answered?
  bool staysTogether(std::uint32_t deployment, const workloads::Request& request) const;
  /// Must a prefill replica be there for it?
  bool needsPrefill(std::uint32_t deployment, const workloads::Request& request) const;
  /// Equal: one decode replica computes and answers it.
  struct Replicas {
    std::uint32_t prefill = 0, decode = 0;
    bool together() const { return prefill == decode; }
  };
  /// Then sent(), when the request is on its way to them, and send(), when it is there.
  Replicas choose(std::uint32_t deployment, const workloads::Request& request);
  void sent(std::uint32_t deployment, const workloads::Request& request, Replicas pair);
  void send(std::uint32_t deployment, const workloads::Request& request, Replicas pair);
  /// Instead of send(): one of them has died meanwhile.
  void lostOnItsWay(std::uint32_t deployment, const workloads::Request& request, Replicas pair);

  /// See PairRouter.
  void setAway(std::uint32_t replica, std::uint32_t deployment, Role role, bool away);

  // What the replicas tell.
  void onPromptStarted(std::uint64_t request);
  void onKvWanted(std::uint64_t request, std::int64_t tokens);
  /// A prefill replica has computed the prompt.
  void onPrefilled(const FinishedRequest& prefilled);
  /// A decode replica has answered: completes `record`, which is filled from its life.
  void onDecoded(std::uint32_t deployment, const FinishedRequest& decoded, RequestRecord& record);

  /// The replica has died with what it `held`; the router knows that it is away.
  void onDown(std::uint32_t replica, const std::vector<LostRequest>& held);

  void onEvent(const Event& event);
  void onTransferEnd(const TransferEnd& end) override;

 private:
  struct Deployment {
    std::unique_ptr<PairRouter> router;
    std::vector<std::uint32_t> prefill, decode;  // replicas of the fleet
    std::vector<std::uint32_t> index;            // of a replica in these, by its number in the deployment
    std::vector<double> token_bytes;             // KV of a token, by decode replica
    std::vector<double> fixed_bytes;             // of a request beside its tokens
    std::vector<bool> split_ranks;               // a request is on one rank, hence one node, of its replica
    std::uint32_t first_replica = 0;
    DisaggregationSpec spec;
    int layers = 1;
  };
  enum class Hand : std::uint8_t { none, to_prefill, to_decode, to_nobody };
  struct Moving {
    workloads::Request request;
    std::uint32_t deployment = 0;
    Replicas pair;
    Hand next = Hand::none;
    std::uint32_t pairing = 0;                    // counts decode replicas: what was planned for an earlier one is off
    bool at_prefill = false, at_decode = false;   // their engines have it
    bool room = false;                            // the decode replica has reserved its blocks
    bool started = false, prefilled = false;      // its prompt
    bool bulk_began = false, bulk_moved = false;  // layer-wise: all layers but the last
    bool tail = false;                            // the last of its KV is on its way, or has gone
    bool in_one = false;                          // all of it goes at once
    bool moved = false;                           // the decode replica has it
    bool abandoned = false;                       // the prompt is computed for nobody
    std::int64_t missing = 0;                     // tokens that the decode replica lacks
    FinishedRequest prompt;                       // its life at the prefill replica
    Ticks sent = 0, sent_to_prefill = 0;
    std::optional<TransferId> transfer;  // under way
    TransferEnd bulk, last;              // transfers that have ended; layer-wise there are two
    Ticks kv_began = -1, failing_since = kNever;
    std::uint64_t failed_transfers = 0;
  };
  /// Of a request, unless it has another decode replica since.
  struct Planned {
    std::uint64_t request;
    std::uint32_t pairing;
  };
  PairRouter& routerOf(const Moving& moving) { return *deployments_[moving.deployment]->router; }
  std::size_t indexOf(const Moving& moving, std::uint32_t replica) const {
    const Deployment& d = *deployments_[moving.deployment];
    return d.index[replica - d.first_replica];
  }
  void handOver(std::uint64_t request, Hand to);
  /// Null if it is off.
  Moving* take(std::deque<Planned>& planned);
  void move(std::uint64_t id, Moving& moving, double share);
  void moveWhatIsReady(std::uint64_t id, Moving& moving);
  double shareOf(const Moving& moving) const;
  std::int64_t bytesOf(const Moving& moving, double share) const;
  // disaggregation_faults.cpp
  std::vector<std::uint64_t> concernedBy(std::uint32_t replica, const std::vector<LostRequest>& held) const;
  void prefillDied(std::uint64_t id, Moving& moving, std::int32_t generated);
  void decodeDied(std::uint64_t id, Moving& moving, std::int32_t generated);
  bool pairWithAnotherPrefill(Moving& moving);
  bool pairWithAnotherDecode(std::uint64_t id, Moving& moving);
  void stopTransfer(Moving& moving);
  void drop(std::uint64_t id, Moving& moving, std::int32_t answered = 0);
  void forget(std::uint64_t id, std::int32_t generated);

  Fleet& fleet_;
  RunNetwork& network_;
  EventLoop& loop_;
  PairObserver& observer_;
  std::vector<std::unique_ptr<Deployment>> deployments_;  // null: not disaggregated
  std::unordered_map<std::uint64_t, Moving> moving_;      // by request
  std::deque<Planned> handed_over_;                       // one event each
  std::deque<Planned> undelivered_;                       // the same, to be sent again
};

}  // namespace headroom::sim
