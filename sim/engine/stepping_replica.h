// vLLM V1's scheduler, one step at a time, as its schedule() reads: running requests first, in order, preempting from
// the tail when KV blocks run out; then, if nothing was preempted, waiting requests. Rules and sources: docs/engine.md.
// This is the oracle of the fast path: plain loops over sequences, no shortcuts.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "sim/engine/replica.h"
#include "sim/engine/step_cost.h"

namespace headroom::sim {

class SteppingReplica final : public Replica {
 public:
  SteppingReplica(ReplicaId id, const EngineConfig& config, const models::StepTimes& times, ReplicaObserver& observer);

  void submit(Ticks now, const workloads::Request& request) override;
  Ticks nextEvent() const override { return in_flight_.empty() ? kNever : front_end_; }
  void onEvent(Ticks now) override;
  bool idle() const override { return in_flight_.empty() && waiting_.empty() && inbox_.empty(); }

 private:
  struct Sequence {
    FinishedRequest life;
    Ticks last_token = 0;
    std::int64_t computed = 0;  ///< tokens in the KV cache once the decided steps have run
    std::int64_t target = 0;    ///< tokens to compute before it decodes: prompt, and outputs if it was preempted
    std::int64_t blocks = 0;
    std::int32_t generated = 0;  ///< tokens received
    std::int32_t in_flight = 0;  ///< tokens that decided steps will make
    bool running = false;
    bool finished = false;
    bool decodes() const { return computed >= target; }
  };
  using SequencePtr = std::shared_ptr<Sequence>;
  struct Row {
    SequencePtr sequence;
    bool decode = false;
    bool emits = false;
  };
  struct Batch {
    std::vector<Row> rows;
    BatchShape shape;
    Ticks time = 0;
    std::int64_t cached_tokens = 0;
  };

  void drainInbox(Ticks now);
  void fillPipeline(Ticks now);
  Batch decide(Ticks now);
  void scheduleRunning(Batch& batch, int& budget, bool& preempted);
  void admitWaiting(Batch& batch, int& budget, Ticks now);
  int newTokens(const Sequence& sequence, int budget) const;
  bool makeRoom(const SequencePtr& sequence, int tokens, bool& preempted);
  void addRow(Batch& batch, const SequencePtr& sequence, int tokens);
  void preempt(const SequencePtr& victim);
  void processOutputs(const Batch& batch, Ticks now);
  void finish(const SequencePtr& sequence, Ticks now);

  ReplicaId id_;
  EngineConfig config_;
  StepCost cost_;
  ReplicaObserver& observer_;
  std::deque<workloads::Request> inbox_;
  std::deque<SequencePtr> waiting_;
  std::vector<SequencePtr> running_;  // in the order of admission
  std::deque<Batch> in_flight_;       // front runs, the others are decided
  std::int64_t free_blocks_;
  Ticks front_end_ = 0;
  Ticks clock_ = 0;
};

}  // namespace headroom::sim
