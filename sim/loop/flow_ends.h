// When each flow ends, and which is next: a 4-ary heap that knows where each flow is, so that an end that moves is
// moved in place. Ends at one time are in the order of their flows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "models/base/ticks.h"

namespace headroom::sim {

class FlowEnds {
 public:
  using Slot = std::uint32_t;

  bool empty() const { return heap_.empty(); }
  Ticks nextTime() const { return heap_.empty() ? kNever : heap_.front().at; }
  Slot next() const { return heap_.front().slot; }

  /// Anew or instead of what was set before. `order`: of flows that end at one time.
  void set(Slot slot, Ticks at, std::uint64_t order) {
    if (slot >= place_.size()) place_.resize(slot + 1, kNowhere);
    const std::size_t place = place_[slot];
    const End end{at, order, slot};
    if (place == kNowhere) {
      heap_.emplace_back();
      rise(heap_.size() - 1, end);
    } else {
      put(place, end);
    }
  }
  void remove(Slot slot) {
    if (slot >= place_.size() || place_[slot] == kNowhere) return;
    const std::size_t place = place_[slot];
    place_[slot] = kNowhere;
    const End last = heap_.back();
    heap_.pop_back();
    if (place < heap_.size()) put(place, last);
  }

 private:
  static constexpr std::uint32_t kNowhere = UINT32_MAX;
  struct End {
    Ticks at = 0;
    std::uint64_t order = 0;
    Slot slot = 0;
    bool before(const End& other) const { return at != other.at ? at < other.at : order < other.order; }
  };

  void put(std::size_t place, const End& end) {
    if (place > 0 && end.before(heap_[(place - 1) / 4])) {
      rise(place, end);
    } else {
      sink(place, end);
    }
  }
  void rise(std::size_t place, const End& end) {
    while (place > 0 && end.before(heap_[(place - 1) / 4])) {
      move(place, heap_[(place - 1) / 4]);
      place = (place - 1) / 4;
    }
    move(place, end);
  }
  void sink(std::size_t place, const End& end) {
    for (;;) {
      const std::size_t first = 4 * place + 1, past = std::min(first + 4, heap_.size());
      if (first >= past) break;
      std::size_t best = first;
      for (std::size_t child = first + 1; child < past; ++child) {
        if (heap_[child].before(heap_[best])) best = child;
      }
      if (!heap_[best].before(end)) break;
      move(place, heap_[best]);
      place = best;
    }
    move(place, end);
  }
  void move(std::size_t place, const End& end) {
    heap_[place] = end;
    place_[end.slot] = static_cast<std::uint32_t>(place);
  }

  std::vector<End> heap_;
  std::vector<std::uint32_t> place_;  // by slot
};

}  // namespace headroom::sim
