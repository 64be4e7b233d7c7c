// What the research engines have in common: engines known from papers, in the form Vidur gives them (microsoft/vidur,
// scheduler/replica_scheduler), so that its runs can be repeated batch by batch. A sequence is in one step at a time;
// between its steps it rests in `ready_`. Prompts take their blocks when they are admitted. Left out: prefix caching.
#pragma once

#include <deque>

#include "sim/engine/scheduler.h"

namespace headroom::sim {

class ResearchScheduler : public Scheduler {
 public:
  using Scheduler::Scheduler;
  void onStepDone(const Batch& batch, Ticks now) override;
  std::int64_t repeats(const Batch& last, std::int64_t limit) const override;

 protected:
  /// Could `next`, the head of the queue, join `batch`?
  virtual bool admits(const Sequence& next, const Batch& batch) const = 0;
  /// A sequence holds all blocks it can ever need from the start.
  virtual bool reservesAll() const { return false; }

  /// Admits while admits() says so; whole prompts.
  void admitWholePrompts(Ticks now, Batch& batch);
  /// Puts the head of the queue into the batch, with blocks for `reserved` tokens.
  void admitNext(Ticks now, Batch& batch, std::int64_t tokens, std::int64_t reserved);
  /// A row for every resting sequence, first to rest first.
  void decodeReady(Batch& batch);
  /// Takes the next token's block. One block must be free even where none is taken; else the last of ready_ starts
  /// over, in the end the sequence itself: false.
  bool makeRoom(Sequence* sequence, Ticks now);
  void startOver(Sequence* sequence, Ticks now);
  /// Its prompt would leave the watermark's share of the blocks free.
  bool fitsAboveWatermark(const Sequence& next) const;
  /// Most rows of a step: each micro-batch gets its share of the sequences.
  std::size_t rowsPerBatch() const;
  Sequence* popReady();
  void sortReadyByArrival();

  std::deque<Sequence*> ready_;  // running, and in no step that was decided
};

}  // namespace headroom::sim
