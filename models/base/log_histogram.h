// A histogram of positive integers (ticks) with logarithmic buckets, for quantiles that do not depend on the order or
// grouping of what was added: the fast and the exact engine must agree bit for bit.
// 256 buckets an octave: a quantile is within 0.2 % of the exact order statistic. Mean and extremes are exact.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "models/base/error.h"

namespace headroom {

class LogHistogram {
 public:
  void add(std::int64_t value, std::int64_t weight = 1) {
    CHECK(value >= 0, "a duration cannot be negative");
    if (weight == 0) return;
    addToBucket(bucketOf(value), weight);
    count_ += weight;
    sum_ += static_cast<decltype(sum_)>(value) * weight;
    min_ = std::min(min_, value);
    max_ = std::max(max_, value);
  }
  /// Adds first, first + step, ..., `count` values, each `weight` times. `first` >= 0, `step` >= 0.
  void addSeries(std::int64_t first, std::int64_t step, std::int64_t count, std::int64_t weight);
  void merge(const LogHistogram& other);

  std::int64_t count() const { return count_; }
  std::int64_t min() const { return count_ ? min_ : 0; }
  std::int64_t max() const { return max_; }
  double mean() const;
  /// The smallest value v such that at least q of the weight is <= v; the middle of its bucket. 0 when empty.
  double quantile(double q) const;

  bool operator==(const LogHistogram&) const = default;

 private:
  static constexpr int kSubBits = 8;  // buckets an octave, as a power of two
  static std::size_t bucketOf(std::int64_t value) {
    const auto v = static_cast<std::uint64_t>(value);
    if (v < (1U << kSubBits)) return static_cast<std::size_t>(v);
    const int shift = 63 - std::countl_zero(v) - kSubBits;
    return static_cast<std::size_t>(((static_cast<std::uint64_t>(shift) + 1) << kSubBits) +
                                    ((v >> shift) & ((1U << kSubBits) - 1)));
  }
  /// First value beyond the bucket.
  static std::int64_t bucketEnd(std::size_t bucket);
  void addToBucket(std::size_t bucket, std::int64_t weight) {
    if (bucket >= buckets_.size()) grow(bucket + 1);
    buckets_[bucket] += weight;
  }
  void grow(std::size_t buckets);

  std::vector<std::int64_t> buckets_;
  std::int64_t count_ = 0;
  std::int64_t min_ = INT64_MAX;
  std::int64_t max_ = 0;
  __extension__ __int128 sum_ = 0;
};

}  // namespace headroom
