#include "sim/cluster/cold_starts.h"

#include <algorithm>

#include "models/base/error.h"

namespace headroom::sim {

ColdStarts::ColdStarts(RunNetwork& network, std::function<void(std::uint32_t)> on_ready)
    : network_(network), on_ready_(std::move(on_ready)) {}

void ColdStarts::addPool(const PoolPlan& pool, std::uint32_t first_replica) {
  if (!pool.spec.start) return;
  pools_.push_back({.spec = *pool.spec.start,
                    .weights = pool.memory.weights,
                    .first_replica = first_replica,
                    .replicas = static_cast<std::uint32_t>(pool.spec.replicas),
                    .waiting = {}});
}

const ColdStarts::Pool* ColdStarts::poolOf(std::uint32_t replica) const {
  for (const Pool& pool : pools_) {
    if (replica >= pool.first_replica && replica < pool.first_replica + pool.replicas) return &pool;
  }
  return nullptr;
}

void ColdStarts::start(std::uint32_t replica) {
  NetworkLoop& loop = network_.loop();
  replicas_[replica] = {};
  replicas_[replica].times.began = loop.now();
  loop.schedule(loop.now() + toTicks(poolOf(replica)->spec.before_weights), Rank::arrival, kEventTarget, replica);
}

void ColdStarts::onEvent(const Event& event) {
  Starting& starting = replicas_.at(event.stamp);
  if (starting.times.before == kNever) {
    starting.times.before = network_.loop().now();
    return load(event.stamp);
  }
  starting.times.ready = network_.loop().now();
  on_ready_(event.stamp);
}

void ColdStarts::load(std::uint32_t replica) {
  Pool& pool = *poolOf(replica);
  switch (pool.spec.weights_from) {
    case WeightsFrom::local:
      return read(replica, pool, network_.waysFromLocalStorage(replica));
    case WeightsFrom::storage:
      return read(replica, pool, network_.waysFromStorage(replica));
    case WeightsFrom::peer:
      if (!pool.first_reads) {
        pool.first_reads = true;
        return read(replica, pool, network_.waysFromStorage(replica));
      }
      pool.waiting.push_back(replica);
      return servePeers(pool);
  }
}

void ColdStarts::read(std::uint32_t replica, const Pool& pool, std::vector<Way> ways) {
  const double ranks = network_.acceleratorsOf(replica);
  network_.transfers().start({.kind = TransferKind::weights,
                              .ways = ways,
                              .bytes = static_cast<std::int64_t>(pool.weights.value() * ranks),
                              .rate_limit = pool.spec.rate_limit,
                              .slice = network_.sliceOf(TransferKind::weights, replica),
                              .hash = replica,
                              .tag = replica},
                             *this);
}

/// Every warm replica that sends to nobody takes the next one that waits.
void ColdStarts::servePeers(Pool& pool) {
  for (std::uint32_t source = pool.first_replica; source < pool.first_replica + pool.replicas; ++source) {
    if (pool.waiting.empty()) return;
    const auto found = replicas_.find(source);
    if (found == replicas_.end() || !found->second.warm || found->second.busy) continue;
    const std::uint32_t replica = pool.waiting.front();
    pool.waiting.pop_front();
    found->second.busy = true;
    replicas_.at(replica).source = source;
    read(replica, pool, waysBetween(network_.endsOf(source), network_.endsOf(replica)));
  }
}

void ColdStarts::onTransferEnd(const TransferEnd& end) {
  const auto replica = static_cast<std::uint32_t>(end.tag);
  CHECK(end.delivered, "links do not go down");
  Pool& pool = *poolOf(replica);
  Starting& starting = replicas_.at(replica);
  NetworkLoop& loop = network_.loop();
  starting.times.weights = loop.now();
  starting.warm = true;
  if (starting.source != UINT32_MAX) replicas_.at(starting.source).busy = false;
  loop.schedule(loop.now() + toTicks(pool.spec.after_weights), Rank::arrival, kEventTarget, replica);
  servePeers(pool);
}

}  // namespace headroom::sim
