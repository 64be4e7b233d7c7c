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
  Starting& starting = replicas_[replica];
  starting = {.times = {.began = network_.loop().now()}, .number = starting.number + 1, .loading = {}};
  schedule(replica, poolOf(replica)->spec.before_weights);
}

void ColdStarts::schedule(std::uint32_t replica, Seconds after) {
  NetworkLoop& loop = network_.loop();
  const auto stage = static_cast<std::uint32_t>(stages_.size());
  stages_.push_back({replica, replicas_.at(replica).number});
  loop.schedule(loop.now() + toTicks(after), Rank::arrival, kEventTarget, stage);
}

void ColdStarts::onEvent(const Event& event) {
  const Stage stage = stages_[event.stamp];
  Starting& starting = replicas_.at(stage.replica);
  if (starting.number != stage.start) return;
  if (starting.times.before == kNever) {
    starting.times.before = network_.loop().now();
    return load(stage.replica);
  }
  starting.times.ready = network_.loop().now();
  first_.emplace(stage.replica, starting.times);
  on_ready_(stage.replica);
}

void ColdStarts::stop(std::uint32_t replica) {
  Starting& stopped = replicas_.at(replica);
  Pool& pool = *poolOf(replica);
  letGo(stopped);
  std::erase(pool.waiting, replica);
  if (stopped.busy) {  // the one that it sends to asks others
    for (auto& [other, starting] : replicas_) {
      if (starting.source != replica) continue;
      letGo(starting);
      pool.waiting.push_front(other);
    }
  }
  stopped = {.times = {}, .number = stopped.number + 1, .loading = {}};
  servePeers(pool);
}

/// Of what it loads, and of whom it loads it from.
void ColdStarts::letGo(Starting& starting) {
  if (starting.loading) network_.transfers().cancel(*starting.loading);
  starting.loading.reset();
  if (starting.source != UINT32_MAX) replicas_.at(starting.source).busy = false;
  starting.source = UINT32_MAX;
}

void ColdStarts::load(std::uint32_t replica) {
  Pool& pool = *poolOf(replica);
  switch (pool.spec.weights_from) {
    case WeightsFrom::local:
      return read(replica, pool, network_.waysFromLocalStorage(replica));
    case WeightsFrom::storage:
      return read(replica, pool, network_.waysFromStorage(replica));
    case WeightsFrom::peer:
      pool.waiting.push_back(replica);
      return servePeers(pool);
  }
}

void ColdStarts::read(std::uint32_t replica, const Pool& pool, std::vector<Way> ways) {
  const double ranks = network_.acceleratorsOf(replica);
  replicas_.at(replica).loading =
      network_.transfers().start({.kind = TransferKind::weights,
                                  .ways = ways,
                                  .bytes = static_cast<std::int64_t>(pool.weights.value() * ranks),
                                  .rate_limit = pool.spec.rate_limit,
                                  .slice = 0,
                                  .hash = replica,
                                  .tag = replica},
                                 *this);
}

/// Every warm replica that sends to nobody takes the next one that waits. If none is warm or about to be, the first
/// reads from storage for all.
void ColdStarts::servePeers(Pool& pool) {
  bool any = false;
  for (std::uint32_t source = pool.first_replica; source < pool.first_replica + pool.replicas; ++source) {
    if (pool.waiting.empty()) return;
    const auto found = replicas_.find(source);
    if (found == replicas_.end()) continue;
    any = any || found->second.warm || found->second.loading;
    if (!found->second.warm || found->second.busy) continue;
    const std::uint32_t replica = pool.waiting.front();
    pool.waiting.pop_front();
    found->second.busy = true;
    replicas_.at(replica).source = source;
    read(replica, pool, waysBetween(network_.endsOf(source), network_.endsOf(replica)));
  }
  if (any || pool.waiting.empty()) return;
  const std::uint32_t first = pool.waiting.front();
  pool.waiting.pop_front();
  read(first, pool, network_.waysFromStorage(first));
}

void ColdStarts::onTransferEnd(const TransferEnd& end) {
  const auto replica = static_cast<std::uint32_t>(end.tag);
  Pool& pool = *poolOf(replica);
  Starting& starting = replicas_.at(replica);
  starting.loading.reset();
  letGo(starting);
  if (!end.delivered) {
    read(replica, pool, network_.waysFromStorage(replica));
    return servePeers(pool);
  }
  starting.times.weights = network_.loop().now();
  starting.warm = true;
  schedule(replica, pool.spec.after_weights);
  servePeers(pool);
}

}  // namespace headroom::sim
