// How long a batch takes on this engine: compiled kernel tables plus the engine's own overhead.
#pragma once

#include <algorithm>
#include <cstdint>

#include "models/cost/step_times.h"
#include "sim/engine/batch_shape.h"
#include "sim/engine/drafting_cost.h"
#include "sim/engine/engine_config.h"
#include "sim/engine/replica.h"

namespace headroom::sim {

/// What the host needs for a step: kernels that end earlier wait for `beside`, and `between` comes on top.
struct HostTime {
  Ticks beside = 0;
  Ticks between = 0;
};
inline HostTime slower(const HostTime& a, const HostTime& b) {
  return {std::max(a.beside, b.beside), std::max(a.between, b.between)};
}

class StepCost {
 public:
  StepCost(const models::StepTimes& times, const StepOverhead& overhead, int pipeline_depth,
           const Speculation& speculation = {})
      : times_(&times),
        overhead_(overhead),
        depth_(pipeline_depth),
        fused_(times.fusesAttention()),
        uneven_(times.knowsUnevenContexts()),
        drafting_(times, speculation) {}

  /// At least one tick.
  Ticks of(const BatchShape& batch) const {
    return withOverhead(times_->tokenwise(batch.tokens()) + attentionOf(batch), hostTimeOf(batch));
  }
  /// Attention, LM head, sampling, drafting and adapters: what depends on more than the number of tokens.
  Ticks attentionOf(const BatchShape& batch) const {
    Ticks kernels = times_->perSequence(batch.decode_rows + batch.draft_tokens + batch.completed_prompts);
    kernels += drafting_.passes(batch) + batch.adapter_time + batch.adapter_load;
    if (fused_ && batch.decode_rows > 0 && !batch.chunks.empty()) {
      return kernels + std::max(fusedOf(batch), drafting_.verification(batch));
    }
    for (const PrefillChunk& chunk : batch.chunks) {
      kernels += times_->prefillAttention(chunk.tokens, chunk.prior).at(chunk.prior);
    }
    if (batch.decode_rows > 0) {
      kernels +=
          std::max(times_->decodeAttention(batch.decode_rows, batch.decode_context_sum).at(batch.decode_context_sum),
                   drafting_.verification(batch));
      kernels += unevenAttention(batch.decode_rows, batch.decode_context_sum, batch.decode_context_max);
    }
    return kernels;
  }

  /// Attention of steps with prompts and decoding sequences is not a sum, nor linear in contexts.
  bool isFused() const { return fused_; }

  /// What unequal contexts cost; the same in every step while all of them grow by one.
  Ticks unevenAttention(int rows, std::int64_t context_sum, std::int64_t longest) const {
    return uneven_ ? times_->unevenAttention(rows, rows * longest - context_sum) : 0;
  }
  /// The longest context of a batch matters.
  bool isUneven() const { return uneven_; }

  HostTime hostTimeOf(const BatchShape& batch) const {
    return hostTime(batch.decode_rows + static_cast<int>(batch.chunks.size()), batch.promptTokens());
  }
  HostTime hostTime(int sequences, int prompt_tokens) const {
    const Ticks own =
        overhead_.host + overhead_.host_per_sequence * sequences + overhead_.host_per_prompt_token * prompt_tokens;
    const Ticks launches = prompt_tokens > 0 ? overhead_.launches : 0;
    return depth_ == 1 ? HostTime{launches, own} : HostTime{own + launches, 0};
  }
  Ticks withOverhead(Ticks kernels, const HostTime& host) const {
    return std::max<Ticks>(1, std::max(kernels, host.beside) + host.between + overhead_.residue);
  }
  const models::StepTimes& times() const { return *times_; }
  void setTimes(const models::StepTimes& times) {
    times_ = &times;
    fused_ = times.fusesAttention();
    uneven_ = times.knowsUnevenContexts();
    drafting_.setTimes(times);
  }

 private:
  Ticks fusedOf(const BatchShape& batch) const {
    int tokens = 0;
    std::int64_t weighted = 0;
    for (const PrefillChunk& chunk : batch.chunks) {
      tokens += chunk.tokens;
      weighted += chunk.tokens * chunk.prior;
    }
    return times_->fusedAttention(tokens, weighted / tokens, batch.decode_rows, batch.decode_context_sum,
                                  batch.decode_context_max);
  }

  const models::StepTimes* times_;
  StepOverhead overhead_;
  int depth_;
  bool fused_;
  bool uneven_;
  DraftingCost drafting_;
};

}  // namespace headroom::sim
