// The ways of requests through the cluster: to a replica or a pair of them, across the WAN, and out again.
#include <algorithm>

#include "models/base/error.h"
#include "sim/cluster/cluster.h"
#include "sim/engine/context_window.h"

namespace headroom::sim {

void Cluster::arrive(workloads::Request& request, bool measured) {
  DeploymentState& deployment = deployments_[deployment_of_workload_[request.workload]];
  if (fitAnswer(request, *deployment.strictest)) ++cut_answers_;
  recorder_.offered(request, measured);
  deployment.sample.offer(request);
  if (options_.requests != nullptr) unreported_.emplace_back();
  ++in_system_;
  if (attempts_) return dispatch(attempts_->open(request, measured));
  dispatch(request, measured);
}

/// Until a replica is there.
void Cluster::wait(DeploymentState& deployment, const workloads::Request& request, bool measured) {
  if (attempts_ && !(deployment.waits && mayBeServed(request))) {
    return failAttempt(request.id, Attempts::Reason::failed);
  }
  deployment.waiting.emplace_back(request, measured);
}

/// Short prompts go to the unified replicas, where there are some beside the pairs.
bool Cluster::goesToPair(std::uint32_t deployment, const workloads::Request& request) const {
  return disaggregation_ && disaggregation_->has(deployment) &&
         (deployments_[deployment].unified.empty() || !disaggregation_->staysTogether(deployment, request));
}

/// Chooses a replica, or a pair; waits while none is there.
void Cluster::dispatch(const workloads::Request& request, bool measured) {
  const std::uint32_t number = deployment_of_workload_[request.workload];
  DeploymentState& deployment = deployments_[number];
  if (goesToPair(number, request)) return sendToPair(number, request, measured);
  if (deployment.there[static_cast<std::size_t>(Role::unified)] == 0) {
    return wait(deployment, request, measured);
  }
  const std::size_t chosen = deployment.router->choose(request);
  const std::uint32_t index = deployment.unified.empty() ? deployment.first_replica + static_cast<std::uint32_t>(chosen)
                                                         : deployment.unified[chosen];
  if (isRefused(request, *fleet_[index].config)) return reject(request, index, measured);
  recorder_.countRequest(fleet_[index].pool);
  deployment.router->sent(chosen, request);
  ++in_engines_;
  deliver(request, index, {.first = index});
}

/// HTTP and tokenizer of its replica; of a pair, the prefill replica's.
void Cluster::enterFrontEnd(const workloads::Request& request, FrontEnds::Target target) {
  const Ticks time = fleet_[target.first].config->front_end.of(request.prompt_tokens);
  if (time == 0) return submit(request, target);
  loop_.schedule(loop_.now() + time, Rank::arrival, kFrontEndTarget, front_ends_.enter(request, target));
}

void Cluster::leaveFrontEnd(std::uint32_t slot) {
  const FrontEnds::Entering entering = front_ends_.leave(slot);
  submit(entering.request, entering.target);
}

void Cluster::submit(const workloads::Request& request, FrontEnds::Target target) {
  if (outages_ && (presence_[target.first].down || (target.paired && presence_[target.second].down))) {
    return loseOnItsWay(request, target);
  }
  if (!target.paired) return fleet_.submit(target.first, request);
  disaggregation_->send(deployment_of_workload_[request.workload], request, {target.first, target.second});
}

/// To the target at once, or when it has crossed the WAN to `replica`.
void Cluster::deliver(const workloads::Request& request, std::uint32_t replica, FrontEnds::Target target) {
  if (!clients_ || !clients_->isAway(request.workload, replica)) return enterFrontEnd(request, target);
  clients_->send(
      request, replica, [this, request, target] { enterFrontEnd(request, target); },
      [this, request, target] { loseOnItsWay(request, target); });
}

/// To a prefill and a decode replica, or to a decode replica alone.
void Cluster::sendToPair(std::uint32_t deployment, const workloads::Request& request, bool measured) {
  const auto& there = deployments_[deployment].there;
  const bool needs_prefill = disaggregation_->needsPrefill(deployment, request);
  if ((there[static_cast<std::size_t>(Role::prefill)] == 0 && needs_prefill) ||
      there[static_cast<std::size_t>(Role::decode)] == 0) {
    return wait(deployments_[deployment], request, measured);
  }
  const Disaggregation::Replicas pair = disaggregation_->choose(deployment, request);
  for (const std::uint32_t index : {pair.prefill, pair.decode}) {
    if (isRefused(request, *fleet_[index].config)) return reject(request, index, measured);
  }
  if (!pair.together()) recorder_.countRequest(fleet_[pair.prefill].pool);
  recorder_.countRequest(fleet_[pair.decode].pool);
  disaggregation_->sent(deployment, request, pair);
  ++in_engines_;
  deliver(request, pair.decode, {.first = pair.prefill, .second = pair.decode, .paired = true});
}

/// After a change of its presence.
void Cluster::settle(std::uint32_t replica) {
  Presence& presence = presence_[replica];
  const bool there = presence.started && presence.available;
  if (there == presence.there) return;
  presence.there = there;
  const FleetReplica& r = fleet_[replica];
  DeploymentState& deployment = deployments_[r.deployment];
  deployment.there[static_cast<std::size_t>(r.config->role)] += there ? 1 : -1;
  if (r.config->role == Role::unified) {
    deployment.router->setAvailable(unifiedIndex(deployment, replica), there);
  } else {
    disaggregation_->setAway(replica, r.deployment, r.config->role, !there);
  }
  // After all that come at this time: they share what has waited.
  if (there && !deployment.waiting.empty()) {
    loop_.schedule(loop_.now(), Rank::arrival, event_target::kWaiting, r.deployment);
  }
}

void Cluster::serveWaiting(DeploymentState& deployment) {
  std::deque<std::pair<workloads::Request, bool>> waiting;
  waiting.swap(deployment.waiting);
  for (const auto& [request, measured] : waiting) {
    if (!attempts_) {
      dispatch(request, measured);
    } else if (attempts_->find(request.id) != nullptr) {
      dispatch(request.id);
    }
  }
}

void Cluster::onReady(std::uint32_t replica) {
  --starting_;
  presence_[replica].started = true;
  settle(replica);
  if (outages_) outages_->onStarted(replica);
}

std::size_t Cluster::unifiedIndex(const DeploymentState& deployment, std::uint32_t replica) {
  if (deployment.unified.empty()) return replica - deployment.first_replica;
  const auto at = std::lower_bound(deployment.unified.begin(), deployment.unified.end(), replica);
  return static_cast<std::size_t>(at - deployment.unified.begin());
}

void Cluster::reject(const workloads::Request& request, std::uint32_t replica, bool measured) {
  RequestRecord record;
  record.request = attempts_ ? attempts_->close(request.id).request : request;
  record.status = RequestStatus::rejected;
  record.replica = replica;
  recorder_.rejected(record.request, measured);
  leave(record);
}

void Cluster::onKvWanted(ReplicaId, std::uint64_t request, std::int64_t tokens, Ticks at) {
  CHECK(at == loop_.now(), "a replica decides when its step ends");
  disaggregation_->onKvWanted(request, tokens);
}

void Cluster::onPrefixWanted(ReplicaId replica, const workloads::Request& request, std::size_t tier,
                             std::int64_t tokens, Ticks at) {
  CHECK(prefixes_ != nullptr && at == loop_.now(), "prefixes are read over a network, when a step is decided");
  prefixes_->want(replica.value(), request, tier, tokens);
}

void Cluster::onFinished(const FinishedRequest& finished) {
  const FleetReplica& replica = fleet_[finished.replica];
  DeploymentState& deployment = deployments_[replica.deployment];
  if (replica.config->role == Role::prefill) return disaggregation_->onPrefilled(finished);
  RequestRecord record{.request = finished.request,
                       .status = RequestStatus::completed,
                       .replica = finished.replica.value(),
                       .front_end = replica.config->front_end.of(finished.request.prompt_tokens),
                       .queued = finished.queued,
                       .scheduled = finished.scheduled,
                       .first_token = finished.first_token,
                       .finished = finished.finished,
                       .preemptions = finished.preemptions,
                       .cached_tokens = finished.cached_tokens,
                       .fetched_tokens = finished.fetched_tokens,
                       .preempted_early = finished.preempted_early,
                       .preempted_late = finished.preempted_late,
                       .recomputed = finished.recomputed,
                       .interference = finished.interference};
  if (replica.config->role == Role::decode) {
    disaggregation_->onDecoded(replica.deployment, finished, record);
  } else {
    deployment.router->left(unifiedIndex(deployment, finished.replica.value()), finished.request);
  }
  if (prefixes_) {
    const bool prefilled = record.prefill_replica != RequestRecord::kNoReplica;
    prefixes_->finished(prefilled ? record.prefill_replica : record.replica, record);
  }
  if (!clients_ || !clients_->isAway(record.request.workload, record.replica)) return finish(std::move(record));
  const std::uint64_t id = record.request.id;
  if (attempts_ && attempts_->find(id) == nullptr) {  // its client has hung up
    clients_->forget(id);
    return finish(std::move(record));
  }
  clients_->answer(
      record, [this](const RequestRecord& seen) { finish(seen); },
      [this, request = record.request] {
        onFailed(request.id);
        onGone({.request = request, .generated = request.output_tokens});
      });
}

/// The answer has reached its client, if it still waits.
void Cluster::finish(RequestRecord record) {
  --in_engines_;
  if (attempts_ && !answered(record)) return;
  complete(record);
}

void Cluster::complete(const RequestRecord& record) {
  recorder_.completed(record, arrivals_.measured(record.request, warmup_));
  leave(record);
}

void Cluster::leave(const RequestRecord& record) {
  const bool completed = record.status == RequestStatus::completed;
  --in_system_;
  if (options_.requests != nullptr) reportInOrder(record);
  if (arrivals_.needsAnswers(record.request.workload)) {
    arrivals_.left(record.request, loop_.now(), completed);
    scheduleArrival();
  }
  endBackgroundWhenDone();
}

/// What goes on beside the requests would go on for ever.
void Cluster::endBackgroundWhenDone() {
  if (network_ != nullptr && in_system_ == 0 && arrivals_.nextTime() == kNever) network_->endBackground();
}

void Cluster::reportInOrder(const RequestRecord& record) {
  unreported_[record.request.id - first_unreported_] = {record, true};
  while (!unreported_.empty() && unreported_.front().ready) {
    options_.requests->onRequest(unreported_.front().record);
    unreported_.pop_front();
    ++first_unreported_;
  }
}

}  // namespace headroom::sim
