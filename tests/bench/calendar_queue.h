// The alternative to sim/loop/event_queue.h, kept so that the choice can be measured again: a ring of time buckets, the
// current one sorted, and a heap for what lies beyond the ring. Needs a bucket width that suits the events.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "models/base/ticks.h"

namespace headroom::bench {

class CalendarQueue {
 public:
  CalendarQueue(Ticks width, std::size_t buckets_power_of_two)
      : ring_(buckets_power_of_two), mask_(buckets_power_of_two - 1), width_(width) {}

  void push(Ticks time, std::uint32_t target) {
    const Entry entry{time, order_++, target};
    const std::int64_t bucket = time / width_;
    if (bucket <= current_bucket_) {
      current_.insert(std::upper_bound(current_.begin() + static_cast<std::ptrdiff_t>(at_), current_.end(), entry),
                      entry);
    } else if (bucket < current_bucket_ + static_cast<std::int64_t>(ring_.size())) {
      ring_[static_cast<std::size_t>(bucket) & mask_].push_back(entry);
      ++in_ring_;
    } else {
      far_.push_back(entry);
      std::push_heap(far_.begin(), far_.end(), std::greater<>());
    }
  }

  bool empty() const { return in_ring_ == 0 && far_.empty() && at_ == current_.size(); }

  struct Entry {
    Ticks time;
    std::uint64_t order;
    std::uint32_t target;
    bool operator<(const Entry& o) const { return time != o.time ? time < o.time : order < o.order; }
    bool operator>(const Entry& o) const { return o < *this; }
  };
  Entry pop() {
    while (at_ == current_.size()) advance();
    return current_[at_++];
  }

 private:
  void advance() {
    current_.clear();
    at_ = 0;
    current_bucket_ = in_ring_ > 0 ? current_bucket_ + 1 : std::max(current_bucket_ + 1, far_.front().time / width_);
    const std::int64_t end = current_bucket_ + static_cast<std::int64_t>(ring_.size());
    while (!far_.empty() && far_.front().time / width_ < end) {
      std::pop_heap(far_.begin(), far_.end(), std::greater<>());
      ring_[static_cast<std::size_t>(far_.back().time / width_) & mask_].push_back(far_.back());
      far_.pop_back();
      ++in_ring_;
    }
    auto& bucket = ring_[static_cast<std::size_t>(current_bucket_) & mask_];
    in_ring_ -= bucket.size();
    current_.swap(bucket);
    std::sort(current_.begin(), current_.end());
  }

  std::vector<std::vector<Entry>> ring_;
  std::vector<Entry> current_, far_;
  std::size_t at_ = 0, mask_, in_ring_ = 0;
  std::int64_t current_bucket_ = 0;
  Ticks width_;
  std::uint64_t order_ = 0;
};

}  // namespace headroom::bench
