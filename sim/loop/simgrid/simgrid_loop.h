// Our events and SimGrid's flows on one clock. The event queue is a model of SimGrid's kernel, as its packet simulator
// is: SimGrid tells when its next flow ends, our events run up to there, and only an event that touches the network
// stops them. So an event costs what it costs without a network.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "sim/loop/simgrid/flows.h"

namespace headroom::sim {

/// SimGrid's date as ticks, rounded up.
Ticks ticksOfDate(double date);

class SimgridLoop final : public NetworkLoop {
 public:
  SimgridLoop();
  ~SimgridLoop() override;

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
  class QueueModel;
  void deliverEnded();
  /// Runs own events before `network`, until one touches the network.
  void runEvents(Ticks network);
  /// What the model answers: seconds from SimGrid's date to the next thing of ours, or `delta`.
  double advance(double delta);
  void applyChanges();

  SimgridFlows flows_;
  std::shared_ptr<QueueModel> model_;
  EventQueue queue_;
  EventHandler* handler_ = nullptr;
  FlowHandler* flow_handler_ = nullptr;
  std::vector<std::function<void()>> changes_;  // to the network, made when SimGrid's clock has come to now_
  std::vector<FlowId> cancelled_;               // by those changes
  Ticks now_ = 0;
  Ticks until_ = kNever;
  std::uint64_t events_ = 0;
  bool stopped_ = false;
};

}  // namespace headroom::sim
