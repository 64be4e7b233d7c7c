#include "sim/cluster/link_usage.h"

#include <algorithm>
#include <numeric>

namespace headroom::sim {

const char* nameOf(TransferKind kind) {
  constexpr std::array<const char*, kTransferKinds> kNames{"kv",     "prefix",     "weights",
                                                           "client", "collective", "background"};
  return kNames[static_cast<std::size_t>(kind)];
}

void LinkUsage::add(std::span<const FabricLinkId> links, TransferKind kind, std::int64_t bytes, Ticks begin,
                    Ticks end) {
  last_end_ = std::max(last_end_, end);
  while (static_cast<std::size_t>(end / interval_) >= kMostIntervals) widen();
  const auto first = static_cast<std::size_t>(begin / interval_), last = static_cast<std::size_t>(end / interval_);
  const double rate = end > begin ? static_cast<double>(bytes) / static_cast<double>(end - begin) : 0;
  for (const FabricLinkId id : links) {
    Link& link = links_[id.value()];
    link.bytes[static_cast<std::size_t>(kind)] += bytes;
    if (link.over_time.size() <= last) link.over_time.resize(last + 1);
    if (first == last) {
      link.over_time[first] += static_cast<double>(bytes);
      continue;
    }
    for (std::size_t i = first; i <= last; ++i) {
      const Ticks from = std::max(begin, static_cast<Ticks>(i) * interval_);
      const Ticks to = std::min(end, static_cast<Ticks>(i + 1) * interval_);
      link.over_time[i] += rate * static_cast<double>(to - from);
    }
  }
}

std::int64_t LinkUsage::totalBytes(FabricLinkId link) const {
  const ByKind& by_kind = bytes(link);
  return std::accumulate(by_kind.begin(), by_kind.end(), std::int64_t{0});
}

void LinkUsage::widen() {
  interval_ *= 2;
  for (Link& link : links_) {
    std::vector<double>& parts = link.over_time;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (i % 2 == 0) {
        parts[i / 2] = parts[i];
      } else {
        parts[i / 2] += parts[i];
      }
    }
    parts.resize((parts.size() + 1) / 2);
  }
}

}  // namespace headroom::sim
