// Max-min shares by hand and against a solver of our own; the order of events and flow ends against brute force.
#include "sim/loop/network_loop.h"

#include <cmath>
#include <limits>
#include <map>
#include <tuple>
#include <vector>

#include "sim/loop/fair_network_loop.h"
#include "sim/loop/simgrid/simgrid_loop.h"
#include "sim/loop/simgrid_module.h"
#include "tests/sim/loop/brute_force_loop.h"
#include "tests/sim/loop/in_child.h"
#include "tests/sim/loop/progressive_filling.h"
#include "tests/sim/loop/storm.h"
#include "workloads/rng.h"

namespace headroom::sim {
namespace {

/// Runs plans: things to do at a time, and what ended when.
class Script final : public EventHandler, public FlowHandler {
 public:
  explicit Script(NetworkLoop& loop) : loop_(loop) { loop.deliverTo(*this); }
  void at(double seconds, std::function<void()> action) {
    actions_.push_back(std::move(action));
    loop_.schedule(toTicks(Seconds(seconds)), Rank::arrival, static_cast<std::uint32_t>(actions_.size() - 1), 0);
  }
  FlowId flow(std::uint64_t tag, std::vector<LinkId> path, std::int64_t bytes, double limit = 0) {
    return loop_.startFlow({.path = path, .bytes = bytes, .rate_limit = BytesPerSecond(limit), .tag = tag});
  }
  void run(Ticks until = kNever - 1) { loop_.run(*this, until); }
  double endOf(std::uint64_t tag) const { return ends_.at(tag).first; }
  bool delivered(std::uint64_t tag) const { return ends_.at(tag).second; }
  bool ended(std::uint64_t tag) const { return ends_.contains(tag); }

  void onEvent(const Event& event) override { actions_[event.target](); }
  void onFlowEnd(std::uint64_t tag, bool delivered) override {
    EXPECT_FALSE(ended(tag)) << tag << " ended twice";
    ends_[tag] = {toSeconds(loop_.now()).value(), delivered};
  }

