#include "sim/engine/stepping_replica.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "models/base/error.h"
#include "sim/engine/research_engines.h"

namespace headroom::sim {

bool SteppingReplica::Step::empty() const {
  return std::all_of(ranks.begin(), ranks.end(), [](const Batch& batch) { return batch.empty(); });
}

SteppingReplica::SteppingReplica(ReplicaId id, const EngineConfig& config, const models::StepTimes& times,
                                 ReplicaObserver& observer, Mode mode)
    : id_(id),
      config_(config),
      cost_(times, config.overhead, config.pipeline_depth, config.speculation),
      observer_(observer),
      mode_(mode),
      pipeline_(config.pipeline_parallel),
      balance_(config.trtllm, config.max_num_seqs) {
  CHECK(config.pipeline_depth == 1 || config.pipeline_depth == 2, "pipeline depth must be 1 or 2");
  CHECK(config.kind == EngineKind::trtllm || config.max_num_batched_tokens >= config.max_num_seqs,
        "the token budget must cover one token a sequence");
  CHECK(config.pipeline_depth == 1 || !isResearchEngine(config.kind), "research engines decide when a step has ended");
  CHECK(config.blocksFor(config.max_model_len) + config.watermarkBlocks() <= config.usableBlocks(),
        "one longest sequence must fit");
  for (int rank = 0; rank < config.data_parallel; ++rank)
    ranks_.push_back(makeScheduler(id, config_, observer, &cost_));
}

void SteppingReplica::submit(Ticks now, const workloads::Request& request) {
  arrive(now, request, false);
}

void SteppingReplica::submitComputed(Ticks now, const workloads::Request& request) {
  CHECK(config_.role == Role::decode, "only a decode replica takes computed prompts");
  arrive(now, request, true);
}

void SteppingReplica::arrive(Ticks now, const workloads::Request& request, bool kv_elsewhere) {
  CHECK(!isTooLong(request, config_), "the request is longer than max_model_len");
  skipTo(now);
  inbox_.push_back({request, leastLoadedRank(), kv_elsewhere});
  arrived(now);
}

void SteppingReplica::onKvMoved(Ticks now, std::uint64_t request) {
  skipTo(now);
  kv_moved_.push_back(request);
  arrived(now);
}

/// Its blocks are free when the engine next looks at its input.
void SteppingReplica::withdraw(Ticks now, std::uint64_t request) {
  skipTo(now);
  const auto coming =
      std::find_if(inbox_.begin(), inbox_.end(), [&](const Arrived& arrived) { return arrived.request.id == request; });
  if (coming != inbox_.end()) {
    inbox_.erase(coming);
  } else {
    withdrawn_.push_back(request);
  }
  arrived(now);
}

void SteppingReplica::arrived(Ticks now) {
  if (!decidesOnArrival()) return;
  drainInbox(now);
  fillPipeline(now);
  planSkip();
}

void SteppingReplica::onEvent(Ticks now) {
  if (steps_.empty()) {  // something that an idle engine waits for has arrived
    drainInbox(now);
    fillPipeline(now);
    return planSkip();
  }
  skipTo(now);
  CHECK(now == front_end_, "a step ends when it was said to end");
  Step done = std::move(steps_.front());
  steps_.pop_front();
  processOutputs(done, now);
  const bool received = receives(done);
  unused_.push_back(std::move(done));
  if (!steps_.empty()) front_end_ = now + steps_.front().time;
  if (received) drainInbox(now);
  fillPipeline(now);
  if (!received && steps_.empty()) {  // an idle engine looks all the time
    drainInbox(now);
    fillPipeline(now);
  }
  planSkip();
}

Ticks SteppingReplica::nextWake() const {
  Ticks wake = kNever;
  for (const auto& rank : ranks_) wake = std::min(wake, rank->nextWake());
  return wake;
}

bool SteppingReplica::expectsArrival() const {
  return std::any_of(ranks_.begin(), ranks_.end(), [](const auto& rank) { return rank->expectsArrival(); });
}

/// An idle engine starts at once. vLLM with pipeline stages waits for the step in front, the research engines do not.
bool SteppingReplica::decidesOnArrival() const {
  if (steps_.empty()) return true;
  return isResearchEngine(config_.kind) && steps_.size() < static_cast<std::size_t>(config_.stepsInFlight());
}

/// The rank that the front end would send to: fewest requests, waiting ones weighing four times in vLLM.
std::size_t SteppingReplica::leastLoadedRank() const {
  const std::size_t weight = config_.kind == EngineKind::trtllm ? 1 : 4;
  std::size_t best = 0, least = SIZE_MAX;
  for (std::size_t r = 0; r < ranks_.size() && ranks_.size() > 1; ++r) {
    const auto coming = static_cast<std::size_t>(
        std::count_if(inbox_.begin(), inbox_.end(), [&](const Arrived& arrived) { return arrived.rank == r; }));
    const std::size_t load = weight * (ranks_[r]->waiting() + coming) + ranks_[r]->running();
    if (load < least) best = r, least = load;
  }
  return best;
}

Sequence* SteppingReplica::newSequence() {
  if (recycled_.empty()) return &pool_.emplace_back();
  Sequence* sequence = recycled_.back();
  recycled_.pop_back();
  *sequence = Sequence();
  return sequence;
}

void SteppingReplica::drainInbox(Ticks now) {
  for (const std::uint64_t request : kv_moved_) {
    const bool known =
        std::any_of(ranks_.begin(), ranks_.end(), [&](auto& rank) { return rank->onKvMoved(request, now); });
    CHECK(known, "KV that was moved is of a rank's request");
  }
  kv_moved_.clear();
  for (const std::uint64_t request : withdrawn_) {
    Sequence* sequence = nullptr;
    for (std::size_t r = 0; r < ranks_.size() && sequence == nullptr; ++r) sequence = ranks_[r]->withdraw(request);
    CHECK(sequence != nullptr && sequence->rows_in_flight == 0, "only a request without KV is withdrawn");
    recycle(sequence);
  }
  withdrawn_.clear();
  for (Arrived& arrived : inbox_) {
    Sequence* sequence = newSequence();
    sequence->life.request = std::move(arrived.request);
    sequence->life.replica = id_;
    sequence->life.queued = now;
    sequence->life.scheduled = sequence->life.first_token = -1;
    sequence->kv_elsewhere = arrived.kv_elsewhere;
    ranks_[arrived.rank]->submit(sequence);
  }
  inbox_.clear();
}

/// Whether the engine looks at its input after this step: after one with prompts, and after every n-th that only
/// decodes.
bool SteppingReplica::receives(const Step& done) {
  const auto has_prompts = [](const Batch& batch) { return !batch.shape.chunks.empty(); };
  if (++decode_steps_ < config_.sglang.recv_interval && std::none_of(done.ranks.begin(), done.ranks.end(), has_prompts))
    return false;
  decode_steps_ = 0;
  return true;
}

void SteppingReplica::fillPipeline(Ticks now) {
  while (steps_.size() < static_cast<std::size_t>(config_.stepsInFlight())) {
    Step step;
    if (!unused_.empty()) {
      step = std::move(unused_.back());
      unused_.pop_back();
    }
    // A decision that only preempted leaves an engine with nothing in flight to decide again at once.
    bool decided = decide(now, step);
    for (int tries = 0; !decided && steps_.empty() && !expectsArrival() && !allRanks(&Scheduler::idle); ++tries) {
      CHECK(tries < config_.max_num_seqs, "an engine with requests makes progress");
      decided = decide(now, step);
    }
    if (!decided) {
      unused_.push_back(std::move(step));
      break;
    }
    if (steps_.empty()) front_end_ = now + step.time;
    steps_.push_back(std::move(step));
  }
}

/// Ranks wait for each other with their prompts, if there are several.
void SteppingReplica::balancePrompts() {
  if (!config_.trtllm.balance || ranks_.size() == 1) return;
  std::vector<RankDemand> demands;
  for (const auto& rank : ranks_) demands.push_back(rank->demand());
  const bool hold = balance_.holdsPrompts(demands);
  for (const auto& rank : ranks_) rank->holdPrompts(hold);
}

bool SteppingReplica::decide(Ticks now, Step& step) {
  balancePrompts();
  step.ranks.resize(ranks_.size());
  for (std::size_t r = 0; r < ranks_.size(); ++r) ranks_[r]->decide(now, step.ranks[r]);
  if (step.empty()) return false;
  timeStages(step.ranks, stages_);
  const Ticks through_all = std::accumulate(stages_.begin(), stages_.end(), Ticks{0});
  if (config_.pipeline_parallel == 1) {
    step.time = through_all;
  } else {
    const Ticks before = steps_.empty() ? now : pipeline_.lastEnd();
    step.time = pipeline_.enter(now, stages_) - before;
  }
  step.interference = promptInterference(cost_, step.ranks, through_all);
  return true;
}

void SteppingReplica::timeStages(std::span<const Batch> ranks, std::vector<Ticks>& stages) {
  splitIntoStages(stepTime(cost_, ranks), config_.pipeline_parallel, config_.slowest_stage_share, stages);
}

/// The step's tokens reach their sequences; what there is to report of it.
StepRun SteppingReplica::countTokens(const Step& step, Ticks end) {
  StepRun run{.begin = end - step.time, .first = step.time, .steps = 1};
  for (const Batch& batch : step.ranks) {
    run.cached_tokens += batch.cached_tokens;
    run.attended += batch.shape.attended();
    for (const PrefillChunk& chunk : batch.shape.chunks) run.prompt_tokens += chunk.tokens;
    for (const Row& row : batch.rows) processRow(row, step, end, run);
  }
  return run;
}

void SteppingReplica::processOutputs(const Step& step, Ticks now) {
  const StepRun run = countTokens(step, now);
  for (std::size_t r = 0; r < ranks_.size(); ++r) {
    const Batch& batch = step.ranks[r];
    ranks_[r]->onStepDone(batch, now);
    for (const Row& row : batch.rows) {
      Sequence& s = *row.sequence;
      if (!s.finished && s.generated == s.request().output_tokens) {
        s.finished = true;
        s.life.finished = now;
        ranks_[r]->finish(&s);
        observer_.onFinished(s.life);
      }
      if (s.finished && s.rows_in_flight == 0) recycle(&s);
    }
  }
  observer_.onSteps(id_, run);
}

/// Counts the row's token, if it makes one that is wanted.
void SteppingReplica::processRow(const Row& row, const Step& step, Ticks now, StepRun& run) {
  Sequence& s = *row.sequence;
  --s.rows_in_flight;
  takeBackRejected(row);
  if (!row.emits) return;
  --s.in_flight;
  if (s.finished) return;
  const int made = std::min(1 + row.accepted, s.request().output_tokens - s.generated);
  run.draft_tokens += row.drafts;
  run.accepted_tokens += row.accepted;
  run.more_tokens += made - 1;
  if (row.drafts > 0) ++run.verifications;
  s.generated += made;
  if (s.life.first_token < 0) {
    s.life.first_token = now;
  } else {
    const Ticks gap = now - s.last_token;
    if (row.decode && gap == step.time) {
      ++run.emitting;
    } else {
      observer_.onLateToken(id_, now, gap);
    }
    // A decoding sequence that steps passed over waited for prompts too; with pipeline stages, for its turn.
    const Ticks passed_over = config_.pipeline_parallel == 1 ? gap - step.time : 0;
    if (row.decode) s.life.interference += step.interference + passed_over;
    if (s.recompute_from >= 0) s.life.recomputed += now - s.recompute_from;
  }
  s.recompute_from = -1;
  s.last_token = now;
}

/// Draft tokens that were rejected leave the KV cache, unless a preemption dropped all of it since they were decided.
void SteppingReplica::takeBackRejected(const Row& row) {
  Sequence& s = *row.sequence;
  const std::int64_t rejected = std::min<std::int64_t>(row.drafts - row.accepted, s.rejected);
  s.computed -= rejected;
  s.rejected -= rejected;
}

std::vector<LostRequest> SteppingReplica::fail(Ticks now) {
  skipTo(now);
  if (!steps_.empty()) observer_.onSteps(id_, countTokens(steps_.front(), front_end_));
  std::vector<LostRequest> lost;
  for (const Arrived& arrived : inbox_) lost.push_back({.request = arrived.request});
  std::sort(recycled_.begin(), recycled_.end());
  for (Sequence& s : pool_) {
    if (s.finished || std::binary_search(recycled_.begin(), recycled_.end(), &s)) continue;
    if (std::find(withdrawn_.begin(), withdrawn_.end(), s.request().id) != withdrawn_.end()) continue;
    lost.push_back({.request = s.request(), .generated = s.generated});
  }
  for (const auto& rank : ranks_) rank->listHeld(lost);
  std::erase_if(lost, [&](const LostRequest& l) {
    return l.held && std::find(kv_moved_.begin(), kv_moved_.end(), l.request.id) != kv_moved_.end();
  });
  std::sort(lost.begin(), lost.end(),
            [](const LostRequest& a, const LostRequest& b) { return a.request.id < b.request.id; });
  inbox_.clear();
  steps_.clear();
  return lost;
}

void SteppingReplica::setStepTimes(Ticks now, const models::StepTimes& times) {
  skipTo(now);
  cost_.setTimes(times);
}

void SteppingReplica::recycle(Sequence* sequence) {
  recycled_.push_back(sequence);
}

}  // namespace headroom::sim
