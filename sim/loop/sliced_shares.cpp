#include "sim/loop/sliced_shares.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "models/base/error.h"

namespace headroom::sim {
namespace {

/// What is left of a link by rounding alone is nothing.
constexpr double kNothing = 1e-9;

double left(double capacity, double used) {
  const double rest = capacity - used;
  return rest > capacity * kNothing ? rest : 0;
}

}  // namespace

void SlicedShares::setSlices(std::vector<SliceShare> slices) {
  CHECK(flows_.empty() && links_.empty(), "slices are known before links and flows");
  slices_ = std::move(slices);
}

double SlicedShares::guarantee(std::size_t s, double capacity) const {
  const double promised = slices_[s].guarantee.of(capacity);
  return slices_[s].cap ? std::min(promised, slices_[s].cap->of(capacity)) : promised;
}

/// A link that is narrower than what was promised on it keeps the promises in proportion.
double SlicedShares::scaleOn(double capacity) const {
  double promised = 0;
  for (std::size_t s = 0; s < slices_.size(); ++s) promised += guarantee(s, capacity);
  return promised > capacity ? capacity / promised : 1;
}

LinkId SlicedShares::addLink(double capacity) {
  CHECK(capacity > 0, "a link has a capacity");
  const LinkId in_rest = rest_.addLink(capacity);
  if (slices_.empty()) return in_rest;
  in_rest_.push_back(in_rest.value());
  Link link{.capacity = capacity, .guaranteed = {}, .capped = {}, .scale = scaleOn(capacity)};
  for (std::size_t s = 0; s < slices_.size(); ++s) {
    const SliceShare& slice = slices_[s];
    const double own = link.scale * guarantee(s, capacity);
    link.guaranteed.push_back(own > 0 ? guaranteed_.addLink(own).value() : kNone);
    link.capped.push_back(slice.cap ? rest_.addLink(slice.cap->of(capacity)).value() : kNone);
  }
  links_.push_back(std::move(link));
  return LinkId(static_cast<std::uint32_t>(links_.size() - 1));
}

void SlicedShares::setCapacity(LinkId id, double capacity) {
  CHECK(capacity > 0, "a link has a capacity");
  if (slices_.empty()) return rest_.setCapacity(id, capacity);
  Link& link = links_[id.value()];
  link.capacity = capacity;
  link.scale = scaleOn(capacity);
  for (std::size_t s = 0; s < slices_.size(); ++s) {
    if (link.guaranteed[s] == kNone) continue;
    guaranteed_.setCapacity(LinkId(link.guaranteed[s]), link.scale * guarantee(s, capacity));
  }
  std::erase(short_links_, id);
  if (link.scale < 1) short_links_.push_back(id);
  touch(std::span(&id, 1));
}

SlicedShares::Slot SlicedShares::addFlow(std::span<const LinkId> path, double limit, std::uint32_t number) {
  CHECK(number <= slices_.size(), "a flow's slice is known");
  if (slices_.empty()) return rest_.addFlow(path, limit);
  std::vector<LinkId> promised, shared;
  for (const LinkId id : path) {
    const Link& link = links_[id.value()];
    shared.emplace_back(in_rest_[id.value()]);
    if (number == 0) continue;
    if (link.capped[number - 1] != kNone) shared.emplace_back(link.capped[number - 1]);
    if (link.guaranteed[number - 1] != kNone) promised.emplace_back(link.guaranteed[number - 1]);
  }
  const Slot slot = rest_.addFlow(shared, limit, number == 0 ? 1 : slice(number).weight);
  if (slot >= flows_.size()) flows_.resize(slot + 1);
  flows_[slot] = {.path = {path.begin(), path.end()}, .limit = limit};
  if (!promised.empty()) {
    const Slot own = guaranteed_.addFlow(promised, limit);
    if (own >= owner_.size()) owner_.resize(own + 1);
    owner_[own] = slot;
    flows_[slot].guaranteed = own;
    touch(path);
  }
  return slot;
}

void SlicedShares::removeFlow(Slot slot) {
  if (!slices_.empty() && flows_[slot].guaranteed != kNone) {
    guaranteed_.removeFlow(flows_[slot].guaranteed);
    touch(flows_[slot].path);
  }
  rest_.removeFlow(slot);
}

std::span<const SlicedShares::Slot> SlicedShares::flowsOn(LinkId link) const {
  return rest_.flowsOn(slices_.empty() ? link : LinkId(in_rest_[link.value()]));
}

void SlicedShares::touch(std::span<const LinkId> path) {
  for (const LinkId id : path) {
    if (std::exchange(links_[id.value()].dirty, true)) continue;
    dirty_links_.push_back(id);
  }
}

std::span<const SlicedShares::Slot> SlicedShares::solve() {
  if (slices_.empty()) return rest_.solve();
  changed_.clear();
  const auto note = [&](Slot slot) {
    if (!std::exchange(flows_[slot].changed, true)) changed_.push_back(slot);
  };
  for (const Slot own : guaranteed_.solve()) {
    const Slot slot = owner_[own];
    Flow& flow = flows_[slot];
    note(slot);
    touch(flow.path);
    if (flow.limit > 0) rest_.setLimit(slot, left(flow.limit, guaranteed_.rate(own)));
  }
  for (const LinkId id : dirty_links_) passOn(links_[id.value()]);
  dirty_links_.clear();
  for (const Slot slot : rest_.solve()) note(slot);
  for (const Slot slot : changed_) flows_[slot].changed = false;
  return changed_;
}

double SlicedShares::guaranteedOn(const Link& link, std::size_t s) const {
  if (link.guaranteed[s] == kNone) return 0;
  double used = 0;
  for (const Slot own : guaranteed_.flowsOn(LinkId(link.guaranteed[s]))) used += guaranteed_.rate(own);
  return used;
}

bool SlicedShares::isBelowGuarantee(std::uint32_t number) const {
  return std::any_of(short_links_.begin(), short_links_.end(), [&](LinkId id) {
    const Link& link = links_[id.value()];
    const std::uint32_t own = link.guaranteed[number - 1];
    if (own == kNone) return false;
    double taken = 0;
    bool held_back = false;
    for (const Slot slot : guaranteed_.flowsOn(LinkId(own))) {
      taken += rate(owner_[slot]);
      held_back = held_back || guaranteed_.isBoundBy(slot, LinkId(own));
    }
    return held_back && taken < (1 - kNothing) * guaranteed_.capacity(LinkId(own)) / link.scale;
  });
}

/// What the guarantees leave of a link, and of each slice's cap on it.
void SlicedShares::passOn(Link& link) {
  link.dirty = false;
  const auto set = [&](std::uint32_t id, double capacity) {
    if (rest_.capacity(LinkId(id)) != capacity) rest_.setCapacity(LinkId(id), capacity);
  };
  double used = 0;
  for (std::size_t s = 0; s < slices_.size(); ++s) {
    const double own = guaranteedOn(link, s);
    used += own;
    if (link.capped[s] != kNone) set(link.capped[s], left(slices_[s].cap->of(link.capacity), own));
  }
  set(in_rest_[static_cast<std::size_t>(&link - links_.data())], left(link.capacity, used));
}

}  // namespace headroom::sim
