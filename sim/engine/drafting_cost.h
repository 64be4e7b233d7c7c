// What speculative decoding adds to a step's kernels.
//   verification: attention of k + 1 queries a sequence reads each KV cache once, as decoding does, and computes no
//     faster than a prompt's attention: max(decode attention, pairs x ticks a pair in a large chunk of a prompt)
//   drafting: k passes of the draft model; the first over all tokens of the step (it keeps a KV cache of its own), the
//     others over the sequences that go on, with contexts that grow by a token; each with the engine's overhead of a
//     pass
// Left out: draft trees, the projection in front of an EAGLE or MTP layer, host time of prompt look-up.
#pragma once

#include <algorithm>
#include <cmath>

#include "models/cost/step_times.h"
#include "sim/engine/batch_shape.h"
#include "sim/engine/engine_config.h"

namespace headroom::sim {

class DraftingCost {
 public:
  DraftingCost(const models::StepTimes& times, const Speculation& speculation)
      : passes_(speculation.tokens), overhead_(speculation.draft_overhead) {
    setTimes(times);
  }
  void setTimes(const models::StepTimes& times) {
    if (passes_ == 0) return;
    draft_ = times.draft();
    const int chunk = std::min(kLargeChunk, times.maxTokens());
    ticks_per_pair_ = static_cast<double>(times.prefillAttention(chunk, kLongPrior).slope) / chunk;
  }

  /// The least that attention over the decode rows' pairs takes; 0 if no draft tokens are verified.
  Ticks verification(const BatchShape& batch) const {
    if (batch.draft_tokens == 0) return 0;
    return std::llround(ticks_per_pair_ * static_cast<double>(batch.decode_context_sum + batch.draft_attended));
  }

  Ticks passes(const BatchShape& batch) const {
    if (draft_ == nullptr || batch.tokens() == 0) return 0;
    const int rows = batch.decode_rows + batch.completed_prompts;
    std::int64_t contexts = batch.decode_context_sum + batch.completed_context_sum;
    Ticks time = overhead_ + draft_->tokenwise(batch.tokens()) + draft_->perSequence(rows);
    for (const PrefillChunk& chunk : batch.chunks) {
      time += draft_->prefillAttention(chunk.tokens, chunk.prior).at(chunk.prior);
    }
    if (batch.decode_rows > 0) {
      time += draft_->decodeAttention(batch.decode_rows, batch.decode_context_sum).at(batch.decode_context_sum);
    }
    if (rows == 0) return time;
    for (int pass = 1; pass < passes_; ++pass) {
      contexts += rows;
      time += overhead_ + draft_->tokenwise(rows) + draft_->perSequence(rows) +
              draft_->decodeAttention(rows, contexts).at(contexts);
    }
    return time;
  }

 private:
  /// Of a prompt whose attention the arithmetic limits.
  static constexpr int kLargeChunk = 1024;
  static constexpr std::int64_t kLongPrior = 4096;
  const models::StepTimes* draft_ = nullptr;
  int passes_;
  Ticks overhead_;
  double ticks_per_pair_ = 0;
};

}  // namespace headroom::sim
