// Events and flow ends with slices, in the order of a loop that fills the whole network anew at every change.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "sim/loop/fair_network_loop.h"
#include "tests/sim/loop/sliced_filling.h"
#include "tests/sim/loop/storm.h"

namespace headroom::sim {
namespace {

class BruteForceSlices final : public NetworkLoop {
 public:
  explicit BruteForceSlices(std::vector<SliceShare> slices) : slices_(std::move(slices)) {}
  Ticks now() const override { return now_; }
  void schedule(Ticks at, Rank rank, std::uint32_t target, std::uint32_t stamp) override {
    events_[{at, rank, numbered_++}] = {at, target, stamp};
  }
  void run(EventHandler& handler, Ticks) override {
    while (step(handler)) continue;
  }
  void stop() override {}
  std::uint64_t eventsRun() const override { return 0; }
  LinkId addLink(const std::string&, BytesPerSecond bandwidth) override {
    capacity_.push_back(bandwidth.value());
    up_.push_back(true);
    return LinkId(static_cast<std::uint32_t>(capacity_.size() - 1));
  }
  void deliverTo(FlowHandler& handler) override { handler_ = &handler; }
  FlowId startFlow(const Flow& flow) override {
    OnItsWay added{.sliced = {.flow = {{}, 0, 0, std::numeric_limits<double>::infinity()}, .slice = flow.slice},
                   .tag = flow.tag,
                   .left = static_cast<double>(flow.bytes)};
    for (const LinkId link : flow.path) {
      added.sliced.flow.path.push_back(link.value());
      added.lost = added.lost || !up_[link.value()];
    }
    flows_.push_back(added);
    return FlowId(0);
  }
  void cancelFlow(FlowId) override { FAIL() << "not part of the storm"; }
  void setBandwidth(LinkId link, BytesPerSecond bandwidth) override { capacity_[link.value()] = bandwidth.value(); }
  void setUp(LinkId link, bool up) override {
    up_[link.value()] = up;
    for (OnItsWay& flow : flows_) {
      const std::vector<std::size_t>& path = flow.sliced.flow.path;
      flow.lost = flow.lost || (!up && std::find(path.begin(), path.end(), link.value()) != path.end());
    }
  }

 private:
  struct OnItsWay {
    SlicedFlow sliced;
    std::uint64_t tag = 0;
    double left = 0;
    bool lost = false;
  };
  bool step(EventHandler& handler) {
    const auto over =
        std::find_if(flows_.begin(), flows_.end(), [](const OnItsWay& f) { return f.lost || f.left <= 0; });
    if (over != flows_.end()) {
      const OnItsWay flow = *over;
      flows_.erase(over);
      handler_->onFlowEnd(flow.tag, !flow.lost);
      return true;
    }
    std::vector<SlicedFlow> all;
    for (const OnItsWay& flow : flows_) all.push_back(flow.sliced);
    const std::vector<double> rates = slicedRates(all, slices_, capacity_);
    Ticks next = events_.empty() ? kNever : std::get<0>(events_.begin()->first);
    std::size_t ends = flows_.size();
    for (std::size_t f = 0; f < flows_.size(); ++f) {
      if (rates[f] <= 0) continue;
      const Ticks end = now_ + static_cast<Ticks>(std::ceil(flows_[f].left / rates[f] * kTicksPerSecond));
      if (end < next || (end == next && ends == flows_.size())) next = end, ends = f;
    }
    if (next == kNever) return false;
    for (std::size_t f = 0; f < flows_.size(); ++f) {
      flows_[f].left -= rates[f] * static_cast<double>(next - now_) / kTicksPerSecond;
      if (f != ends) flows_[f].left = std::max(flows_[f].left, 1e-12);  // its turn comes
    }
    now_ = next;
    if (ends < flows_.size()) {
      flows_[ends].left = 0;
      return true;
    }
    const Event event = events_.begin()->second;
    events_.erase(events_.begin());
    handler.onEvent(event);
    return true;
  }

  std::vector<SliceShare> slices_;
  std::map<std::tuple<Ticks, Rank, std::uint64_t>, Event> events_;
  std::vector<OnItsWay> flows_;  // as they started
  std::vector<double> capacity_;
  std::vector<bool> up_;
  FlowHandler* handler_ = nullptr;
  std::uint64_t numbered_ = 0;
  Ticks now_ = 0;
};

TEST(SlicedOrder, IsThatOfBruteForceWithFaultsAndRetries) {
  const std::vector<SliceShare> slices{{.guarantee = {.share = 0.4}, .weight = 2},
                                       {.guarantee = {.share = 0.3}, .cap = LinkPart{.share = 0.5}},
                                       {.cap = LinkPart{.share = 0.2}}};
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    FairNetworkLoop loop;
    loop.setSlices(slices);
    BruteForceSlices oracle(slices);
    Storm ours(loop, seed, 30'000, 3), theirs(oracle, seed, 30'000, 3);
    const std::vector<Storm::Record>&a = ours.run(), &b = theirs.run();
    ASSERT_EQ(a.size(), b.size());
    std::size_t flows = 0, failed = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const auto& [what, which, delivered, when] = a[i];
      ASSERT_EQ(std::tuple(what, which, delivered), std::tuple(std::get<0>(b[i]), std::get<1>(b[i]), std::get<2>(b[i])))
          << "seed " << seed << ", record " << i << " at " << when;
      ASSERT_NEAR(static_cast<double>(when), static_cast<double>(std::get<3>(b[i])), 64) << "ticks, record " << i;
      flows += what == 'f';
      failed += !delivered;
    }
    EXPECT_GT(flows, 5'000U);
    EXPECT_GT(failed, 500U);
  }
}

}  // namespace
}  // namespace headroom::sim
