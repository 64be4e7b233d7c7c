// An event loop with a network beside the events: flows that share links max-min fairly. Two do it: our own
// (fair_network_loop.h) and SimGrid's (simgrid_module.h).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "models/base/quantity.h"
#include "models/base/strong_int.h"
#include "sim/loop/event_loop.h"
#include "sim/loop/fair_shares.h"

namespace headroom::sim {

using FlowId = Id<struct FlowTag, std::uint64_t>;

/// Bytes on their way over links. Latency is not the network's: whoever starts a flow waits for it first.
struct Flow {
  std::span<const LinkId> path;  ///< at least one link, none twice; read when the flow starts
  std::int64_t bytes = 0;
  BytesPerSecond rate_limit{};  ///< 0: none
  std::uint64_t tag = 0;        ///< given back when it ends
  std::uint32_t slice = 0;      ///< 0: in none; others only on FairNetworkLoop
};

class FlowHandler {
 public:
  virtual ~FlowHandler() = default;
  /// The flow's last byte is there, or one of its links went down. Called with the clock at that time; may start flows.
  virtual void onFlowEnd(std::uint64_t tag, bool delivered) = 0;
};

class NetworkLoop : public EventLoop {
 public:
  /// Before run(). A directed link.
  virtual LinkId addLink(const std::string& name, BytesPerSecond bandwidth) = 0;
  /// Before run().
  virtual void deliverTo(FlowHandler& handler) = 0;
  /// Starts at now(). A flow of 0 bytes, or over a link that is down, ends at once (not inside this call).
  virtual FlowId startFlow(const Flow& flow) = 0;
  /// Of a flow that has not ended; it never calls back.
  virtual void cancelFlow(FlowId flow) = 0;
  /// What a flow that has not ended has moved until now(); none where that is not known (SimGrid's clock is behind).
  virtual std::optional<double> movedBytes(FlowId) const { return std::nullopt; }
  /// From now() on, for flows on their way too.
  virtual void setBandwidth(LinkId link, BytesPerSecond bandwidth) = 0;
  /// Down: its flows end undelivered.
  virtual void setUp(LinkId link, bool up) = 0;
};

}  // namespace headroom::sim
