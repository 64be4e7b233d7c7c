#include "sim/engine/trtllm_scheduler.h"

#include <algorithm>

#include "models/base/error.h"
#include "sim/engine/common_tokens.h"

namespace headroom::sim {

/// A prompt can be hit once its last chunk has run.
void TrtllmScheduler::onStepDone(const Batch& batch, Ticks) {
  for (const Row& row : batch.rows) {
    Sequence& s = *row.sequence;
    if (!row.decode && row.emits && s.running) kv_.publish(s.request(), s.kv, s.target);
  }
}

void TrtllmScheduler::finish(Sequence* sequence) {
  sequence->computed = std::min(sequence->accepted(), sequence->known() - 1);  // a wasted row's token is not kept
  sequence->rejected = 0;
  Scheduler::finish(sequence);
}

void TrtllmScheduler::schedule(Ticks now, Batch& batch) {
  const bool paused = !neverEvicts() && pauseLatest(now);
  Room room{blocksForNew(), config_.max_num_batched_tokens, config_.max_num_seqs};
  addGeneration(batch, room);
  if (prompts_held_) return;
  continueContexts(batch, room);
  if (!paused) admitContexts(now, batch, room);
}

/// MAX_UTILIZATION: until the next step of those that stay fits. True if something had to go.
bool TrtllmScheduler::pauseLatest(Ticks now) {
  bool paused = false;
  std::int64_t needed = 0;
  for (std::size_t i = 0; i < running_.size(); ++i) {
    needed += blocksForNextStep(*running_[i]);
    while (needed > kv_.freeBlocks()) {
      const bool itself = i + 1 == running_.size();
      Sequence* latest = running_.back();
      running_.pop_back();
      dropFromKv(latest, now);
      waiting_.putBack(latest);
      paused = true;
      if (itself) return true;
    }
  }
  return paused;
}

void TrtllmScheduler::addGeneration(Batch& batch, Room& room) {
  for (Sequence* sequence : running_) {
    if (room.tokens == 0 || room.requests == 0) return;
    if (!sequence->decodes() || !joins(*sequence)) continue;
    const int tokens = decodeTokens(*sequence, longest(*sequence) - 1);
    if (tokens == 0) continue;
    if (tokens > room.tokens) return;  // draft tokens are verified together
    CHECK(kv_.reserve(sequence->kv, sequence->computed + tokens), "the capacity pass counted the blocks");
    addRow(batch, sequence, tokens);
    room.tokens -= tokens, --room.requests;
  }
}

void TrtllmScheduler::continueContexts(Batch& batch, Room& room) {
  for (Sequence* sequence : running_) {
    if (room.tokens == 0 || room.requests == 0) return;
    if (sequence->decodes() || !joins(*sequence)) continue;
    --room.requests;
    const std::int64_t missing = sequence->target - sequence->computed;
    const Chunk chunk = chunkOf(missing, missing, room.tokens);
    if (chunk.computed == 0) continue;
    addRow(batch, sequence, static_cast<int>(chunk.computed));
    room.tokens -= static_cast<int>(chunk.charged);
  }
}

/// In order, until one does not fit. One whose next block another prompt is computing waits for it; others pass.
void TrtllmScheduler::admitContexts(Ticks now, Batch& batch, Room& room) {
  std::vector<Coming> coming;
  for (const Sequence* s : running_) {
    if (!s->decodes()) coming.push_back({s, kv_.find(s->request(), s->kv, s->target).blocks});
  }
  std::vector<Sequence*> passed;
  std::size_t held = running_.size();  // slots
  while (!waiting_.empty() && held < slots() && room.tokens > 0 && room.requests > 0) {
    Sequence* next = waiting_.front();
    if (next->rows_in_flight > 0) break;  // paused while a step of it is still under way
    const KvCache::Hit hit = kv_.find(next->request(), next->kv, next->known());
    if (waitsForPrefix(*next, hit, coming)) {
      waiting_.remove(next);
      passed.push_back(next);
      continue;
    }
    const std::int64_t blocks = claim(*next, hit);
    if (blocks > room.blocks) break;
    const std::int64_t missing = next->known() - hit.blocks * config_.block_size;
    const Chunk chunk = chunkOf(config_.trtllm.budget_counts_cached ? next->known() : missing, missing, room.tokens);
    if (chunk.computed == 0 && !config_.enable_chunked_prefill) break;
    coming.push_back({next, hit.blocks});
    room.blocks -= blocks;
    room.tokens -= static_cast<int>(chunk.charged);
    --room.requests, ++held;
    if (chunk.computed > 0) {
      start(now, batch, hit, chunk.computed);
    } else {  // fits, but not a whole block of it into this step
      waiting_.remove(next);
      passed.push_back(next);
    }
  }
  for (auto s = passed.rbegin(); s != passed.rend(); ++s) waiting_.putBack(*s);
}

/// The head of the queue. All of its prompt gets its blocks at once.
void TrtllmScheduler::start(Ticks now, Batch& batch, const KvCache::Hit& hit, std::int64_t tokens) {
  Sequence* sequence = waiting_.front();
  waiting_.pop();
  kv_.take(sequence->request(), sequence->kv, hit);
  startRunning(sequence, hit.blocks * config_.block_size, now);
  CHECK(kv_.reserve(sequence->kv, sequence->target), "the capacity pass counted the blocks");
  addRow(batch, sequence, static_cast<int>(tokens));
}

/// The first of its blocks that is not cached is the first that another prompt will add.
bool TrtllmScheduler::waitsForPrefix(const Sequence& next, const KvCache::Hit& hit,
                                     const std::vector<Coming>& coming) const {
  if (!config_.enable_prefix_caching) return false;
  const std::int64_t first_new = (hit.blocks + 1) * config_.block_size;
  return std::any_of(coming.begin(), coming.end(), [&](const Coming& other) {
    return other.cached_blocks == hit.blocks && commonTokens(other.sequence->request(), next.request()) >= first_new;
  });
}

/// Could get a row. One that will end by length is left out while its last token is made; with pipeline stages a
/// sequence is in one step at a time.
bool TrtllmScheduler::joins(const Sequence& s) const {
  if (config_.pipeline_parallel > 1 && s.rows_in_flight > 0) return false;
  return !s.lastTokenDecided() || !s.endsByLength();
}

bool TrtllmScheduler::neverEvicts() const {
  return config_.trtllm.capacity_policy == CapacityPolicy::guaranteed_no_evict;
}

/// Free blocks beyond those that running sequences will take: until they end, or in their next step.
std::int64_t TrtllmScheduler::blocksForNew() const {
  std::int64_t blocks = kv_.freeBlocks();
  for (const Sequence* s : running_) {
    blocks -= neverEvicts() ? blocksOf(longest(*s)) - s->kv.blocks : blocksForNextStep(*s);
  }
  return blocks;
}

/// With pipeline stages two steps ahead.
std::int64_t TrtllmScheduler::blocksForNextStep(const Sequence& s) const {
  if (!s.decodes()) return 0;  // its prompt has all its blocks
  const std::int64_t ahead = config_.pipeline_parallel > 1 ? 2 : 1 + config_.speculation.tokens;
  return std::max<std::int64_t>(0, blocksOf(std::min(s.computed + ahead, longest(s))) - s.kv.blocks);
}

/// Blocks that letting it in takes from the others.
std::int64_t TrtllmScheduler::claim(const Sequence& next, const KvCache::Hit& hit) const {
  return blocksOf(neverEvicts() ? longest(next) : next.known()) - hit.blocks + hit.revived;
}

/// Tokens if it runs to the client's limit, or as far as the context goes.
std::int64_t TrtllmScheduler::longest(const Sequence& s) const {
  return std::min<std::int64_t>(std::int64_t{s.request().prompt_tokens} + s.request().max_tokens,
                                config_.max_model_len);
}

/// Of a prompt of which `length` tokens count and `missing` are computed; whole blocks unless it is the last.
TrtllmScheduler::Chunk TrtllmScheduler::chunkOf(std::int64_t length, std::int64_t missing, int budget) const {
  std::int64_t charged = std::min<std::int64_t>(length, budget);
  if (charged < length) {
    charged = config_.enable_chunked_prefill ? charged / config_.block_size * config_.block_size : 0;
  }
  return {charged, std::min(charged, missing)};
}

/// max_batch_size is that of a micro-batch.
std::size_t TrtllmScheduler::slots() const {
  return static_cast<std::size_t>(config_.max_num_seqs) * static_cast<std::size_t>(config_.pipeline_parallel);
}

/// A slot and blocks for the head of the queue. What a new one may claim only shrinks until a sequence ends; a lost hit
/// that was free costs what it saved.
bool TrtllmScheduler::headFits() const {
  if (waiting_.empty() || running_.size() >= slots()) return false;
  const Sequence& next = *waiting_.front();
  const KvCache::Hit hit = kv_.find(next.request(), next.kv, next.known());
  return claim(next, hit) <= (neverEvicts() ? blocksForNew() : kv_.freeBlocks());
}

RankDemand TrtllmScheduler::demand() const {
  RankDemand demand{.prompts = headFits()};
  for (const Sequence* s : running_) {
    if (!joins(*s)) continue;
    if (s->decodes()) ++demand.generating;
    demand.prompts = demand.prompts || !s->decodes();
  }
  return demand;
}

std::int64_t TrtllmScheduler::repeats(const Batch& last, std::int64_t limit) const {
  if (last.rows.size() != running_.size() || headFits()) return 0;
  return neverEvicts() ? limit : stepsWithinBlocks(last, limit);
}

}  // namespace headroom::sim