 private:
  NetworkLoop& loop_;
  std::vector<std::function<void()>> actions_;
  std::map<std::uint64_t, std::pair<double, bool>> ends_;
};

constexpr double kGiga = 1e9;

/// Both loops, by the same rules.
template <class Loop>
class AnyNetworkLoop : public testing::Test {};
using Loops = testing::Types<SimgridLoop, FairNetworkLoop>;
TYPED_TEST_SUITE(AnyNetworkLoop, Loops);

TYPED_TEST(AnyNetworkLoop, TwoFlowsShareALinkAndTheOneLeftTakesAll) {
  inChild([] {
    TypeParam loop;
    const LinkId link = loop.addLink("link", BytesPerSecond(kGiga));
    Script script(loop);
    script.at(1, [&] { script.flow(1, {link}, 1'000'000'000); });
    script.at(1.5, [&] { script.flow(2, {link}, 1'000'000'000); });
    script.run();
    // 0.5 GB alone, 0.5 GB at half: ends at 2.5; then 0.5 GB of the other alone.
    EXPECT_NEAR(script.endOf(1), 2.5, 2.5e-9);
    EXPECT_NEAR(script.endOf(2), 3.0, 3e-9);
  });
}

TYPED_TEST(AnyNetworkLoop, TheNarrowerLinkBindsAndOthersTakeWhatItLeaves) {
  inChild([] {
    TypeParam loop;
    const LinkId wide = loop.addLink("wide", BytesPerSecond(10 * kGiga));
    const LinkId narrow = loop.addLink("narrow", BytesPerSecond(2 * kGiga));
    Script script(loop);
    script.at(0, [&] {
      script.flow(1, {wide, narrow}, 1'000'000'000);     // 1 GB/s, half of the narrow link
      script.flow(2, {narrow}, 1'000'000'000);           // 1 GB/s
      script.flow(3, {wide}, 8'000'000'000);             // what is left of the wide one: 9 - 1
      script.flow(4, {wide}, 1'000'000'000, 1 * kGiga);  // limited to 1 GB/s
    });
    script.run();
    for (const std::uint64_t tag : {1, 2, 3, 4}) EXPECT_NEAR(script.endOf(tag), 1.0, 1e-9) << tag;
  });
}

TYPED_TEST(AnyNetworkLoop, ChangesOfBandwidthReachFlowsOnTheirWay) {
  inChild([] {
    TypeParam loop;
    const LinkId link = loop.addLink("link", BytesPerSecond(kGiga));
    Script script(loop);
    script.at(0, [&] { script.flow(1, {link}, 3'000'000'000); });
    script.at(1, [&] { loop.setBandwidth(link, BytesPerSecond(0.5 * kGiga)); });
    script.at(2, [&] { loop.setBandwidth(link, BytesPerSecond(3 * kGiga)); });
    script.run();
    EXPECT_NEAR(script.endOf(1), 2.5, 1e-8);  // 1 + 0.5 GB, then 1.5 GB at 3 GB/s
  });
}

TYPED_TEST(AnyNetworkLoop, ALinkThatGoesDownEndsItsFlowsAndRefusesNewOnes) {
  inChild([] {
    TypeParam loop;
    const LinkId link = loop.addLink("link", BytesPerSecond(kGiga));
    const LinkId other = loop.addLink("other", BytesPerSecond(kGiga));
    Script script(loop);
    script.at(0, [&] {
      script.flow(1, {link, other}, 2'000'000'000);
      script.flow(2, {other}, 2'000'000'000);
    });
    script.at(1, [&] { loop.setUp(link, false); });
    script.at(1.25, [&] { script.flow(3, {other, link}, 10); });
    script.at(1.5, [&] { loop.setUp(link, true); });
    script.at(1.75, [&] { script.flow(4, {link}, 250'000'000); });
    script.run();
    EXPECT_FALSE(script.delivered(1));
    EXPECT_DOUBLE_EQ(script.endOf(1), 1.0);
    EXPECT_NEAR(script.endOf(2), 2.5, 3e-9);
    EXPECT_FALSE(script.delivered(3));
    EXPECT_DOUBLE_EQ(script.endOf(3), 1.25);
    EXPECT_NEAR(script.endOf(4), 2.0, 2e-9);
    EXPECT_TRUE(script.delivered(2) && script.delivered(4));
  });
}

TYPED_TEST(AnyNetworkLoop, NothingToMoveEndsAtOnceAndACancelledFlowNeverCallsBack) {
  inChild([] {
    TypeParam loop;
    const LinkId link = loop.addLink("link", BytesPerSecond(kGiga));
    Script script(loop);
    FlowId cancelled{};
    script.at(1, [&] {
      script.flow(1, {link}, 0);
      EXPECT_FALSE(script.ended(1)) << "not inside the call";
      cancelled = script.flow(2, {link}, 1'000'000'000);
      script.flow(3, {link}, 1'000'000'000);
    });
    script.at(1.5, [&] { loop.cancelFlow(cancelled); });
    script.at(5, [&] { loop.cancelFlow(script.flow(4, {link}, 100)); });
    script.run();
    EXPECT_DOUBLE_EQ(script.endOf(1), 1.0);
    EXPECT_TRUE(script.delivered(1));
    EXPECT_NEAR(script.endOf(3), 2.25, 3e-9);
    EXPECT_FALSE(script.ended(2));
    EXPECT_FALSE(script.ended(4));
  });
}

TYPED_TEST(AnyNetworkLoop, ARunEndsAtItsTimeWithFlowsOnTheirWay) {
  inChild([] {
    TypeParam loop;
    const LinkId link = loop.addLink("link", BytesPerSecond(kGiga));
    Script script(loop);
    script.at(1, [&] { script.flow(1, {link}, 10'000'000'000); });
    script.at(8, [&] { ADD_FAILURE() << "beyond the end"; });
    script.run(toTicks(Seconds(2)));
    EXPECT_FALSE(script.ended(1));
    EXPECT_EQ(loop.now(), toTicks(Seconds(1)));
  });
}

TEST(SimgridModule, IsLoadedBesideTheProgram) {
  inChild([] {
    NetworkLoop& loop = simgridLoop();
    const LinkId link = loop.addLink("link", BytesPerSecond(kGiga));
    Script script(loop);
    script.at(0, [&] { script.flow(1, {link}, 1'000'000'000); });
    script.run();
    EXPECT_NEAR(script.endOf(1), 1.0, 1e-9);
  });
}

/// When each flow ends, by steps from one start or end to the next.
std::vector<double> fluidEnds(const std::vector<FluidFlow>& flows, const std::vector<double>& capacity) {
  std::vector<double> left, ends(flows.size(), -1);
  for (const FluidFlow& flow : flows) left.push_back(flow.bytes);
  double now = 0;
  for (;;) {
    std::vector<bool> active(flows.size());
    double next = std::numeric_limits<double>::infinity();
    for (std::size_t f = 0; f < flows.size(); ++f) {
      active[f] = ends[f] < 0 && flows[f].start <= now;
      if (flows[f].start > now) next = std::min(next, flows[f].start);
    }
    const std::vector<double> rate = maxMin(flows, active, capacity);
    for (std::size_t f = 0; f < flows.size(); ++f) {
      if (active[f]) next = std::min(next, now + left[f] / rate[f]);
    }
    if (!std::isfinite(next)) return ends;
    for (std::size_t f = 0; f < flows.size(); ++f) {
      if (!active[f]) continue;
      left[f] -= rate[f] * (next - now);
      if (left[f] <= 1e-9 * flows[f].bytes) ends[f] = next;
    }
    now = next;
  }
}

TYPED_TEST(AnyNetworkLoop, SharesAreThoseOfAnIndependentSolver) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    inChild([seed] {
      workloads::Rng rng(seed, "test/flows");
      TypeParam loop;
      std::vector<double> capacity;
      for (std::int64_t l = 0, n = rng.integer(1, 8); l < n; ++l) {
        capacity.push_back((1 + 9 * rng.uniform()) * kGiga);
        loop.addLink("link", BytesPerSecond(capacity.back()));
      }
      std::vector<FluidFlow> flows;
      Script script(loop);
      for (std::uint64_t f = 0; f < 20; ++f) {
        FluidFlow flow{{}, std::floor(1e9 * rng.uniform()) / 1e9, 0, std::numeric_limits<double>::infinity()};
        for (std::size_t l = 0; l < capacity.size(); ++l) {
          if (rng.uniform() < 0.4) flow.path.push_back(l);
        }
        if (flow.path.empty()) flow.path.push_back(0);
        flow.bytes = std::floor((1 + 9 * rng.uniform()) * kGiga);
        if (rng.uniform() < 0.3) flow.limit = (0.1 + rng.uniform()) * kGiga;
        flows.push_back(flow);
        script.at(flow.start, [&script, flow, f] {
          std::vector<LinkId> path;
          for (const std::size_t l : flow.path) path.emplace_back(static_cast<std::uint32_t>(l));
          script.flow(f, path, static_cast<std::int64_t>(flow.bytes), std::isfinite(flow.limit) ? flow.limit : 0);
        });
      }
      script.run();
      const std::vector<double> expected = fluidEnds(flows, capacity);
      for (std::size_t f = 0; f < flows.size(); ++f) {
        EXPECT_NEAR(script.endOf(f), expected[f], 2e-9 * expected[f]) << "seed " << seed << ", flow " << f;
      }
    });
  }
}

TYPED_TEST(AnyNetworkLoop, OrderIsThatOfBruteForceWithFaultsAndRetries) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    inChild([seed] {
      // Two engines do not fit in one process: the oracle's records come through a pipe.
      int fds[2];
      ASSERT_EQ(pipe(fds), 0);
      const pid_t child = fork();
      if (child == 0) {
        close(fds[0]);
        BruteForceLoop loop;
        const auto records = Storm(loop, seed, 30'000).run();
        std::FILE* out = fdopen(fds[1], "w");
        for (const auto& [what, which, delivered, when] : records) {
          std::fprintf(out, "%c %lu %d %ld\n", what, which, delivered, when);
        }
        std::fclose(out);
        _exit(0);
      }
      close(fds[1]);
      TypeParam loop;
      const auto records = Storm(loop, seed, 30'000).run();
      std::FILE* in = fdopen(fds[0], "r");
      std::size_t i = 0, flows = 0, failed = 0;
      char what = 0;
      std::uint64_t which = 0;
      int delivered = 0;
      Ticks when = 0;
      while (std::fscanf(in, " %c %lu %d %ld", &what, &which, &delivered, &when) == 4) {
        ASSERT_LT(i, records.size());
        const auto& [w, n, d, t] = records[i];
        ASSERT_EQ(std::tuple(w, n, d), std::tuple(what, which, delivered == 1)) << "record " << i << " at " << t;
        ASSERT_NEAR(static_cast<double>(t), static_cast<double>(when), 64) << "ticks, record " << i;
        flows += what == 'f';
        failed += delivered == 0;
        ++i;
      }
      EXPECT_EQ(i, records.size());
      EXPECT_GT(flows, 5'000U);
      EXPECT_GT(failed, 500U);
      int status = 0;
      waitpid(child, &status, 0);
      EXPECT_EQ(status, 0);
    });
  }
}

}  // namespace
}  // namespace headroom::sim
