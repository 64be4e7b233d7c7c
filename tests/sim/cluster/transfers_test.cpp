#include "sim/cluster/transfers.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "sim/loop/fair_network_loop.h"
#include "tests/sim/cluster/sites.h"

namespace headroom::sim {
namespace {

constexpr std::int64_t kGb = 1'000'000'000;

/// Nodes with one NIC of 100 Gb/s under one switch; every hop takes 1 ms, so that it shows.
class TransfersTest : public ::testing::Test, public EventHandler, public TransferHandler {
 protected:
  explicit TransfersTest(const std::string& fabric = "{type: star, hop_latency: 1 ms}")
      : topology_({testSite(4, fabric)}, {}), transfers_(topology_, loop_) {}

  void onEvent(const Event& event) override {
    if (event.target != Transfers::kEventTarget) return actions_.at(event.target)();
    transfers_.onEvent(event);
  }
  void onTransferEnd(const TransferEnd& end) override { ends_.emplace(end.tag, end); }
  void at(double ms, std::function<void()> action) {
    actions_.push_back(std::move(action));
    loop_.schedule(toTicks(Seconds(ms * 1e-3)), Rank::replica, static_cast<std::uint32_t>(actions_.size() - 1), 0);
  }
  TransferId start(std::uint64_t tag, Endpoint from, Endpoint to, std::int64_t bytes, BytesPerSecond limit = {}) {
    const Way way{from, to};
    return transfers_.start({.kind = TransferKind::kv,
                             .ways = {&way, 1},
                             .bytes = bytes,
                             .rate_limit = limit,
                             .slice = 0,
                             .hash = tag,
                             .tag = tag},
                            *this);
  }
  void run() { loop_.run(*this, kNever - 1); }
  double endMs(std::uint64_t tag) const { return toMilliseconds(ends_.at(tag).ended); }

  FairNetworkLoop loop_;
  Topology topology_;
  Transfers transfers_;
  std::map<std::uint64_t, TransferEnd> ends_;
  std::vector<std::function<void()>> actions_;
};

Endpoint node(std::uint32_t n) {
  return {NodeId(n), kNoPort};
}

TEST_F(TransfersTest, ATransferAloneTakesItsLatencyAndItsBytes) {
  at(0, [&] { start(1, node(0), node(1), kGb); });
  run();
  EXPECT_NEAR(endMs(1), 2 + 80, 1e-6) << "two hops, 1 GB at 12.5 GB/s";
  EXPECT_EQ(ends_.at(1).contention(), 0);
}

TEST_F(TransfersTest, TwoIntoOneNodeShareItsNicAndSayWhoWaited) {
  at(0, [&] {
    start(1, node(0), node(2), kGb);
    start(2, node(1), node(2), kGb);
  });
  run();
  EXPECT_NEAR(endMs(1), 2 + 160, 1e-6);
  EXPECT_NEAR(toMilliseconds(ends_.at(2).alone), 82, 1e-6);
  EXPECT_NEAR(toMilliseconds(ends_.at(2).contention()), 80, 1e-6);
}

TEST_F(TransfersTest, AReplicaSendsOverTheNicsOfItsAccelerators) {
  const PortId quarter = transfers_.addPort(NodeId(0), 2);  // of 8
  at(0, [&] { start(1, {NodeId(0), quarter}, node(1), kGb); });
  at(1000, [&] {
    start(2, {NodeId(0), quarter}, node(1), kGb);
    start(3, {NodeId(0), quarter}, node(2), kGb);
    start(4, node(0), node(3), kGb);  // the rest of the NIC is left to others
  });
  run();
  EXPECT_NEAR(endMs(1), 2 + 320, 1e-6);
  EXPECT_NEAR(endMs(2) - 1000, 2 + 640, 1e-6) << "both over the same two";
  EXPECT_LT(endMs(4) - 1000, 2 + 120);
}

TEST_F(TransfersTest, ALimitedTransferLeavesTheRest) {
  at(0, [&] {
    start(1, node(0), node(1), kGb, BytesPerSecond(2.5e9));
    start(2, node(0), node(1), kGb);
  });
  run();
  EXPECT_NEAR(endMs(2), 2 + 100, 1e-6);
  EXPECT_NEAR(endMs(1), 2 + 400, 1e-6);
  EXPECT_EQ(ends_.at(1).contention(), 0) << "its own limit is no contention";
}

TEST_F(TransfersTest, SplitOverNodesItEndsWithItsLastPart) {
  const std::vector<Way> ways{{node(0), node(2)}, {node(1), node(2)}};
  at(0, [&] { transfers_.start({.ways = ways, .bytes = kGb, .tag = 1}, *this); });
  run();
  EXPECT_NEAR(endMs(1), 2 + 80, 1e-6) << "both parts into one NIC";
}

TEST_F(TransfersTest, ACancelledOneNeverCallsBackAndLeavesItsBandwidth) {
  TransferId flowing, waiting;
  at(0, [&] {
    flowing = start(1, node(0), node(2), kGb);
    start(2, node(1), node(2), kGb);
  });
  at(42, [&] {
    waiting = start(3, node(0), node(2), kGb);
    transfers_.cancel(flowing);
    transfers_.cancel(waiting);
  });
  run();
  EXPECT_EQ(ends_.size(), 1U);
  EXPECT_NEAR(endMs(2), 2 + 40 + 60, 1e-6);
  EXPECT_EQ(transfers_.onTheirWay(), 0U);
}

TEST_F(TransfersTest, BytesAreCountedOnEveryLinkOfTheWay) {
  at(0, [&] {
    start(1, node(0), node(1), kGb);
    start(2, node(0), node(2), 2 * kGb);
  });
  run();
  std::map<std::string, std::int64_t> bytes;
  for (std::uint32_t i = 0; i < topology_.links().size(); ++i) {
    const std::int64_t on_link = transfers_.usage().totalBytes(FabricLinkId(i));
    if (on_link > 0) bytes[topology_.linkName(FabricLinkId(i))] = on_link;
  }
  const std::map<std::string, std::int64_t> expected{
      {"here/n0>here/switch0", 3 * kGb}, {"here/switch0>here/n1", kGb}, {"here/switch0>here/n2", 2 * kGb}};
  EXPECT_EQ(bytes, expected);
  EXPECT_EQ(transfers_.bytes()[0], 3 * kGb);
}

TEST(LinkUsage, OverTimeAddsUpToTheBytesHoweverLongTheRun) {
  LinkUsage usage(1);
  const FabricLinkId link(0);
  const auto second = static_cast<Ticks>(kTicksPerSecond);
  for (int i = 0; i < 100; ++i) usage.add({&link, 1}, TransferKind::kv, kGb, i * second, (i + 2) * second);
  double sum = 0;
  for (const double part : usage.overTime(link)) sum += part;
  EXPECT_NEAR(sum, 100.0 * kGb, 1);
  EXPECT_EQ(usage.totalBytes(link), 100 * kGb);
  EXPECT_LE(usage.overTime(link).size(), LinkUsage::kMostIntervals);
  EXPECT_NEAR(usage.overTime(link)[5] / toSeconds(usage.interval()).value(), kGb, 1e-3 * kGb);
}

}  // namespace
}  // namespace headroom::sim
