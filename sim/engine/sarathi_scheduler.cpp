#include "sim/engine/sarathi_scheduler.h"

#include <algorithm>

#include "models/base/error.h"

namespace headroom::sim {

void SarathiScheduler::schedule(Ticks now, Batch& batch) {
  std::vector<Sequence*> prompts;
  while (!ready_.empty() && batch.rows.size() < rowsPerBatch()) {
    Sequence* sequence = popReady();
    if (!sequence->decodes()) {
      prompts.push_back(sequence);
    } else if (makeRoom(sequence, now)) {
      addRow(batch, sequence, 1);
    }
  }
  for (auto prompt = prompts.rbegin(); prompt != prompts.rend(); ++prompt) ready_.push_front(*prompt);
  continuePrompts(batch, prompts.size());
  // A step ends in at most one unfinished prompt, and the budget leaves room for it beside any decoding ones: Vidur's
  // sorting of what is left over by arrival has nothing to sort.
  CHECK(ready_.empty(), "whoever rests goes on with the next step");
  while (!waiting_.empty() && admits(*waiting_.front(), batch)) {
    const std::int64_t prompt = waiting_.front()->known();
    admitNext(now, batch, std::min(prompt, room(batch)), prompt);
  }
}

/// A chunk of each of the first `count` of ready_, as far as there is room.
void SarathiScheduler::continuePrompts(Batch& batch, std::size_t count) {
  for (; count > 0 && room(batch) > 0; --count) {
    Sequence* sequence = popReady();
    addRow(batch, sequence, static_cast<int>(std::min(sequence->target - sequence->computed, room(batch))));
  }
}

std::int64_t SarathiScheduler::room(const Batch& batch) const {
  return std::max(0, config_.max_num_batched_tokens - batch.shape.tokens());
}

bool SarathiScheduler::admits(const Sequence& next, const Batch& batch) const {
  return running_.size() < static_cast<std::size_t>(config_.max_num_seqs) && batch.rows.size() < rowsPerBatch() &&
         room(batch) > 0 && fitsAboveWatermark(next);
}

}  // namespace headroom::sim
