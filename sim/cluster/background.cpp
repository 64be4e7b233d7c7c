#include "sim/cluster/background.h"

#include <cmath>
#include <string>

namespace headroom::sim {
namespace {

constexpr std::int64_t kEndless = std::int64_t{1} << 60;

}  // namespace

Background::Background(const Scenario& scenario, const Topology& topology, Transfers& transfers, EventLoop& loop)
    : transfers_(transfers), loop_(loop) {
  for (const BackgroundSpec& spec : scenario.network.background) {
    for (std::uint32_t i = 0; i < spec.pairs(); ++i) {
      const auto node = [&](const NodeRange& range) {
        return Endpoint{NodeId(topology.firstNode(range.site).value() + range.first + i % range.count())};
      };
      pairs_.push_back(
          {.ways = std::vector<Way>(static_cast<std::size_t>(spec.streams), Way{node(spec.from), node(spec.to)}),
           .spec = &spec,
           .slice = sliceNamed(scenario.network.slices, spec.slice),
           .rng = workloads::Rng(scenario.seed, "background/" + spec.name + "/" + std::to_string(i))});
    }
  }
}

void Background::begin() {
  running_ = true;
  for (std::uint32_t i = 0; i < pairs_.size(); ++i) {
    pairs_[i].spec->on > Seconds() ? pause(i) : send(i);
  }
}

void Background::end() {
  running_ = false;
  for (Pair& pair : pairs_) {
    if (pair.sending) transfers_.cancel(pair.transfer);
    pair.sending = false;
  }
}

void Background::pause(std::uint32_t index, Ticks more) {
  Pair& pair = pairs_[index];
  const Ticks length = toTicks(Seconds(pair.rng.exponential() * pair.spec->off.value()));
  loop_.schedule(loop_.now() + length + more, Rank::arrival, kEventTarget, index);
}

void Background::onEvent(const Event& event) {
  if (running_) send(event.stamp);
}

void Background::send(std::uint32_t index) {
  Pair& pair = pairs_[index];
  std::int64_t bytes = kEndless;
  if (pair.spec->on > Seconds()) {
    bytes = std::llround(pair.spec->rate.value() * pair.spec->on.value() * pair.rng.exponential());
  }
  pair.sending = true;
  pair.transfer = transfers_.start({.kind = TransferKind::background,
                                    .ways = pair.ways,
                                    .bytes = bytes,
                                    .rate_limit = pair.spec->rate,
                                    .slice = pair.slice,
                                    .hash = (pair.number++ << 20) + index,
                                    .tag = index},
                                   *this);
}

/// Delivered, or lost with a link: then the rest of the burst is given up.
void Background::onTransferEnd(const TransferEnd& end) {
  const auto index = static_cast<std::uint32_t>(end.tag);
  pairs_[index].sending = false;
  if (running_) pause(index, end.delivered ? 0 : kTransferRetry);
}

}  // namespace headroom::sim
