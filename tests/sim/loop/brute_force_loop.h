// The oracle of the network loop: every event of ours is a timer of SimGrid's, every change to the network is made in
// its callback. No clock of our own, no peeking at SimGrid's next date. Slow, and the only independent order there is.
#pragma once

#include <algorithm>
#include <memory>
#include <simgrid/kernel/Timer.hpp>
#include <simgrid/kernel/resource/Model.hpp>

#include "sim/loop/simgrid/flows.h"
#include "sim/loop/simgrid/simgrid_loop.h"

namespace headroom::sim {

class BruteForceLoop final : public NetworkLoop {
 public:
  Ticks now() const override { return now_; }
  void schedule(Ticks at, Rank rank, std::uint32_t target, std::uint32_t stamp) override {
    queue_.push(at, rank, target, stamp);
    simgrid::kernel::timer::Timer::set(toSeconds(at).value(), [this] {
      const Event event = queue_.pop();
      now_ = event.time;
      ++events_;
      handler_->onEvent(event);
    });
  }
  void run(EventHandler& handler, Ticks) override {
    handler_ = &handler;
    flows_.seal();
    flows_.engine().add_model(std::make_shared<Deliveries>(*this));
    flows_.engine().run();
  }
  void stop() override {}
  std::uint64_t eventsRun() const override { return events_; }
  LinkId addLink(const std::string& name, BytesPerSecond bandwidth) override {
    return flows_.addLink(name, bandwidth.value());
  }
  void deliverTo(FlowHandler& handler) override { flow_handler_ = &handler; }
  FlowId startFlow(const Flow& flow) override {
    const FlowId id = flows_.reserve();
    flows_.start(id, flow.path, flow.bytes, flow.rate_limit.value(), flow.tag);
    return id;
  }
  void cancelFlow(FlowId flow) override { flows_.cancel(flow); }
  void setBandwidth(LinkId link, BytesPerSecond bandwidth) override { flows_.setBandwidth(link, bandwidth.value()); }
  void setUp(LinkId link, bool up) override { flows_.setUp(link, up); }

 private:
  /// Hands out flows that have ended as soon as SimGrid has settled.
  class Deliveries final : public simgrid::kernel::resource::Model {
   public:
    explicit Deliveries(BruteForceLoop& loop) : Model("deliveries"), loop_(loop) {}
    bool next_occurring_event_is_idempotent() override { return false; }
    double next_occurring_event(double delta) override {
      for (const SimgridFlows::Ended& ended : loop_.flows_.takeEnded()) {
        loop_.now_ = std::max(loop_.now_, ticksOfDate(simgrid::s4u::Engine::get_clock()));
        loop_.flow_handler_->onFlowEnd(ended.tag, ended.delivered);
        changed_ = true;
      }
      return std::exchange(changed_, false) || loop_.flows_.anyEnded() ? 0.0 : delta;
    }
    void update_actions_state(double, double) override {}

   private:
    BruteForceLoop& loop_;
    bool changed_ = false;
  };

  SimgridFlows flows_;
  EventQueue queue_;
  EventHandler* handler_ = nullptr;
  FlowHandler* flow_handler_ = nullptr;
  Ticks now_ = 0;
  std::uint64_t events_ = 0;
};

}  // namespace headroom::sim
