#include "sim/engine/scheduler.h"

#include <algorithm>

#include "models/base/error.h"
#include "sim/engine/lightllm_scheduler.h"
#include "sim/engine/orca_scheduler.h"
#include "sim/engine/sarathi_scheduler.h"
#include "sim/engine/sglang_scheduler.h"
#include "sim/engine/static_scheduler.h"
#include "sim/engine/trtllm_scheduler.h"
#include "sim/engine/vllm_scheduler.h"
#include "sim/engine/vllm_v0_scheduler.h"

namespace headroom::sim {
namespace {

KvCache::Reuse reuseOf(EngineKind kind) {
  const bool radix = kind == EngineKind::sglang || kind == EngineKind::trtllm;
  return radix ? KvCache::Reuse::unknown_first : KvCache::Reuse::oldest_first;
}

/// Pairs of a row's tokens with what they attend to, beyond those of its last token; `prior` tokens are before them.
std::int64_t draftAttended(std::int64_t prior, int drafts) {
  return drafts * prior + std::int64_t{drafts} * (drafts + 1) / 2;
}

}  // namespace

Scheduler::Scheduler(ReplicaId id, const EngineConfig& config, ReplicaObserver& observer, const StepCost* cost)
    : id_(id),
      config_(config),
      observer_(observer),
      cost_(cost),
      acceptance_(config.speculation),
      adapters_(config.lora),
      kv_(config.usableBlocks(), config.block_size, config.enable_prefix_caching, reuseOf(config.kind)),
      waiting_(config.order) {}

void Scheduler::decide(Ticks now, Batch& batch) {
  batch.clear();
  schedule(now, batch);
  if (batch.empty()) return;
  adapters_.settle(batch);
  for (const Sequence* sequence : running_) batch.cached_tokens += sequence->accepted();
  observer_.onBlocksUsed(id_, kv_.usedBlocks());
}

void Scheduler::addRow(Batch& batch, Sequence* sequence, int tokens) {
  Row row{sequence, tokens, sequence->decodes(), false};
  if (row.decode) {
    row.drafts = tokens - 1;
    ++batch.shape.decode_rows;
    const std::int64_t context = sequence->accepted() + tokens;
    batch.shape.decode_context_sum += context;
    batch.shape.decode_context_max = std::max(batch.shape.decode_context_max, context);
    batch.shape.draft_tokens += row.drafts;
    batch.shape.draft_attended += draftAttended(sequence->accepted(), row.drafts);
    if (row.drafts > 0) {
      row.accepted = acceptance_.accepted(sequence->request().id, sequence->verifications++, row.drafts);
      sequence->rejected += row.drafts - row.accepted;
    }
  } else {
    batch.shape.chunks.push_back({tokens, sequence->computed});
  }
  sequence->computed += tokens;
  ++sequence->rows_in_flight;
  row.emits = sequence->decodes();
  if (row.emits) ++sequence->in_flight;
  if (row.emits && !row.decode) {
    ++batch.shape.completed_prompts;
    batch.shape.completed_context_sum += sequence->computed;
  }
  batch.rows.push_back(row);
}

int Scheduler::removeRow(Batch& batch, std::vector<Row>::iterator row) {
  Sequence& s = *row->sequence;
  const int tokens = row->tokens;
  bool was_longest = false;
  if (row->decode) {
    s.rejected -= row->drafts - row->accepted;
    if (row->drafts > 0) --s.verifications;
    --batch.shape.decode_rows;
    was_longest = s.accepted() == batch.shape.decode_context_max;
    batch.shape.decode_context_sum -= s.accepted();
    batch.shape.draft_tokens -= row->drafts;
    batch.shape.draft_attended -= draftAttended(s.accepted() - tokens, row->drafts);
  } else {
    const auto chunk = std::count_if(batch.rows.begin(), row, [](const Row& r) { return !r.decode; });
    batch.shape.chunks.erase(batch.shape.chunks.begin() + chunk);
    if (row->emits) {
      --batch.shape.completed_prompts;
      batch.shape.completed_context_sum -= s.computed;
    }
  }
  s.computed -= tokens;
  --s.rows_in_flight;
  if (row->emits) --s.in_flight;
  batch.rows.erase(row);
  if (was_longest) {
    batch.shape.decode_context_max = 0;
    for (const Row& r : batch.rows) {
      if (!r.decode) continue;
      const std::int64_t context = r.sequence->accepted() + r.drafts - r.accepted;
      batch.shape.decode_context_max = std::max(batch.shape.decode_context_max, context);
    }
  }
  return tokens;
}

int Scheduler::decodeTokens(const Sequence& sequence, std::int64_t longest) const {
  if (config_.speculation.tokens == 0) return 1;
  const std::int64_t room = std::max<std::int64_t>(0, longest - sequence.computed);
  return static_cast<int>(std::min<std::int64_t>(room, 1 + config_.speculation.tokens));
}

void Scheduler::startRunning(Sequence* sequence, std::int64_t cached, Ticks now) {
  sequence->target = sequence->known();
  sequence->computed = cached;
  sequence->running = true;
  if (sequence->life.scheduled < 0) {
    sequence->life.scheduled = now;
    if (sequence->life.kv_arrived < 0) sequence->life.cached_tokens = cached;
    sequence->life.fetched_tokens = sequence->fetched;
    if (config_.role == Role::prefill) observer_.onPromptStarted(id_, sequence->request().id, now);
  }
  if (sequence->preempted_at >= 0) {
    const bool has_tokens = sequence->generated > 0;
    Ticks& waited = has_tokens ? sequence->life.preempted_late : sequence->life.preempted_early;
    waited += now - std::max(sequence->preempted_at, sequence->last_token);
    sequence->preempted_at = -1;
    if (has_tokens) sequence->recompute_from = now;
  }
  running_.push_back(sequence);
}

void Scheduler::dropFromKv(Sequence* sequence, Ticks now) {
  kv_.release(sequence->request(), sequence->kv, sequence->accepted(), true);
  sequence->computed = sequence->rejected = 0;
  sequence->target = 0;
  sequence->running = false;
  ++sequence->life.preemptions;
  sequence->preempted_at = now;
  if (sequence->recompute_from >= 0 && sequence->in_flight == 0) {
    sequence->life.recomputed += now - sequence->recompute_from;
    sequence->recompute_from = -1;
  }
  observer_.onPreempted(id_, now);
}

void Scheduler::finish(Sequence* sequence) {
  // Draft tokens behind the last one were accepted, or are still being verified: their text never was.
  sequence->computed = std::min(sequence->accepted(), sequence->known());
  sequence->rejected = 0;
  if (config_.role == Role::prefill) {
    held_.push_back({sequence->request(), std::move(sequence->kv), sequence->computed});
  } else {
    kv_.release(sequence->request(), sequence->kv, sequence->computed, false);
  }
  if (sequence->running) {
    running_.erase(std::find(running_.begin(), running_.end(), sequence));
  } else {  // preempted while its last token was on its way
    waiting_.remove(sequence);
  }
  sequence->running = false;
  CHECK(!idle() || kv_.usedBlocks() == 0, "an idle rank holds no blocks");
}

bool Scheduler::onKvMoved(std::uint64_t request, Ticks /*now*/) {
  const auto held = std::find_if(held_.begin(), held_.end(), [&](const Held& h) { return h.request.id == request; });
  if (held == held_.end()) return false;
  kv_.release(held->request, held->kv, held->tokens, false);
  held_.erase(held);
  CHECK(!idle() || kv_.usedBlocks() == 0, "an idle rank holds no blocks");
  return true;
}

void Scheduler::listHeld(std::vector<LostRequest>& lost) const {
  for (const Held& held : held_) {
    lost.push_back({.request = held.request, .generated = held.request.output_tokens, .held = true});
  }
}

std::int64_t Scheduler::stepsWithinBlocks(const Batch& rows, std::int64_t limit, std::int64_t spare) const {
  const std::int64_t block = kv_.blockSize();
  std::vector<std::int64_t> crossing(static_cast<std::size_t>(block));  // [steps until a new block is needed]
  for (const Row& row : rows.rows) {
    const std::int64_t room = row.sequence->kv.blocks * block - row.sequence->computed;
    ++crossing[static_cast<std::size_t>(room % block)];
  }
  std::int64_t free = kv_.freeBlocks() - spare;
  if (free < 0) return 0;
  const auto n = static_cast<std::int64_t>(rows.rows.size());
  const std::int64_t whole = std::min(limit / block, free / n);  // every row takes one block in `block` steps
  free -= whole * n;
  std::int64_t steps = whole * block;
  for (std::int64_t i = 0; steps < limit && i < block; ++i, ++steps) {
    free -= crossing[static_cast<std::size_t>(i)];
    if (free < 0) break;
  }
  return steps;
}

void Scheduler::repeat(Batch& last, std::int64_t steps) {
  for (const Row& row : last.rows) {
    row.sequence->computed += steps;
    CHECK(kv_.reserve(row.sequence->kv, row.sequence->computed), "repeats() counted the blocks");
  }
  observer_.onBlocksUsed(id_, kv_.usedBlocks());
}

std::unique_ptr<Scheduler> makeScheduler(ReplicaId id, const EngineConfig& config, ReplicaObserver& observer,
                                         const StepCost* cost) {
  switch (config.kind) {
    case EngineKind::vllm:
      return std::make_unique<VllmScheduler>(id, config, observer, cost);
    case EngineKind::sglang:
      return std::make_unique<SglangScheduler>(id, config, observer);
    case EngineKind::vllm_v0:
      return std::make_unique<VllmV0Scheduler>(id, config, observer);
    case EngineKind::orca:
      return std::make_unique<OrcaScheduler>(id, config, observer);
    case EngineKind::sarathi:
      return std::make_unique<SarathiScheduler>(id, config, observer);
    case EngineKind::static_batch:
      return std::make_unique<StaticScheduler>(id, config, observer);
    case EngineKind::lightllm:
      return std::make_unique<LightllmScheduler>(id, config, observer);
    case EngineKind::trtllm:
      return std::make_unique<TrtllmScheduler>(id, config, observer);
  }
  CHECK(false, "every engine has its rules");
  return nullptr;
}

}  // namespace headroom::sim
