// Shares of links among slices. On every link a slice has `guarantee` to itself as far as its flows can use it; what
// the slices leave of the link goes to all flows max-min fairly by the weight of their slice; no slice takes more than
// `cap` of a link. Two fair fillings, one on top of the other (docs/network.md derives it):
//   1. a network of its own for each slice, every link as wide as the guarantee; a flow gets a rate a there;
//   2. what is left of the links, of the caps and of the flows' own limits; a flow gets a rate b there; its rate is a +
//   b.
// So a slice gets at least min(demand, guarantee) on each link. Without slices it is FairShares alone.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sim/loop/fair_shares.h"

namespace headroom::sim {

/// A slice's part of every link: so many bytes a second, or a share of the link.
struct LinkPart {
  double rate = 0;
  double share = 0;
  double of(double capacity) const { return rate + share * capacity; }
  bool operator==(const LinkPart&) const = default;
};

struct SliceShare {
  LinkPart guarantee{};
  std::optional<LinkPart> cap{};
  double weight = 1;
  bool operator==(const SliceShare&) const = default;
};

class SlicedShares {
 public:
  using Slot = FairShares::Slot;

  /// Before the first flow. Slices count from 1: flows of slice 0 are in none, they share what is left with weight 1.
  void setSlices(std::vector<SliceShare> slices);
  LinkId addLink(double capacity);
  void setCapacity(LinkId link, double capacity);
  Slot addFlow(std::span<const LinkId> path, double limit, std::uint32_t slice);
  void removeFlow(Slot flow);

  bool dirty() const { return rest_.dirty() || guaranteed_.dirty() || !dirty_links_.empty(); }
  /// The flows whose rate may have changed, until the next call.
  std::span<const Slot> solve();
  double rate(Slot flow) const {
    return slices_.empty() || flows_[flow].guaranteed == kNone
               ? rest_.rate(flow)
               : rest_.rate(flow) + guaranteed_.rate(flows_[flow].guaranteed);
  }
  std::span<const Slot> flowsOn(LinkId link) const;
  /// Is the slice held back on a link that is narrower than what was promised on it? As of the last solve().
  bool isBelowGuarantee(std::uint32_t slice) const;

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  struct Link {
    double capacity = 0;
    std::vector<std::uint32_t> guaranteed;  // [slice] its link in guaranteed_
    std::vector<std::uint32_t> capped;      // [slice] its link in rest_
    double scale = 1;                       // what is kept of the guarantees
    bool dirty = false;                     // what flows take by guarantee may have changed
  };
  struct Flow {
    std::vector<LinkId> path;
    double limit = 0;
    Slot guaranteed = kNone;
    bool changed = false;
  };
  const SliceShare& slice(std::uint32_t number) const { return slices_[number - 1]; }
  double guarantee(std::size_t slice, double capacity) const;
  double scaleOn(double capacity) const;
  void touch(std::span<const LinkId> path);
  void passOn(Link& link);
  double guaranteedOn(const Link& link, std::size_t slice) const;

  std::vector<SliceShare> slices_;
  FairShares guaranteed_, rest_;        // a flow's slot is that in rest_
  std::vector<std::uint32_t> in_rest_;  // [link] its link in rest_, where caps have some too
  std::vector<Link> links_;
  std::vector<Flow> flows_;
  std::vector<Slot> owner_;  // [slot in guaranteed_]
  std::vector<LinkId> dirty_links_;
  std::vector<LinkId> short_links_;
  std::vector<Slot> changed_;
};

}  // namespace headroom::sim
