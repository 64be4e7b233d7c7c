// The network loop of our own: events and flow ends on one clock, rates by FairShares. The same flows end at the same
// times as with SimGrid, to rounding (tests/sim/loop), at a fraction of the cost where many flows hang together. It
// also has slices (sliced_shares.h), which SimGrid cannot have: its shares know no minimum.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "sim/loop/flow_ends.h"
#include "sim/loop/network_loop.h"
#include "sim/loop/sliced_shares.h"

namespace headroom::sim {

/// What the flows of a slice asked for and got.
struct SliceUse {
  std::int64_t flows = 0;
  double offered_bytes = 0, delivered_bytes = 0;
  Ticks busy = 0;   ///< while at least one was on its way
  Ticks below = 0;  ///< of it, while a link that is narrower than the guarantees on it held them back
};

class FairNetworkLoop final : public NetworkLoop {
 public:
  Ticks now() const override { return now_; }
  void schedule(Ticks at, Rank rank, std::uint32_t target, std::uint32_t stamp) override {
    queue_.push(at, rank, target, stamp);
  }
  void run(EventHandler& handler, Ticks until) override;
  void stop() override { stopped_ = true; }
  std::uint64_t eventsRun() const override { return events_; }

  LinkId addLink(const std::string& name, BytesPerSecond bandwidth) override;
  void deliverTo(FlowHandler& handler) override { flow_handler_ = &handler; }
  FlowId startFlow(const Flow& flow) override;
  void cancelFlow(FlowId flow) override;
  void setBandwidth(LinkId link, BytesPerSecond bandwidth) override;
  void setUp(LinkId link, bool up) override;
  std::optional<double> movedBytes(FlowId flow) const override;

  /// Before the first link. Slices count from 1.
  void setSlices(std::vector<SliceShare> slices);
  /// Until now(); `slice` 0: of all flows in none.
  SliceUse sliceUse(std::uint32_t slice) const;

 private:
  struct InFlight {
    FlowId id{};
    std::uint64_t tag = 0;
    std::uint32_t slice = 0;
    std::int64_t bytes = 0;
    double left = 0;  // bytes, at `since`
    double rate = 0;  // bytes a tick
    Ticks since = 0;
    bool active = false;
  };
  struct Ended {
    FlowId flow;
    std::uint64_t tag;
    bool delivered;
  };
  void endNextFlow();
  void leave(FairShares::Slot slot);
  void share();
  void noteBelowGuarantee();
  const InFlight* find(FlowId flow) const;

  EventQueue queue_;
  FlowHandler* flow_handler_ = nullptr;
  SlicedShares shares_;
  struct SliceCount {
    SliceUse use;
    std::size_t active = 0;
    Ticks since = 0;  // when it last went from none to one
    Ticks below_since = kNever;
  };
  std::vector<SliceCount> slices_ = std::vector<SliceCount>(1);
  std::vector<bool> up_;             // by link
  std::vector<InFlight> in_flight_;  // by slot
  FlowEnds ends_;
  std::deque<Ended> ended_;  // not delivered yet
  std::uint64_t numbered_ = 0;
  Ticks now_ = 0;
  std::uint64_t events_ = 0;
  bool stopped_ = false;
};

}  // namespace headroom::sim
