#include "models/cost/step_work.h"

#include <algorithm>
#include <cmath>

#include "models/cost/operation.h"
#include "models/llm/layer.h"

namespace headroom::models {
namespace {

/// Embedding tables and LM heads are published in bf16 whatever the other weights are.
constexpr double kHeadElementBytes = 2;

double inTiles(double rows, double tile) {
  return std::ceil(rows / tile) * tile;
}

/// Multiplications and additions of one query with one key and one value, one head.
double flopsPerHead(const Model& model, AttentionKind kind) {
  if (model.mla) {
    return 2.0 * (model.mla->qk_nope_head_dim + model.mla->qk_rope_head_dim + model.mla->v_head_dim);
  }
  const bool own_shape = kind == AttentionKind::full && model.full_attention;
  return 4.0 * (own_shape ? model.full_attention->head_dim : model.head_dim);
}

/// All latent attention's heads share one cached vector.
double kvHeads(const Model& model, AttentionKind kind) {
  if (model.mla) return 1;
  return kind == AttentionKind::full && model.full_attention ? model.full_attention->kv_heads : model.kv_heads;
}

double lookBack(const Model& model, AttentionKind kind) {
  if (kind == AttentionKind::windowed) return model.sliding_window;
  return model.indexer ? model.indexer->top_k : 0;
}

}  // namespace

StepWork::StepWork(const Accelerator& accelerator, const Model& model, const WorkRequest& request)
    : accelerators_(request.parallelism.accelerators()),
      peak_(peakFor(peaksOf(accelerator), request.weights)),
      attention_peak_(accelerator.bf16),
      bandwidth_(accelerator.memory_bandwidth),
      element_bytes_(bytesPerElement(request.weights).value()) {
  if (model.moe) {
    experts_ = model.moe->experts;
    topk_ = model.moe->experts_per_token;
  }
  for (int layer = 0; layer < model.layers; ++layer) addLayer(model, layer, request);
  head_elements_ = static_cast<double>(model.vocab) * model.hidden;
}

void StepWork::addLayer(const Model& model, int layer, const WorkRequest& request) {
  const int tp = request.parallelism.tp;
  const auto dense = [](const LayerParameters& p) {
    return p.attention + p.dense_mlp + p.shared_experts + p.router + p.norms;
  };
  const LayerParameters whole = layerParameters(model, layer, {});
  dense_elements_ += dense(whole);
  dense_read_ += dense(layerParameters(model, layer, {.tp = tp, .experts = tp})) * tp * request.parallelism.dp;
  if (experts_ > 0) expert_elements_ += whole.experts / experts_;
  if (attentionKind(model, layer) != AttentionKind::linear) addAttention(model, layer, request);
}

void StepWork::addAttention(const Model& model, int layer, const WorkRequest& request) {
  const AttentionKind kind = attentionKind(model, layer);
  const double limit = lookBack(model, kind);
  auto span = std::find_if(spans_.begin(), spans_.end(), [&](const Span& s) { return s.limit == limit; });
  if (span == spans_.end()) span = spans_.insert(spans_.end(), Span{limit, Flops(), Flops(), Bytes()});
  const double per_head = flopsPerHead(model, kind);
  const double tile_rows = kvHeads(model, kind) * inTiles(model.heads / kvHeads(model, kind), kAttentionTile);
  span->flops_per_pair += Flops(per_head * model.heads);
  span->padding_per_cached += Flops(per_head * (tile_rows - model.heads));
  span->bytes_per_token +=
      layerKvBytesPerToken(model, layer, request.kv_cache, request.parallelism.tp) * request.parallelism.tp;
}

Work StepWork::tokenwise(int tokens) const {
  Flops flops(2 * dense_elements_ * inTiles(tokens, kGemmTile));
  Bytes bytes(dense_read_ * element_bytes_);
  if (expert_elements_ > 0) {
    const double reached = experts_ * (1 - std::pow(1 - topk_ / experts_, tokens));
    const double rows = std::max(kGemmTile, tokens * topk_ / reached);
    flops += Flops(2 * expert_elements_ * reached * rows);
    bytes += Bytes(expert_elements_ * reached * element_bytes_);
  }
  bytes += Bytes(head_elements_ * kHeadElementBytes);
  return {flops / peak_, bytes / bandwidth_};
}

Work StepWork::perSequence() const {
  return {Flops(2 * head_elements_) / attention_peak_, Seconds()};
}

Work StepWork::attention(double tokens, double attended, double cached) const {
  if (tokens <= 0) return {};
  const double mean = attended / tokens;
  Work work;
  for (const Span& span : spans_) {
    const double seen = span.limit > 0 ? std::min(1.0, span.limit / mean) : 1.0;
    work.compute +=
        (span.flops_per_pair * (attended * seen) + span.padding_per_cached * (cached * seen)) / attention_peak_;
    work.memory += span.bytes_per_token * (cached * seen) / bandwidth_;
  }
  return work;
}

Work StepWork::total(const StepTotals& totals) const {
  Work work = totals.emitted * perSequence();
  double tokens = 0;
  for (const auto& [in_step, steps] : totals.steps) {
    work += steps * tokenwise(std::max(1, in_step));
    tokens += steps * in_step;
  }
  work += attention(tokens, totals.attended, totals.cached);
  return work;
}

}  // namespace headroom::models
