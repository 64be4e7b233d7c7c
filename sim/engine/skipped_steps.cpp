// Steps of SteppingReplica that only repeat the last one, in closed form.
//
// If all steps in flight have the same rows, all decoding, and no request arrives or ends, the next boundaries each
// count one token a row and decide the same rows again. skip_.boundaries of them are not events: an arrival, or the
// boundary behind them, applies as many as have passed.
#include <algorithm>

#include "models/base/error.h"
#include "sim/engine/stepping_replica.h"

namespace headroom::sim {

void SteppingReplica::planSkip() {
  skip_.boundaries = 0;
  skip_.duration = 0;
  skip_.pieces.clear();
  if (mode_ == Mode::exact || !isSteady()) return;
  std::int64_t limit = INT32_MAX;
  const Step& last = steps_.back();
  for (std::size_t r = 0; r < ranks_.size() && limit > 0; ++r) {
    const Batch& batch = last.ranks[r];
    for (const Row& row : batch.rows) {  // the last boundary still decides a token that is wanted
      const Sequence& s = *row.sequence;
      limit = std::min<std::int64_t>(limit, s.request().output_tokens - s.generated - s.in_flight);
    }
    if (!batch.empty() && limit > 0) limit = ranks_[r]->repeats(batch, limit);
  }
  const Ticks wake = nextWake();
  if (limit <= 0 || wake <= front_end_) return;
  RankSeries series(cost_, last.ranks);
  while (skip_.boundaries < limit) {
    const SeriesPiece piece = series.next(limit - skip_.boundaries);
    skip_.pieces.push_back(piece);
    skip_.boundaries += piece.steps;
  }
  if (wake != kNever) {  // the first boundary behind it is not skipped
    skip_.boundaries = boundariesBy(wake - 1);
  }
  skip_.duration = boundaryAfter(skip_.boundaries) - front_end_;
}

/// Every step in flight has the same decoding rows, which all got a token from the step before, and nothing is on its
/// way in.
bool SteppingReplica::isSteady() const {
  if (config_.pipeline_parallel > 1) return false;   // steps under way have different rows
  if (config_.speculation.tokens > 0) return false;  // how many tokens a row makes differs from step to step
  if (!inbox_.empty() || !kv_moved_.empty() || !withdrawn_.empty() ||
      steps_.size() < static_cast<std::size_t>(config_.pipeline_depth))
    return false;
  const Step& last = steps_.back();
  for (std::size_t r = 0; r < ranks_.size(); ++r) {
    const Batch& batch = last.ranks[r];
    if (batch.empty() && !ranks_[r]->idle()) return false;
    const Ticks front_begin = front_end_ - steps_.front().time;
    const auto steady = [&](const Row& row) {
      return row.decode && !row.sequence->finished && row.sequence->last_token == front_begin;
    };
    if (!std::all_of(batch.rows.begin(), batch.rows.end(), steady)) return false;
    const auto same = [](const Row& a, const Row& b) { return a.sequence == b.sequence && a.decode == b.decode; };
    for (const Step& step : steps_) {
      const std::vector<Row>& rows = step.ranks[r].rows;
      if (!std::equal(rows.begin(), rows.end(), batch.rows.begin(), batch.rows.end(), same)) return false;
    }
  }
  return true;
}

/// The duration of the index-th step from the one in front.
Ticks SteppingReplica::durationOf(std::int64_t index) const {
  if (index < static_cast<std::int64_t>(steps_.size())) return steps_[static_cast<std::size_t>(index)].time;
  index -= static_cast<std::int64_t>(steps_.size());
  for (const SeriesPiece& piece : skip_.pieces) {
    if (index < piece.steps) return piece.at(index);
    index -= piece.steps;
  }
  CHECK(false, "the step lies within the skipped ones");
  return 0;
}

/// The end of the step in front once `boundaries` have been passed.
Ticks SteppingReplica::boundaryAfter(std::int64_t boundaries) const {
  Ticks end = front_end_;
  for (std::size_t i = 1; i < steps_.size() && boundaries > 0; ++i, --boundaries) end += steps_[i].time;
  for (const SeriesPiece& piece : skip_.pieces) {
    const std::int64_t count = std::min(boundaries, piece.steps);
    end += piece.sum(count);
    boundaries -= count;
    if (boundaries == 0) break;
  }
  return end;
}

/// How many of the skipped boundaries lie at or before `t`.
std::int64_t SteppingReplica::boundariesBy(Ticks t) const {
  std::int64_t passed = 0, beyond = skip_.boundaries + 1;
  while (beyond - passed > 1) {
    const std::int64_t middle = passed + (beyond - passed) / 2;
    (boundaryAfter(middle - 1) <= t ? passed : beyond) = middle;
  }
  return passed;
}

/// Passes the skipped boundaries up to and at `now`.
void SteppingReplica::skipTo(Ticks now) {
  if (skip_.boundaries == 0) return;
  const std::int64_t passed = boundariesBy(now);
  if (passed > 0) applySkip(passed);
  skip_.boundaries = 0;
  skip_.duration = 0;
  skip_.pieces.clear();
}

void SteppingReplica::applySkip(std::int64_t boundaries) {
  const Ticks last_boundary = boundaryAfter(boundaries - 1);
  const Ticks end = boundaryAfter(boundaries);
  reportSkipped(boundaries);
  std::vector<Ticks> times;
  for (std::size_t i = 0; i < steps_.size(); ++i)
    times.push_back(durationOf(boundaries + static_cast<std::int64_t>(i)));
  for (std::size_t r = 0; r < ranks_.size(); ++r) {
    Batch& last = steps_.back().ranks[r];
    if (last.empty()) continue;
    for (const Row& row : last.rows) {
      row.sequence->generated += static_cast<std::int32_t>(boundaries);
      row.sequence->last_token = last_boundary;
    }
    ranks_[r]->repeat(last, boundaries);
    advanceBatches(r, boundaries);
  }
  for (std::size_t i = 0; i < steps_.size(); ++i) steps_[i].time = times[i];
  front_end_ = end;
  decode_steps_ = (decode_steps_ + boundaries) % config_.sglang.recv_interval;
  const auto& ranks = steps_.back().ranks;
  balance_.pass(boundaries, std::none_of(ranks.begin(), ranks.end(), [](const Batch& b) { return b.empty(); }));
}

/// The batches in flight become those `boundaries` steps later.
void SteppingReplica::advanceBatches(std::size_t rank, std::int64_t boundaries) {
  const auto size = static_cast<std::int64_t>(steps_.size());
  const Batch& last = steps_.back().ranks[rank];
  const std::int64_t last_cached = last.cached_tokens, last_context = last.shape.decode_context_sum;
  const std::int64_t last_longest = last.shape.decode_context_max;
  for (std::int64_t i = 0; i < size; ++i) {
    const std::int64_t index = boundaries + i;
    Batch& batch = steps_[static_cast<std::size_t>(i)].ranks[rank];
    if (index < size) {
      const Batch& later = steps_[static_cast<std::size_t>(index)].ranks[rank];
      batch.cached_tokens = later.cached_tokens;
      batch.shape.decode_context_sum = later.shape.decode_context_sum;
      batch.shape.decode_context_max = later.shape.decode_context_max;
    } else {
      const std::int64_t more = index - (size - 1);
      const std::int64_t grown = more * last.shape.decode_rows;
      batch.cached_tokens = last_cached + grown;
      batch.shape.decode_context_sum = last_context + grown;
      batch.shape.decode_context_max = last_longest + more;
    }
  }
}

/// Tells of the first `steps` steps from the one in front.
void SteppingReplica::reportSkipped(std::int64_t steps) {
  StepRun run;
  run.begin = front_end_ - steps_.front().time;
  const auto report = [&](const SeriesPiece& piece) {
    run.first = piece.first;
    run.increment = piece.increment;
    run.steps = std::min(piece.steps, steps);
    if (run.steps == 0) return;
    observer_.onSteps(id_, run);
    run.begin += run.duration();
    run.cached_tokens += run.growth * run.steps;
    run.attended += run.attended_growth * run.steps;
    steps -= run.steps;
  };
  for (const Step& step : steps_) {
    run.cached_tokens = run.attended = run.emitting = 0;
    for (const Batch& batch : step.ranks) {
      run.emitting += batch.shape.decode_rows;
      run.cached_tokens += batch.cached_tokens;
      run.attended += batch.shape.attended();
    }
    run.growth = run.attended_growth = run.emitting;
    report({step.time, 0, 1});
  }
  for (const SeriesPiece& piece : skip_.pieces) report(piece);
}

}  // namespace headroom::sim
