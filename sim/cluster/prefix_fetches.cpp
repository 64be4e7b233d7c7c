#include "sim/cluster/prefix_fetches.h"

#include <algorithm>

namespace headroom::sim {

bool readsPrefixes(const Scenario& scenario) {
  return std::any_of(scenario.deployments.begin(), scenario.deployments.end(), [](const DeploymentSpec& deployment) {
    const std::vector<KvTierOptions>& tiers = deployment.engine.kv_tiers;
    return std::any_of(tiers.begin(), tiers.end(), [](const KvTierOptions& tier) { return !tier.from.empty(); });
  });
}

void PrefixFetches::addPool(const DeploymentPlan& plan, const PoolPlan& pool) {
  Pool added{.token_bytes = pool.kvBytesPerToken().value(), .tiers = {}};
  for (const KvTierOptions& options : plan.spec.engine.kv_tiers) {
    Tier tier{.bandwidth = options.bandwidth, .latency = options.latency, .storage = options.from == "storage"};
    if (!tier.storage && !options.from.empty()) {
      const NodeRange range = nodeRange(options.from, network_.topology().sites());
      tier.node = NodeId(network_.topology().firstNode(range.site).value() + range.first);
    }
    added.tiers.push_back(tier);
  }
  pools_.push_back(std::move(added));
}

void PrefixFetches::want(std::uint32_t replica, const workloads::Request& request, std::size_t tier,
                         std::int64_t tokens) {
  const Pool& pool = pools_[fleet_[replica].pool];
  const std::uint32_t id = numbered_++;
  NetworkLoop& loop = network_.loop();
  fetches_[id] = {.replica = replica,
                  .workload = request.workload,
                  .request = request.id,
                  .tier = tier,
                  .bytes = static_cast<std::int64_t>(static_cast<double>(tokens) * pool.token_bytes),
                  .wanted = loop.now()};
  loop.schedule(loop.now() + toTicks(pool.tiers[tier].latency), Rank::arrival, kEventTarget, id);
}

void PrefixFetches::forget(std::uint32_t replica) {
  std::erase_if(fetches_, [&](const auto& entry) {
    const Fetch& fetch = entry.second;
    if (fetch.replica != replica) return false;
    if (fetch.moving) network_.transfers().cancel(fetch.transfer);
    return true;
  });
  std::erase_if(done_, [&](const auto& entry) { return entry.second.replica == replica; });
}

/// The latency is over, or it is time to try again.
void PrefixFetches::onEvent(const Event& event) {
  const auto found = fetches_.find(event.stamp);
  if (found != fetches_.end()) read(found->first, found->second);
}

void PrefixFetches::read(std::uint32_t id, Fetch& fetch) {
  const Tier& tier = pools_[fleet_[fetch.replica].pool].tiers[fetch.tier];
  const std::vector<Way> ways = tier.storage ? network_.waysFromStorage(fetch.replica)
                                             : waysBetween({{tier.node}}, network_.endsOf(fetch.replica));
  fetch.moving = true;
  fetch.transfer =
      network_.transfers().start({.kind = TransferKind::prefix,
                                  .ways = ways,
                                  .bytes = fetch.bytes,
                                  .rate_limit = tier.bandwidth,
                                  .slice = network_.sliceOf(TransferKind::prefix, fetch.replica, fetch.workload),
                                  .hash = fetch.request + (fetch.tries++ << 40),
                                  .tag = id},
                                 *this);
}

void PrefixFetches::onTransferEnd(const TransferEnd& end) {
  const auto id = static_cast<std::uint32_t>(end.tag);
  Fetch& fetch = fetches_.at(id);
  fetch.moving = false;
  if (!end.delivered) {
    return network_.loop().schedule(network_.loop().now() + kTransferRetry, Rank::arrival, kEventTarget, id);
  }
  const Fetch done = fetch;
  fetches_.erase(id);
  // Tries that came to nothing count as contention: they are not what the way takes by itself.
  const Ticks alone = toTicks(pools_[fleet_[done.replica].pool].tiers[done.tier].latency) + end.alone;
  done_[done.request] = {done.replica, end.ended, alone, end.ended - done.wanted - alone};
  fleet_.onKvMoved(done.replica, done.request);
}

void PrefixFetches::finished(std::uint32_t replica, RequestRecord& record) {
  const auto found = done_.find(record.request.id);
  if (found == done_.end()) return;
  const Done done = found->second;
  done_.erase(found);
  if (done.replica != replica || done.ended > record.scheduled) return;  // after a preemption: part of that
  record.prefix_ended = done.ended;
  record.prefix_fetch = done.alone;
  record.prefix_network = done.contention;
}

}  // namespace headroom::sim
