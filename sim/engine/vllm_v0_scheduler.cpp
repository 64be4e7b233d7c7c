#include "sim/engine/vllm_v0_scheduler.h"

#include <algorithm>

namespace headroom::sim {

void VllmV0Scheduler::schedule(Ticks now, Batch& batch) {
  admitWholePrompts(now, batch);
  if (!batch.empty()) return;
  sortReadyByArrival();
  while (!ready_.empty() && batch.rows.size() < rowsPerBatch()) {
    Sequence* sequence = popReady();
    if (makeRoom(sequence, now)) addRow(batch, sequence, 1);
  }
}

bool VllmV0Scheduler::admits(const Sequence& next, const Batch& batch) const {
  std::int64_t longest = next.known();
  for (const PrefillChunk& prompt : batch.shape.chunks) longest = std::max<std::int64_t>(longest, prompt.tokens);
  const std::size_t prompts = batch.shape.chunks.size() + 1;
  return static_cast<std::int64_t>(prompts) * longest <= config_.max_num_batched_tokens &&
         running_.size() < static_cast<std::size_t>(config_.max_num_seqs) && prompts <= rowsPerBatch() &&
         fitsAboveWatermark(next);
}

}  // namespace headroom::sim
