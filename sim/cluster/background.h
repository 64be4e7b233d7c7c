// Traffic of others between the nodes of a run (key `network.background`): a constant demand, or bursts with pauses
// between. A burst is a transfer of its rate times its length, no faster than its rate; the pause follows its end, so
// that what contends sends later, not less. Each pair of nodes has random streams of its own.
#pragma once

#include <vector>

#include "sim/cluster/event_targets.h"
#include "sim/cluster/transfers.h"
#include "sim/scenario.h"
#include "workloads/rng.h"

namespace headroom::sim {

class Background final : public TransferHandler {
 public:
  static constexpr std::uint32_t kEventTarget = event_target::kBackground;

  Background(const Scenario& scenario, const Topology& topology, Transfers& transfers, EventLoop& loop);
  /// From now() on; bursts begin with a pause.
  void begin();
  /// What is on its way is cancelled.
  void end();
  /// The end of a pause.
  void onEvent(const Event& event);
  void onTransferEnd(const TransferEnd& end) override;

 private:
  struct Pair {
    std::vector<Way> ways;  // all the same: its streams
    const BackgroundSpec* spec;
    std::uint32_t slice;
    workloads::Rng rng;
    std::uint64_t number = 0;  // of bursts
    TransferId transfer{};
    bool sending = false;
  };
  void send(std::uint32_t pair);
  void pause(std::uint32_t pair, Ticks more = 0);

  Transfers& transfers_;
  EventLoop& loop_;
  std::vector<Pair> pairs_;
  bool running_ = false;
};

}  // namespace headroom::sim
