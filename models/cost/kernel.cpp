#include "models/cost/kernel.h"

#include <algorithm>
#include <cmath>

namespace headroom::models {
namespace {

KernelTime specTime(Seconds speed_of_light) {
  return {speed_of_light / kSpecEfficiency + kSpecLaunch, speed_of_light, Tier::spec};
}

/// Formats whose efficiency may stand in for `wanted`, nearest first.
std::vector<Precision> standIns(Precision wanted) {
  switch (wanted) {
    case Precision::bf16:
      return {Precision::bf16};
    case Precision::fp8:
      return {Precision::fp8, Precision::bf16};
    case Precision::fp8_block:
      return {Precision::fp8_block, Precision::fp8, Precision::bf16};
    case Precision::nvfp4:
      return {Precision::nvfp4, Precision::fp8, Precision::bf16};
    case Precision::mxfp4:
    case Precision::int4:
      return {wanted, Precision::bf16};
  }
  CHECK(false, "unknown precision");
}

/// How unlike two head shapes are: number format, then head size, then query heads per KV head, then KV heads.
double unlikeness(const TableKey& wanted, const TableKey& have) {
  const auto ratio = [](double a, double b) { return std::abs(std::log(a / b)); };
  const double group = static_cast<double>(wanted.heads) / wanted.kv_heads;
  const double have_group = static_cast<double>(have.heads) / have.kv_heads;
  return (wanted.precision == have.precision ? 0 : 1000) + 100 * ratio(wanted.head_dim, have.head_dim) +
         10 * ratio(group, have_group) + ratio(wanted.kv_heads, have.kv_heads);
}

const Table* mostAlike(const Profile& profile, const TableKey& wanted) {
  const Table* best = nullptr;
  for (const Table& table : profile.tables) {
    if (table.key.operation != wanted.operation) continue;
    if (best == nullptr || unlikeness(wanted, table.key) < unlikeness(wanted, best->key)) best = &table;
  }
  return best;
}

}  // namespace

int alignedRows(int rows) {
  constexpr int kTile = 16;
  return rows <= kTile ? rows : (rows + kTile - 1) / kTile * kTile;
}

GemmKernel::GemmKernel(const Profile& profile, Precision weights) : peaks_(profile.header.peaks), weights_(weights) {
  for (const Precision candidate : standIns(weights)) {
    const Table* table = profile.find({.operation = Operation::gemm, .precision = candidate});
    if (table == nullptr) continue;
    table_.emplace(*table);
    best_ = candidate == weights ? Tier::measured : Tier::transferred;
    return;
  }
}

KernelTime GemmKernel::time(int m, double n, double k) const {
  const int rows = alignedRows(m);
  const Seconds least = gemmSpeedOfLight(peaks_, weights_, rows, n, k);
  if (!table_) return specTime(least);
  KernelTime result = table_->time({static_cast<double>(rows), n, k}, least);
  result.tier = std::max(result.tier, best_);
  return result;
}

AttentionKernel::AttentionKernel(const Profile& profile, Operation operation, const AttentionHeads& heads)
    : peaks_(profile.header.peaks),
      tiles_(prefillTilesOf(profile.header)),
      key_{.operation = operation,
           .precision = heads.kv_cache,
           .heads = heads.heads,
           .kv_heads = heads.kv_heads,
           .head_dim = heads.head_dim} {
  const Table* table = mostAlike(profile, key_);
  if (table == nullptr) return;
  table_.emplace(*table);
  best_ = table->key == key_ ? Tier::measured : Tier::transferred;
  batch_scale_ = static_cast<double>(heads.kv_heads) / table->key.kv_heads;
}

KernelTime AttentionKernel::at(const GridPoint& point, Seconds speed_of_light) const {
  if (!table_) return specTime(speed_of_light);
  KernelTime result = table_->time({point[0] * batch_scale_, point[1], 1}, speed_of_light);
  result.tier = std::max(result.tier, best_);
  return result;
}

KernelTime AttentionKernel::decode(double batch, double context) const {
  CHECK(key_.operation == Operation::decode_attention, "a prefill kernel was asked for a decode time");
  return at({batch, context, 1}, attentionSpeedOfLight(peaks_, key_, batch, 1, context - 1));
}

KernelTime AttentionKernel::prefill(double new_tokens, double prior) const {
  if (prior <= 0) return prompts(1, new_tokens);
  const Seconds least = attentionSpeedOfLight(peaks_, key_, 1, new_tokens, prior);
  const KernelTime whole = prompts(1, new_tokens + prior);
  const Seconds alone = prompts(1, new_tokens).time;  // prior context never makes a chunk cheaper
  const Seconds on_prior =
      tiles_ && table_ ? unsplit(new_tokens, prior) : scaledPrompt(whole, least);
  return {std::max({alone, on_prior, least}), least, std::max(whole.tier, Tier::interpolated)};
}

Seconds AttentionKernel::scaledPrompt(const KernelTime& whole, Seconds speed_of_light) const {
  // The efficiency above the launch floor: the floor itself does not grow with the work of the longer prompt.
  const double slowdown = std::max(1.0, (whole.time - launchFloor()) / whole.speed_of_light);
  return launchFloor() + slowdown * speed_of_light;
}

Seconds AttentionKernel::unsplit(double new_tokens, double prior) const {
  const double prompt = std::max(new_tokens + prior, tiles_->fullPrompt(key_.heads));
  const Seconds pace = (prompts(1, prompt).time - launchFloor()) / tiles_->span(key_.heads, prompt, 0);
  return launchFloor() + pace * tiles_->span(key_.heads, new_tokens, prior);
}

KernelTime AttentionKernel::prompts(double batch, double length) const {
  CHECK(key_.operation == Operation::prefill_attention, "a decode kernel was asked for a prefill time");
  return at({batch, length, 1}, attentionSpeedOfLight(peaks_, key_, batch, length, 0));
}

Seconds AttentionKernel::launchFloor() const {
  return table_ ? table_->table().launch_floor : kSpecLaunch;
}

CollectiveKernel::CollectiveKernel(const Profile& profile, Kind kind, int devices)
    : peaks_(profile.header.peaks), kind_(kind), devices_(devices) {
  const auto operations = kind == Kind::all_gather
                              ? std::vector{Operation::nccl_all_gather}
                              : std::vector{Operation::custom_all_reduce, Operation::nccl_all_reduce};
  for (const Operation operation : operations) {
    const Table* table = profile.find({.operation = operation, .devices = devices});
    if (table != nullptr) tables_.emplace_back(*table);
  }
}

KernelTime CollectiveKernel::time(double bytes) const {
  const double share = kind_ == Kind::all_gather ? 1.0 - 1.0 / devices_ : 1.0;
  const Seconds least = collectiveSpeedOfLight(peaks_, bytes * share);
  if (tables_.empty()) return specTime(least);
  KernelTime best = tables_.front().time({bytes, 1, 1}, least);
  for (const TableReader& table : tables_) {
    const KernelTime other = table.time({bytes, 1, 1}, least);
    // Inside both ranges the first, the engine's own, is what runs; beyond its range the faster.
    if (best.tier == Tier::extrapolated && other.tier != Tier::extrapolated && other.time < best.time) best = other;
  }
  return best;
}

KernelTime elementwiseTime(const Profile& profile, double bytes) {
  const Seconds least = Bytes(bytes) / profile.header.peaks.memory;
  return {least / kSpecEfficiency + kElementwiseLaunch, least, Tier::spec};
}

}  // namespace headroom::models
