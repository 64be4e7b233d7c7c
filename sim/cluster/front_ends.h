// Requests on their way through the front end of their replica (HTTP, tokenizer): each has a slot until its engine sees
// it. The event at that time carries the slot, so nothing is searched.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "workloads/request.h"

namespace headroom::sim {

class FrontEnds {
 public:
  /// A replica, or a pair of them; the first one's front end it is.
  struct Target {
    std::uint32_t first = 0, second = 0;
    bool paired = false;
  };
  struct Entering {
    workloads::Request request;
    Target target;
  };
  /// The slot.
  std::uint32_t enter(const workloads::Request& request, Target target) {
    if (free_.empty()) {
      slots_.push_back({request, target});
      return static_cast<std::uint32_t>(slots_.size() - 1);
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    slots_[slot] = {request, target};
    return slot;
  }
  Entering leave(std::uint32_t slot) {
    free_.push_back(slot);
    return std::move(slots_[slot]);
  }
  bool empty() const { return free_.size() == slots_.size(); }

 private:
  std::vector<Entering> slots_;
  std::vector<std::uint32_t> free_;
};

}  // namespace headroom::sim
