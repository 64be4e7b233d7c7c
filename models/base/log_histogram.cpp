#include "models/base/log_histogram.h"

#include <algorithm>
#include <cmath>

namespace headroom {

std::int64_t LogHistogram::bucketEnd(std::size_t bucket) {
  const std::size_t octave = bucket >> kSubBits;
  const auto sub = static_cast<std::int64_t>(bucket & ((1U << kSubBits) - 1));
  if (octave == 0) return sub + 1;
  return ((std::int64_t{1} << kSubBits) + sub + 1) << (octave - 1);
}

void LogHistogram::grow(std::size_t buckets) {
  buckets_.resize(buckets);
}

void LogHistogram::addSeries(std::int64_t first, std::int64_t step, std::int64_t count, std::int64_t weight) {
  if (count <= 0 || weight == 0) return;
  if (step == 0 || count == 1) return add(first, count * weight);
  CHECK(first >= 0 && step > 0, "a series of durations must rise");
  const std::int64_t last = first + (count - 1) * step;
  const std::size_t last_bucket = bucketOf(last);
  std::int64_t done = 0;
  for (std::size_t bucket = bucketOf(first); bucket != last_bucket;) {
    const std::int64_t value = first + done * step;
    const std::int64_t in_bucket = (bucketEnd(bucket) - 1 - value) / step + 1;
    addToBucket(bucket, in_bucket * weight);
    done += in_bucket;
    bucket = bucketOf(value + in_bucket * step);
  }
  addToBucket(last_bucket, (count - done) * weight);
  using Wide = decltype(sum_);
  sum_ += (static_cast<Wide>(first) + last) * count / 2 * weight;
  count_ += count * weight;
  min_ = std::min(min_, first);
  max_ = std::max(max_, last);
}

void LogHistogram::merge(const LogHistogram& other) {
  if (other.buckets_.size() > buckets_.size()) buckets_.resize(other.buckets_.size());
  for (std::size_t i = 0; i < other.buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

double LogHistogram::mean() const {
  return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

double LogHistogram::quantile(double q) const {
  if (count_ == 0) return 0;
  const auto rank =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(q * static_cast<double>(count_) - 1e-9)));
  std::int64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= rank) {
      const std::int64_t begin = i == 0 ? 0 : bucketEnd(i - 1);
      const double middle = (static_cast<double>(begin) + static_cast<double>(bucketEnd(i) - 1)) / 2;
      return std::clamp(middle, static_cast<double>(min_), static_cast<double>(max_));
    }
  }
  return static_cast<double>(max_);
}

}  // namespace headroom
