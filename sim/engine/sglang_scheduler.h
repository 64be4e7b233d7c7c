// SGLang's scheduler (0.5.x), as get_next_batch_to_run() and PrefillAdder read: prompts first, in batches of their own;
// a request is let in on what it may still generate, times the new-token ratio. On pipeline stages (event_loop_pp) it
// keeps a micro-batch a stage and decides for them in turn. Rules and sources: docs/engine.md.
#pragma once

#include <deque>

#include "sim/engine/scheduler.h"

namespace headroom::sim {

class SglangScheduler final : public Scheduler {
 public:
  SglangScheduler(ReplicaId id, const EngineConfig& config, ReplicaObserver& observer);
  void submit(Sequence* sequence) override;
  void onStepDone(const Batch& batch, Ticks now) override;
  void finish(Sequence* sequence) override;
  std::int64_t repeats(const Batch& last, std::int64_t limit) const override;
  void repeat(Batch& last, std::int64_t steps) override;

 private:
  /// What a prefill batch may still take.
  struct Budget {
    std::int64_t chunk;     ///< tokens, whole pages; without chunking no limit
    std::int64_t input;     ///< of max_prefill_tokens
    std::int64_t reserved;  ///< for tokens to come, in 1e-9 tokens
  };
  /// The sequences that run together, one set a pipeline stage.
  struct MicroBatch {
    bool full = false;          ///< the latch: no new prompts until a request has left
    std::size_t left = 0;       ///< ended since the last decode step: their slots come free there
    bool latch_is_lost = true;  ///< the latch belongs to a batch that the next merge replaces
  };
  void schedule(Ticks now, Batch& batch) override;
  bool isUnderWay(std::size_t micro_batch) const;
  MicroBatch& current() { return micro_batches_[current_]; }
  void scheduleCurrent(Ticks now, Batch& batch);
  void addPrefill(Ticks now, Batch& batch, const std::vector<Sequence*>& decoding);
  void addChunk(Batch& batch, Budget& budget);
  bool admit(Ticks now, Batch& batch, Budget& budget);
  void addPrompt(Batch& batch, Budget& budget, Sequence* sequence, std::int64_t tokens);
  void addDecode(Batch& batch, Sequence* sequence);
  void updateRunning(Ticks now, std::vector<Sequence*>& decoding);
  void retract(Ticks now, std::vector<Sequence*>& decoding);
  void drop(Sequence* sequence, Ticks now);
  void orderByPrefix();
  bool fitsOneMore(const std::vector<Sequence*>& decoding) const;
  std::int64_t room(const Budget& budget, std::int64_t free_blocks) const;
  std::int64_t maxNewTokens(const Sequence& sequence) const;
  std::int64_t newTokensToCome(const Sequence& sequence) const;
  std::int64_t wholePages(std::int64_t tokens) const { return blocksOf(tokens) * config_.block_size; }

  Sequence* chunked_ = nullptr;  ///< the prompt in progress; in running_ too
  std::vector<MicroBatch> micro_batches_;
  std::size_t current_ = 0;            ///< decided for last
  std::deque<std::size_t> under_way_;  ///< micro-batches with a step under way, in the order of their decisions
  std::int64_t ratio_;                 ///< in 1e-9
  std::int64_t decay_;                 ///< of the ratio, a decode step
};

}  // namespace headroom::sim
