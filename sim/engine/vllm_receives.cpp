// Requests whose prompt a prefill replica has computed, as vLLM takes them in through a KV connector: the request
// reserves blocks for its whole prompt and waits beside the queue until the KV has been pulled; others overtake it.
// Then it computes the last token of its prompt again, for the logits. Received requests go before the queue: in vLLM a
// preempted one may stand before them and wait for ever for the blocks that they hold.
#include <algorithm>

#include "models/base/error.h"
#include "sim/engine/vllm_scheduler.h"

namespace headroom::sim {

bool VllmScheduler::hasRoomToReceive(const Sequence& sequence) const {
  const KvCache::Hit hit = kv_.find(sequence.request(), sequence.kv, sequence.known());
  return blocksOf(sequence.known()) - hit.blocks + hit.revived <= kv_.freeBlocks();
}

void VllmScheduler::receive(Sequence* sequence, Ticks now) {
  const KvCache::Hit hit = kv_.find(sequence->request(), sequence->kv, sequence->known());
  kv_.take(sequence->request(), sequence->kv, hit);
  CHECK(kv_.reserve(sequence->kv, sequence->known()), "hasRoomToReceive() counted the blocks");
  sequence->life.kv_wanted = now;
  sequence->life.cached_tokens = hit.blocks * config_.block_size;
  receiving_.push_back(sequence);
  observer_.onKvWanted(id_, sequence->request().id, sequence->known() - sequence->life.cached_tokens, now);
}

bool VllmScheduler::onKvMoved(std::uint64_t request, Ticks now) {
  const auto found =
      std::find_if(receiving_.begin(), receiving_.end(), [&](const Sequence* s) { return s->request().id == request; });
  if (found == receiving_.end()) return Scheduler::onKvMoved(request, now);
  Sequence* sequence = *found;
  receiving_.erase(found);
  sequence->life.kv_arrived = now;
  kv_.publish(sequence->request(), sequence->kv, sequence->known());
  received_.push_back(sequence);
  return true;
}

Sequence* VllmScheduler::withdraw(std::uint64_t request) {
  const auto found =
      std::find_if(receiving_.begin(), receiving_.end(), [&](const Sequence* s) { return s->request().id == request; });
  if (found == receiving_.end()) return waiting_.take(request);
  Sequence* sequence = *found;
  receiving_.erase(found);
  kv_.release(sequence->request(), sequence->kv, sequence->life.cached_tokens, false);
  CHECK(!idle() || kv_.usedBlocks() == 0, "an idle rank holds no blocks");
  return sequence;
}

void VllmScheduler::admitReceived(Ticks now, Batch& batch, int& budget) {
  while (!received_.empty() && budget > 0 && running_.size() < static_cast<std::size_t>(config_.max_num_seqs)) {
    Sequence* sequence = received_.front();
    if (!adapters_.hasSlot(sequence->request(), running_)) break;
    received_.pop_front();
    startRunning(sequence, sequence->known() - 1, now);
    addRow(batch, sequence, 1);
    --budget;
  }
}

}  // namespace headroom::sim
