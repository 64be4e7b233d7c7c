#include "models/cost/kernel.h"

#include <algorithm>
#include <cmath>

namespace headroom::models {
namespace {

TableKernel gemmTable(const Profile& profile, Precision weights) {
  return nearestTable(profile, Operation::gemm,
                      [&](const TableKey& have) { return standInDistance(weights, have.precision); });
}

double windowDistance(int wanted, int have) {
  if (wanted == have) return 0;
  return wanted > 0 && have > 0 ? 1 + logDistance(wanted, have) : 10;
}

/// How unlike two head shapes are: number format, then window, then head size, then query heads per KV head, then KV
/// heads.
double unlikeness(const TableKey& wanted, const TableKey& have) {
  const double group = static_cast<double>(wanted.heads) / wanted.kv_heads;
  const double have_group = static_cast<double>(have.heads) / have.kv_heads;
  return (wanted.precision == have.precision ? 0 : 1e5) + (wanted.arithmetic == have.arithmetic ? 0 : 1e4) +
         1000 * windowDistance(wanted.window, have.window) + 100 * logDistance(wanted.head_dim, have.head_dim) +
         10 * logDistance(group, have_group) + logDistance(wanted.kv_heads, have.kv_heads);
}

TableKernel attentionTable(const Profile& profile, const TableKey& key) {
  return nearestTable(profile, key.operation, [&](const TableKey& have) { return unlikeness(key, have); });
}

TableKernel mixedTable(const Profile& profile, TableKey key) {
  key.operation = Operation::mixed_attention;
  const Table* table = profile.find(key);
  return {table, profile.header.peaks, table == nullptr ? Tier::spec : Tier::measured};
}

}  // namespace

int alignedRows(int rows) {
  constexpr int kTile = 16;
  return rows <= kTile ? rows : (rows + kTile - 1) / kTile * kTile;
}

GemmKernel::GemmKernel(const Profile& profile, Precision weights)
    : peaks_(profile.header.peaks), weights_(weights), table_(gemmTable(profile, weights)) {}

KernelTime GemmKernel::time(int m, double n, double k) const {
  const int rows = alignedRows(m);
  return table_.at({static_cast<double>(rows), n, k}, gemmSpeedOfLight(peaks_, weights_, rows, n, k));
}

AttentionKernel::AttentionKernel(const Profile& profile, Operation operation, const AttentionHeads& heads)
    : peaks_(profile.header.peaks),
      tiles_(prefillTilesOf(profile.header)),
      key_{.operation = operation,
           .precision = heads.kv_cache,
           .heads = heads.heads,
           .kv_heads = heads.kv_heads,
           .head_dim = heads.head_dim,
           .window = heads.window,
           .arithmetic = heads.arithmetic},
      table_(attentionTable(profile, key_)),
      mixed_(mixedTable(profile, key_)) {
  fused_ = mixed_.measured() && !table_.isExact();
  if (table_.measured()) batch_scale_ = static_cast<double>(heads.kv_heads) / table_.key().kv_heads;
}

KernelTime AttentionKernel::at(const GridPoint& point, Seconds speed_of_light) const {
  return table_.at({point[0] * batch_scale_, point[1]}, speed_of_light);
}

double AttentionKernel::inWindow(double context) const {
  return key_.window > 0 ? std::min<double>(context, key_.window) : context;
}

KernelTime AttentionKernel::decode(double batch, double context) const {
  CHECK(key_.operation == Operation::decode_attention, "a prefill kernel was asked for a decode time");
  const double seen = inWindow(context);
  const Seconds least = attentionSpeedOfLight(peaks_, key_, batch, 1, seen - 1);
  return fused_ ? mixed_.at({0, 0, batch, seen}, least) : at({batch, seen}, least);
}

KernelTime AttentionKernel::prefill(double new_tokens, double prior) const {
  const double before = inWindow(prior);  // what lies further back costs nothing
  if (before <= 0) return prompts(1, new_tokens);
  const Seconds least = attentionSpeedOfLight(peaks_, key_, 1, new_tokens, before);
  const Seconds alone = prompts(1, new_tokens).time;  // prior context never makes a chunk cheaper
  if (mixed_.measured()) {
    const KernelTime fused = mixed_.at({new_tokens, before, 0, 0}, least);
    return {std::max(alone, fused.time), least, fused.tier};
  }
  const KernelTime whole = prompts(1, new_tokens + before);
  const Seconds on_prior = tiles_ && table_.measured() ? unsplit(new_tokens, before) : scaledPrompt(whole, least);
  return {std::max({alone, on_prior, least}), least, std::max(whole.tier, Tier::interpolated)};
}

Seconds AttentionKernel::scaledPrompt(const KernelTime& whole, Seconds speed_of_light) const {
  // The efficiency above the launch floor: the floor itself does not grow with the work of the longer prompt.
  const double slowdown = std::max(1.0, (whole.time - launchFloor()) / whole.speed_of_light);
  return launchFloor() + slowdown * speed_of_light;
}

Seconds AttentionKernel::unsplit(double new_tokens, double prior) const {
  const double prompt = std::max(new_tokens + prior, tiles_->fullPrompt(key_.heads));
  // A prompt longer than a window is as much work for each processor as the windows of its tokens.
  const double per_token = key_.window > 0 ? std::min(1.0, 2.0 * key_.window / prompt) : 1.0;
  const Seconds pace = (prompts(1, prompt).time - launchFloor()) / (per_token * tiles_->span(key_.heads, prompt, 0));
  return launchFloor() + pace * tiles_->span(key_.heads, new_tokens, prior);
}

KernelTime AttentionKernel::prompts(double batch, double length) const {
  CHECK(key_.operation == Operation::prefill_attention, "a decode kernel was asked for a prefill time");
  const Seconds least = attentionSpeedOfLight(peaks_, key_, batch, length, 0);
  return fused_ && batch <= 1 ? mixed_.at({length, 0, 0, 0}, least) : at({batch, length}, least);
}

KernelTime elementwiseTime(const Profile& profile, double bytes) {
  const Seconds least = Bytes(bytes) / profile.header.peaks.memory;
  return {least / kSpecEfficiency + kElementwiseLaunch, least, Tier::spec};
}

LayerKernel::LayerKernel(const Profile& profile, Layer layer, double width) : peaks_(profile.header.peaks) {
  const TableKey key{
      .operation = Operation::elementwise_layer, .hidden = static_cast<int>(std::lround(width)), .layer = layer};
  if (const Table* table = profile.find(key)) table_.emplace(*table, peaks_);
}

KernelTime LayerKernel::time(double rows, const KernelTime& otherwise) const {
  if (!table_) return otherwise;
  const GridPoint at{rows};
  return table_->time(at, speedOfLight(peaks_, table_->table().key, at));
}

}  // namespace headroom::models
