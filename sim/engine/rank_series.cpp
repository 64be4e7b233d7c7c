#include "sim/engine/rank_series.h"

#include <algorithm>

namespace headroom::sim {
namespace {

struct Line {
  Ticks at = 0;
  Ticks slope = 0;
};

template <class ShapeOf>
Ticks timeOf(const StepCost& cost, std::span<const Batch> ranks, ShapeOf shape_of) {
  int tokens = 0;
  Ticks slowest = 0;
  HostTime host;
  for (const Batch& batch : ranks) {
    const BatchShape& shape = shape_of(batch);
    tokens = std::max(tokens, shape.tokens());
    slowest = std::max(slowest, cost.attentionOf(shape));
    host = slower(host, cost.hostTimeOf(shape));
  }
  return cost.withOverhead(cost.times().tokenwise(tokens) + slowest, host);
}

}  // namespace

Ticks stepTime(const StepCost& cost, std::span<const Batch> ranks) {
  return timeOf(cost, ranks, [](const Batch& batch) -> const BatchShape& { return batch.shape; });
}

Ticks promptInterference(const StepCost& cost, std::span<const Batch> ranks, Ticks time) {
  const auto decodes = [](const Batch& batch) { return batch.shape.decode_rows > 0; };
  const auto has_prompts = [](const Batch& batch) { return !batch.shape.chunks.empty(); };
  if (std::none_of(ranks.begin(), ranks.end(), decodes) || std::none_of(ranks.begin(), ranks.end(), has_prompts)) {
    return 0;
  }
  return time - timeOf(cost, ranks, [](const Batch& batch) { return batch.shape.decodeOnly(); });
}

RankSeries::RankSeries(const StepCost& cost, std::span<const Batch> ranks) : cost_(cost) {
  int tokens = 0;
  for (const Batch& batch : ranks) {
    const int rows = batch.shape.decode_rows;
    if (rows == 0) continue;
    const std::int64_t sum = batch.shape.decode_context_sum, longest = batch.shape.decode_context_max;
    ranks_.push_back({rows, sum + rows, batch.shape.adapter_time + cost.unevenAttention(rows, sum, longest)});
    tokens = std::max(tokens, rows);
    host_ = slower(host_, cost.hostTime(rows, 0));
  }
  tokenwise_ = cost.times().tokenwise(tokens);
}

SeriesPiece RankSeries::next(std::int64_t limit) {
  const auto lineOf = [&](const Rank& rank, std::int64_t& steps) {
    const models::Segment s = cost_.times().decodeAttention(rank.rows, rank.context_sum);
    steps = stepsInside(s, rank.context_sum, rank.rows, steps);
    return Line{s.at(rank.context_sum) + cost_.times().perSequence(rank.rows) + rank.constant, s.slope * rank.rows};
  };
  std::int64_t steps = limit;
  std::vector<Line> lines;
  Line top;
  for (const Rank& rank : ranks_) {
    const Line line = lineOf(rank, steps);
    lines.push_back(line);
    if (line.at > top.at || (line.at == top.at && line.slope > top.slope)) top = line;
  }
  for (const Line& line : lines) {  // until a steeper one overtakes
    if (line.slope > top.slope) steps = std::min(steps, (top.at - line.at) / (line.slope - top.slope) + 1);
  }
  const Ticks kernels = tokenwise_ + top.at;
  SeriesPiece piece{cost_.withOverhead(kernels, host_), top.slope, steps};
  if (kernels < host_.beside) {  // the host sets the pace until the kernels catch up
    piece.increment = 0;
    if (top.slope > 0) piece.steps = std::min(steps, (host_.beside - kernels + top.slope - 1) / top.slope);
  }
  for (Rank& rank : ranks_) rank.context_sum += piece.steps * rank.rows;
  return piece;
}

}  // namespace headroom::sim
