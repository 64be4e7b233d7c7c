#include "sim/loop/fair_network_loop.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "models/base/error.h"

namespace headroom::sim {

LinkId FairNetworkLoop::addLink(const std::string& /*name*/, BytesPerSecond bandwidth) {
  up_.push_back(true);
  return shares_.addLink(bandwidth.value());
}

void FairNetworkLoop::run(EventHandler& handler, Ticks until) {
  stopped_ = false;
  while (!stopped_) {
    if (!ended_.empty()) {
      const Ended ended = ended_.front();
      ended_.pop_front();
      flow_handler_->onFlowEnd(ended.tag, ended.delivered);
      continue;
    }
    const Ticks event_at = queue_.nextTime();
    if (shares_.dirty() && event_at > now_) share();  // rates matter only where time passes
    const Ticks end_at = ends_.nextTime();
    const Ticks next = std::min(event_at, end_at);
    if (next > until || next == kNever) break;
    now_ = next;
    if (end_at <= event_at) {
      endNextFlow();
    } else {
      const Event event = queue_.pop();
      ++events_;
      handler.onEvent(event);
    }
  }
}

FlowId FairNetworkLoop::startFlow(const Flow& flow) {
  CHECK(flow.bytes >= 0, "a flow has a size");
  const FlowId id(numbered_++);
  SliceCount& slice = slices_[flow.slice];
  ++slice.use.flows;
  slice.use.offered_bytes += static_cast<double>(flow.bytes);
  const bool up = std::all_of(flow.path.begin(), flow.path.end(), [&](LinkId link) { return up_[link.value()]; });
  if (flow.bytes == 0 || !up) {
    ended_.push_back({id, flow.tag, up});
    return id;
  }
  const FairShares::Slot slot = shares_.addFlow(flow.path, flow.rate_limit.value(), flow.slice);
  if (slice.active++ == 0) slice.since = now_;
  if (slot >= in_flight_.size()) in_flight_.resize(slot + 1);
  in_flight_[slot] = {.id = id,
                      .tag = flow.tag,
                      .slice = flow.slice,
                      .bytes = flow.bytes,
                      .left = static_cast<double>(flow.bytes),
                      .rate = 0,
                      .since = now_,
                      .active = true};
  return id;
}

void FairNetworkLoop::cancelFlow(FlowId id) {
  std::erase_if(ended_, [&](const Ended& ended) { return ended.flow == id; });
  const InFlight* flow = find(id);
  if (flow != nullptr) leave(static_cast<FairShares::Slot>(flow - in_flight_.data()));
}

std::optional<double> FairNetworkLoop::movedBytes(FlowId id) const {
  const InFlight* flow = find(id);
  if (flow == nullptr) return std::nullopt;
  const double left = std::max(0.0, flow->left - flow->rate * static_cast<double>(now_ - flow->since));
  return static_cast<double>(flow->bytes) - left;
}

const FairNetworkLoop::InFlight* FairNetworkLoop::find(FlowId id) const {
  const auto found =
      std::find_if(in_flight_.begin(), in_flight_.end(), [&](const InFlight& f) { return f.active && f.id == id; });
  return found == in_flight_.end() ? nullptr : &*found;
}

void FairNetworkLoop::setBandwidth(LinkId link, BytesPerSecond bandwidth) {
  shares_.setCapacity(link, bandwidth.value());
}

void FairNetworkLoop::setUp(LinkId link, bool up) {
  up_[link.value()] = up;
  if (up) return;
  const std::span<const FairShares::Slot> on = shares_.flowsOn(link);
  std::vector<FairShares::Slot> slots(on.begin(), on.end());
  std::sort(slots.begin(), slots.end(), [&](auto a, auto b) { return in_flight_[a].id < in_flight_[b].id; });
  for (const FairShares::Slot slot : slots) {
    ended_.push_back({in_flight_[slot].id, in_flight_[slot].tag, false});
    leave(slot);
  }
}

void FairNetworkLoop::endNextFlow() {
  const FairShares::Slot slot = ends_.next();
  ended_.push_back({in_flight_[slot].id, in_flight_[slot].tag, true});
  in_flight_[slot].left = in_flight_[slot].rate = 0;
  leave(slot);
}

void FairNetworkLoop::setSlices(std::vector<SliceShare> slices) {
  slices_.resize(slices.size() + 1);
  shares_.setSlices(std::move(slices));
}

SliceUse FairNetworkLoop::sliceUse(std::uint32_t slice) const {
  const SliceCount& count = slices_[slice];
  SliceUse use = count.use;
  if (count.active > 0) use.busy += now_ - count.since;
  if (count.below_since != kNever) use.below += now_ - count.below_since;
  return use;
}

void FairNetworkLoop::leave(FairShares::Slot slot) {
  const InFlight& flow = in_flight_[slot];
  SliceCount& slice = slices_[flow.slice];
  const double left = std::max(0.0, flow.left - flow.rate * static_cast<double>(now_ - flow.since));
  slice.use.delivered_bytes += static_cast<double>(flow.bytes) - left;
  if (--slice.active == 0) slice.use.busy += now_ - slice.since;
  shares_.removeFlow(slot);
  ends_.remove(slot);
  in_flight_[slot].active = false;
}

void FairNetworkLoop::noteBelowGuarantee() {
  for (std::uint32_t s = 1; s < slices_.size(); ++s) {
    SliceCount& slice = slices_[s];
    const bool below = shares_.isBelowGuarantee(s);
    if (below == (slice.below_since != kNever)) continue;
    if (!below) slice.use.below += now_ - slice.below_since;
    slice.below_since = below ? now_ : kNever;
  }
}

/// New rates from now on.
void FairNetworkLoop::share() {
  for (const FairShares::Slot slot : shares_.solve()) {
    InFlight& flow = in_flight_[slot];
    flow.left = std::max(0.0, flow.left - flow.rate * static_cast<double>(now_ - flow.since));
    flow.since = now_;
    flow.rate = shares_.rate(slot) / kTicksPerSecond;
    if (flow.rate <= 0) {  // others have all of its links until the next sharing
      ends_.remove(slot);
      continue;
    }
    const double ticks = std::ceil(flow.left / flow.rate);
    const bool soon = ticks < static_cast<double>(kNever - 1 - now_);
    ends_.set(slot, soon ? now_ + static_cast<Ticks>(ticks) : kNever - 1, flow.id.value());
  }
  if (slices_.size() > 1) noteBelowGuarantee();
}

}  // namespace headroom::sim
