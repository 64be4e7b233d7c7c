#include "sim/cluster/transfers.h"

#include <algorithm>
#include <cmath>

#include "models/base/error.h"
#include "models/hardware/accelerator.h"

namespace headroom::sim {
namespace {

constexpr std::uint32_t kLeftOut = std::numeric_limits<std::uint32_t>::max();
constexpr unsigned kSlotBits = 32, kPartBits = 16;

Ticks ticksOf(Seconds time) {
  constexpr double kLongest = static_cast<double>(kNever / 4);
  return static_cast<Ticks>(std::min(kLongest, std::ceil(time.value() * kTicksPerSecond)));
}

/// Slot and part of a flow.
std::uint64_t tagOf(std::uint32_t slot, std::size_t part) {
  return (std::uint64_t{slot} << kPartBits) | part;
}

}  // namespace

Transfers::Transfers(const Topology& topology, NetworkLoop& loop, std::span<const FabricLinkId> keep)
    : topology_(topology), loop_(loop), shared_(topology.links().size(), kLeftOut), usage_(topology.links().size()) {
  loop.deliverTo(*this);
  std::vector<bool> kept(topology.links().size());
  for (const FabricLinkId id : keep) kept[id.value()] = true;
  for (std::uint32_t i = 0; i < shared_.size(); ++i) {
    const FabricLink& link = topology.links()[i];
    if (link.prunable() && !kept[i]) continue;
    shared_[i] = loop.addLink("l" + std::to_string(i), link.bandwidth).value();
  }
}

PortId Transfers::addPort(NodeId node, int accelerators) {
  const NodeGroup& group = topology_.groupOf(node);
  const PortId id(static_cast<std::uint32_t>(ports_.size()));
  Port port;
  const std::string name = "p" + std::to_string(id.value());
  port.fabric_bandwidth =
      group.type.scaleOutBandwidth() * (static_cast<double>(accelerators) / group.type.accelerators);
  port.scale_up_bandwidth = models::findAccelerator(group.accelerator).scale_up_bandwidth * accelerators;
  for (std::size_t side = 0; side < 2; ++side) {
    port.fabric[side] = loop_.addLink(name + (side == 0 ? ">f" : "<f"), port.fabric_bandwidth);
    port.scale_up[side] = loop_.addLink(name + (side == 0 ? ">s" : "<s"), port.scale_up_bandwidth);
  }
  ports_.push_back(port);
  return id;
}

PortId Transfers::addSource(const std::string& name, BytesPerSecond bandwidth, Seconds latency) {
  const PortId id(static_cast<std::uint32_t>(ports_.size()));
  Port port;
  port.fabric_bandwidth = port.scale_up_bandwidth = bandwidth;
  port.latency = latency;
  port.fabric.fill(loop_.addLink(name, bandwidth));
  port.scale_up = port.fabric;
  ports_.push_back(port);
  return id;
}

std::uint32_t Transfers::newSlot() {
  if (unused_.empty()) {
    slots_.emplace_back();
    return static_cast<std::uint32_t>(slots_.size() - 1);
  }
  const std::uint32_t slot = unused_.back();
  unused_.pop_back();
  return slot;
}

void Transfers::addFromPort(PortId port, bool scale_up, std::size_t side, Part& part, BytesPerSecond& narrowest) const {
  if (port == kNoPort) return;
  const Port& p = ports_[port.value()];
  part.shared.push_back(scale_up ? p.scale_up[side] : p.fabric[side]);
  narrowest = std::min(narrowest, scale_up ? p.scale_up_bandwidth : p.fabric_bandwidth);
}

/// The links of the way; its latency.
Seconds Transfers::layOut(const Way& way, std::uint64_t hash, Part& part, BytesPerSecond& narrowest) const {
  part.links.clear();
  part.egress_price = {};
  part.shared.clear();
  if (way.from_outside) {
    addFromPort(way.from.port, false, 0, part, narrowest);
    addFromPort(way.to.port, false, 1, part, narrowest);
    return ports_[way.from.port.value()].latency;
  }
  const auto nodes = topology_.nodes();
  const bool clients = way.from_site >= 0 || way.to_site >= 0;
  Route route = way.from_site >= 0
                    ? topology_.routeFromSite(static_cast<std::uint32_t>(way.from_site), way.to.node, hash)
                : way.to_site >= 0 ? topology_.routeToSite(way.from.node, static_cast<std::uint32_t>(way.to_site), hash)
                                   : topology_.route(way.from.node, way.to.node, hash);
  const bool scale_up = !clients && nodes[way.from.node.value()].domain == nodes[way.to.node.value()].domain;
  addFromPort(way.from_site >= 0 ? kNoPort : way.from.port, scale_up, 0, part, narrowest);
  for (const FabricLinkId id : route.links) {
    const std::uint32_t shared = shared_[id.value()];
    if (shared != kLeftOut) part.shared.emplace_back(shared);
    narrowest = std::min(narrowest, topology_.link(id).bandwidth);
  }
  addFromPort(way.to_site >= 0 ? kNoPort : way.to.port, scale_up, 1, part, narrowest);
  part.links = std::move(route.links);
  part.egress_price = route.egress_price;
  return route.latency;
}

TransferId Transfers::start(const TransferSpec& spec, TransferHandler& handler) {
  CHECK(!spec.ways.empty() && spec.bytes >= 0, "a transfer has a way and a size");
  const std::uint32_t slot = newSlot();
  Transfer& t = slots_[slot];
  t.id = numbered_++;
  t.kind = spec.kind;
  t.stage = Stage::latency;
  t.handler = &handler;
  t.limit = spec.rate_limit / static_cast<double>(spec.ways.size());
  t.slice = spec.slice;
  t.part_count = spec.ways.size();
  if (t.parts.size() < t.part_count) t.parts.resize(t.part_count);
  Seconds latency, longest;
  const auto n = static_cast<std::int64_t>(t.part_count);
  for (std::size_t i = 0; i < t.part_count; ++i) {
    Part& part = t.parts[i];
    part.bytes = spec.bytes / n + (static_cast<std::int64_t>(i) < spec.bytes % n ? 1 : 0);
    BytesPerSecond narrowest(std::numeric_limits<double>::infinity());
    latency = std::max(latency, layOut(spec.ways[i], spec.hash + i, part, narrowest));
    CHECK(!part.shared.empty(), "a way has a link that is shared");
    if (t.limit > BytesPerSecond()) narrowest = std::min(narrowest, t.limit);
    longest = std::max(longest, Bytes(static_cast<double>(part.bytes)) / narrowest);
  }
  t.end = {.tag = spec.tag,
           .delivered = true,
           .began = loop_.now(),
           .ended = 0,
           .latency = toTicks(latency),
           .alone = toTicks(latency) + ticksOf(longest)};
  ++on_their_way_;
  loop_.schedule(loop_.now() + toTicks(latency), Rank::replica, kEventTarget, slot);
  return TransferId((t.id << kSlotBits) | slot);
}

void Transfers::cancel(TransferId transfer) {
  const auto slot = static_cast<std::uint32_t>(transfer.value());
  Transfer& t = slots_[slot];
  CHECK(t.id == transfer.value() >> kSlotBits && t.stage != Stage::unused && t.stage != Stage::cancelled,
        "only a transfer on its way is cancelled");
  --on_their_way_;
  const bool event_to_come = t.stage == Stage::latency || t.stage == Stage::ended;
  if (t.stage == Stage::flowing) account(t, true);
  for (std::size_t i = 0; i < t.part_count; ++i) {
    if (t.parts[i].flowing) loop_.cancelFlow(t.parts[i].flow);
    t.parts[i].flowing = false;
  }
  t.stage = event_to_come ? Stage::cancelled : Stage::unused;
  if (!event_to_come) unused_.push_back(slot);
}

void Transfers::setBandwidth(FabricLinkId link, BytesPerSecond bandwidth) {
  CHECK(shared_[link.value()] != kLeftOut, "a link that changes is kept");
  loop_.setBandwidth(LinkId(shared_[link.value()]), bandwidth);
}

void Transfers::setUp(FabricLinkId link, bool up) {
  CHECK(shared_[link.value()] != kLeftOut, "a link that changes is kept");
  loop_.setUp(LinkId(shared_[link.value()]), up);
}

/// Its latency is over, or it has ended.
void Transfers::onEvent(const Event& event) {
  Transfer& t = slots_[event.stamp];
  if (t.stage == Stage::latency) return flow(event.stamp);
  if (t.stage == Stage::cancelled) {
    t.stage = Stage::unused;
    unused_.push_back(event.stamp);
    return;
  }
  CHECK(t.stage == Stage::ended, "a transfer's event finds it");
  TransferHandler& handler = *t.handler;
  const TransferEnd end = t.end;
  t.stage = Stage::unused;
  unused_.push_back(event.stamp);
  --on_their_way_;
  handler.onTransferEnd(end);
}

void Transfers::flow(std::uint32_t slot) {
  Transfer& t = slots_[slot];
  t.stage = Stage::flowing;
  t.flow_began = loop_.now();
  t.flowing = t.part_count;
  for (std::size_t i = 0; i < t.part_count; ++i) {
    Part& part = t.parts[i];
    part.flowing = true;
    part.flow = loop_.startFlow(
        {.path = part.shared, .bytes = part.bytes, .rate_limit = t.limit, .tag = tagOf(slot, i), .slice = t.slice});
  }
}

void Transfers::onFlowEnd(std::uint64_t tag, bool delivered) {
  const auto slot = static_cast<std::uint32_t>(tag >> kPartBits);
  Transfer& t = slots_[slot];
  t.parts[tag & ((1U << kPartBits) - 1)].flowing = false;
  t.end.delivered = t.end.delivered && delivered;
  if (--t.flowing == 0) end(slot);
}

void Transfers::end(std::uint32_t slot) {
  Transfer& t = slots_[slot];
  t.stage = Stage::ended;
  t.end.ended = loop_.now();
  t.end.alone = std::min(t.end.alone, t.end.ended - t.end.began);  // rounding
  account(t, false);
  const auto count = [&](Times& times) {
    times.total += t.end.ended - t.end.began;
    times.contention += t.end.contention();
    ++times.count;
  };
  count(times_[static_cast<std::size_t>(t.kind)]);
  count(by_slice_[t.slice].times);
  loop_.schedule(t.end.ended, Rank::arrival, kEventTarget, slot);
}

/// Of a part that is cancelled now, as far as the loop knows.
std::int64_t Transfers::movedBy(const Part& part) const {
  if (!part.flowing) return part.bytes;
  const std::optional<double> moved = loop_.movedBytes(part.flow);
  return moved ? static_cast<std::int64_t>(*moved) : part.bytes;
}

void Transfers::account(const Transfer& t, bool cancelled) {
  if (t.slice >= by_slice_.size()) by_slice_.resize(t.slice + 1);
  SliceTraffic& slice = by_slice_[t.slice];
  ++slice.count;
  // One that was cut short neither asked for nor got more than its limit let through until then.
  const bool limited = (cancelled || !t.end.delivered) && t.limit > BytesPerSecond();
  const double let_through = (t.limit * toSeconds(loop_.now() - t.flow_began)).value();
  for (std::size_t i = 0; i < t.part_count; ++i) {
    const Part& part = t.parts[i];
    std::int64_t asked = part.bytes, bytes = cancelled ? movedBy(part) : part.bytes;
    if (limited) {
      asked = static_cast<std::int64_t>(std::min(static_cast<double>(asked), let_through));
      bytes = std::min(bytes, asked);
    }
    bytes_[static_cast<std::size_t>(t.kind)] += bytes;
    usage_.add(part.links, t.kind, bytes, t.flow_began, loop_.now());
    slice.asked_bytes += asked;
    if (!t.end.delivered) continue;
    slice.moved_bytes += bytes;
    slice.egress_usd += (part.egress_price * Bytes(static_cast<double>(bytes))).value();
  }
}

}  // namespace headroom::sim
