#include "sim/engine/kv_tiers.h"

#include <algorithm>

namespace headroom::sim {

KvTiers::KvTiers(const std::vector<KvTierConfig>& tiers, int block_size) {
  for (const KvTierConfig& tier : tiers) tiers_.emplace_back(tier, block_size);
}

std::optional<KvTiers::Found> KvTiers::find(const workloads::Request& request, std::int64_t tokens,
                                            std::int64_t held) const {
  std::optional<Found> best;
  if (!request.details) return best;
  for (std::size_t t = 0; t < tiers_.size(); ++t) {
    const std::int64_t blocks = tiers_[t].cache.find(request, KvHold(), tokens).blocks;
    if (blocks > (best ? best->blocks : held)) best = Found{t, blocks};
  }
  return best;
}

Ticks KvTiers::arrival(std::size_t tier, std::int64_t blocks, Ticks now) const {
  const Tier& t = tiers_[tier];
  return std::max(now, t.free_from) + t.config.latency + t.config.block_time * blocks;
}

Ticks KvTiers::read(std::size_t tier, std::int64_t blocks, Ticks now) {
  return tiers_[tier].free_from = arrival(tier, blocks, now);
}

void KvTiers::write(const workloads::Request& request, std::int64_t tokens) {
  if (!request.details) return;
  if (!request.details->answer_is_shared) tokens = std::min<std::int64_t>(tokens, request.prompt_tokens);
  for (Tier& tier : tiers_) {
    KvCache& cache = tier.cache;
    const std::int64_t most = tier.config.blocks * cache.blockSize();
    const std::int64_t kept = std::min(tokens, most);
    KvHold hold;
    cache.take(request, hold, cache.find(request, hold, kept + 1));
    if (!cache.reserve(hold, kept)) continue;
    cache.publish(request, hold, kept);
    cache.release(request, hold, kept, false);
  }
}

}  // namespace headroom::sim
