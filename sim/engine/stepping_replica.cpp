#include "sim/engine/stepping_replica.h"

#include <algorithm>

#include "models/base/error.h"

namespace headroom::sim {

SteppingReplica::SteppingReplica(ReplicaId id, const EngineConfig& config, const models::StepTimes& times,
                                 ReplicaObserver& observer)
    : id_(id),
      config_(config),
      cost_(times, config.overhead, config.pipeline_depth),
      observer_(observer),
      free_blocks_(config.usableBlocks()) {
  CHECK(config.pipeline_depth == 1 || config.pipeline_depth == 2, "pipeline depth must be 1 or 2");
  CHECK(config.max_num_batched_tokens >= config.max_num_seqs, "the token budget must cover one token a sequence");
  CHECK(config.blocksFor(config.max_model_len) <= config.usableBlocks(), "one longest sequence must fit");
}

void SteppingReplica::submit(Ticks now, const workloads::Request& request) {
  CHECK(!isTooLong(request, config_), "the request is longer than max_model_len");
  inbox_.push_back(request);
  if (in_flight_.empty()) {  // an idle engine starts at once
    drainInbox(now);
    fillPipeline(now);
  }
}

void SteppingReplica::onEvent(Ticks now) {
  CHECK(!in_flight_.empty() && now == front_end_, "a step ends when it was said to end");
  const Batch done = std::move(in_flight_.front());
  in_flight_.pop_front();
  processOutputs(done, now);
  if (!in_flight_.empty()) front_end_ = now + in_flight_.front().time;
  drainInbox(now);
  fillPipeline(now);
}

void SteppingReplica::drainInbox(Ticks now) {
  for (; !inbox_.empty(); inbox_.pop_front()) {
    auto sequence = std::make_shared<Sequence>();
    sequence->life.request = inbox_.front();
    sequence->life.replica = id_;
    sequence->life.queued = now;
    sequence->life.scheduled = -1;
    waiting_.push_back(std::move(sequence));
  }
}

void SteppingReplica::fillPipeline(Ticks now) {
  while (in_flight_.size() < static_cast<std::size_t>(config_.pipeline_depth)) {
    Batch batch = decide(now);
    if (batch.rows.empty()) break;
    if (in_flight_.empty()) front_end_ = now + batch.time;
    in_flight_.push_back(std::move(batch));
  }
}

SteppingReplica::Batch SteppingReplica::decide(Ticks now) {
  Batch batch;
  int budget = config_.max_num_batched_tokens;
  bool preempted = false;
  scheduleRunning(batch, budget, preempted);
  if (!preempted) admitWaiting(batch, budget, now);
  if (batch.rows.empty()) return batch;
  batch.time = cost_.of(batch.shape);
  for (const SequencePtr& sequence : running_) batch.cached_tokens += sequence->computed;
  observer_.onBlocksUsed(id_, config_.usableBlocks() - free_blocks_);
  return batch;
}

int SteppingReplica::newTokens(const Sequence& s, int budget) const {
  if (s.decodes()) {
    // A sequence that will end by length is left out once its last token is on its way. One that will stop at an
    // end-of-sequence token gets a row too many, because nobody knows yet.
    const int scheduled_outputs = s.generated + s.in_flight;
    const workloads::Request& r = s.life.request;
    const bool ends_by_length = r.max_tokens == r.output_tokens;
    if (scheduled_outputs >= r.output_tokens && ends_by_length) return 0;
    return std::min(1, budget);
  }
  std::int64_t tokens = std::min<std::int64_t>(s.target - s.computed, budget);
  if (config_.long_prefill_token_threshold > 0) {
    tokens = std::min<std::int64_t>(tokens, config_.long_prefill_token_threshold);
  }
  return static_cast<int>(tokens);
}

void SteppingReplica::scheduleRunning(Batch& batch, int& budget, bool& preempted) {
  for (std::size_t i = 0; i < running_.size(); ++i) {
    const SequencePtr sequence = running_[i];
    const int tokens = newTokens(*sequence, budget);
    if (tokens == 0) continue;
    if (!makeRoom(sequence, tokens, preempted)) break;
    addRow(batch, sequence, tokens);
    budget -= tokens;
  }
}

bool SteppingReplica::makeRoom(const SequencePtr& sequence, int tokens, bool& preempted) {
  const std::int64_t needed = config_.blocksFor(sequence->computed + tokens) - sequence->blocks;
  while (needed > free_blocks_) {
    const SequencePtr victim = running_.back();
    running_.pop_back();
    preempt(victim);
    preempted = true;
    if (victim == sequence) return false;
  }
  free_blocks_ -= needed;
  sequence->blocks += needed;
  return true;
}

void SteppingReplica::preempt(const SequencePtr& victim) {
  free_blocks_ += victim->blocks;
  victim->blocks = 0;
  victim->computed = 0;
  victim->target = 0;
  victim->running = false;
  ++victim->life.preemptions;
  waiting_.push_front(victim);
  observer_.onPreempted(id_, clock_);
}

void SteppingReplica::admitWaiting(Batch& batch, int& budget, Ticks now) {
  while (!waiting_.empty() && budget > 0 && running_.size() < static_cast<std::size_t>(config_.max_num_seqs)) {
    const SequencePtr sequence = waiting_.front();
    const std::int64_t target = sequence->life.request.prompt_tokens + sequence->generated;
    std::int64_t tokens = target;
    if (config_.long_prefill_token_threshold > 0) {
      tokens = std::min<std::int64_t>(tokens, config_.long_prefill_token_threshold);
    }
    if (!config_.enable_chunked_prefill && tokens > budget) break;
    tokens = std::min<std::int64_t>(tokens, budget);
    const std::int64_t must_be_free = config_.blocksFor(config_.scheduler_reserve_full_isl ? target : tokens);
    if (must_be_free > free_blocks_) break;
    waiting_.pop_front();
    sequence->target = target;
    sequence->running = true;
    if (sequence->life.scheduled < 0) sequence->life.scheduled = now;
    sequence->blocks = config_.blocksFor(tokens);
    free_blocks_ -= sequence->blocks;
    running_.push_back(sequence);
    addRow(batch, sequence, static_cast<int>(tokens));
    budget -= static_cast<int>(tokens);
  }
}

void SteppingReplica::addRow(Batch& batch, const SequencePtr& sequence, int tokens) {
  Row row{sequence, sequence->decodes(), false};
  if (row.decode) {
    ++batch.shape.decode_rows;
    batch.shape.decode_context_sum += sequence->computed + 1;
  } else {
    batch.shape.chunks.push_back({tokens, sequence->computed});
  }
  sequence->computed += tokens;
  row.emits = sequence->decodes();
  if (row.emits) ++sequence->in_flight;
  if (row.emits && !row.decode) ++batch.shape.completed_prompts;
  batch.rows.push_back(std::move(row));
}

void SteppingReplica::processOutputs(const Batch& batch, Ticks now) {
  clock_ = now;
  StepRun run{.begin = now - batch.time,
              .first = batch.time,
              .steps = 1,
              .cached_tokens = batch.cached_tokens,
              .attended = batch.shape.attended()};
  for (const PrefillChunk& chunk : batch.shape.chunks) run.prompt_tokens += chunk.tokens;
  for (const Row& row : batch.rows) {
    Sequence& s = *row.sequence;
    if (!row.emits || s.finished) continue;
    --s.in_flight;
    if (++s.generated == 1) {
      s.life.first_token = now;
    } else if (row.decode) {
      CHECK(now - s.last_token == batch.time, "a decoding sequence emits every step");
      ++run.emitting;
    } else {
      observer_.onLateToken(id_, now, now - s.last_token);
    }
    s.last_token = now;
    if (s.generated == s.life.request.output_tokens) finish(row.sequence, now);
  }
  observer_.onSteps(id_, run);
}

void SteppingReplica::finish(const SequencePtr& sequence, Ticks now) {
  sequence->finished = true;
  sequence->life.finished = now;
  free_blocks_ += sequence->blocks;
  sequence->blocks = 0;
  if (sequence->running) {
    running_.erase(std::find(running_.begin(), running_.end(), sequence));
  } else {  // preempted while its last token was on its way
    waiting_.erase(std::find(waiting_.begin(), waiting_.end(), sequence));
  }
  observer_.onFinished(sequence->life);
}

}  // namespace headroom::sim
