// Prefixes that VllmScheduler reads from KV tiers, as vLLM does with a KV connector: the request holds the blocks and
// waits beside the queue until they have arrived; others overtake it.
#include <algorithm>

#include "models/base/error.h"
#include "sim/engine/vllm_scheduler.h"

namespace headroom::sim {

/// Reads the prefix if a tier has more of it than the accelerator and that is faster than computing it.
bool VllmScheduler::startFetch(Sequence* sequence, const Admission& a, Ticks now) {
  if (tiers_.empty() || sequence->fetched > 0) return false;
  const auto found = tiers_.find(sequence->request(), sequence->known(), a.hit.blocks);
  if (!found) return false;
  const std::int64_t blocks = found->blocks - a.hit.blocks;
  const Ticks ready = tiers_.arrival(found->tier, blocks, now);
  if (ready - now >= computeTime(a.cached, blocks * config_.block_size)) return false;
  const std::int64_t tokens = found->blocks * config_.block_size;
  if (!kv_.reserve(sequence->kv, tokens)) return false;
  sequence->fetched = blocks * config_.block_size;
  if (tiers_.isOverNetwork(found->tier)) {
    fetching_.push_back({sequence, tokens, kNever});
    observer_.onPrefixWanted(id_, sequence->request(), found->tier, sequence->fetched, now);
    return true;
  }
  tiers_.read(found->tier, blocks, now);
  fetching_.push_back({sequence, tokens, ready});
  return true;
}

bool VllmScheduler::prefixArrived(std::uint64_t request, Ticks now) {
  const auto found = std::find_if(fetching_.begin(), fetching_.end(), [&](const Fetch& fetch) {
    return fetch.ready == kNever && fetch.sequence->request().id == request;
  });
  if (found == fetching_.end()) return false;
  found->ready = now;
  return true;
}

/// What has arrived is a cached prefix like any other from here on, and its request stands at the head of the queue.
void VllmScheduler::endFetches(Ticks now) {
  for (auto fetch = fetching_.rbegin(); fetch != fetching_.rend(); ++fetch) {
    if (fetch->ready > now) continue;
    kv_.release(fetch->sequence->request(), fetch->sequence->kv, fetch->tokens, true);
    waiting_.putBack(fetch->sequence);
  }
  std::erase_if(fetching_, [&](const Fetch& fetch) { return fetch.ready <= now; });
}

Ticks VllmScheduler::nextWake() const {
  Ticks wake = kNever;
  for (const Fetch& fetch : fetching_) wake = std::min(wake, fetch.ready);
  return wake;
}

/// Of `tokens` prompt tokens behind `prior` ones, in steps of their own.
Ticks VllmScheduler::computeTime(std::int64_t prior, std::int64_t tokens) const {
  if (cost_ == nullptr) return 0;
  Ticks time = 0;
  while (tokens > 0) {
    const auto chunk = static_cast<int>(std::min<std::int64_t>(tokens, config_.max_num_batched_tokens));
    time += cost_->of({.chunks = {{chunk, prior}}});
    prior += chunk;
    tokens -= chunk;
  }
  return time;
}

void VllmScheduler::finish(Sequence* sequence) {
  tiers_.write(sequence->request(), std::min(sequence->accepted(), sequence->known()));
  Scheduler::finish(sequence);
}

}  // namespace headroom::sim
