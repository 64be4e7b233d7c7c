// The step-time tables of one replica: dense in tokens, emitting and decoding sequences; lines between knots of the
// mean context (8 an octave), of the prior context (32 an octave) and of the chunk (16 an octave, interpolated exactly:
// both ends of an interval are multiples of its length). All arithmetic is on integers but one exact floor(sum / n).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/base/error.h"
#include "models/cost/fused_attention.h"
#include "models/cost/sampled_line.h"
#include "models/cost/step_times.h"
#include "models/cost/uneven_contexts.h"

namespace headroom::models {

class CompiledTables final : public StepTimes {
 public:
  using ContextKnots = Knots<3>;
  using ChunkKnots = Knots<4>;
  using PriorKnots = Knots<5>;

  /// Chunks of one interval, without its lower end and with its upper one: two lines, so that a stair at the lower
  /// end stays one.
  struct Interval {
    Piece low;
    Piece high;
  };

  struct Rows {
    std::vector<Ticks> tokens;      ///< [tokens]
    std::vector<Ticks> sequences;   ///< [emitting sequences]
    std::vector<Piece> decode;      ///< [n - 1][knot of the mean context]
    std::vector<Interval> prefill;  ///< [knot below the chunk][knot of the prior context]
    std::optional<FusedAttention> fused;
    std::optional<UnevenContexts> uneven;
    std::vector<Ticks> uneven_pace;  ///< [n] of a token by which the longest context exceeds the mean; none: empty
    std::size_t decode_knots = 0;
    std::size_t prior_knots = 0;
  };
  explicit CompiledTables(Rows rows);

  Ticks tokenwise(int tokens) const override {
    CHECK(tokens >= 1 && tokens <= maxTokens(), "a step with more tokens than it was compiled for");
    return rows_.tokens[static_cast<std::size_t>(tokens)];
  }
  Ticks perSequence(int sequences) const override {
    CHECK(sequences >= 0 && static_cast<std::size_t>(sequences) < rows_.sequences.size(),
          "more sequences than compiled for");
    return rows_.sequences[static_cast<std::size_t>(sequences)];
  }
  Segment decodeAttention(int n, std::int64_t context_sum) const override;
  Segment prefillAttention(int chunk, std::int64_t prior) const override;
  int maxTokens() const override { return static_cast<int>(rows_.tokens.size()) - 1; }
  bool fusesAttention() const override { return rows_.fused.has_value(); }
  Ticks fusedAttention(int chunk, std::int64_t prior, int n, std::int64_t context_sum,
                       std::int64_t longest) const override;
  bool knowsUnevenContexts() const override { return rows_.uneven.has_value(); }
  Ticks unevenAttention(int n, std::int64_t excess) const override {
    if (excess <= 0 || rows_.uneven_pace.empty()) return 0;
    return rows_.uneven_pace[static_cast<std::size_t>(n)] * excess / n;
  }

 private:
  Rows rows_;
  int max_sequences_;
};

}  // namespace headroom::models
