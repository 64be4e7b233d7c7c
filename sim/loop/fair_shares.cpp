#include "sim/loop/fair_shares.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "models/base/error.h"

namespace headroom::sim {
namespace {

/// Rates that differ by less are equal: rounding, far below what anyone could measure.
constexpr double kEqual = 1e-11;

bool below(double a, double b) {
  return a < b * (1 - kEqual);
}

}  // namespace

LinkId FairShares::addLink(double capacity) {
  CHECK(capacity >= 0, "a link has a capacity");
  links_.push_back({.capacity = capacity, .flows = {}});
  return LinkId(static_cast<std::uint32_t>(links_.size() - 1));
}

void FairShares::setCapacity(LinkId link, double capacity) {
  CHECK(capacity >= 0, "a link has a capacity");
  links_[link.value()].capacity = capacity;
  markDirty(link);
}

FairShares::Slot FairShares::addFlow(std::span<const LinkId> path, double limit, double weight) {
  CHECK(!path.empty() && limit >= 0 && weight > 0, "a flow has a path and a weight");
  if (unused_.empty()) {
    unused_.push_back(static_cast<Slot>(flows_.size()));
    flows_.emplace_back();
  }
  const Slot slot = unused_.back();
  unused_.pop_back();
  Flow& flow = flows_[slot];
  flow.path.assign(path.begin(), path.end());
  flow.limit = limit > 0 ? limit : std::numeric_limits<double>::infinity();
  flow.weight = weight;
  flow.rate = 0;
  flow.bottleneck = path.front().value();
  for (const LinkId link : path) {
    links_[link.value()].flows.push_back(slot);
    markDirty(link);
  }
  return slot;
}

void FairShares::setLimit(Slot slot, double limit) {
  CHECK(limit >= 0, "a limit is no less than nothing");
  if (flows_[slot].limit == limit) return;
  flows_[slot].limit = limit;
  dirty_flows_.push_back(slot);
}

void FairShares::removeFlow(Slot slot) {
  for (const LinkId link : flows_[slot].path) {
    std::vector<Slot>& flows = links_[link.value()].flows;
    const auto at = std::find(flows.begin(), flows.end(), slot);
    CHECK(at != flows.end(), "a flow is on its links");
    *at = flows.back();
    flows.pop_back();
    markDirty(link);
  }
  std::erase(dirty_flows_, slot);
  unused_.push_back(slot);
}

void FairShares::markDirty(LinkId link) {
  if (links_[link.value()].dirty) return;
  links_[link.value()].dirty = true;
  dirty_links_.push_back(link);
}

void FairShares::refill(Slot slot) {
  Flow& flow = flows_[slot];
  if (flow.refilled) return;
  flow.refilled = true;
  flow.old_rate = flow.rate;
  refilled_.push_back(slot);
}

std::span<const FairShares::Slot> FairShares::solve() {
  refilled_.clear();
  for (const LinkId id : dirty_links_) {
    Link& link = links_[id.value()];
    link.dirty = false;
    double used = 0;
    for (const Slot slot : link.flows) used += flows_[slot].rate;
    for (const Slot slot : link.flows) {
      if (used > link.capacity || flows_[slot].bottleneck == id.value()) refill(slot);
    }
  }
  dirty_links_.clear();
  for (const Slot slot : dirty_flows_) refill(slot);
  dirty_flows_.clear();
  do fill();
  while (addUnfair());
  std::erase_if(refilled_, [&](Slot slot) {
    Flow& flow = flows_[slot];
    flow.refilled = false;
    if (below(flow.rate, flow.old_rate) || below(flow.old_rate, flow.rate)) return false;
    flow.rate = flow.old_rate;
    return true;
  });
  return refilled_;
}

/// Rates of the flows to refill, the others keeping theirs: all rise together until a link is full or a limit reached,
/// those flows stop there, and the rest goes on. What is left for a flow on a link only rises as others stop below it,
/// so a candidate that is out of date is too low, and is put back.
void FairShares::fill() {
  ++round_;
  touched_.clear();
  candidates_.clear();
  for (const Slot slot : refilled_) {
    Flow& flow = flows_[slot];
    flow.filled = false;
    if (std::isfinite(flow.limit)) candidates_.push_back({flow.limit / flow.weight, kOwnLimit, slot});
    for (const LinkId id : flow.path) {
      Link& link = links_[id.value()];
      if (link.touched != round_) {
        link.touched = round_;
        link.open = 0;
        link.open_weight = 0;
        link.left = link.capacity;
        for (const Slot other : link.flows) {
          if (!flows_[other].refilled) link.left -= flows_[other].rate;
        }
        touched_.push_back(id.value());
      }
      ++link.open;
      link.open_weight += flow.weight;
    }
  }
  const auto shareOf = [&](const Link& link) { return std::max(0.0, link.left) / link.open_weight; };
  for (const std::uint32_t id : touched_) candidates_.push_back({shareOf(links_[id]), id, 0});
  std::make_heap(candidates_.begin(), candidates_.end(), std::greater<>());
  while (!candidates_.empty()) {
    std::pop_heap(candidates_.begin(), candidates_.end(), std::greater<>());
    Candidate next = candidates_.back();
    candidates_.pop_back();
    if (next.link == kOwnLimit) {
      if (!flows_[next.flow].filled) freeze(next.flow, next.level, kOwnLimit);
      continue;
    }
    const Link& link = links_[next.link];
    if (link.open == 0) continue;
    if (const double share = shareOf(link); share > next.level) {
      next.level = share;
      candidates_.push_back(next);
      std::push_heap(candidates_.begin(), candidates_.end(), std::greater<>());
      continue;
    }
    for (const Slot slot : link.flows) {
      if (flows_[slot].refilled && !flows_[slot].filled) freeze(slot, next.level, next.link);
    }
  }
}

void FairShares::freeze(Slot slot, double level, std::uint32_t bottleneck) {
  Flow& flow = flows_[slot];
  flow.filled = true;
  flow.rate = bottleneck == kOwnLimit ? flow.limit : level * flow.weight;
  flow.bottleneck = bottleneck;
  for (const LinkId id : flow.path) {
    Link& link = links_[id.value()];
    link.left -= flow.rate;
    --link.open;
    link.open_weight -= flow.weight;
  }
}

/// Flows that kept their rate and should not have: their bottleneck is no longer full or has a faster flow, or they are
/// faster than a flow whose bottleneck they share. False if there is none.
bool FairShares::addUnfair() {
  const std::size_t before = refilled_.size();
  for (const std::uint32_t id : touched_) {
    const Link& link = links_[id];
    double fastest = 0, slowest_bound = 0;
    bool bound = false;
    for (const Slot slot : link.flows) {
      const Flow& flow = flows_[slot];
      fastest = std::max(fastest, levelOf(flow));
      if (!flow.refilled || flow.bottleneck != id) continue;
      slowest_bound = bound ? std::min(slowest_bound, levelOf(flow)) : levelOf(flow);
      bound = true;
    }
    const bool full = link.left <= link.capacity * kEqual;
    for (const Slot slot : link.flows) {
      Flow& flow = flows_[slot];
      if (flow.refilled) continue;
      const bool lost_bottleneck = flow.bottleneck == id && (!full || below(levelOf(flow), fastest));
      if (lost_bottleneck || (bound && below(slowest_bound, levelOf(flow)))) refill(slot);
    }
  }
  return refilled_.size() > before;
}

}  // namespace headroom::sim
