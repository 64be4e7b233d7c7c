// What two network loops must live through alike.
#pragma once

#include <cstdint>
#include <tuple>
#include <vector>

#include "sim/loop/network_loop.h"
#include "workloads/rng.h"

namespace headroom::sim {

/// A random life on a network: timers that start flows, links that fail and come back, retries. Records everything.
class Storm final : public EventHandler, public FlowHandler {
 public:
  using Record = std::tuple<char, std::uint64_t, bool, Ticks>;  // what, which, delivered, when
  /// `slices`: flows are in one of so many, or in none.
  Storm(NetworkLoop& loop, std::uint64_t seed, std::uint64_t records, std::uint32_t slices = 0)
      : loop_(loop), rng_(seed, "test/storm"), left_(records), slices_(slices) {
    loop.deliverTo(*this);
    for (int l = 0; l < kLinks; ++l) loop.addLink("link", BytesPerSecond((1 + rng_.uniform()) * 1e9));
    for (std::uint32_t t = 0; t < 60; ++t) again(t);
  }
  const std::vector<Record>& run() {
    loop_.run(*this, kNever - 1);
    return records_;
  }

  void onEvent(const Event& event) override {
    if (left_ == 0) return;
    --left_;
    records_.emplace_back('e', event.target, true, loop_.now());
    const double what = rng_.uniform();
    const LinkId link(static_cast<std::uint32_t>(rng_.integer(0, kLinks - 1)));
    if (what < 0.30)
      start(++last_tag_);
    else if (what < 0.32)
      loop_.setUp(link, false);
    else if (what < 0.36)
      loop_.setUp(link, true);
    else if (what < 0.38)
      loop_.setBandwidth(link, BytesPerSecond((0.5 + rng_.uniform()) * 1e9));
    again(event.target);
  }
  void onFlowEnd(std::uint64_t tag, bool delivered) override {
    records_.emplace_back('f', tag, delivered, loop_.now());
    if (!delivered && left_ > 0) start(tag);  // a client that tries again at once
  }

 private:
  static constexpr int kLinks = 12;
  void again(std::uint32_t target) {
    loop_.schedule(loop_.now() + toTicks(Seconds(rng_.exponential() * 1e-3)) + 1, Rank::replica, target, 0);
  }
  void start(std::uint64_t tag) {
    std::vector<LinkId> path;
    for (std::uint32_t l = 0; l < kLinks; ++l) {
      if (rng_.uniform() < 0.2) path.emplace_back(l);
    }
    if (path.empty()) path.emplace_back(0);
    const std::int64_t bytes = rng_.integer(0, 100'000);
    const auto slice = slices_ == 0 ? 0 : static_cast<std::uint32_t>(rng_.integer(0, slices_));
    loop_.startFlow({.path = path, .bytes = bytes, .rate_limit = {}, .tag = tag, .slice = slice});
  }

  NetworkLoop& loop_;
  workloads::Rng rng_;
  std::uint64_t left_, last_tag_ = 0;
  std::uint32_t slices_;
  std::vector<Record> records_;
};

}  // namespace headroom::sim
