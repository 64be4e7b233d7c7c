#include "sim/engine/vllm_scheduler.h"

#include <algorithm>

#include "models/base/error.h"

namespace headroom::sim {
namespace {

std::int32_t priorityOf(const Sequence& sequence) {
  return sequence.request().details ? sequence.request().details->priority : 0;
}

}  // namespace

VllmScheduler::VllmScheduler(ReplicaId id, const EngineConfig& config, ReplicaObserver& observer, const StepCost* cost)
    : Scheduler(id, config, observer, cost), tiers_(config.kv_tiers, config.block_size) {}

void VllmScheduler::schedule(Ticks now, Batch& batch) {
  endFetches(now);
  int budget = config_.max_num_batched_tokens;
  const bool preempted = scheduleRunning(now, batch, budget);
  if (preempted) return;
  admitReceived(now, batch, budget);
  admitWaiting(now, batch, budget);
}

int VllmScheduler::newTokens(const Sequence& s, int budget) const {
  if (s.decodes()) {
    // A sequence that will end by length is left out once its last token is on its way. One that will stop at an
    // end-of-sequence token gets a row too many, because nobody knows yet.
    if (s.lastTokenDecided() && s.endsByLength()) return 0;
    // With pipeline stages its next step waits until its token is out.
    if (config_.pipeline_parallel > 1 && s.in_flight > 0) return 0;
    return std::min(decodeTokens(s, config_.max_model_len - 1), budget);
  }
  std::int64_t tokens = std::min<std::int64_t>(s.target - s.computed, budget);
  if (config_.long_prefill_token_threshold > 0) {
    tokens = std::min<std::int64_t>(tokens, config_.long_prefill_token_threshold);
  }
  return static_cast<int>(tokens);
}

/// True if something was preempted.
bool VllmScheduler::scheduleRunning(Ticks now, Batch& batch, int& budget) {
  bool preempted = false;
  for (std::size_t i = 0; i < running_.size(); ++i) {
    Sequence* sequence = running_[i];
    const int tokens = newTokens(*sequence, budget);
    if (tokens == 0) continue;
    const std::size_t before = running_.size();
    const bool fits = makeRoom(sequence, tokens, now, batch, budget);
    preempted = preempted || running_.size() != before;
    if (!fits) break;
    // By priority an earlier one may have gone: the walk goes on behind this one.
    if (running_.size() != before) {
      i = static_cast<std::size_t>(std::find(running_.begin(), running_.end(), sequence) - running_.begin());
    }
    addRow(batch, sequence, tokens);
    if (!batch.rows.back().decode) kv_.publish(sequence->request(), sequence->kv, sequence->computed);
    budget -= tokens;
  }
  return preempted;
}

/// Reserves blocks for the new tokens; false if the sequence itself had to go.
bool VllmScheduler::makeRoom(Sequence* sequence, int tokens, Ticks now, Batch& batch, int& budget) {
  const std::int64_t held = sequence->computed + tokens + config_.speculation.lookahead;
  while (!kv_.reserve(sequence->kv, std::min(held, std::max(config_.max_model_len, sequence->computed + tokens)))) {
    Sequence* gone = victim();
    preempt(gone, now, batch, budget);
    if (gone == sequence) return false;
  }
  return true;
}

/// The newest; by priority the least urgent, then the latest to arrive.
Sequence* VllmScheduler::victim() const {
  if (config_.order != RequestOrder::priority) return running_.back();
  return *std::max_element(running_.begin(), running_.end(), [](const Sequence* a, const Sequence* b) {
    const std::int32_t pa = priorityOf(*a), pb = priorityOf(*b);
    if (pa != pb) return pa < pb;
    const workloads::Request &ra = a->request(), &rb = b->request();
    return ra.arrival != rb.arrival ? ra.arrival < rb.arrival : ra.id < rb.id;
  });
}

/// If the victim is in the batch already its row goes and its tokens return to the budget.
void VllmScheduler::preempt(Sequence* victim, Ticks now, Batch& batch, int& budget) {
  running_.erase(std::find(running_.begin(), running_.end(), victim));
  const auto row =
      std::find_if(batch.rows.begin(), batch.rows.end(), [&](const Row& r) { return r.sequence == victim; });
  if (row != batch.rows.end()) budget += removeRow(batch, row);
  tiers_.write(victim->request(), victim->accepted());
  dropFromKv(victim, now);
  waiting_.putBack(victim);
}

VllmScheduler::Admission VllmScheduler::admission(const Sequence& s, int budget) const {
  Admission a;
  if (budget <= 0 || running_.size() >= static_cast<std::size_t>(config_.max_num_seqs)) return a;
  if (s.rows_in_flight > 0) return a;  // preempted while a step of it is still under way
  const std::int64_t target = s.known();
  a.hit = kv_.find(s.request(), s.kv, target);
  a.cached = a.hit.blocks * config_.block_size;
  std::int64_t tokens = target - a.cached;
  if (config_.long_prefill_token_threshold > 0) {
    tokens = std::min<std::int64_t>(tokens, config_.long_prefill_token_threshold);
  }
  if (!config_.enable_chunked_prefill && tokens > budget) return a;
  tokens = std::min<std::int64_t>(tokens, budget);
  const std::int64_t must_fit = config_.scheduler_reserve_full_isl ? target : a.cached + tokens;
  if (blocksOf(must_fit) - a.hit.blocks + a.hit.revived <= kv_.freeBlocks()) a.tokens = tokens;
  return a;
}

void VllmScheduler::admitWaiting(Ticks now, Batch& batch, int& budget) {
  std::vector<Sequence*> passed;  // their adapters have no slot; others overtake them
  while (!waiting_.empty()) {
    Sequence* sequence = waiting_.front();
    if (!adapters_.hasSlot(sequence->request(), running_)) {
      waiting_.remove(sequence);
      passed.push_back(sequence);
      continue;
    }
    if (receives(*sequence)) {
      if (!hasRoomToReceive(*sequence)) break;
      waiting_.pop();
      receive(sequence, now);
      continue;
    }
    const Admission a = admission(*sequence, budget);
    if (a.tokens == 0) break;
    waiting_.pop();
    kv_.take(sequence->request(), sequence->kv, a.hit);
    if (startFetch(sequence, a, now)) continue;
    startRunning(sequence, a.cached, now);
    sequence->fetched = 0;
    CHECK(kv_.reserve(sequence->kv, sequence->computed + a.tokens), "admission() counted the blocks");
    addRow(batch, sequence, static_cast<int>(a.tokens));
    kv_.publish(sequence->request(), sequence->kv, sequence->computed);
    budget -= static_cast<int>(a.tokens);
  }
  for (auto s = passed.rbegin(); s != passed.rend(); ++s) waiting_.putBack(*s);
}

std::int64_t VllmScheduler::repeats(const Batch& last, std::int64_t limit) const {
  if (last.rows.size() != running_.size()) return 0;
  if (!waiting_.empty() && !adapters_.hasSlot(waiting_.front()->request(), running_)) return 0;
  if (!received_.empty() && running_.size() < static_cast<std::size_t>(config_.max_num_seqs)) return 0;
  if (!waiting_.empty() && receives(*waiting_.front())) {
    if (hasRoomToReceive(*waiting_.front())) return 0;
    if (kv_.find(waiting_.front()->request(), waiting_.front()->kv, waiting_.front()->known()).revived > 0) return 0;
  } else if (!waiting_.empty()) {  // free blocks and hits only shrink until a sequence ends
    const int budget = config_.max_num_batched_tokens - static_cast<int>(running_.size());
    const Admission next = admission(*waiting_.front(), budget);
    if (next.tokens > 0) return 0;
    // Losing a hit can spare a prompt that is checked chunk by chunk the blocks of what stood behind it.
    if (!config_.scheduler_reserve_full_isl && next.hit.revived > 0) return 0;
  }
  return stepsWithinBlocks(last, limit);
}

}  // namespace headroom::sim
