// Slices: rates by hand; and on random networks what they promise, and the rates of an independent solver.
#include "sim/loop/sliced_shares.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <set>

#include "sim/loop/fair_network_loop.h"
#include "tests/sim/loop/sliced_filling.h"

namespace headroom::sim {
namespace {

constexpr double kExact = 1e-9;

struct OneLink {
  explicit OneLink(std::vector<SliceShare> slices) {
    shares.setSlices(std::move(slices));
    link = shares.addLink(100);
  }
  SlicedShares::Slot flow(std::uint32_t slice, double limit = 0) {
    return shares.addFlow(std::vector<LinkId>{link}, limit, slice);
  }
  std::vector<double> rates(const std::vector<SlicedShares::Slot>& flows) {
    shares.solve();
    std::vector<double> all;
    for (const auto slot : flows) all.push_back(shares.rate(slot));
    return all;
  }
  SlicedShares shares;
  LinkId link{};
};

void expectRates(const std::vector<double>& rates, const std::vector<double>& expected) {
  ASSERT_EQ(rates.size(), expected.size());
  for (std::size_t i = 0; i < rates.size(); ++i) EXPECT_NEAR(rates[i], expected[i], kExact * expected[i]) << i;
}

TEST(SlicedShares, AGuaranteeHoldsAgainstManyAndTheRestIsShared) {
  OneLink net({{.guarantee = {.rate = 60}}});
  const auto own = net.flow(1);
  std::vector<SlicedShares::Slot> flows{own};
  for (int i = 0; i < 4; ++i) flows.push_back(net.flow(0));
  expectRates(net.rates(flows), {68, 8, 8, 8, 8});  // 60, and the other 40 among five
}

TEST(SlicedShares, WhatASliceDoesNotAskForIsNotKeptFromOthers) {
  OneLink net({{.guarantee = {.rate = 60}}});
  const auto small = net.flow(1, 10);
  const auto other = net.flow(0);
  expectRates(net.rates({small, other}), {10, 90});
  net.shares.removeFlow(small);
  expectRates(net.rates({other}), {100});
  const auto large = net.flow(1);
  expectRates(net.rates({large, other}), {80, 20});
}

TEST(SlicedShares, WeightsShareTheRestAndCapsHold) {
  OneLink net({{.guarantee = {.share = 0.1}, .cap = std::nullopt, .weight = 3},
               {.guarantee = {}, .cap = LinkPart{.rate = 20}, .weight = 5}});
  // 10 go to slice 1; of 90 the second may take 20 (its weight would give 50), the rest is 3 : 1.
  const auto first = net.flow(1), second = net.flow(2), none = net.flow(0);
  expectRates(net.rates({first, second, none}), {10 + 52.5, 20, 17.5});
  const auto another = net.flow(2);  // the cap is the slice's, not the flow's
  expectRates(net.rates({second, another}), {10, 10});
}

TEST(SlicedShares, ALinkThatIsAllPromisedLeavesOthersNothingUntilTheSliceIsDone) {
  FairNetworkLoop loop;
  loop.setSlices({{.guarantee = {.share = 1}}});
  const LinkId link = loop.addLink("link", BytesPerSecond(1e9));
  struct Ends : FlowHandler, EventHandler {
    std::map<std::uint64_t, double> at;
    EventLoop* loop = nullptr;
    void onFlowEnd(std::uint64_t tag, bool) override { at[tag] = toSeconds(loop->now()).value(); }
    void onEvent(const Event&) override {}
  } ends;
  ends.loop = &loop;
  loop.deliverTo(ends);
  const std::vector<LinkId> path{link};
  loop.startFlow({.path = path, .bytes = 1'000'000'000, .rate_limit = {}, .tag = 1, .slice = 0});
  loop.startFlow({.path = path, .bytes = 2'000'000'000, .rate_limit = {}, .tag = 2, .slice = 1});
  loop.run(ends, kNever - 1);
  EXPECT_NEAR(ends.at[2], 2, 1e-8);
  EXPECT_NEAR(ends.at[1], 3, 1e-8);
  EXPECT_EQ(loop.sliceUse(1).delivered_bytes, 2e9);
  EXPECT_EQ(loop.sliceUse(1).flows, 1);
  EXPECT_NEAR(toSeconds(loop.sliceUse(1).busy).value(), 2, 1e-8);
  EXPECT_NEAR(toSeconds(loop.sliceUse(0).busy).value(), 3, 1e-8);
}

TEST(SlicedShares, ADegradedLinkKeepsItsPromisesInProportion) {
  OneLink net({{.guarantee = {.rate = 60}}, {.guarantee = {.rate = 40}}});
  const auto a = net.flow(1), b = net.flow(2), c = net.flow(0);
  expectRates(net.rates({a, b}), {60, 40});
  net.shares.setCapacity(net.link, 50);
  expectRates(net.rates({a, b}), {30, 20});
  EXPECT_EQ(net.shares.rate(c), 0);
}

TEST(SlicedShares, TimeBelowAGuaranteeIsThatOnADegradedLink) {
  FairNetworkLoop loop;
  loop.setSlices({{.guarantee = {.rate = 6e8}}, {.guarantee = {.rate = 2e8}}});
  const LinkId link = loop.addLink("link", BytesPerSecond(1e9));
  struct Degrading : FlowHandler, EventHandler {
    FairNetworkLoop* loop = nullptr;
    LinkId link{};
    void onFlowEnd(std::uint64_t, bool) override {}
    void onEvent(const Event& event) override { loop->setBandwidth(link, BytesPerSecond(1e8 * event.target)); }
  } handler;
  handler.loop = &loop;
  handler.link = link;
  loop.deliverTo(handler);
  const std::vector<LinkId> path{link};
  loop.startFlow({.path = path, .bytes = 5'000'000'000, .slice = 1});
  loop.startFlow({.path = path, .bytes = 5'000'000'000, .rate_limit = BytesPerSecond(5e7), .slice = 2});
  loop.schedule(toTicks(Seconds(1)), Rank::fault, 4, 0);  // half of what is promised: 3 for the first, 1 for the second
  loop.schedule(toTicks(Seconds(3)), Rank::fault, 9, 0);
  loop.run(handler, kNever - 1);
  EXPECT_NEAR(toSeconds(loop.sliceUse(1).below).value(), 2, 1e-9);
  EXPECT_EQ(loop.sliceUse(2).below, 0) << "its flow asks for no more than it has";
}

/// A random network of slices that changes, with what it should give.
struct RandomNetwork {
  SlicedShares shares;
  std::vector<SliceShare> slices;
  std::vector<double> capacity;
  std::map<SlicedShares::Slot, SlicedFlow> flows;

  RandomNetwork() {
    using rc::gen::inRange;
    double left = 1;
    for (int s = 0, n = *inRange(0, 4); s < n; ++s) {
      SliceShare slice;
      slice.guarantee.share = 0.01 * *inRange(0, static_cast<int>(100 * left) + 1);
      left -= slice.guarantee.share;
      slice.weight = 0.5 * *inRange(1, 9);
      if (*inRange(0, 3) == 0) slice.cap = LinkPart{.rate = 0, .share = slice.guarantee.share + 0.01 * *inRange(1, 40)};
      slices.push_back(slice);
    }
    shares.setSlices(slices);
    for (int l = 0, n = *inRange(1, 6); l < n; ++l) {
      capacity.push_back(1e6 * *inRange(1, 2000));
      shares.addLink(capacity.back());
    }
  }
  void change() {
    using rc::gen::inRange;
    const int what = *inRange(0, 10);
    if (what < 6 || flows.empty()) {
      FluidFlow flow{{}, 0, 0, std::numeric_limits<double>::infinity()};
      if (*inRange(0, 4) == 0) flow.limit = 1e5 * *inRange(1, 3000);
      std::vector<LinkId> path;
      for (std::size_t l = 0; l < capacity.size(); ++l) {
        if (*inRange(0, 2) > 0 && l + 1 < capacity.size()) continue;
        flow.path.push_back(l);
        path.emplace_back(static_cast<std::uint32_t>(l));
      }
      const auto slice = static_cast<std::uint32_t>(*inRange(0, static_cast<int>(slices.size()) + 1));
      flows[shares.addFlow(path, std::isfinite(flow.limit) ? flow.limit : 0, slice)] = {flow, slice};
    } else if (what < 9) {
      const auto gone = std::next(flows.begin(), *inRange<int>(0, static_cast<int>(flows.size())));
      shares.removeFlow(gone->first);
      flows.erase(gone);
    } else {
      const auto link = static_cast<std::size_t>(*inRange<int>(0, static_cast<int>(capacity.size())));
      capacity[link] = 1e6 * *inRange(1, 2000);
      shares.setCapacity(LinkId(static_cast<std::uint32_t>(link)), capacity[link]);
    }
  }
  bool uses(const SlicedFlow& m, std::size_t link) const {
    return std::find(m.flow.path.begin(), m.flow.path.end(), link) != m.flow.path.end();
  }
  std::vector<SlicedFlow> all() const {
    std::vector<SlicedFlow> members;
    for (const auto& [slot, member] : flows) members.push_back(member);
    return members;
  }
  std::vector<double> alone(std::uint32_t slice) const { return promisedRates(all(), slices, capacity, slice); }
  std::vector<double> expected() const { return slicedRates(all(), slices, capacity); }
};

TEST(SlicedShares, GiveTheRatesOfAnIndependentSolverThroughAnyChanges) {
  EXPECT_TRUE(rc::check([] {
    using rc::gen::inRange;
    RandomNetwork net;
    for (int change = 0, n = *inRange(1, 40); change < n; ++change) {
      net.change();
      if (*inRange(0, 3) == 0) continue;  // several changes at once
      std::map<SlicedShares::Slot, double> before;
      for (const auto& [slot, member] : net.flows) before[slot] = net.shares.rate(slot);
      RC_ASSERT(net.shares.dirty() || change > 0);
      for (const auto slot : net.shares.solve()) before.erase(slot);
      const std::vector<double> expected = net.expected();
      std::size_t i = 0;
      for (const auto& [slot, member] : net.flows) {
        const double scale = *std::min_element(net.capacity.begin(), net.capacity.end());
        RC_ASSERT(std::abs(net.shares.rate(slot) - expected[i]) <= 2e-9 * std::max(expected[i], scale));
        if (before.contains(slot)) RC_ASSERT(before[slot] == net.shares.rate(slot));
        ++i;
      }
    }
  }));
}

TEST(SlicedShares, ASliceNeverGetsLessThanItsDemandOrItsGuarantee) {
  EXPECT_TRUE(rc::check([] {
    RandomNetwork net;
    for (int change = 0, n = *rc::gen::inRange(1, 40); change < n; ++change) net.change();
    net.shares.solve();
    std::map<SlicedShares::Slot, double> promised;
    for (std::uint32_t s = 0; s <= net.slices.size(); ++s) {
      const std::vector<double> alone = net.alone(s);
      std::size_t i = 0;
      for (const auto& [slot, m] : net.flows) promised[slot] += alone[i++];
    }
    for (std::size_t l = 0; l < net.capacity.size(); ++l) {
      std::map<std::uint32_t, double> got, demand;
      std::map<std::uint32_t, bool> limited;  // another link holds one of its flows back
      double all = 0;
      for (const auto& [slot, m] : net.flows) {
        if (!net.uses(m, l)) continue;
        const double rate = net.shares.rate(slot);
        RC_ASSERT(rate >= promised[slot] * (1 - kExact));
        got[m.slice] += rate;
        demand[m.slice] += m.flow.limit;
        limited[m.slice] = limited[m.slice] || m.flow.path.size() > 1;
        all += rate;
      }
      RC_ASSERT(all <= net.capacity[l] * (1 + kExact));
      for (const auto& [s, rate] : got) {
        if (s == 0) continue;
        const SliceShare& slice = net.slices[s - 1];
        if (slice.cap) RC_ASSERT(rate <= slice.cap->of(net.capacity[l]) * (1 + kExact));
        const double least = std::min(demand[s], slice.guarantee.of(net.capacity[l]));
        if (!limited[s]) RC_ASSERT(rate >= least * (1 - kExact));
      }
    }
  }));
}

}  // namespace
}  // namespace headroom::sim
