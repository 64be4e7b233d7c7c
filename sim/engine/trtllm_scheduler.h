// TensorRT-LLM's scheduler (PyTorch backend, 1.x), as CapacityScheduler and MicroBatchScheduler read: first whose KV
// blocks fit, then who of those computes in this step; generation before contexts. Rules and sources: docs/engine.md.
#pragma once

#include "sim/engine/scheduler.h"

namespace headroom::sim {

class TrtllmScheduler final : public Scheduler {
 public:
  using Scheduler::Scheduler;
  RankDemand demand() const override;
  void holdPrompts(bool hold) override { prompts_held_ = hold; }
  void onStepDone(const Batch& batch, Ticks now) override;
  void finish(Sequence* sequence) override;
  std::int64_t repeats(const Batch& last, std::int64_t limit) const override;

 private:
  /// What the rest of a decision may still take.
  struct Room {
    std::int64_t blocks;  ///< that new requests may claim
    int tokens;
    int requests;  ///< rows of this step
  };
  /// A prompt that is not in the cache yet, and its blocks that are.
  struct Coming {
    const Sequence* sequence;
    std::int64_t cached_blocks;
  };
  /// The next part of a prompt: what it costs of max_num_tokens, and what it computes.
  struct Chunk {
    std::int64_t charged, computed;
  };
  void schedule(Ticks now, Batch& batch) override;
  bool pauseLatest(Ticks now);
  void addGeneration(Batch& batch, Room& room);
  void continueContexts(Batch& batch, Room& room);
  void admitContexts(Ticks now, Batch& batch, Room& room);
  void start(Ticks now, Batch& batch, const KvCache::Hit& hit, std::int64_t tokens);
  bool waitsForPrefix(const Sequence& next, const KvCache::Hit& hit, const std::vector<Coming>& coming) const;
  bool joins(const Sequence& sequence) const;
  bool neverEvicts() const;
  std::int64_t blocksForNew() const;
  std::int64_t blocksForNextStep(const Sequence& sequence) const;
  std::int64_t claim(const Sequence& next, const KvCache::Hit& hit) const;
  std::int64_t longest(const Sequence& sequence) const;
  Chunk chunkOf(std::int64_t length, std::int64_t missing, int budget) const;
  std::size_t slots() const;
  bool headFits() const;

  bool prompts_held_ = false;
};

}  // namespace headroom::sim
