// The network loop of our own: events and flow ends on one clock, rates by FairShares. The same flows end at the same
// times as with SimGrid, to rounding (tests/sim/loop), at a fraction of the cost where many flows hang together.
#pragma once

#include <deque>
#include <vector>

#include "sim/loop/fair_shares.h"
#include "sim/loop/network_loop.h"

namespace headroom::sim {

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

 private:
  struct InFlight {
    FlowId id{};
    std::uint64_t tag = 0;
    double left = 0;  // bytes, at `since`
    double rate = 0;  // bytes a tick
    Ticks since = 0;
    Ticks end = kNever;
    bool active = false;
  };
  struct End {  // counts if the flow still ends then
    Ticks at;
    FlowId flow;
    FairShares::Slot slot;
    bool operator>(const End& other) const { return at != other.at ? at > other.at : flow > other.flow; }
  };
  struct Ended {
    FlowId flow;
    std::uint64_t tag;
    bool delivered;
  };
  bool isStale(const End& end) const;
  Ticks nextEnd();
  void endNextFlow();
  void leave(FairShares::Slot slot);
  void share();

  EventQueue queue_;
  FlowHandler* flow_handler_ = nullptr;
  FairShares shares_;
  std::vector<bool> up_;             // by link
  std::vector<InFlight> in_flight_;  // by slot
  std::size_t active_ = 0;
  std::vector<End> ends_;    // min-heap
  std::deque<Ended> ended_;  // not delivered yet
  std::uint64_t numbered_ = 0;
  Ticks now_ = 0;
  std::uint64_t events_ = 0;
  bool stopped_ = false;
};

}  // namespace headroom::sim
