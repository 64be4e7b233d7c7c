// The pending events of a run, by time; ties by rank (replicas, faults, arrivals), then in insertion order.
// A 4-ary heap. A calendar queue of ideal bucket width is faster up to 10^3 pending events (21 against 39 ns an event)
// and slower from 10^4 on (79 against 49 ns); the heap needs no width (bench_event_queue measures both).
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "models/base/ticks.h"

namespace headroom::sim {

/// What happens first at equal times. A replica finishes its step before a request that arrives at that instant is
/// routed, whatever was scheduled first: otherwise the outcome would depend on how steps are grouped into events.
enum class Rank : std::uint8_t { replica = 0, fault = 1, arrival = 2 };

struct Event {
  Ticks time = 0;
  std::uint32_t target = 0;  ///< e.g. replica index; the handler knows
  std::uint32_t stamp = 0;   ///< a handler may drop events whose stamp is out of date
};

class EventQueue {
 public:
  void push(Ticks time, Rank rank, std::uint32_t target, std::uint32_t stamp) {
    const std::uint64_t order = (static_cast<std::uint64_t>(rank) << 56) | next_order_++;
    heap_.emplace_back();
    siftUp(heap_.size() - 1, {(static_cast<Key>(time) << 64) | order, target, stamp});
  }
  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  Ticks nextTime() const { return heap_.empty() ? kNever : heap_.front().time(); }

  Event pop() {
    const Entry top = heap_.front();
    const Entry last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) siftDown(last);
    return {top.time(), top.target, top.stamp};
  }

 private:
  // Time and order as one number: one comparison without a branch.
  __extension__ using Key = unsigned __int128;
  struct Entry {
    Key key = 0;
    std::uint32_t target = 0;
    std::uint32_t stamp = 0;
    Ticks time() const { return static_cast<Ticks>(key >> 64); }
  };

  void siftUp(std::size_t at, const Entry& entry) {
    while (at > 0) {
      const std::size_t parent = (at - 1) / 4;
      if (entry.key >= heap_[parent].key) break;
      heap_[at] = heap_[parent];
      at = parent;
    }
    heap_[at] = entry;
  }

  /// Puts `entry` at the hole in the root. It comes from the bottom and mostly goes back there, so the hole goes down
  /// all the way and `entry` up from there.
  void siftDown(const Entry& entry) {
    std::size_t at = 0;
    const std::size_t size = heap_.size();
    for (;;) {
      const std::size_t first = 4 * at + 1;
      if (first + 3 < size) {
        const std::size_t low = heap_[first + 1].key < heap_[first].key ? first + 1 : first;
        const std::size_t high = heap_[first + 3].key < heap_[first + 2].key ? first + 3 : first + 2;
        const std::size_t best = heap_[high].key < heap_[low].key ? high : low;
        heap_[at] = heap_[best];
        at = best;
        continue;
      }
      if (first >= size) break;
      std::size_t best = first;
      for (std::size_t child = first + 1; child < size; ++child) {
        if (heap_[child].key < heap_[best].key) best = child;
      }
      heap_[at] = heap_[best];
      at = best;
    }
    siftUp(at, entry);
  }

  std::vector<Entry> heap_;
  std::uint64_t next_order_ = 0;
};

}  // namespace headroom::sim
