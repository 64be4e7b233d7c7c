// The order in which waiting requests are looked at (RequestOrder of engine_config.h). An order is evaluated when the
// engine admits, so a request that arrives later may overtake. Ties go to the earlier arrival, then to the lower id.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/engine/batch.h"

namespace headroom::sim {

const std::vector<std::string>& requestOrderNames();
const std::string& nameOf(RequestOrder order);
/// CHECKs that the name is known.
RequestOrder requestOrderOf(const std::string& name);

class RequestQueue {
 public:
  explicit RequestQueue(RequestOrder order) : order_(order) {}
  bool empty() const { return fcfs_.empty() && sorted_.empty(); }
  std::size_t size() const { return fcfs_.size() + sorted_.size(); }
  Sequence* front() const;
  /// Takes the front out: it is admitted.
  void pop();
  void push(Sequence* sequence);
  /// Back in after a preemption: at the head, or, `at_tail`, behind all others.
  void putBack(Sequence* sequence, bool at_tail = false);
  void remove(Sequence* sequence);
  /// Takes out the one of this request, wherever it stands; null if it is not here.
  Sequence* take(std::uint64_t request);
  /// By rising key, equal ones as they are; fcfs only. Asked for every key once, in the present order.
  template <class Key>
  void sortBy(Key key) {
    std::vector<std::pair<std::int64_t, Sequence*>> keyed;
    for (Sequence* sequence : fcfs_) keyed.emplace_back(key(*sequence), sequence);
    std::stable_sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::transform(keyed.begin(), keyed.end(), fcfs_.begin(), [](const auto& entry) { return entry.second; });
  }

 private:
  struct Entry {
    std::int64_t rank;
    Ticks arrival;
    std::uint64_t id;
    Sequence* sequence;
    bool operator<(const Entry& o) const {
      return rank != o.rank ? rank < o.rank : arrival != o.arrival ? arrival < o.arrival : id < o.id;
    }
  };
  std::int64_t served(std::uint32_t tenant) const;
  Entry entryOf(Sequence* sequence) const;

  RequestOrder order_;
  std::deque<Sequence*> fcfs_;
  std::map<std::uint32_t, std::set<Entry>> sorted_;  // by tenant if fair, else all under 0
  std::map<std::uint32_t, std::int64_t> admitted_;   // tokens, by tenant
};

}  // namespace headroom::sim
