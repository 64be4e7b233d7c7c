// vLLM V1's scheduler as its schedule() reads: running requests first, in order, preempting when KV blocks run out;
// then, if nothing was preempted, waiting requests. Rules and sources: docs/engine.md.
#pragma once

#include <deque>

#include "sim/engine/kv_tiers.h"
#include "sim/engine/scheduler.h"

namespace headroom::sim {

class VllmScheduler final : public Scheduler {
 public:
  VllmScheduler(ReplicaId id, const EngineConfig& config, ReplicaObserver& observer, const StepCost* cost);
  void finish(Sequence* sequence) override;
  Ticks nextWake() const override;
  bool onKvMoved(std::uint64_t request, Ticks now) override;
  Sequence* withdraw(std::uint64_t request) override;
  bool expectsArrival() const override { return Scheduler::expectsArrival() || !receiving_.empty(); }
  std::size_t waiting() const override { return Scheduler::waiting() + receiving_.size() + received_.size(); }
  bool idle() const override {
    return Scheduler::idle() && fetching_.empty() && receiving_.empty() && received_.empty();
  }
  std::int64_t repeats(const Batch& last, std::int64_t limit) const override;

 private:
  struct Admission {
    std::int64_t tokens = 0;  ///< new ones; 0: it has to wait
    std::int64_t cached = 0;  ///< tokens before them
    KvCache::Hit hit;
  };
  /// A waiting request whose prefix is on its way from a KV tier. It holds the blocks.
  struct Fetch {
    Sequence* sequence;
    std::int64_t tokens;  ///< in its blocks once they have arrived
    Ticks ready;
  };
  void schedule(Ticks now, Batch& batch) override;
  bool scheduleRunning(Ticks now, Batch& batch, int& budget);
  void admitWaiting(Ticks now, Batch& batch, int& budget);
  int newTokens(const Sequence& sequence, int budget) const;
  bool makeRoom(Sequence* sequence, int tokens, Ticks now, Batch& batch, int& budget);
  Sequence* victim() const;
  void preempt(Sequence* victim, Ticks now, Batch& batch, int& budget);
  Admission admission(const Sequence& sequence, int budget) const;
  // vllm_receives.cpp: prompts that a prefill replica computed
  bool receives(const Sequence& sequence) const { return sequence.kv_elsewhere && sequence.life.kv_arrived < 0; }
  bool hasRoomToReceive(const Sequence& sequence) const;
  void receive(Sequence* sequence, Ticks now);
  void admitReceived(Ticks now, Batch& batch, int& budget);
  // vllm_fetches.cpp: prefixes from lower tiers
  bool startFetch(Sequence* sequence, const Admission& admission, Ticks now);
  void endFetches(Ticks now);
  Ticks computeTime(std::int64_t prior, std::int64_t tokens) const;

  KvTiers tiers_;
  std::vector<Fetch> fetching_;       // in the order of their requests
  std::vector<Sequence*> receiving_;  // hold their blocks, KV on its way
  std::deque<Sequence*> received_;    // hold their blocks, not admitted yet
};

}  // namespace headroom::sim
