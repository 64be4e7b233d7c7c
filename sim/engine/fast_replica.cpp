#include "sim/engine/fast_replica.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "models/base/error.h"

namespace headroom::sim {

FastReplica::FastReplica(ReplicaId id, const EngineConfig& config, const models::StepTimes& times,
                         ReplicaObserver& observer)
    : id_(id),
      config_(config),
      cost_(times, config.overhead, config.pipeline_depth),
      observer_(observer),
      residues_(static_cast<std::size_t>(config.block_size)),
      kv_(config.usableBlocks(), config.block_size, config.enable_prefix_caching) {
  CHECK(config.pipeline_depth == 1 || config.pipeline_depth == 2, "pipeline depth must be 1 or 2");
  CHECK(config.max_num_batched_tokens >= config.max_num_seqs, "the token budget must cover one token a sequence");
  CHECK(config.blocksFor(config.max_model_len) <= config.usableBlocks(), "one longest sequence must fit");
  CHECK(covers(config), "one rank of plain vLLM");
}

bool FastReplica::covers(const EngineConfig& config) {
  return config.kind == EngineKind::vllm && config.role == Role::unified && config.data_parallel == 1 &&
         config.order == RequestOrder::fcfs && config.long_prefill_token_threshold == 0 && config.kv_tiers.empty() &&
         config.speculation.tokens == 0 && config.lora.adapters.empty();
}

void FastReplica::submit(Ticks now, const workloads::Request& request) {
  CHECK(!isTooLong(request, config_), "the request is longer than max_model_len");
  if (flying_ == 0) {  // an idle engine starts at once
    enqueue(request, now);
    fillPipeline(now);
    planRun();
  } else if (!run_.admits) {  // nothing can be admitted before the run ends: it only waits
    enqueue(request, firstBoundaryAfter(now).second);
  } else {
    inbox_.push_back(request);
    shortenRun(now);
  }
}

/// The run ends at the next boundary.
void FastReplica::shortenRun(Ticks now) {
  const auto [steps, end] = firstBoundaryAfter(now);
  run_.steps = steps;
  run_.end = end;
}

std::vector<LostRequest> FastReplica::fail(Ticks now) {
  if (flying_ > 0) {
    shortenRun(now);
    if (run_.steps > 0) applyRun();  // up to and with the step under way
  }
  const std::uint64_t done = decided_ - static_cast<std::uint64_t>(std::max(0, flying_ - 1));
  std::vector<LostRequest> lost;
  for (const workloads::Request& request : inbox_) lost.push_back({.request = request});
  for (const Sequence& s : pool_) {
    if (s.state == State::unused) continue;
    lost.push_back({.request = s.request, .generated = generatedBy(s, done)});
  }
  std::sort(lost.begin(), lost.end(),
            [](const LostRequest& a, const LostRequest& b) { return a.request.id < b.request.id; });
  inbox_.clear();
  waiting_.clear();
  flying_ = 0;
  return lost;
}

/// Tokens that the sequence has once `step` has run.
std::int32_t FastReplica::generatedBy(const Sequence& s, std::uint64_t step) const {
  if (s.state == State::waiting || s.state == State::prefilling) return s.generated();
  const std::uint64_t left = s.finish > step ? s.finish - step : 0;
  return s.request.output_tokens - static_cast<std::int32_t>(left);
}

void FastReplica::setStepTimes(Ticks now, const models::StepTimes& times) {
  if (flying_ == 0) return cost_.setTimes(times);
  shortenRun(now);
  next_times_ = &times;
}

void FastReplica::submitComputed(Ticks, const workloads::Request&) {
  CHECK(false, "covers() leaves out disaggregated replicas");
}

void FastReplica::onKvMoved(Ticks, std::uint64_t) {
  CHECK(false, "covers() leaves out disaggregated replicas");
}

void FastReplica::withdraw(Ticks, std::uint64_t) {
  CHECK(false, "covers() leaves out disaggregated replicas");
}

void FastReplica::onEvent(Ticks now) {
  CHECK(flying_ > 0 && now == run_.end, "a run ends when it was said to end");
  if (run_.steps > 0) applyRun();
  if (next_times_ != nullptr) cost_.setTimes(*std::exchange(next_times_, nullptr));
  boundary(now);
}

/// The end of step flight_[0]: outputs, arrivals, the next decision.
void FastReplica::boundary(Ticks now) {
  --flying_;
  retire(now);
  if (flying_ > 0) {
    std::swap(flight_[0], flight_[1]);
    start(flight_[0], now);
  }
  drainInbox(now);
  fillPipeline(now);
  if (flying_ > 0) planRun();
}

void FastReplica::drainInbox(Ticks now) {
  for (const workloads::Request& request : inbox_) enqueue(request, now);
  inbox_.clear();
}

void FastReplica::enqueue(const workloads::Request& request, Ticks queued) {
  Slot slot;
  if (unused_.empty()) {
    slot = static_cast<Slot>(pool_.size());
    pool_.emplace_back();
  } else {
    slot = unused_.back();
    unused_.pop_back();
  }
  Sequence& s = pool_[slot];  // as finish() left it
  s.request = request;
  s.queued = queued;
  s.scheduled = -1;
  s.first_token = 0;
  s.interference_from = 0;
  s.computed = 0;
  if (config_.enable_prefix_caching && hasText(request)) s.makeRare().hold.emplace();
  s.state = State::waiting;
  waiting_.push_back(slot);
}

void FastReplica::fillPipeline(Ticks now) {
  while (flying_ < config_.pipeline_depth) {
    Batch& batch = flight_[static_cast<std::size_t>(flying_)];
    if (!decide(now, batch)) break;
    if (flying_++ == 0) start(batch, now);
  }
}

/// The step begins to run, so its end is known: stamps the tokens it makes.
void FastReplica::start(const Batch& batch, Ticks begin) {
  front_end_ = begin + batch.time;
  interference_ += batch.interference;
  for (const Slot slot : batch.completing) {
    Sequence& s = pool_[slot];
    s.interference_from = interference_;
    if (s.generated() == 0) {
      s.first_token = front_end_;
    } else {
      observer_.onLateToken(id_, front_end_, front_end_ - s.rare->last_token);
      s.rare->recomputed += front_end_ - s.rare->recompute_from;
      s.rare->recompute_from = -1;
    }
  }
  observer_.onSteps(id_, {.begin = begin,
                          .first = batch.time,
                          .steps = 1,
                          .emitting = batch.emitting,
                          .cached_tokens = batch.cached_tokens,
                          .prompt_tokens = batch.prompt_tokens,
                          .attended = batch.attended});
}

/// Ends the sequences whose last token has come, and takes those whose last row is decided out of the rows.
void FastReplica::retire(Ticks now) {
  const std::uint64_t done = decided_ - static_cast<std::uint64_t>(flying_);
  ended_.clear();
  std::erase_if(finishing_, [&](Slot slot) {
    if (pool_[slot].finish > done) return false;
    ended_.push_back(slot);
    return true;
  });
  while (!stops_.empty() && stops_.front().stop <= decided_) {
    const HeapEntry entry = stops_.front();
    std::pop_heap(stops_.begin(), stops_.end(), std::greater<>());
    stops_.pop_back();
    Sequence& s = pool_[entry.slot];
    if (s.epoch != entry.epoch) continue;
    leaveDecode(entry.slot);
    if (s.finish > done) {
      finishing_.push_back(entry.slot);
    } else {
      if (s.wasted_row != 0) --flight_[1].emitting;  // its row in the step decided since is for nothing
      ended_.push_back(entry.slot);
    }
  }
  // In the order of their rows, so that their blocks become free in that order.
  if (ended_.size() > 1) {
    std::sort(ended_.begin(), ended_.end(), [&](Slot a, Slot b) { return pool_[a].admitted < pool_[b].admitted; });
  }
  for (const Slot slot : ended_) finish(slot, now);
}

/// Its blocks come free; a sequence that comes back leaves its text in them.
void FastReplica::freeBlocks(Sequence& s, bool comes_back) {
  if (s.hold() == nullptr) {
    if (!comes_back || !config_.enable_prefix_caching) return kv_.giveBack(blocksHeld(s));
    s.makeRare().hold.emplace();
  }
  KvCache::claim(*s.hold(), blocksHeld(s));
  kv_.release(s.request, *s.hold(), s.computed, comes_back);
}

void FastReplica::finish(Slot slot, Ticks now) {
  Sequence& s = pool_[slot];
  FinishedRequest life = lifeOf(s, now);
  if (s.state == State::waiting) {  // preempted while its last token was on its way
    waiting_.erase(std::find(waiting_.begin(), waiting_.end(), slot));
    if (s.hold() != nullptr) kv_.release(s.request, *s.hold(), 0, false);
  } else {
    life.interference += interference_ - s.interference_from;
    freeBlocks(s, false);
    cached_tokens_ -= s.computed;
    unlink(slot);
  }
  s.state = State::unused;
  ++s.epoch;
  s.rare.reset();
  unused_.push_back(slot);
  observer_.onFinished(life);
}

FinishedRequest FastReplica::lifeOf(const Sequence& s, Ticks now) const {
  FinishedRequest life;
  life.request = s.request;
  life.replica = id_;
  life.queued = s.queued;
  life.scheduled = s.scheduled;
  life.first_token = s.first_token;
  life.finished = now;
  if (!s.rare) return life;
  life.preemptions = s.rare->preemptions;
  life.cached_tokens = s.rare->cached_tokens;
  life.preempted_early = s.rare->preempted_early;
  life.preempted_late = s.rare->preempted_late;
  life.recomputed = s.rare->recomputed;
  life.interference = s.rare->interference;
  return life;
}

}  // namespace headroom::sim
