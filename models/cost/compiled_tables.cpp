#include "models/cost/compiled_tables.h"

#include <algorithm>

namespace headroom::models {

CompiledTables::CompiledTables(Rows rows)
    : rows_(std::move(rows)), max_sequences_(static_cast<int>(rows_.decode.size() / rows_.decode_knots)) {}

Segment CompiledTables::decodeAttention(int n, std::int64_t context_sum) const {
  CHECK(n >= 1 && n <= max_sequences_ && context_sum >= 0, "more decoding sequences than compiled for");
  // The quotient is below 2^31 and n below 2^21: the rounded quotient never crosses a whole number.
  const auto mean = static_cast<std::uint64_t>(static_cast<double>(context_sum) / static_cast<double>(n));
  const std::size_t knot = std::min(ContextKnots::indexOf(mean), rows_.decode_knots - 1);
  const Piece& piece = rows_.decode[static_cast<std::size_t>(n - 1) * rows_.decode_knots + knot];
  const bool last = knot + 1 == rows_.decode_knots;
  return {piece.at_knot, piece.slope, n * ContextKnots::at(knot), last ? INT64_MAX : n * ContextKnots::at(knot + 1)};
}

Segment CompiledTables::prefillAttention(int chunk, std::int64_t prior) const {
  CHECK(chunk >= 1 && chunk <= maxTokens() && prior >= 0, "a chunk larger than compiled for");
  const std::size_t row = ChunkKnots::indexOf(static_cast<std::uint64_t>(chunk - 1));
  const std::size_t knot = std::min(PriorKnots::indexOf(static_cast<std::uint64_t>(prior)), rows_.prior_knots - 1);
  const auto& [low, high] = rows_.prefill[row * rows_.prior_knots + knot];
  const std::int64_t offset = chunk - ChunkKnots::at(row);
  const std::int64_t distance = ChunkKnots::at(row + 1) - ChunkKnots::at(row);  // a power of two
  const int shift = std::countr_zero(static_cast<std::uint64_t>(distance));
  const bool last = knot + 1 == rows_.prior_knots;
  return {low.at_knot + (((high.at_knot - low.at_knot) >> shift) * offset),
          low.slope + (((high.slope - low.slope) >> shift) * offset), PriorKnots::at(knot),
          last ? INT64_MAX : PriorKnots::at(knot + 1)};
}

Ticks CompiledTables::fusedAttention(int chunk, std::int64_t prior, int n, std::int64_t context_sum,
                                     std::int64_t longest) const {
  const double mean = static_cast<double>(context_sum) / n;
  Seconds time = rows_.fused->time(chunk, static_cast<double>(prior), n, mean);
  const double excess = static_cast<double>(longest) - std::max(mean, static_cast<double>(prior));
  if (rows_.uneven && excess > 0) time += excess * rows_.uneven->pace(chunk, n);
  return toTicks(time);
}

}  // namespace headroom::models
