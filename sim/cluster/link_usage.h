// How much went over each link of a topology: bytes by kind, and over time in intervals of equal length that double as
// the run grows. Bytes of a transfer are spread evenly over its time on the way, so that an interval's share is exact
// where the rate was even; totals always are.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "models/base/ticks.h"
#include "sim/cluster/fabric.h"

namespace headroom::sim {

/// What a transfer carries.
enum class TransferKind : std::uint8_t { kv, prefix, weights, client, collective, background };
inline constexpr std::size_t kTransferKinds = 6;
const char* nameOf(TransferKind kind);

class LinkUsage {
 public:
  static constexpr std::size_t kMostIntervals = 120;
  using ByKind = std::array<std::int64_t, kTransferKinds>;

  explicit LinkUsage(std::size_t links) : links_(links) {}

  /// `bytes` over each of `links`, from `begin` to `end`.
  void add(std::span<const FabricLinkId> links, TransferKind kind, std::int64_t bytes, Ticks begin, Ticks end);

  const ByKind& bytes(FabricLinkId link) const { return links_[link.value()].bytes; }
  std::int64_t totalBytes(FabricLinkId link) const;
  Ticks interval() const { return interval_; }
  /// Bytes in each interval from 0 on; empty or shorter than the run where nothing went any more.
  const std::vector<double>& overTime(FabricLinkId link) const { return links_[link.value()].over_time; }
  std::size_t links() const { return links_.size(); }
  /// Of all that went over any link.
  Ticks lastEnd() const { return last_end_; }

 private:
  struct Link {
    ByKind bytes{};
    std::vector<double> over_time;
  };
  void widen();

  std::vector<Link> links_;
  Ticks last_end_ = 0;
  Ticks interval_ = static_cast<Ticks>(kTicksPerSecond / 16);
};

}  // namespace headroom::sim
