#include "sim/loop/simgrid/simgrid_loop.h"

#include <algorithm>
#include <cmath>
#include <simgrid/kernel/resource/Model.hpp>
#include <utility>

#include "models/base/error.h"

namespace headroom::sim {

Ticks ticksOfDate(double date) {
  return static_cast<Ticks>(std::ceil(date * kTicksPerSecond));
}

class SimgridLoop::QueueModel final : public simgrid::kernel::resource::Model {
 public:
  explicit QueueModel(SimgridLoop& loop) : Model("headroom events"), loop_(loop) {}
  /// False: SimGrid asks this model last, with the time to the next event of all others.
  bool next_occurring_event_is_idempotent() override { return false; }
  double next_occurring_event(double delta) override { return loop_.advance(delta); }
  void update_actions_state(double, double) override { loop_.applyChanges(); }

 private:
  SimgridLoop& loop_;
};

SimgridLoop::SimgridLoop() : model_(std::make_shared<QueueModel>(*this)) {}

SimgridLoop::~SimgridLoop() = default;

LinkId SimgridLoop::addLink(const std::string& name, BytesPerSecond bandwidth) {
  return flows_.addLink(name, bandwidth.value());
}

void SimgridLoop::run(EventHandler& handler, Ticks until) {
  CHECK(handler_ == nullptr, "a network loop runs once");
  handler_ = &handler;
  until_ = until;
  flows_.seal();
  flows_.engine().add_model(model_);
  flows_.engine().run();
}

double SimgridLoop::advance(double delta) {
  const double date = simgrid::s4u::Engine::get_clock();
  if (flows_.anyEnded() && !stopped_) {
    // Ties to rounding: never past an event of ours that is due.
    now_ = std::max(now_, std::min(ticksOfDate(date), queue_.nextTime()));
    deliverEnded();
  }
  const Ticks network = delta < 0 ? kNever : ticksOfDate(date + delta);
  if (changes_.empty()) runEvents(network);
  if (changes_.empty() && delta >= 0 && (stopped_ || network > until_)) {  // SimGrid runs while a flow is left
    changes_.push_back([this] { flows_.cancelAll(); });
  }
  return changes_.empty() ? delta : std::max(0.0, toSeconds(now_).value() - date);
}

void SimgridLoop::deliverEnded() {
  for (const SimgridFlows::Ended& ended : flows_.takeEnded()) {
    const bool cancelled = std::find(cancelled_.begin(), cancelled_.end(), ended.flow) != cancelled_.end();
    if (!stopped_ && !cancelled) flow_handler_->onFlowEnd(ended.tag, ended.delivered);
  }
}

void SimgridLoop::runEvents(Ticks network) {
  while (!stopped_ && changes_.empty() && queue_.nextTime() < network && queue_.nextTime() <= until_) {
    const Event event = queue_.pop();
    now_ = event.time;
    ++events_;
    handler_->onEvent(event);
  }
}

void SimgridLoop::applyChanges() {
  std::vector<std::function<void()>> changes;
  changes.swap(changes_);
  cancelled_.clear();
  for (const auto& change : changes) change();
}

FlowId SimgridLoop::startFlow(const Flow& flow) {
  CHECK(flow.slice == 0, "SimGrid's shares have no minimum: slices need the loop of our own");
  const FlowId id = flows_.reserve();
  changes_.push_back([this, id, path = std::vector<LinkId>(flow.path.begin(), flow.path.end()), bytes = flow.bytes,
                      limit = flow.rate_limit.value(), tag = flow.tag] { flows_.start(id, path, bytes, limit, tag); });
  return id;
}

void SimgridLoop::cancelFlow(FlowId flow) {
  cancelled_.push_back(flow);
  changes_.push_back([this, flow] { flows_.cancel(flow); });
}

void SimgridLoop::setBandwidth(LinkId link, BytesPerSecond bandwidth) {
  changes_.push_back([this, link, bandwidth] { flows_.setBandwidth(link, bandwidth.value()); });
}

void SimgridLoop::setUp(LinkId link, bool up) {
  changes_.push_back([this, link, up] { flows_.setUp(link, up); });
}

}  // namespace headroom::sim
