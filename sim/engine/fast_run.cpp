// Runs of FastReplica: decisions made in advance while the rows stay the same.
//
// After a decision, step x is the last decided. A run of q steps also decides x+1 .. x+q, each with the same rows, and
// ends at the boundary at which step x+q+1 would be decided: at depth 1 the end of step x+q, at depth 2 the end of step
// x+q-1. Any q down to 0 is legal, so an arrival may shorten a run at any boundary.
#include <algorithm>
#include <functional>

#include "models/base/error.h"
#include "sim/engine/fast_replica.h"

namespace headroom::sim {

void FastReplica::planRun() {
  run_.steps = 0;
  run_.piece_count = 0;
  run_.chunk = 0;
  run_.admits = true;
  run_.end = front_end_;
  if (flying_ < config_.pipeline_depth || !finishing_.empty() || !inbox_.empty()) return;
  const int budget = config_.max_num_batched_tokens - decoding_;
  std::int64_t limit = INT32_MAX;
  if (prefilling_ != kNone) {  // a long prompt: chunks of the whole budget, all but the last
    if (budget <= 0) return;
    const Sequence& s = pool_[prefilling_];
    if (s.hold() != nullptr) return;  // each chunk is offered to others when it is decided
    if (decoding_ > 0 && cost_.isFused()) return;
    run_.chunk = budget;
    limit = (s.target() - s.computed - 1) / budget;
    run_.admits = false;
  } else {
    if (decoding_ == 0) return;
    if (!waiting_.empty()) {
      const Admission next = admissionOfHead(budget);
      if (next.tokens > 0) return;
      // Losing a hit can spare a prompt that is checked chunk by chunk the blocks of what stood behind it.
      if (!config_.scheduler_reserve_full_isl && next.hit.revived > 0) return;
      run_.admits = false;  // free blocks and slots only shrink until a sequence finishes
    }
  }
  while (!stops_.empty() && pool_[stops_.front().slot].epoch != stops_.front().epoch) {
    std::pop_heap(stops_.begin(), stops_.end(), std::greater<>());
    stops_.pop_back();
  }
  if (!stops_.empty()) limit = std::min(limit, static_cast<std::int64_t>(stops_.front().stop - decided_));
  limit = stepsWithinBlocks(limit, run_.chunk);
  if (limit <= 0) {
    run_.admits = true;
    return;
  }
  const std::int64_t prior = run_.chunk > 0 ? pool_[prefilling_].computed : 0;
  StepSeries series(cost_, decoding_, context_sum_, longestContext(), run_.chunk, prior);
  while (run_.steps < limit && run_.piece_count < Run::kPieces) {
    const SeriesPiece piece = series.next(limit - run_.steps);
    run_.pieces[static_cast<std::size_t>(run_.piece_count++)] = piece;
    run_.steps += piece.steps;
  }
  run_.end = endOfRun(run_.steps);
}

/// Blocks that the run's decisions take.
std::int64_t FastReplica::blocksForRun(std::int64_t steps, int chunk) const {
  const std::int64_t whole = steps / config_.block_size;
  std::int64_t blocks = whole * decoding_;
  for (std::int64_t i = whole * config_.block_size + 1; i <= steps; ++i) blocks += decodeBlocks(i);
  if (chunk > 0) {
    const std::int64_t computed = pool_[prefilling_].computed;
    blocks += config_.blocksFor(computed + chunk * steps) - config_.blocksFor(computed);
  }
  return blocks;
}

/// The most steps, up to `limit`, whose decisions find their blocks.
std::int64_t FastReplica::stepsWithinBlocks(std::int64_t limit, int chunk) const {
  if (limit <= 0 || blocksForRun(limit, chunk) <= kv_.freeBlocks()) return limit;
  std::int64_t enough = 0;
  while (limit - enough > 1) {
    const std::int64_t middle = enough + (limit - enough) / 2;
    (blocksForRun(middle, chunk) <= kv_.freeBlocks() ? enough : limit) = middle;
  }
  return enough;
}

/// The boundary at which a run of `steps` is handled.
Ticks FastReplica::endOfRun(std::int64_t steps) const {
  if (steps == 0) return front_end_;
  Ticks end = front_end_;
  if (!synchronous()) {
    end += flight_[1].time;
    --steps;
  }
  for (int i = 0; i < run_.piece_count && steps > 0; ++i) {
    const SeriesPiece& piece = run_.pieces[static_cast<std::size_t>(i)];
    const std::int64_t count = std::min(steps, piece.steps);
    end += piece.sum(count);
    steps -= count;
  }
  return end;
}

/// The first boundary after `t` (before the run's end), and how many steps a run that ends there has.
std::pair<std::int64_t, Ticks> FastReplica::firstBoundaryAfter(Ticks t) const {
  if (t < front_end_ || run_.steps == 0) return {0, run_.steps == 0 ? run_.end : front_end_};
  Ticks begin = front_end_;
  std::int64_t steps = 0;
  if (!synchronous()) {
    begin += flight_[1].time;
    steps = 1;
    if (t < begin) return {1, begin};
  }
  for (int i = 0; i < run_.piece_count; ++i) {
    const SeriesPiece& piece = run_.pieces[static_cast<std::size_t>(i)];
    if (t < begin + piece.sum(piece.steps)) {
      std::int64_t before = 0, after = piece.steps;  // sum(before) <= t - begin < sum(after)
      while (after - before > 1) {
        const std::int64_t middle = before + (after - before) / 2;
        (begin + piece.sum(middle) <= t ? before : after) = middle;
      }
      return {steps + after, begin + piece.sum(after)};
    }
    begin += piece.sum(piece.steps);
    steps += piece.steps;
  }
  CHECK(false, "no boundary of the run lies after the arrival");
  return {};
}

/// The run's steps without the prompt: the time of the first `count` of them, and of the last of all `steps`.
std::pair<Ticks, Ticks> FastReplica::decodeAlone(std::int64_t steps, std::int64_t count) {
  StepSeries series(cost_, decoding_, context_sum_, longestContext(), 0, 0);
  Ticks sum = 0, last = 0;
  for (std::int64_t index = 0; index < steps;) {
    const SeriesPiece piece = series.next(steps - index);
    sum += piece.sum(std::clamp<std::int64_t>(count - index, 0, piece.steps));
    last = piece.at(piece.steps - 1);
    index += piece.steps;
  }
  return {sum, last};
}

/// Makes the run's decisions, reports its steps, and leaves flight_ as at its last boundary.
void FastReplica::applyRun() {
  const std::int64_t steps = run_.steps;
  const std::int64_t growth = decoding_ + run_.chunk;
  const PrefillChunk chunk{run_.chunk, run_.chunk > 0 ? pool_[prefilling_].computed : 0};
  const std::int64_t attended_growth = decoding_ + std::int64_t{run_.chunk} * run_.chunk;
  std::int64_t attended = context_sum_ + chunk.attended();
  const std::int64_t last_attended = attended + attended_growth * (steps - 1);
  Ticks begin = front_end_;
  std::int64_t left = steps;  // steps of the pieces that have started by the boundary
  if (!synchronous()) {
    std::swap(flight_[0], flight_[1]);
    start(flight_[0], begin);
    begin = front_end_;
    --left;
  }
  const Ticks pieces_begin = begin;
  std::int64_t cached = cached_tokens_ + growth;
  SeriesPiece last{};  // the last decided step as a piece of its own
  std::int64_t index = 0;
  for (int i = 0; i < run_.piece_count && index < steps; ++i) {
    const SeriesPiece& piece = run_.pieces[static_cast<std::size_t>(i)];
    if (steps <= index + piece.steps) last.first = piece.at(steps - index - 1);
    const std::int64_t count = std::min(left - index, piece.steps);
    if (count > 0) {
      const StepRun done{begin,  piece.first, piece.increment, count,    decoding_,
                         cached, growth,      run_.chunk,      attended, attended_growth};
      observer_.onSteps(id_, done);
      begin += done.duration();
      cached += growth * count;
      attended += attended_growth * count;
    }
    index += piece.steps;
  }
  Batch& pending = flight_[synchronous() ? 0 : 1];
  pending.interference = 0;
  if (run_.chunk > 0 && decoding_ > 0) {
    const auto [sum, last_alone] = decodeAlone(steps, left);
    interference_ += begin - pieces_begin - sum;
    pending.interference = last.first - last_alone;
  }
  kv_.use(blocksForRun(steps, run_.chunk));
  observer_.onBlocksUsed(id_, kv_.usedBlocks());
  decided_ += static_cast<std::uint64_t>(steps);
  context_sum_ += static_cast<std::int64_t>(decoding_) * steps;
  cached_tokens_ += growth * steps;
  if (run_.chunk > 0) pool_[prefilling_].computed += run_.chunk * steps;
  pending.attended = last_attended;
  pending.time = last.first;
  pending.emitting = decoding_;
  pending.cached_tokens = cached_tokens_;
  pending.prompt_tokens = run_.chunk;
  pending.completing.clear();
  front_end_ = begin;
}

}  // namespace headroom::sim
