#include "models/cost/similar_experts.h"

#include <algorithm>
#include <cmath>

namespace headroom::models {
namespace {

double ratio(double a, double b) {
  return std::abs(std::log(a / b));
}

/// Formats that compute in the same arithmetic are nearer than others.
double formatDistance(const TableKey& a, const TableKey& b, const Peaks& peaks) {
  if (a.precision == b.precision) return a.arithmetic == b.arithmetic ? 0 : 20;
  return 40 + 10 * ratio(bytesPerElement(a.precision).value(), bytesPerElement(b.precision).value()) +
         10 * ratio(peakFor(peaks, a.precision).value(), peakFor(peaks, b.precision).value());
}

double tokensPerExpert(const TableKey& key) {
  return static_cast<double>(key.topk) / key.experts;
}

}  // namespace

double unlikeness(const TableKey& wanted, const TableKey& have, const Peaks& peaks) {
  const auto sharded = [](const TableKey& key) { return static_cast<double>(key.inter) / key.moe_tp; };
  const auto local = [](const TableKey& key) { return static_cast<double>(key.experts) / key.moe_ep; };
  const auto load = [](const TableKey& key) { return static_cast<double>(key.load); };
  return formatDistance(wanted, have, peaks) + ratio(sharded(wanted), sharded(have)) +
         ratio(local(wanted), local(have)) + ratio(wanted.hidden, have.hidden) + 0.5 * ratio(wanted.topk, have.topk) +
         2.0 * ratio(wanted.moe_ep, have.moe_ep) + 0.5 * std::abs(load(wanted) - load(have));
}

SimilarExperts::SimilarExperts(const Profile& profile, const TableKey& key) : peaks_(profile.header.peaks), key_(key) {
  constexpr std::size_t kNeighbours = 4;
  constexpr double kSame = 1e-3;
  std::vector<std::pair<double, const Table*>> near;
  for (const Table& table : profile.tables) {
    if (table.key.operation != key.operation) continue;
    near.emplace_back(unlikeness(key, table.key, peaks_), &table);
  }
  const std::size_t count = std::min(kNeighbours, near.size());
  std::partial_sort(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(count), near.end());
  for (std::size_t i = 0; i < count; ++i) {
    const auto& [distance, table] = near[i];
    if (i > 0 && distance > 3 * near.front().first + kSame) break;
    similar_.push_back({TableReader(*table, peaks_), 1 / ((distance + kSame) * (distance + kSame)),
                        tokensPerExpert(key) / tokensPerExpert(table->key)});
  }
}

/// Of a call that its launch floor hides.
constexpr double kLeastSlowdown = 0.1;

KernelTime SimilarExperts::time(double tokens) const {
  const Seconds least = speedOfLight(peaks_, key_, {tokens});
  double log_slowdown = 0;
  double launch = 0;
  double weights = 0;
  Tier tier = Tier::transferred;
  for (const Similar& similar : similar_) {
    const GridPoint at{std::max(1.0, tokens * similar.tokens_scale)};
    const KernelTime its = similar.table.time(at, speedOfLight(peaks_, similar.table.table().key, at));
    const Seconds floor = similar.table.table().launch_floor;
    const Seconds above = std::max(its.time - floor, kLeastSlowdown * its.speed_of_light);
    log_slowdown += similar.weight * std::log(above / its.speed_of_light);
    launch += similar.weight * floor.value();
    weights += similar.weight;
    tier = std::max(tier, its.tier);
  }
  const Seconds time = Seconds(launch / weights) + std::exp(log_slowdown / weights) * least;
  return {std::max(least, time), least, tier};
}

}  // namespace headroom::models
