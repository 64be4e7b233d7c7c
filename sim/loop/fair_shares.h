// Max-min fair rates of flows over links, kept up to date as flows come and go. A flow's bottleneck is a link that is
// full and on which no flow is faster (or its own limit); rates are max-min fair if and only if every flow has one
// (Bertsekas and Gallager, Data Networks, 6.5.2). So a change is repaired where it happened: the flows that may change
// are filled anew beside all others, which keep their rates; those of the others that are faster than flows that stop
// at a full link join at once, those that have lost their bottleneck by it join for another filling, until none has.
// Most changes reach a few flows, even where all flows hang together. With weights it is the rates over the weights,
// the levels, that are fair.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "models/base/strong_int.h"
#include "sim/loop/least_of.h"

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
  bool isBoundBy(Slot flow, LinkId link) const { return flows_[flow].bottleneck == link.value(); }
  double capacity(LinkId link) const { return links_[link.value()].capacity; }
  std::span<const Slot> flowsOn(LinkId link) const { return links_[link.value()].flows; }

 private:
  static constexpr std::uint32_t kOwnLimit = UINT32_MAX;  // a flow's bottleneck is its limit
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();
  struct Link {
    double capacity = 0;
    std::vector<Slot> flows;
    bool dirty = false;
    // While solving: the flows that keep their rates, ...
    std::uint64_t touched = 0;  // the solve in which they were looked at
    double kept_left = 0;       // what they leave
    double kept_fastest = 0;    // no level among them is above it
    double kept_bound = 0;      // no level of those whose bottleneck this is is below it
    // ... the others, ...
    int refilled = 0;
    double refilled_weight = 0;
    // ... and in one filling.
    double left = 0;
    int open = 0;  // flows that are not filled yet
    double open_weight = 0;
    double fastest = 0, slowest_bound = kInfinity;  // levels of those that are
    std::size_t candidate = 0;
    /// The level at which those that are not would fill it.
    double share() const { return open > 0 ? std::max(0.0, left) / open_weight : kInfinity; }
  };
  struct Flow {
    double rate = 0;
    double level = 0;  // rate over weight
    std::uint32_t bottleneck = kOwnLimit;
    bool refilled = false, filled = false;  // while solving
    double limit = 0;                       // infinity: none
    double weight = 1;
    std::vector<LinkId> path;
  };
  struct Candidate {     // for what binds next
    std::uint32_t link;  // kOwnLimit: the flow's limit
    Slot flow;
  };

  void markDirty(LinkId link);
  Link& touch(std::uint32_t link);
  void look(Link& link, std::uint32_t id);
  void refill(Slot flow);
  void refillFasterThan(double level, std::uint32_t link);
  void startAgain();
  void fill();
  void freeze(Slot flow, double level, std::uint32_t bottleneck);
  bool addUnfair();

  std::vector<Link> links_;
  std::vector<Flow> flows_;
  std::vector<Slot> unused_;
  std::vector<LinkId> dirty_links_;
  std::vector<Slot> dirty_flows_;  // their limit has changed
  // While solving.
  std::vector<Slot> refilled_;
  std::vector<double> old_rates_;      // of these
  std::vector<Candidate> candidates_;  // links touched and limits of flows refilled
  LeastOf levels_;                     // of these, at which they bind
  std::size_t to_fill_ = 0;
  std::uint64_t solves_ = 0;
};

}  // namespace headroom::sim
