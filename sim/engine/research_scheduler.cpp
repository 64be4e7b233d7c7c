#include "sim/engine/research_scheduler.h"

#include <algorithm>

#include "models/base/error.h"

namespace headroom::sim {

void ResearchScheduler::onStepDone(const Batch& batch, Ticks /*now*/) {
  for (const Row& row : batch.rows) {
    if (row.sequence->generated < row.sequence->request().output_tokens) ready_.push_back(row.sequence);
  }
}

std::int64_t ResearchScheduler::repeats(const Batch& last, std::int64_t limit) const {
  if (last.rows.size() != running_.size()) return 0;
  // Free blocks only shrink until a sequence ends: who cannot join now cannot before.
  if (!waiting_.empty() && admits(*waiting_.front(), last)) return 0;
  return reservesAll() ? limit : stepsWithinBlocks(last, limit, 1);
}

void ResearchScheduler::admitWholePrompts(Ticks now, Batch& batch) {
  while (!waiting_.empty() && admits(*waiting_.front(), batch)) {
    const std::int64_t tokens = waiting_.front()->known();
    admitNext(now, batch, tokens, reservesAll() ? config_.max_model_len : tokens);
  }
}

void ResearchScheduler::admitNext(Ticks now, Batch& batch, std::int64_t tokens, std::int64_t reserved) {
  Sequence* sequence = waiting_.front();
  waiting_.pop();
  startRunning(sequence, 0, now);
  CHECK(kv_.reserve(sequence->kv, reserved), "admits() counted the blocks");
  addRow(batch, sequence, static_cast<int>(tokens));
}

void ResearchScheduler::decodeReady(Batch& batch) {
  while (!ready_.empty() && batch.rows.size() < rowsPerBatch()) {
    Sequence* sequence = popReady();
    CHECK(kv_.reserve(sequence->kv, sequence->computed + 1), "admits() kept blocks for its output");
    addRow(batch, sequence, 1);
  }
}

bool ResearchScheduler::makeRoom(Sequence* sequence, Ticks now) {
  while (kv_.freeBlocks() < 1) {
    Sequence* victim = ready_.empty() ? sequence : ready_.back();
    if (victim != sequence) ready_.pop_back();
    startOver(victim, now);
    if (victim == sequence) return false;
  }
  CHECK(kv_.reserve(sequence->kv, sequence->computed + 1), "one token needs one block at most");
  return true;
}

void ResearchScheduler::startOver(Sequence* sequence, Ticks now) {
  running_.erase(std::find(running_.begin(), running_.end(), sequence));
  dropFromKv(sequence, now);
  waiting_.putBack(sequence);
}

bool ResearchScheduler::fitsAboveWatermark(const Sequence& next) const {
  return kv_.freeBlocks() - blocksOf(next.known()) >= config_.watermarkBlocks();
}

std::size_t ResearchScheduler::rowsPerBatch() const {
  return static_cast<std::size_t>(std::max(1, config_.max_num_seqs / config_.pipeline_parallel));
}

Sequence* ResearchScheduler::popReady() {
  Sequence* sequence = ready_.front();
  ready_.pop_front();
  return sequence;
}

void ResearchScheduler::sortReadyByArrival() {
  std::stable_sort(ready_.begin(), ready_.end(),
                   [](const Sequence* a, const Sequence* b) { return a->request().arrival < b->request().arrival; });
}

}  // namespace headroom::sim
