// Everything that is on its way over the fabric: bytes from one end to another wait out the latency of their way and
// then share its links max-min fairly with all others (sim/loop/network_loop.h). A way is chosen by hash (ECMP); links
// that cannot saturate are left out of the sharing, and counted all the same (docs/network.md).
// Left out: anything that reacts to congestion.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "sim/cluster/event_targets.h"
#include "sim/cluster/link_usage.h"
#include "sim/cluster/topology.h"
#include "sim/loop/network_loop.h"

namespace headroom::sim {

using TransferId = Id<struct TransferTag, std::uint64_t>;
/// A connection that is dead is given up and another opened: about this long after (assumed).
inline constexpr Ticks kTransferRetry = static_cast<Ticks>(0.1 * kTicksPerSecond);
/// What limits some accelerators of a node, or a storage system, beside the links of the fabric.
using PortId = Id<struct PortTag>;
inline constexpr PortId kNoPort{std::numeric_limits<std::uint32_t>::max()};

struct Endpoint {
  NodeId node;
  PortId port = kNoPort;
  bool operator==(const Endpoint&) const = default;
};
/// From one node to another; `from_outside`: from what stands behind `from.port`, into node `to`'s port, not over the
/// fabric (storage has a network of its own).
struct Way {
  Endpoint from, to;
  bool from_outside = false;
  /// Instead of a node: the clients at the gateway of a site; -1: none.
  std::int32_t from_site = -1, to_site = -1;
};

struct TransferSpec {
  TransferKind kind = TransferKind::kv;
  std::span<const Way> ways;  ///< the bytes are split evenly over them; read by start()
  std::int64_t bytes = 0;
  BytesPerSecond rate_limit{};  ///< of the whole; 0: none
  std::uint32_t slice = 0;      ///< whose; 0: nobody's in particular
  std::uint64_t hash = 0;       ///< chooses among equal ways
  std::uint64_t tag = 0;        ///< given back when it ends
};

struct TransferEnd {
  std::uint64_t tag = 0;
  bool delivered = false;  ///< false: a link on its way went down
  Ticks began = 0;         ///< start()
  Ticks ended = 0;
  Ticks latency = 0;  ///< of its way; part of `alone`
  Ticks alone = 0;    ///< what it would have taken with all links to itself; the rest is contention
  Ticks contention() const { return ended - began - alone; }
};

class TransferHandler {
 public:
  virtual ~TransferHandler() = default;
  /// After all that ends at that time: steps of replicas too.
  virtual void onTransferEnd(const TransferEnd& end) = 0;
};

class Transfers final : public FlowHandler {
 public:
  /// Of the events that belong to onEvent().
  static constexpr std::uint32_t kEventTarget = event_target::kTransfers;

  /// All before the loop runs. Of prunable links those in `keep` are shared all the same: those that may change.
  Transfers(const Topology& topology, NetworkLoop& loop, std::span<const FabricLinkId> keep = {});
  /// The NICs and scale-up links of `accelerators` accelerators of a node.
  PortId addPort(NodeId node, int accelerators);
  /// One way out of something that is no node, such as storage.
  PortId addSource(const std::string& name, BytesPerSecond bandwidth, Seconds latency = {});

  /// Starts at the loop's now(). Ends in a call of `handler`, never inside this one.
  TransferId start(const TransferSpec& spec, TransferHandler& handler);
  /// Of a transfer that has not ended; it never calls back. It counts with what it has moved, as far as the loop knows;
  /// else in full, or with a limit, with what that let through.
  void cancel(TransferId transfer);
  /// From now on; the link was kept (`keep`, or not prunable).
  void setBandwidth(FabricLinkId link, BytesPerSecond bandwidth);
  void setUp(FabricLinkId link, bool up);

  void onEvent(const Event& event);
  void onFlowEnd(std::uint64_t tag, bool delivered) override;

  const LinkUsage& usage() const { return usage_; }
  const LinkUsage::ByKind& bytes() const { return bytes_; }
  /// Time of all transfers of a kind, and what of it was contention.
  struct Times {
    __extension__ __int128 total = 0, contention = 0;
    std::int64_t count = 0;
  };
  const Times& times(TransferKind kind) const { return times_[static_cast<std::size_t>(kind)]; }
  /// Of a slice's transfers. Of one that was cancelled with a limit, what that would have let through was asked for.
  struct SliceTraffic {
    Times times;
    std::int64_t count = 0, asked_bytes = 0, moved_bytes = 0;
    double egress_usd = 0;
  };
  SliceTraffic sliceTraffic(std::uint32_t slice) const {
    return slice < by_slice_.size() ? by_slice_[slice] : SliceTraffic();
  }
  std::size_t onTheirWay() const { return on_their_way_; }

 private:
  enum class Stage : std::uint8_t { unused, latency, flowing, ended, cancelled };
  /// Bytes over one way of a transfer.
  struct Part {
    std::vector<FabricLinkId> links;  // all of the way
    DollarsPerByte egress_price;
    std::vector<LinkId> shared;  // of these, and of the ports, what is shared
    std::int64_t bytes = 0;
    FlowId flow;
    bool flowing = false;
  };
  struct Transfer {
    std::uint64_t id = 0;
    TransferKind kind = TransferKind::kv;
    Stage stage = Stage::unused;
    TransferHandler* handler = nullptr;
    TransferEnd end;
    Ticks flow_began = 0;
    BytesPerSecond limit;  // of a part
    std::uint32_t slice = 0;
    std::vector<Part> parts;
    std::size_t part_count = 0;  // of `parts`, which keep their memory
    std::size_t flowing = 0;
  };
  struct Port {
    std::array<LinkId, 2> fabric{}, scale_up{};  // out of it, into it
    BytesPerSecond fabric_bandwidth, scale_up_bandwidth;
    Seconds latency;
  };
  std::uint32_t newSlot();
  Seconds layOut(const Way& way, std::uint64_t hash, Part& part, BytesPerSecond& narrowest) const;
  void addFromPort(PortId port, bool scale_up, std::size_t side, Part& part, BytesPerSecond& narrowest) const;
  void flow(std::uint32_t slot);
  void end(std::uint32_t slot);
  std::int64_t movedBy(const Part& part) const;
  void account(const Transfer& transfer, bool cancelled);

  const Topology& topology_;
  NetworkLoop& loop_;
  std::vector<std::uint32_t> shared_;  // by fabric link: LinkId, or UINT32_MAX if it is left out
  std::vector<Port> ports_;
  std::vector<Transfer> slots_;
  std::vector<std::uint32_t> unused_;
  std::uint64_t numbered_ = 0;
  std::size_t on_their_way_ = 0;
  LinkUsage usage_;
  LinkUsage::ByKind bytes_{};
  std::array<Times, kTransferKinds> times_{};
  std::vector<SliceTraffic> by_slice_;
};

}  // namespace headroom::sim
