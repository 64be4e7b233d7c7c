// vLLM V1's scheduler as its schedule() reads: running requests first, in order, preempting when KV blocks run out;
// then, if nothing was preempted, waiting requests. Rules and sources: docs/engine.md.
#pragma once

#include "sim/engine/scheduler.h"

namespace headroom::sim {

class VllmScheduler final : public Scheduler {
 public:
  using Scheduler::Scheduler;
  std::int64_t repeats(const Batch& last, std::int64_t limit) const override;

 private:
  struct Admission {
    std::int64_t tokens = 0;  ///< new ones; 0: it has to wait
    KvCache::Hit hit;
  };
  void schedule(Ticks now, Batch& batch) override;
  bool scheduleRunning(Ticks now, Batch& batch, int& budget);
  void admitWaiting(Ticks now, Batch& batch, int& budget);
  int newTokens(const Sequence& sequence, int budget) const;
  bool makeRoom(Sequence* sequence, int tokens, Ticks now, Batch& batch, int& budget);
  Sequence* victim() const;
  void preempt(Sequence* victim, Ticks now, Batch& batch, int& budget);
  Admission admission(const Sequence& sequence, int budget) const;
};

}  // namespace headroom::sim
