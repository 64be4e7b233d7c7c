// One scheduling decision of FastReplica: what SteppingReplica::decide() does, on sums.
#include <algorithm>
#include <functional>

#include "models/base/error.h"
#include "sim/engine/fast_replica.h"

namespace headroom::sim {

bool FastReplica::decide(Ticks now, Batch& batch) {
  shape_.chunks.clear();
  chunk_slots_.clear();
  bool preempted = false;
  allocateOrPreempt(now, preempted);
  shape_.decode_rows = decoding_;
  shape_.decode_context_sum = context_sum_;
  shape_.decode_context_max = longestContext();
  int budget = config_.max_num_batched_tokens - decoding_;
  if (prefilling_ != kNone && budget > 0) {
    const Sequence& s = pool_[prefilling_];
    const auto tokens = static_cast<int>(std::min<std::int64_t>(s.target() - s.computed, budget));
    addChunk(prefilling_, tokens);
    budget -= tokens;
  }
  if (!preempted) admitWaiting(now, budget);
  if (shape_.decode_rows == 0 && shape_.chunks.empty()) return false;
  settle(batch);
  observer_.onBlocksUsed(id_, kv_.usedBlocks());
  return true;
}

/// Takes the blocks that the running sequences need for their next tokens. When they run out, walks the running list in
/// order and preempts from its tail.
void FastReplica::allocateOrPreempt(Ticks now, bool& preempted) {
  const auto prompt_blocks = [&](int budget) {
    const Sequence& s = pool_[prefilling_];
    const std::int64_t tokens = std::min<std::int64_t>(s.target() - s.computed, budget);
    return config_.blocksFor(s.computed + tokens) - config_.blocksFor(s.computed);
  };
  const int budget = config_.max_num_batched_tokens - decoding_;
  const std::int64_t needed = decodeBlocks(1) + (prefilling_ == kNone ? 0 : prompt_blocks(budget));
  if (needed <= kv_.freeBlocks()) {
    kv_.use(needed);
    return;
  }
  preempted = true;
  int rows = 0;
  for (Slot slot = oldest_; slot != kNone; slot = pool_[slot].after) {
    const Sequence& s = pool_[slot];
    std::int64_t blocks = 0;
    if (s.state == State::decoding) {
      blocks = residue(s.computed + static_cast<std::int64_t>(decided_)) == 0 ? 1 : 0;
      ++rows;
    } else if (s.state == State::prefilling) {
      blocks = prompt_blocks(config_.max_num_batched_tokens - rows);
    }
    if (!preemptUntil(blocks, slot, now)) break;
    kv_.use(blocks);
  }
}

/// False if `self` had to go.
bool FastReplica::preemptUntil(std::int64_t needed, Slot self, Ticks now) {
  while (needed > kv_.freeBlocks()) {
    const Slot victim = newest_;
    preempt(victim, now);
    if (victim == self) return false;
  }
  return true;
}

FastReplica::Admission FastReplica::admissionOfHead(int budget) const {
  Admission a;
  if (budget <= 0 || running_ >= config_.max_num_seqs) return a;
  const Sequence& s = pool_[waiting_.front()];
  const std::int64_t target = s.target();
  if (const KvHold* hold = s.hold()) a.hit = kv_.find(s.request, *hold, target);
  const std::int64_t cached = a.hit.blocks * config_.block_size;
  if (!config_.enable_chunked_prefill && target - cached > budget) return a;
  const std::int64_t tokens = std::min<std::int64_t>(target - cached, budget);
  const std::int64_t must_fit = config_.scheduler_reserve_full_isl ? target : cached + tokens;
  if (config_.blocksFor(must_fit) - a.hit.blocks + a.hit.revived <= kv_.freeBlocks())
    a.tokens = static_cast<int>(tokens);
  return a;
}

void FastReplica::admitWaiting(Ticks now, int budget) {
  while (!waiting_.empty()) {
    const Admission a = admissionOfHead(budget);
    if (a.tokens == 0) break;
    const Slot slot = waiting_.front();
    waiting_.pop_front();
    Sequence& s = pool_[slot];
    if (KvHold* hold = s.hold()) kv_.take(s.request, *hold, a.hit);
    s.computed = a.hit.blocks * config_.block_size;
    cached_tokens_ += s.computed;
    s.state = State::prefilling;
    s.admitted = ++admissions_;
    if (s.scheduled < 0) {
      s.scheduled = now;
      if (s.computed > 0) s.rare->cached_tokens = s.computed;
    }
    if (s.rare && s.rare->preempted_at >= 0) {
      Rare& rare = *s.rare;
      (rare.generated > 0 ? rare.preempted_late : rare.preempted_early) +=
          now - std::max(rare.preempted_at, rare.last_token);
      rare.preempted_at = -1;
      if (rare.generated > 0) rare.recompute_from = now;
    }
    link(slot);
    kv_.use(config_.blocksFor(s.computed + a.tokens) - a.hit.blocks);
    prefilling_ = slot;
    addChunk(slot, a.tokens);
    budget -= a.tokens;
  }
}

/// The chunk's blocks are in use already.
void FastReplica::addChunk(Slot slot, int tokens) {
  Sequence& s = pool_[slot];
  shape_.chunks.push_back({tokens, s.computed});
  chunk_slots_.push_back(slot);
  s.computed += tokens;
  cached_tokens_ += tokens;
  if (s.computed == s.target()) prefilling_ = kNone;
  KvHold* hold = s.hold();
  if (hold == nullptr) return;
  KvCache::claim(*hold, config_.blocksFor(s.computed));
  kv_.publish(s.request, *hold, s.computed);
}

/// Fills the batch from the shape and moves everybody one step on.
void FastReplica::settle(Batch& batch) {
  ++decided_;
  batch.completing.clear();
  batch.emitting = decoding_;
  batch.prompt_tokens = 0;
  context_sum_ += decoding_;
  cached_tokens_ += decoding_;
  for (std::size_t i = 0; i < chunk_slots_.size(); ++i) {
    batch.prompt_tokens += shape_.chunks[i].tokens;
    const Slot slot = chunk_slots_[i];
    if (pool_[slot].computed == pool_[slot].target()) {
      batch.completing.push_back(slot);
      joinDecode(slot);
    }
  }
  shape_.completed_prompts = static_cast<int>(batch.completing.size());
  batch.time = cost_.of(shape_);
  batch.interference = 0;
  if (shape_.decode_rows > 0 && !shape_.chunks.empty()) {
    StepSeries alone(cost_, shape_.decode_rows, shape_.decode_context_sum, shape_.decode_context_max, 0, 0);
    batch.interference = batch.time - alone.next(1).first;
  }
  batch.attended = shape_.attended();
  batch.cached_tokens = cached_tokens_;
}

/// Of the rows of the next decision; 0 where it does not matter.
std::int64_t FastReplica::longestContext() {
  const auto isVoid = [&](const LongEntry& e) {
    const Sequence& s = pool_[e.slot];
    return s.epoch != e.epoch || s.state != State::decoding;
  };
  while (!longest_.empty() && isVoid(longest_.front())) {
    std::pop_heap(longest_.begin(), longest_.end());
    longest_.pop_back();
  }
  return longest_.empty() ? 0 : longest_.front().base + static_cast<std::int64_t>(decided_) + 1;
}

/// The prompt ends in the step just decided: from the next one on the sequence decodes, if tokens remain.
void FastReplica::joinDecode(Slot slot) {
  Sequence& s = pool_[slot];
  const workloads::Request& r = s.request;
  s.finish = decided_ + static_cast<std::uint64_t>(r.output_tokens - (s.generated() + 1));
  s.wasted_row = !synchronous() && r.max_tokens != r.output_tokens ? 1 : 0;
  if (s.stop() == decided_) {
    s.state = State::finishing;
    finishing_.push_back(slot);
    return;
  }
  s.state = State::decoding;
  ++decoding_;
  context_sum_ += s.computed + 1;
  s.computed -= static_cast<std::int64_t>(decided_);
  ++residues_[residue(s.computed)];
  if (cost_.isUneven()) {
    longest_.push_back({s.computed, slot, s.epoch});
    std::push_heap(longest_.begin(), longest_.end());
  }
  stops_.push_back({s.stop(), slot, s.epoch});
  std::push_heap(stops_.begin(), stops_.end(), std::greater<>());
}

void FastReplica::leaveDecode(Slot slot) {
  Sequence& s = pool_[slot];
  --residues_[residue(s.computed)];
  s.computed += static_cast<std::int64_t>(decided_);
  s.state = State::finishing;
  --decoding_;
  context_sum_ -= s.computed + 1;
}

void FastReplica::preempt(Slot victim, Ticks now) {
  Sequence& s = pool_[victim];
  Rare& rare = s.makeRare();
  if (s.state == State::prefilling) {
    prefilling_ = kNone;
    if (rare.recompute_from >= 0) {
      rare.recomputed += now - rare.recompute_from;
      rare.recompute_from = -1;
    }
  } else {
    rare.interference += interference_ - s.interference_from;
    rare.generated = s.request.output_tokens;
    if (s.finish > decided_) rare.generated -= static_cast<std::int32_t>(s.finish - decided_);
    rare.last_token = flying_ > 0 ? front_end_ : now;
    if (s.state == State::decoding) {
      leaveDecode(victim);
      ++s.epoch;
      if (s.finish <= decided_) finishing_.push_back(victim);
    }
  }
  freeBlocks(s, true);
  cached_tokens_ -= s.computed;
  s.computed = 0;
  s.state = State::waiting;
  ++rare.preemptions;
  rare.preempted_at = now;
  unlink(victim);
  waiting_.push_front(victim);
  observer_.onPreempted(id_, now);
}

void FastReplica::link(Slot slot) {
  Sequence& s = pool_[slot];
  s.before = newest_;
  s.after = kNone;
  (newest_ == kNone ? oldest_ : pool_[newest_].after) = slot;
  newest_ = slot;
  ++running_;
}

void FastReplica::unlink(Slot slot) {
  const Sequence& s = pool_[slot];
  (s.before == kNone ? oldest_ : pool_[s.before].after) = s.after;
  (s.after == kNone ? newest_ : pool_[s.after].before) = s.before;
  --running_;
}

}  // namespace headroom::sim
