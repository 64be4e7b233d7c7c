#include "sim/engine/sglang_scheduler.h"

#include <algorithm>

#include "models/base/error.h"
#include "sim/engine/common_tokens.h"

namespace headroom::sim {
namespace {

constexpr std::int64_t kOne = 1'000'000'000;  // of a ratio
/// Requests that wait with a shared beginning this long take turns, so that the second finds it cached.
constexpr std::int64_t kSharedTokens = 32;
/// Longer queues are not sorted by prefix.
constexpr std::size_t kLongestSorted = 128;

}  // namespace

SglangScheduler::SglangScheduler(ReplicaId id, const EngineConfig& config, ReplicaObserver& observer)
    : Scheduler(id, config, observer),
      micro_batches_(static_cast<std::size_t>(config.pipeline_parallel)),
      current_(micro_batches_.size() - 1),
      ratio_(config.sglang.init_new_token_ratio),
      decay_((config.sglang.init_new_token_ratio - config.sglang.min_new_token_ratio) /
             config.sglang.new_token_ratio_decay_steps) {}

void SglangScheduler::submit(Sequence* sequence) {
  if (idle()) ratio_ = config_.sglang.init_new_token_ratio;
  Scheduler::submit(sequence);
}

/// A prompt enters the tree when its last chunk has run, one in progress when its next chunk is decided.
void SglangScheduler::onStepDone(const Batch& batch, Ticks) {
  if (!batch.empty()) under_way_.pop_front();
  for (const Row& row : batch.rows) {
    Sequence& s = *row.sequence;
    if (!row.decode && row.emits && s.running) kv_.publish(s.request(), s.kv, s.target);
    if (row.drafts > 0 && s.running) kv_.shrink(s.kv, s.computed);  // what was rejected gives its pages back
  }
}

void SglangScheduler::finish(Sequence* sequence) {
  const bool in_prefill_batch = config_.pipeline_depth == 1 && sequence->computed == sequence->target;
  MicroBatch& micro_batch = micro_batches_[static_cast<std::size_t>(sequence->micro_batch)];
  if (in_prefill_batch) {
    micro_batch.full = false;
  } else if (sequence->running) {
    ++micro_batch.left;
  }
  sequence->computed = std::min(sequence->accepted(), sequence->known() - 1);  // a wasted row's token is not kept
  sequence->rejected = 0;
  Scheduler::finish(sequence);
}

bool SglangScheduler::isUnderWay(std::size_t micro_batch) const {
  return std::find(under_way_.begin(), under_way_.end(), micro_batch) != under_way_.end();
}

/// The next micro-batch that has something to run; one that is under way has to end before its turn, and no other
/// passes it.
void SglangScheduler::schedule(Ticks now, Batch& batch) {
  const bool stages = micro_batches_.size() > 1;
  for (std::size_t tries = 0; tries < micro_batches_.size() && batch.empty(); ++tries) {
    const std::size_t next = (current_ + 1) % micro_batches_.size();
    if (stages && isUnderWay(next)) return;
    current_ = next;
    scheduleCurrent(now, batch);
  }
  if (!batch.empty()) under_way_.push_back(current_);
}

void SglangScheduler::scheduleCurrent(Ticks now, Batch& batch) {
  MicroBatch& mine = current();
  if (chunked_ != nullptr) kv_.publish(chunked_->request(), chunked_->kv, chunked_->computed);
  std::vector<Sequence*> decoding;  // the last prefill batch has joined them
  std::copy_if(running_.begin(), running_.end(), std::back_inserter(decoding),
               [&](const Sequence* s) { return s->decodes() && static_cast<std::size_t>(s->micro_batch) == current_; });
  if (mine.latch_is_lost && !decoding.empty()) mine.full = false;
  addPrefill(now, batch, decoding);
  const bool mixes = !batch.empty() && config_.sglang.mixed_chunk;
  mine.latch_is_lost = mixes || (decoding.empty() && mine.left == 0);
  if (mixes) {
    mine.left = 0;
    for (Sequence* sequence : decoding) addDecode(batch, sequence);
  } else if (batch.empty()) {
    updateRunning(now, decoding);
    for (Sequence* sequence : decoding) addDecode(batch, sequence);
  }
}

/// Among the mixed with prompts one that finds no page sits the step out.
void SglangScheduler::addDecode(Batch& batch, Sequence* sequence) {
  const int tokens = decodeTokens(*sequence, config_.max_model_len - 1);
  if (kv_.reserve(sequence->kv, sequence->computed + tokens)) addRow(batch, sequence, tokens);
}

void SglangScheduler::addPrefill(Ticks now, Batch& batch, const std::vector<Sequence*>& decoding) {
  MicroBatch& mine = current();
  if ((mine.full || waiting_.empty()) && chunked_ == nullptr) return;
  const std::size_t running = decoding.size() + mine.left;
  const std::size_t slots =
      std::max<std::size_t>(1, static_cast<std::size_t>(config_.max_num_seqs) / micro_batches_.size());
  if (running >= slots && chunked_ == nullptr) {
    mine.full = true;
    return;
  }
  const SglangRules& rules = config_.sglang;
  const std::int64_t mixed = rules.mixed_chunk ? static_cast<std::int64_t>(running) : 0;
  Budget budget{rules.chunked_prefill_size > 0 ? rules.chunked_prefill_size - mixed : INT32_MAX,
                rules.max_prefill_tokens - mixed, mixed * kOne};
  for (const Sequence* s : decoding) budget.reserved += newTokensToCome(*s) * ratio_;
  if (chunked_ != nullptr) addChunk(batch, budget);
  if (rules.longest_prefix_first) orderByPrefix();
  while (!waiting_.empty()) {
    if (batch.rows.size() + running >= slots) mine.full = true;
    if (mine.full || !admit(now, batch, budget)) break;
  }
}

/// The prompt in progress goes first, even beyond what is reserved for others.
void SglangScheduler::addChunk(Batch& batch, Budget& budget) {
  const std::int64_t page = config_.block_size;
  std::int64_t most = std::min(budget.chunk, room(budget, kv_.freeBlocks())) / page * page;
  if (most <= 0) most = budget.chunk;
  const std::int64_t held = (chunked_->kv.blocks + kv_.freeBlocks()) * page;
  const std::int64_t tokens = std::min({chunked_->target - chunked_->computed, most, held - chunked_->computed});
  if (tokens > 0) addPrompt(batch, budget, chunked_, tokens);
}

/// Lets the first in the queue in; false if it ends the batch, in it or not.
bool SglangScheduler::admit(Ticks now, Batch& batch, Budget& budget) {
  Sequence* sequence = waiting_.front();
  const KvCache::Hit hit = kv_.find(sequence->request(), sequence->kv, sequence->known());
  const std::int64_t page = config_.block_size;
  const std::int64_t cached = hit.blocks * page;
  const std::int64_t missing = sequence->known() - cached;
  const std::int64_t total = missing + newTokensToCome(*sequence) + page;
  const bool alone = running_.empty();
  if (!alone && total >= room(budget, kv_.freeBlocks() - hit.revived)) {
    current().full = true;
    return false;
  }
  const bool chunks = config_.sglang.chunked_prefill_size > 0;
  if (!chunks && !batch.empty() && wholePages(missing) >= budget.input) return false;
  const std::int64_t tokens = wholePages(missing) <= budget.chunk ? missing : budget.chunk / page * page;
  if (tokens <= 0) return false;
  waiting_.pop();
  kv_.take(sequence->request(), sequence->kv, hit);
  startRunning(sequence, cached, now);
  addPrompt(batch, budget, sequence, tokens);
  if (room(budget, kv_.freeBlocks()) <= 0) current().full = true;
  return !current().full && budget.input > 0 && budget.chunk > 0;
}

void SglangScheduler::addPrompt(Batch& batch, Budget& budget, Sequence* sequence, std::int64_t tokens) {
  CHECK(kv_.reserve(sequence->kv, sequence->computed + tokens), "the room for a chunk was counted");
  const bool last = sequence->computed + tokens == sequence->target;
  addRow(batch, sequence, static_cast<int>(tokens));
  sequence->micro_batch = static_cast<std::int32_t>(current_);
  chunked_ = last ? nullptr : sequence;
  budget.chunk -= wholePages(tokens);
  budget.input -= wholePages(tokens);
  const std::int64_t clip = config_.sglang.clip_max_new_tokens;
  budget.reserved += (config_.block_size + (last ? std::min(maxNewTokens(*sequence), clip) : 0)) * kOne;
}

void SglangScheduler::updateRunning(Ticks now, std::vector<Sequence*>& decoding) {
  MicroBatch& mine = current();
  if (mine.left > 0 || decoding.empty()) mine.full = false;
  mine.left = 0;
  if (decoding.empty()) return;
  if (fitsOneMore(decoding)) {
    ratio_ = std::max(ratio_ - decay_, config_.sglang.min_new_token_ratio);
  } else {
    retract(now, decoding);
    mine.full = false;
  }
}

/// The fewest generated tokens first, then the longest prompt, then the last. What is left sets the ratio.
void SglangScheduler::retract(Ticks now, std::vector<Sequence*>& decoding) {
  do {
    if (decoding.size() == 1) break;
    const auto victim = std::min_element(decoding.rbegin(), decoding.rend(), [](const Sequence* a, const Sequence* b) {
      if (a->generated != b->generated) return a->generated < b->generated;
      return a->request().prompt_tokens > b->request().prompt_tokens;
    });
    drop(*victim, now);
    decoding.erase(std::next(victim).base());
  } while (!fitsOneMore(decoding));
  if (!fitsOneMore(decoding)) {
    if (chunked_ != nullptr) {
      drop(chunked_, now);
      chunked_ = nullptr;
    } else {  // other micro-batches have the room
      CHECK(running_.size() > 1, "one longest sequence fits");
      drop(decoding.front(), now);
      decoding.clear();
      return;
    }
  }
  std::int64_t generated = 0, most = 1;
  for (const Sequence* s : decoding) {
    generated += s->generated + config_.sglang.retract_decode_steps;
    most += maxNewTokens(*s);
  }
  ratio_ = generated >= most ? kOne : generated * kOne / most;
}

/// Back to the tail of the queue. Its prompt stays in the tree as long as nobody needs the room.
void SglangScheduler::drop(Sequence* sequence, Ticks now) {
  running_.erase(std::find(running_.begin(), running_.end(), sequence));
  sequence->computed = std::min(sequence->computed, sequence->target);
  dropFromKv(sequence, now);
  waiting_.putBack(sequence, true);
}

/// Longest cached prefix first. Of requests with little in the cache that share a beginning only the first keeps its
/// place; the others go behind all and find it cached later.
void SglangScheduler::orderByPrefix() {
  if (waiting_.size() > kLongestSorted) return;
  std::vector<const workloads::Request*> first_of_its_kind;
  waiting_.sortBy([&](const Sequence& s) {
    const std::int64_t cached = kv_.find(s.request(), s.kv, s.known()).blocks * config_.block_size;
    if (cached > kSharedTokens) return -cached;
    const bool shares = std::any_of(first_of_its_kind.begin(), first_of_its_kind.end(), [&](const auto* other) {
      return commonTokens(s.request(), *other) >= kSharedTokens;
    });
    if (shares) return std::int64_t{INT64_MAX};
    first_of_its_kind.push_back(&s.request());
    return -cached;
  });
}

bool SglangScheduler::fitsOneMore(const std::vector<Sequence*>& decoding) const {
  std::int64_t needed = 0;
  for (const Sequence* s : decoding)
    needed += blocksOf(s->computed + decodeTokens(*s, config_.max_model_len - 1)) - s->kv.blocks;
  return needed <= kv_.freeBlocks();
}

/// Tokens beyond those reserved, in whole ones.
std::int64_t SglangScheduler::room(const Budget& budget, std::int64_t free_blocks) const {
  const std::int64_t nano = free_blocks * config_.block_size * kOne - budget.reserved;
  return nano >= 0 ? nano / kOne + (nano % kOne > 0 ? 1 : 0) : 0;  // "total >= room" holds for a part of a token too
}

/// The client's limit, as far as the context goes.
std::int64_t SglangScheduler::maxNewTokens(const Sequence& s) const {
  return std::min<std::int64_t>(s.request().max_tokens, config_.max_model_len - s.request().prompt_tokens);
}

std::int64_t SglangScheduler::newTokensToCome(const Sequence& s) const {
  const std::int64_t left = std::max<std::int64_t>(0, maxNewTokens(s) - s.generated);
  return std::min<std::int64_t>(left, config_.sglang.clip_max_new_tokens);
}

std::int64_t SglangScheduler::repeats(const Batch& last, std::int64_t limit) const {
  const MicroBatch& mine = micro_batches_[current_];
  if (chunked_ != nullptr || mine.left > 0 || last.rows.size() != running_.size()) return 0;
  if (!waiting_.empty() && !mine.full) return 0;  // else the latch holds until a request has left
  return stepsWithinBlocks(last, limit);
}

void SglangScheduler::repeat(Batch& last, std::int64_t steps) {
  Scheduler::repeat(last, steps);
  ratio_ = std::max(ratio_ - decay_ * steps, config_.sglang.min_new_token_ratio);
}

}  // namespace headroom::sim
