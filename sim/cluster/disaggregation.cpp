#include "sim/cluster/disaggregation.h"

#include <algorithm>

#include "models/base/error.h"

namespace headroom::sim {
namespace {

constexpr std::uint32_t kAgain = 1;  // stamp of the events for it
/// A prefill replica frees KV that was not fetched by then: vLLM's VLLM_NIXL_ABORT_REQUEST_TIMEOUT. Counted from the
/// first transfer that failed.
constexpr Ticks kPatience = static_cast<Ticks>(480 * kTicksPerSecond);

}  // namespace

Disaggregation::Disaggregation(Fleet& fleet, RunNetwork& network, EventLoop& loop, PairObserver& observer)
    : fleet_(fleet), network_(network), loop_(loop), observer_(observer) {}

void Disaggregation::addDeployment(std::uint32_t deployment, const DeploymentPlan& plan, std::uint32_t first_replica,
                                   workloads::Rng rng) {
  auto added = std::make_unique<Deployment>();
  added->spec = plan.spec.disaggregation;
  added->first_replica = first_replica;
  added->layers = std::max(1, plan.model.layers);
  std::vector<ReplicaPlace> prefill_places, decode_places;
  const auto differs = [&](const PoolPlan& decode) {
    return std::any_of(plan.pools.begin(), plan.pools.end(), [&](const PoolPlan& pool) {
      return pool.spec.role == Role::prefill && pool.spec.parallelism.tp != decode.spec.parallelism.tp;
    });
  };
  std::uint32_t replica = first_replica;
  for (const PoolPlan& pool : plan.pools) {
    for (int i = 0; i < pool.spec.replicas; ++i, ++replica) {
      const bool prefills = pool.spec.role == Role::prefill, decodes = pool.spec.role == Role::decode;
      std::vector<std::uint32_t>& group = prefills ? added->prefill : added->decode;
      added->index.push_back(static_cast<std::uint32_t>(group.size()));
      if (!prefills && !decodes) continue;
      group.push_back(replica);
      (prefills ? prefill_places : decode_places).push_back(network_.placeOf(replica));
      if (prefills) continue;
      const double factor = differs(pool) ? added->spec.resharding_factor : 1;
      added->token_bytes.push_back(pool.kvBytesPerToken().value() * factor);
      added->fixed_bytes.push_back(pool.stateBytesPerRequest().value() * factor);
      added->split_ranks.push_back(pool.spec.parallelism.dp > 1);
    }
  }
  added->router = makePairRouter(added->spec.pairing, std::move(prefill_places), std::move(decode_places), rng);
  deployments_.resize(std::max<std::size_t>(deployments_.size(), deployment + 1));
  deployments_[deployment] = std::move(added);
}

bool Disaggregation::staysTogether(std::uint32_t deployment, const workloads::Request& request) const {
  return request.prompt_tokens < deployments_[deployment]->spec.local_below;
}

bool Disaggregation::needsPrefill(std::uint32_t deployment, const workloads::Request& request) const {
  return !staysTogether(deployment, request) && !deployments_[deployment]->router->doesWithoutPrefill();
}

Disaggregation::Replicas Disaggregation::choose(std::uint32_t deployment, const workloads::Request& request) {
  const Deployment& d = *deployments_[deployment];
  if (staysTogether(deployment, request)) {
    const std::uint32_t decode = d.decode[d.router->chooseDecode()];
    return {decode, decode};
  }
  const ReplicaPair pair = d.router->choose(request);
  const std::uint32_t decode = d.decode[pair.decode];
  return {pair.together ? decode : d.prefill[pair.prefill], decode};
}

void Disaggregation::sent(std::uint32_t deployment, const workloads::Request& request, Replicas pair) {
  Deployment& d = *deployments_[deployment];
  d.router->sentToDecode(d.index[pair.decode - d.first_replica], request);
  if (!pair.together()) d.router->sentToPrefill(d.index[pair.prefill - d.first_replica], request);
}

void Disaggregation::send(std::uint32_t deployment, const workloads::Request& request, Replicas pair) {
  if (pair.together()) return fleet_.submit(pair.decode, request);
  Moving& moving = moving_[request.id];
  moving.request = request;
  moving.deployment = deployment;
  moving.sent = loop_.now();
  moving.pair = pair;
  handOver(request.id, deployments_[deployment]->spec.layer_wise ? Hand::to_decode : Hand::to_prefill);
}

void Disaggregation::lostOnItsWay(std::uint32_t deployment, const workloads::Request& request, Replicas pair) {
  Deployment& d = *deployments_[deployment];
  d.router->leftDecode(d.index[pair.decode - d.first_replica], request);
  if (!pair.together()) d.router->leftPrefill(d.index[pair.prefill - d.first_replica], request);
}

void Disaggregation::setAway(std::uint32_t replica, std::uint32_t deployment, Role role, bool away) {
  Deployment& d = *deployments_[deployment];
  const std::uint32_t index = d.index[replica - d.first_replica];
  role == Role::prefill ? d.router->setPrefillAway(index, away) : d.router->setDecodeAway(index, away);
}

/// As an event of its own: after what the replicas do at this time.
void Disaggregation::handOver(std::uint64_t request, Hand to) {
  Moving& moving = moving_.at(request);
  moving.next = to;
  handed_over_.push_back({request, moving.pairing});
  loop_.schedule(loop_.now(), Rank::arrival, kEventTarget, 0);
}

Disaggregation::Moving* Disaggregation::take(std::deque<Planned>& planned) {
  const Planned next = planned.front();
  planned.pop_front();
  const auto found = moving_.find(next.request);
  return found == moving_.end() || found->second.pairing != next.pairing ? nullptr : &found->second;
}

void Disaggregation::onEvent(const Event& event) {
  Moving* moving = take(event.stamp == kAgain ? undelivered_ : handed_over_);
  if (moving == nullptr) return;
  if (event.stamp == kAgain) return move(moving->request.id, *moving, shareOf(*moving));
  if (moving->next == Hand::to_decode) {
    moving->at_decode = true;
    return fleet_.submitComputed(moving->pair.decode, moving->request);
  }
  if (moving->next == Hand::to_nobody) {
    const std::uint64_t id = moving->request.id;
    fleet_.onKvMoved(moving->pair.prefill, id);
    return forget(id, 1);
  }
  moving->at_prefill = true;
  moving->sent_to_prefill = loop_.now();
  workloads::Request prompt = moving->request;
  prompt.output_tokens = prompt.max_tokens = 1;
  fleet_.submit(moving->pair.prefill, prompt);
}

/// Of its KV, what is on its way: layer-wise first all layers but the last, then that one.
double Disaggregation::shareOf(const Moving& moving) const {
  if (moving.in_one) return 1;
  const double last = 1.0 / deployments_[moving.deployment]->layers;
  return moving.tail ? last : 1 - last;
}

std::int64_t Disaggregation::bytesOf(const Moving& moving, double share) const {
  const Deployment& d = *deployments_[moving.deployment];
  const std::size_t decode = indexOf(moving, moving.pair.decode);
  const double tokens = static_cast<double>(moving.missing) * d.token_bytes[decode];
  return static_cast<std::int64_t>((tokens + d.fixed_bytes[decode]) * share);
}

void Disaggregation::move(std::uint64_t id, Moving& moving, double share) {
  const Deployment& d = *deployments_[moving.deployment];
  std::vector<Way> ways = waysBetween(network_.endsOf(moving.pair.prefill), network_.endsOf(moving.pair.decode));
  if (ways.size() > 1 && d.split_ranks[indexOf(moving, moving.pair.decode)]) ways = {ways[id % ways.size()]};
  if (moving.kv_began < 0) moving.kv_began = loop_.now();
  moving.transfer = network_.transfers().start(
      {.kind = TransferKind::kv,
       .ways = ways,
       .bytes = bytesOf(moving, share),
       .rate_limit = d.spec.rate_limit,
       .slice = network_.sliceOf(TransferKind::kv, moving.pair.decode, moving.request.workload),
       .hash = id + (moving.failed_transfers << 40),
       .tag = id},
      *this);
}

/// Layer-wise, all layers but the last when the prompt is begun; the last when it is done and they have gone. All at
/// once if none went while it was computed.
void Disaggregation::moveWhatIsReady(std::uint64_t id, Moving& moving) {
  if (!moving.room || moving.tail) return;
  const bool layer_wise = deployments_[moving.deployment]->spec.layer_wise;
  if (moving.prefilled && (!layer_wise || !moving.bulk_began)) {
    moving.in_one = moving.tail = true;
  } else if (layer_wise && moving.started && !moving.bulk_began) {
    moving.bulk_began = true;
  } else if (moving.prefilled && moving.bulk_moved) {
    moving.tail = true;
  } else {
    return;
  }
  move(id, moving, shareOf(moving));
}

void Disaggregation::onPromptStarted(std::uint64_t request) {
  const auto found = moving_.find(request);
  if (found == moving_.end()) return;
  found->second.started = true;
  moveWhatIsReady(request, found->second);
}

void Disaggregation::onKvWanted(std::uint64_t request, std::int64_t tokens) {
  Moving& moving = moving_.at(request);
  moving.missing = tokens;
  moving.room = true;
  if (!moving.at_prefill) return handOver(request, Hand::to_prefill);
  moveWhatIsReady(request, moving);
}

void Disaggregation::onPrefilled(const FinishedRequest& prefilled) {
  const std::uint64_t id = prefilled.request.id;
  Moving& moving = moving_.at(id);
  routerOf(moving).leftPrefill(indexOf(moving, moving.pair.prefill), moving.request);
  moving.prefilled = true;
  moving.prompt = prefilled;
  if (moving.abandoned) return handOver(id, Hand::to_nobody);
  if (!deployments_[moving.deployment]->spec.layer_wise) return handOver(id, Hand::to_decode);
  moveWhatIsReady(id, moving);
}

void Disaggregation::onTransferEnd(const TransferEnd& end) {
  Moving& moving = moving_.at(end.tag);
  moving.transfer.reset();
  if (!end.delivered) {  // a link went down: from the beginning, by another way where there is one
    ++moving.failed_transfers;
    moving.failing_since = std::min(moving.failing_since, loop_.now());
    if (loop_.now() - moving.failing_since >= kPatience) return drop(end.tag, moving);
    undelivered_.push_back({end.tag, moving.pairing});
    loop_.schedule(loop_.now() + kTransferRetry, Rank::arrival, kEventTarget, kAgain);
    return;
  }
  moving.failing_since = kNever;
  if (!moving.tail) {
    moving.bulk_moved = true;
    moving.bulk = end;
    return moveWhatIsReady(end.tag, moving);
  }
  moving.last = end;
  moving.moved = true;
  fleet_.onKvMoved(moving.pair.prefill, end.tag);
  fleet_.onKvMoved(moving.pair.decode, end.tag);
}

void Disaggregation::onDecoded(std::uint32_t deployment, const FinishedRequest& decoded, RequestRecord& record) {
  Deployment& d = *deployments_[deployment];
  d.router->leftDecode(d.index[decoded.replica.value() - d.first_replica], decoded.request);
  const auto found = moving_.find(decoded.request.id);
  if (found == moving_.end()) return;  // computed where it was answered
  const Moving& moving = found->second;
  const FinishedRequest& prompt = moving.prompt;
  record.prefill_replica = moving.pair.prefill;
  record.front_end = fleet_[moving.pair.prefill].config->front_end.of(decoded.request.prompt_tokens);
  record.queued = prompt.queued;
  record.scheduled = prompt.scheduled;
  record.prefilled = prompt.finished;
  record.kv_began = moving.kv_began;
  record.kv_ended = moving.last.ended;
  record.preemptions += prompt.preemptions;
  record.cached_tokens = prompt.cached_tokens;
  record.fetched_tokens = prompt.fetched_tokens;
  record.preempted_early += prompt.preempted_early;
  // What of the transfer was waited for: nothing else happened to the request then.
  const Ticks began = moving.in_one ? moving.last.began : prompt.finished;
  const Ticks bulk_left = std::max<Ticks>(0, moving.bulk.began + moving.bulk.alone - prompt.finished);
  const Ticks waited = moving.last.ended - began;
  record.kv_transfer = std::min(waited, bulk_left + moving.last.alone);
  record.network = waited - record.kv_transfer;
  record.room_first = moving.sent_to_prefill - moving.sent;
  record.decode_queue = decoded.scheduled - prompt.finished - waited;
  moving_.erase(found);
}

}  // namespace headroom::sim
