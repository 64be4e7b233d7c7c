// Max-min fair rates of flows over links, kept up to date as flows come and go. A flow's bottleneck is a link that is
// full and on which no flow is faster (or its own limit); rates are max-min fair if and only if every flow has one
// (Bertsekas and Gallager, Data Networks, 6.5.2). So a change is repaired where it happened: the flows that may change
// are filled anew beside all others, which keep their rates; those of the others that have lost their bottleneck by it
// join them, until none has. Most changes reach a few flows, even where all flows hang together. With weights it is the
// rates over the weights, the levels, that are fair.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/base/strong_int.h"

namespace headroom::sim {

using LinkId = Id<struct LinkTag>;

class FairShares {
 public:
  using Slot = std::uint32_t;  ///< of a flow; given out again after it has gone

  /// Bytes a second, as everywhere here. A link of 0 moves nothing.
  LinkId addLink(double capacity);
  void setCapacity(LinkId link, double capacity);
  /// A path of at least one link, none twice; `limit` 0: none. Its rate is 0 until solve().
  Slot addFlow(std::span<const LinkId> path, double limit, double weight = 1);
  /// Here 0 lets nothing through, and infinity is none.
  void setLimit(Slot flow, double limit);
  void removeFlow(Slot flow);

  /// Something has changed since the last solve().
  bool dirty() const { return !dirty_links_.empty() || !dirty_flows_.empty(); }
  /// Makes the rates fair again; the flows whose rate has changed, until the next call.
  std::span<const Slot> solve();
  double rate(Slot flow) const { return flows_[flow].rate; }
  double capacity(LinkId link) const { return links_[link.value()].capacity; }
  std::span<const Slot> flowsOn(LinkId link) const { return links_[link.value()].flows; }

 private:
  static constexpr std::uint32_t kOwnLimit = UINT32_MAX;  // a flow's bottleneck is its limit
  struct Link {
    double capacity = 0;
    std::vector<Slot> flows;
    bool dirty = false;
    // While solving.
    std::uint64_t touched = 0;  // the round in which it was
    double left = 0;            // for the flows that are not filled yet
    int open = 0;               // how many they are
    double open_weight = 0;     // and what they weigh
  };
  struct Flow {
    std::vector<LinkId> path;
    double limit = 0;  // infinity: none
    double weight = 1;
    double rate = 0;
    std::uint32_t bottleneck = kOwnLimit;
    // While solving.
    double old_rate = 0;
    bool refilled = false;
    bool filled = false;
  };
  struct Candidate {  // what may bind next
    double level;
    std::uint32_t link;  // kOwnLimit: a flow's limit
    Slot flow;
    bool operator>(const Candidate& other) const { return level > other.level; }
  };
  double levelOf(const Flow& flow) const { return flow.rate / flow.weight; }

  void markDirty(LinkId link);
  void refill(Slot flow);
  void fill();
  void freeze(Slot flow, double level, std::uint32_t bottleneck);
  bool addUnfair();

  std::vector<Link> links_;
  std::vector<Flow> flows_;
  std::vector<Slot> unused_;
  std::vector<LinkId> dirty_links_;
  std::vector<Slot> dirty_flows_;  // their limit has changed; may have gone since
  // While solving.
  std::vector<Slot> refilled_;
  std::vector<std::uint32_t> touched_;
  std::vector<Candidate> candidates_;  // min-heap
  std::uint64_t round_ = 0;
};

}  // namespace headroom::sim
