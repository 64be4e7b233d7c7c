// What one step computes on one rank, as far as its time depends on it.
#pragma once

#include <cstdint>
#include <vector>

#include "models/base/ticks.h"

namespace headroom::sim {

struct PrefillChunk {
  int tokens = 0;          ///< new tokens in this step, >= 1
  std::int64_t prior = 0;  ///< tokens of the sequence computed before
  /// Causal pairs of its tokens with what they attend to.
  std::int64_t attended() const { return tokens * prior + std::int64_t{tokens} * (tokens + 1) / 2; }
};

/// What one step computes.
struct BatchShape {
  int decode_rows = 0;
  std::int64_t decode_context_sum = 0;  ///< sum over decode rows of the tokens each attends to (its own included)
  std::int64_t decode_context_max = 0;  ///< the most tokens that one of them attends to
  int completed_prompts = 0;            ///< chunks that end their prompt and so emit a token
  std::vector<PrefillChunk> chunks;
  int draft_tokens = 0;                    ///< verified beside the decode rows' own
  std::int64_t draft_attended = 0;         ///< pairs of them with what they attend to, beyond decode_context_sum
  std::int64_t completed_context_sum = 0;  ///< tokens of the prompts that end in this step
  Ticks adapter_time = 0;                  ///< kernels of LoRA adapters
  Ticks decode_adapter_time = 0;           ///< of the decode rows alone
  Ticks adapter_load = 0;                  ///< adapters that are loaded first
  int promptTokens() const {
    int tokens = 0;
    for (const PrefillChunk& chunk : chunks) tokens += chunk.tokens;
    return tokens;
  }
  /// The same without the prompts.
  BatchShape decodeOnly() const {
    BatchShape shape;
    shape.decode_rows = decode_rows;
    shape.decode_context_sum = decode_context_sum;
    shape.decode_context_max = decode_context_max;
    shape.draft_tokens = draft_tokens;
    shape.draft_attended = draft_attended;
    shape.adapter_time = shape.decode_adapter_time = decode_adapter_time;
    return shape;
  }
  int tokens() const { return decode_rows + draft_tokens + promptTokens(); }
  std::int64_t attended() const {
    std::int64_t pairs = decode_context_sum + draft_attended;
    for (const PrefillChunk& chunk : chunks) pairs += chunk.attended();
    return pairs;
  }
};

}  // namespace headroom::sim
