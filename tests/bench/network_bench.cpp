// What the network loop costs: ns an event of ours without and with flows on their way, us a flow over 128 nodes; and
// us a transfer of a run (sim/cluster/transfers.h): its way through a leaf-spine, its latency, its bytes on every link.
// CPU time. Each case runs in a process of its own, since SimGrid has one engine in a process.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ctime>
#include <vector>

#include "sim/cluster/transfers.h"
#include "sim/loop/fair_network_loop.h"
#include "sim/loop/simgrid/simgrid_loop.h"
#include "workloads/rng.h"

namespace headroom::sim {
namespace {

constexpr std::uint32_t kNodes = 128;
constexpr double kNicBytesPerSecond = 50e9;
constexpr double kMeanGapSeconds = 1e-3;

double cpuSeconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

/// `pending` events that each schedule one more; `concurrent` flows between random nodes, each end starts the next.
class Load final : public EventHandler, public FlowHandler {
 public:
  Load(NetworkLoop& loop, std::uint64_t events, std::uint32_t pending, std::uint64_t flows, std::uint32_t concurrent)
      : loop_(loop), rng_(1, "bench/network"), events_left_(events), flows_left_(flows) {
    loop.deliverTo(*this);
    for (std::uint32_t link = 0; link < 2 * kNodes; ++link) loop.addLink("nic", BytesPerSecond(kNicBytesPerSecond));
    for (double& gap : gaps_) gap = rng_.exponential() * kMeanGapSeconds;
    for (std::uint32_t i = 0; i < pending; ++i) again(i);
    for (std::uint32_t i = 0; i < concurrent; ++i) start();
  }
  void onEvent(const Event& event) override {
    if (events_left_ == 0) return;
    --events_left_;
    again(event.target);
  }
  void onFlowEnd(std::uint64_t, bool) override { start(); }

 private:
  void again(std::uint32_t target) {
    loop_.schedule(loop_.now() + toTicks(Seconds(gaps_[next_gap_++ & 0xffff])) + 1, Rank::replica, target, 0);
  }
  void start() {
    if (flows_left_ == 0) return;
    --flows_left_;
    const auto from = static_cast<std::uint32_t>(rng_.integer(0, kNodes - 1));
    const auto to = static_cast<std::uint32_t>(rng_.integer(0, kNodes - 1));
    const LinkId path[] = {LinkId(2 * from), LinkId(2 * to + 1)};
    loop_.startFlow({.path = path, .bytes = rng_.integer(50'000'000, 250'000'000), .rate_limit = {}, .tag = 0});
  }

  NetworkLoop& loop_;
  workloads::Rng rng_;
  std::uint64_t events_left_, flows_left_;
  std::vector<double> gaps_ = std::vector<double>(1 << 16);
  std::size_t next_gap_ = 0;
};

/// 128 nodes of 8 x 400 Gb/s, 16 under a leaf, 4:1 oversubscribed: `concurrent` transfers between random ones.
class TransferLoad final : public EventHandler, public TransferHandler {
 public:
  TransferLoad(std::int64_t transfers, int concurrent)
      : topology_({site()}, {}), transfers_(topology_, loop_), rng_(1, "bench/transfers"), left_(transfers) {
    for (int i = 0; i < concurrent; ++i) start();
  }
  void run() { loop_.run(*this, kNever - 1); }
  void onEvent(const Event& event) override { transfers_.onEvent(event); }
  void onTransferEnd(const TransferEnd&) override { start(); }

 private:
  static SiteSpec site() {
    SiteSpec site{.name = "here", .nodes = {}, .fabric = {}};
    site.nodes.push_back({models::findNodeType("h100-sxm-8"), "h100-sxm", static_cast<int>(kNodes)});
    site.fabric = FabricSpec{
        LeafSpine{.nodes_per_leaf = 16, .spines = 4, .oversubscription = 4, .uplinks = {}, .uplink_bandwidth = {}}};
    return site;
  }
  void start() {
    if (left_-- <= 0) return;
    const auto node = [&] { return Endpoint{NodeId(static_cast<std::uint32_t>(rng_.integer(0, kNodes - 1)))}; };
    const Way way{node(), node()};
    transfers_.start({.kind = TransferKind::kv,
                      .ways = {&way, 1},
                      .bytes = rng_.integer(50'000'000, 2'000'000'000),
                      .rate_limit = {},
                      .slice = 0,
                      .hash = static_cast<std::uint64_t>(left_),
                      .tag = 0},
                     *this);
  }

  FairNetworkLoop loop_;
  Topology topology_;
  Transfers transfers_;
  workloads::Rng rng_;
  std::int64_t left_;
};

void runTransfers(std::int64_t count, int concurrent) {
  TransferLoad load(count, concurrent);
  const double begin = cpuSeconds();
  load.run();
  const double taken = cpuSeconds() - begin;
  fmt::print("{:<8} {:<48} {:>6.2f} s  {:>6.2f} us a transfer\n", "own",
             fmt::format("{} transfers, {} concurrent", count, concurrent), taken,
             taken / static_cast<double>(count) * 1e6);
}

struct Case {
  const char* name;
  std::uint64_t events;
  std::uint32_t pending;
  std::uint64_t flows;
  std::uint32_t concurrent;
};

template <class Loop>
void runOne(const char* kind, const Case& c) {
  Loop loop;
  Load load(loop, c.events, c.pending, c.flows, c.concurrent);
  const double begin = cpuSeconds();
  loop.run(load, kNever - 1);
  const double taken = cpuSeconds() - begin;
  fmt::print("{:<8} {:<48} {:>6.2f} s", kind, c.name, taken);
  if (c.events > 0) fmt::print("  {:>6.1f} ns an event", taken / static_cast<double>(loop.eventsRun()) * 1e9);
  if (c.flows > 0) fmt::print("  {:>6.2f} us a flow", taken / static_cast<double>(c.flows) * 1e6);
  fmt::print("\n");
  std::fflush(stdout);
}

int runAll() {
  for (const Case& c :
       {Case{"events, 10^4 pending, no flow", 10'000'000, 10'000, 0, 0},
        Case{"events, 10^4 pending, a flow every 100 events", 10'000'000, 10'000, 100'000, 100},
        Case{"flows, 100 concurrent", 0, 0, 1'000'000, 100}, Case{"flows, 300 concurrent", 0, 0, 200'000, 300}}) {
    for (const bool simgrid : {false, true}) {
      const pid_t child = fork();
      if (child == 0) {
        simgrid ? runOne<SimgridLoop>("simgrid", c) : runOne<FairNetworkLoop>("own", c);
        _exit(0);
      }
      int status = 0;
      if (waitpid(child, &status, 0) != child || status != 0) return 1;
    }
  }
  runTransfers(1'000'000, 300);
  return 0;
}

}  // namespace
}  // namespace headroom::sim

int main() {
  return headroom::sim::runAll();
}
