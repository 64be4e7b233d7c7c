// One table of a profile as a kernel: the one asked for, or the nearest by a distance that the kernel's class defines.
//   time = max(S, ratio (S + t0))   S of the call asked for, ratio and t0 of the table found; no table: S / 0.8 + 5 us
#pragma once

#include <limits>
#include <optional>

#include "models/cost/profile.h"
#include "models/cost/table.h"

namespace headroom::models {

/// Share of the speed of light that a well-tuned kernel reaches, and the time of an empty one, where nothing was
/// measured.
inline constexpr double kSpecEfficiency = 0.8;
inline constexpr Seconds kSpecLaunch{5e-6};

KernelTime specTime(Seconds speed_of_light);
/// Kernels one after the other; the worst tier of those that take any time.
KernelTime operator+(const KernelTime& a, const KernelTime& b);
KernelTime operator*(double count, const KernelTime& one);

/// ln of the ratio of two sizes, without its sign.
double logDistance(double a, double b);

class TableKernel {
 public:
  TableKernel() = default;
  /// `table` may be null; answers are never better than `best`.
  TableKernel(const Table* table, const Peaks& peaks, Tier best);

  bool measured() const { return reader_.has_value(); }
  bool isExact() const { return reader_ && best_ == Tier::measured; }
  /// The engine's own, not borrowed from another.
  bool isOwn() const { return reader_ && reader_->table().borrowed_from.empty(); }
  const TableKey& key() const { return reader_->table().key; }
  KernelTime at(const GridPoint& point, Seconds speed_of_light) const;
  /// Time of a call with next to nothing to do.
  Seconds launchFloor() const;

 private:
  std::optional<TableReader> reader_;
  Tier best_ = Tier::spec;
};

inline constexpr double kTooFar = std::numeric_limits<double>::infinity();

/// The table of `operation` with the least distance(key); 0 is the table itself, kTooFar never taken.
template <class Distance>
TableKernel nearestTable(const Profile& profile, Operation operation, Distance distance) {
  const Table* best = nullptr;
  double least = kTooFar;
  for (const Table& table : profile.tables) {
    if (table.key.operation != operation) continue;
    const double here = distance(table.key);
    if (here >= least) continue;
    least = here;
    best = &table;
  }
  return {best, profile.header.peaks, least <= 0 ? Tier::measured : Tier::transferred};
}

/// How far the efficiency of `have` is from standing in for `wanted`: 0 the same, 1, 2 ... wider ones; kTooFar never.
double standInDistance(Precision wanted, Precision have);

}  // namespace headroom::models
