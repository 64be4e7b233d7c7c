#include "sim/engine/static_scheduler.h"

namespace headroom::sim {

void StaticScheduler::schedule(Ticks now, Batch& batch) {
  if (running_.empty()) {
    forming_ = true;
    admitWholePrompts(now, batch);
    forming_ = false;
  } else {
    decodeReady(batch);
  }
}

bool StaticScheduler::admits(const Sequence& next, const Batch& batch) const {
  return forming_ && batch.rows.size() < rowsPerBatch() &&
         batch.shape.tokens() + next.known() <= config_.max_num_batched_tokens &&
         blocksOf(config_.max_model_len) <= kv_.freeBlocks();
}

}  // namespace headroom::sim
