// Where prefixes live on that no longer fit in the accelerator's KV blocks: host memory, NVMe, a remote store. A tier
// keeps whole blocks, the least recently used go first; what a sequence leaves behind is written to every tier. Reading
// back takes its latency and its bandwidth, one request behind another; over the network beside all other transfers.
// Left out: the bandwidth of writing.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "sim/engine/engine_config.h"
#include "sim/engine/kv_cache.h"

namespace headroom::sim {

class KvTiers {
 public:
  KvTiers(const std::vector<KvTierConfig>& tiers, int block_size);
  bool empty() const { return tiers_.empty(); }

  struct Found {
    std::size_t tier = 0;
    std::int64_t blocks = 0;  ///< of the prefix, those that the accelerator holds included
  };
  /// The tier with the longest cached beginning, the first of equals, if it is longer than `held` blocks.
  std::optional<Found> find(const workloads::Request& request, std::int64_t tokens, std::int64_t held) const;
  /// When `blocks` blocks would have arrived, if reading began now.
  Ticks arrival(std::size_t tier, std::int64_t blocks, Ticks now) const;
  bool isOverNetwork(std::size_t tier) const { return tiers_[tier].config.over_network; }
  /// Begins to read; the same time.
  Ticks read(std::size_t tier, std::int64_t blocks, Ticks now);
  /// The first `tokens` tokens, as far as others can have that text.
  void write(const workloads::Request& request, std::int64_t tokens);

 private:
  struct Tier {
    Tier(const KvTierConfig& tier, int block_size) : config(tier), cache(tier.blocks, block_size, true) {}
    KvTierConfig config;
    KvCache cache;
    Ticks free_from = 0;  // of its link
  };
  std::deque<Tier> tiers_;
};

}  // namespace headroom::sim
