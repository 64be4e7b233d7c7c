#include "sim/loop/fair_shares.h"

#include <algorithm>
#include <cmath>
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
  flow.limit = limit > 0 ? limit : kInfinity;
  flow.weight = weight;
  flow.rate = flow.level = 0;
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

/// A link on which flows are refilled, from now on.
FairShares::Link& FairShares::touch(std::uint32_t id) {
  Link& link = links_[id];
  if (link.touched == solves_) return link;
  link.touched = solves_;
  look(link, id);
  link.left = link.kept_left;
  link.refilled = link.open = 0;
  link.refilled_weight = link.open_weight = 0;
  link.fastest = 0;
  link.slowest_bound = kInfinity;
  link.candidate = candidates_.size();
  candidates_.push_back({id, 0});
  levels_.add(kInfinity);
  return link;
}

/// At the flows that keep their rates.
void FairShares::look(Link& link, std::uint32_t id) {
  double used = 0, fastest = 0, bound = kInfinity;
  for (const Slot slot : link.flows) {
    const Flow& flow = flows_[slot];
    if (flow.refilled) continue;
    used += flow.rate;
    fastest = std::max(fastest, flow.level);
    if (flow.bottleneck == id) bound = std::min(bound, flow.level);
  }
  link.kept_left = link.capacity - used;
  link.kept_fastest = fastest;
  link.kept_bound = bound;
}

void FairShares::refill(Slot slot) {
  Flow& flow = flows_[slot];
  if (flow.refilled) return;
  for (const LinkId id : flow.path) {
    Link& link = touch(id.value());
    link.kept_left += flow.rate;
    link.left += flow.rate;
    ++link.refilled;
    ++link.open;
    link.refilled_weight += flow.weight;
    link.open_weight += flow.weight;
    levels_.set(link.candidate, link.share());
  }
  flow.refilled = true;
  flow.filled = false;
  ++to_fill_;
  refilled_.push_back(slot);
  old_rates_.push_back(flow.rate);
  if (flow.limit == kInfinity) return;
  candidates_.push_back({kOwnLimit, slot});
  levels_.add(flow.limit / flow.weight);
}

std::span<const FairShares::Slot> FairShares::solve() {
  ++solves_;
  refilled_.clear();
  old_rates_.clear();
  candidates_.clear();
  levels_.clear();
  for (const LinkId id : dirty_links_) {
    Link& link = touch(id.value());
    link.dirty = false;
    const bool too_full = link.kept_left < -link.capacity * kEqual;
    for (const Slot slot : link.flows) {
      if (too_full || flows_[slot].bottleneck == id.value()) refill(slot);
    }
  }
  dirty_links_.clear();
  for (const Slot slot : dirty_flows_) refill(slot);
  dirty_flows_.clear();
  for (fill(); addUnfair(); fill()) startAgain();
  std::size_t changed = 0;
  for (std::size_t i = 0; i < refilled_.size(); ++i) {
    Flow& flow = flows_[refilled_[i]];
    flow.refilled = false;
    if (below(flow.rate, old_rates_[i]) || below(old_rates_[i], flow.rate)) {
      refilled_[changed++] = refilled_[i];
    } else {
      flow.rate = old_rates_[i];
      flow.level = flow.rate / flow.weight;
    }
  }
  refilled_.resize(changed);
  return refilled_;
}

void FairShares::startAgain() {
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    const auto [id, slot] = candidates_[i];
    if (id == kOwnLimit) {
      levels_.set(i, flows_[slot].limit / flows_[slot].weight);
      continue;
    }
    Link& link = links_[id];
    link.left = link.kept_left;
    link.open = link.refilled;
    link.open_weight = link.refilled_weight;
    link.fastest = 0;
    link.slowest_bound = kInfinity;
    levels_.set(i, link.share());
  }
  for (const Slot slot : refilled_) flows_[slot].filled = false;
  to_fill_ = refilled_.size();
}

/// Rates of the flows to refill, the others keeping theirs: all rise together until a link is full or a limit reached,
/// those flows stop there, and the rest goes on. Flows that kept a rate above those that stop at a full link join at
/// once: they leave every link more than the level reached, so that none binds below it.
void FairShares::fill() {
  while (to_fill_ > 0) {
    const std::size_t next = levels_.find();
    const double level = levels_[next];
    const auto [id, slot] = candidates_[next];
    if (id == kOwnLimit) {
      levels_.set(next, kInfinity);
      if (!flows_[slot].filled) freeze(slot, level, kOwnLimit);
    } else if (below(level, links_[id].kept_fastest)) {
      refillFasterThan(level, id);
    } else {
      for (const Slot on : links_[id].flows) {
        if (flows_[on].refilled && !flows_[on].filled) freeze(on, level, id);
      }
    }
  }
}

void FairShares::refillFasterThan(double level, std::uint32_t id) {
  double fastest = 0;
  for (const Slot slot : links_[id].flows) {
    const Flow& flow = flows_[slot];
    if (flow.refilled) continue;
    if (below(level, flow.level)) {
      refill(slot);
    } else {
      fastest = std::max(fastest, flow.level);
    }
  }
  links_[id].kept_fastest = fastest;
}

void FairShares::freeze(Slot slot, double level, std::uint32_t bottleneck) {
  Flow& flow = flows_[slot];
  flow.filled = true;
  --to_fill_;
  flow.level = level;
  flow.rate = bottleneck == kOwnLimit ? flow.limit : level * flow.weight;
  flow.bottleneck = bottleneck;
  for (const LinkId id : flow.path) {
    Link& link = links_[id.value()];
    link.left -= flow.rate;
    --link.open;
    link.open_weight -= flow.weight;
    link.fastest = std::max(link.fastest, level);
    levels_.set(link.candidate, link.share());
  }
  if (bottleneck != kOwnLimit) links_[bottleneck].slowest_bound = std::min(links_[bottleneck].slowest_bound, level);
}

/// Flows that kept their rate and should not have: their bottleneck is no longer full or has a faster flow, or they are
/// faster than a flow whose bottleneck they share. False if there is none.
bool FairShares::addUnfair() {
  const std::size_t before = refilled_.size();
  for (std::size_t i = 0, n = candidates_.size(); i < n; ++i) {
    const std::uint32_t id = candidates_[i].link;
    if (id == kOwnLimit) continue;
    Link& link = links_[id];
    const double left = link.left, link_fastest = link.fastest;  // refill() changes them
    const bool full = left <= link.capacity * kEqual;
    const auto lost = [&](double level) { return !full || below(level, std::max(link_fastest, link.kept_fastest)); };
    const auto tooFast = [&](double level) { return below(link.slowest_bound, level); };
    const auto anyUnfair = [&] {
      return (link.kept_bound < kInfinity && lost(link.kept_bound)) || tooFast(link.kept_fastest);
    };
    if (!anyUnfair()) continue;
    look(link, id);  // some have been refilled since
    if (!anyUnfair()) continue;
    for (const Slot slot : link.flows) {
      const Flow& flow = flows_[slot];
      if (!flow.refilled && ((flow.bottleneck == id && lost(flow.level)) || tooFast(flow.level))) refill(slot);
    }
  }
  return refilled_.size() > before;
}

}  // namespace headroom::sim
