#include "sim/engine/orca_scheduler.h"

namespace headroom::sim {

void OrcaScheduler::schedule(Ticks now, Batch& batch) {
  decodeReady(batch);
  admitWholePrompts(now, batch);
}

bool OrcaScheduler::admits(const Sequence& next, const Batch& batch) const {
  return batch.rows.size() < rowsPerBatch() && batch.shape.tokens() + next.known() <= config_.max_num_batched_tokens &&
         blocksOf(config_.max_model_len) <= kv_.freeBlocks();
}

}  // namespace headroom::sim
