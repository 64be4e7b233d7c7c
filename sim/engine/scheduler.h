// One rank's scheduler: which rows the next step computes, and whose KV blocks go. A rule set per engine.
#pragma once

#include <memory>
#include <vector>

#include "sim/engine/acceptance.h"
#include "sim/engine/adapter_slots.h"
#include "sim/engine/attention_dp_balance.h"
#include "sim/engine/batch.h"
#include "sim/engine/kv_cache.h"
#include "sim/engine/request_queue.h"

namespace headroom::sim {

class Scheduler {
 public:
  /// `cost` estimates what computing a prefix again would take; null: it counts as free.
  Scheduler(ReplicaId id, const EngineConfig& config, ReplicaObserver& observer, const StepCost* cost = nullptr);
  virtual ~Scheduler() = default;
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  virtual void submit(Sequence* sequence) { waiting_.push(sequence); }
  /// What the next decision could run.
  virtual RankDemand demand() const { return {}; }
  /// The next decisions run no prompts.
  virtual void holdPrompts(bool /*hold*/) {}
  /// Fills `batch` (cleared) with the rows of the next step; leaves it empty if there is nothing to run.
  void decide(Ticks now, Batch& batch);
  /// The step has run and its tokens are counted.
  virtual void onStepDone(const Batch& /*batch*/, Ticks /*now*/) {}
  /// Its last token has come. A prefill replica holds its blocks until they are moved.
  virtual void finish(Sequence* sequence);
  /// The request's KV has been moved from or to here; false if it is not of this rank.
  virtual bool onKvMoved(std::uint64_t request, Ticks now);
  /// Takes out a request whose KV will not come, with its blocks; null if it is not of this rank.
  virtual Sequence* withdraw(std::uint64_t /*request*/) { return nullptr; }

  /// Adds the requests whose KV it holds for others to fetch.
  void listHeld(std::vector<LostRequest>& lost) const;

  /// When a decision could change by itself: something it waits for arrives. kNever if nothing is on its way.
  virtual Ticks nextWake() const { return kNever; }
  /// Something that a waiting request needs comes from outside, whatever is decided here.
  virtual bool expectsArrival() const { return nextWake() != kNever || !held_.empty(); }
  /// How many more decisions, up to `limit`, have the rows of `last`, the last one, all of them decoding, as long as no
  /// request arrives and none ends. 0 is always right.
  virtual std::int64_t repeats(const Batch& last, std::int64_t limit) const = 0;
  /// Makes `steps` such decisions at once.
  virtual void repeat(Batch& last, std::int64_t steps);

  virtual std::size_t waiting() const { return waiting_.size(); }
  std::size_t running() const { return running_.size(); }
  virtual bool idle() const { return waiting_.empty() && running_.empty() && held_.empty(); }

 protected:
  virtual void schedule(Ticks now, Batch& batch) = 0;
  /// Puts `tokens` new tokens of the sequence into the batch; their blocks are reserved. All but the first of a
  /// decoding one are draft tokens.
  void addRow(Batch& batch, Sequence* sequence, int tokens);
  /// Takes a row out again; its tokens.
  static int removeRow(Batch& batch, std::vector<Row>::iterator row);
  /// Of a decoding sequence, draft tokens included, of which at most `longest` may be in the cache; 0: it has to wait
  /// until it is known which were accepted.
  int decodeTokens(const Sequence& sequence, std::int64_t longest) const;
  /// First tokens of an admission: `cached` ones are in the cache.
  void startRunning(Sequence* sequence, std::int64_t cached, Ticks now);
  /// Frees its blocks; its output stays, its computed tokens are lost.
  void dropFromKv(Sequence* sequence, Ticks now);
  /// Decisions, up to `limit`, for whose rows there are blocks beyond `spare` free ones.
  std::int64_t stepsWithinBlocks(const Batch& rows, std::int64_t limit, std::int64_t spare = 0) const;
  std::int64_t blocksOf(std::int64_t tokens) const { return kv_.blocksFor(tokens); }

  ReplicaId id_;
  const EngineConfig& config_;
  ReplicaObserver& observer_;
  const StepCost* cost_;
  Acceptance acceptance_;
  AdapterSlots adapters_;
  KvCache kv_;
  RequestQueue waiting_;
  std::vector<Sequence*> running_;  // in the order of admission
  /// Of a prefill replica: computed, and not fetched yet.
  struct Held {
    workloads::Request request;
    KvHold kv;
    std::int64_t tokens;
  };
  std::vector<Held> held_;
};

/// By EngineConfig::kind. `config` and `observer` must outlive it.
std::unique_ptr<Scheduler> makeScheduler(ReplicaId id, const EngineConfig& config, ReplicaObserver& observer,
                                         const StepCost* cost = nullptr);

}  // namespace headroom::sim
