#include "models/cost/kernel_table.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace headroom::models {
namespace {

/// Formats whose efficiency may stand in for `wanted`, nearest first.
std::vector<Precision> standIns(Precision wanted) {
  switch (wanted) {
    case Precision::bf16:
      return {Precision::bf16};
    case Precision::fp8:
      return {Precision::fp8, Precision::fp8_block, Precision::bf16};
    case Precision::fp8_block:
      return {Precision::fp8_block, Precision::fp8, Precision::bf16};
    case Precision::nvfp4:
      return {Precision::nvfp4, Precision::mxfp4, Precision::fp8, Precision::bf16};
    case Precision::mxfp4:
      return {Precision::mxfp4, Precision::int4, Precision::bf16};
    case Precision::int4:
      return {Precision::int4, Precision::mxfp4, Precision::bf16};
  }
  CHECK(false, "unknown precision");
}

}  // namespace

KernelTime specTime(Seconds speed_of_light) {
  return {speed_of_light / kSpecEfficiency + kSpecLaunch, speed_of_light, Tier::spec};
}

KernelTime operator+(const KernelTime& a, const KernelTime& b) {
  if (a.time <= Seconds()) return b;
  if (b.time <= Seconds()) return a;
  return {a.time + b.time, a.speed_of_light + b.speed_of_light, std::max(a.tier, b.tier)};
}

KernelTime operator*(double count, const KernelTime& one) {
  return {count * one.time, count * one.speed_of_light, one.tier};
}

double logDistance(double a, double b) {
  return std::abs(std::log(a / b));
}

TableKernel::TableKernel(const Table* table, const Peaks& peaks, Tier best) : best_(best) {
  if (table != nullptr) reader_.emplace(*table, peaks);
}

KernelTime TableKernel::at(const GridPoint& point, Seconds speed_of_light) const {
  if (!reader_) return specTime(speed_of_light);
  KernelTime result = reader_->time(point, speed_of_light);
  result.tier = std::max(result.tier, best_);
  return result;
}

Seconds TableKernel::launchFloor() const {
  return reader_ ? reader_->table().launch_floor : kSpecLaunch;
}

double standInDistance(Precision wanted, Precision have) {
  const std::vector<Precision> candidates = standIns(wanted);
  const auto at = std::find(candidates.begin(), candidates.end(), have);
  return at == candidates.end() ? kTooFar : static_cast<double>(at - candidates.begin());
}

}  // namespace headroom::models
