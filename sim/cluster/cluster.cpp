#include "sim/cluster/cluster.h"

#include <algorithm>

#include "models/base/error.h"
#include "sim/engine/make_replica.h"

namespace headroom::sim {
namespace {

std::size_t countPools(const std::vector<DeploymentPlan>& plans) {
  std::size_t pools = 0;
  for (const DeploymentPlan& plan : plans) pools += plan.pools.size();
  return pools;
}

std::int64_t expectedRequests(const Scenario& scenario) {
  std::int64_t expected = 0;
  for (const WorkloadEntry& workload : scenario.workloads) {
    if (!workload.spec.requests) return 0;
    expected += *workload.spec.requests;
  }
  return expected;
}

}  // namespace

Cluster::Cluster(const Scenario& scenario, const std::vector<DeploymentPlan>& plans, const SimulationOptions& options,
                 EventLoop& loop, RunNetwork* network)
    : options_(options),
      loop_(loop),
      recorder_(scenario, countPools(plans)),
      arrivals_(scenario),
      warmup_(toTicks(scenario.warmup)),
      fleet_(loop),
      network_(network),
      expected_(expectedRequests(scenario)) {
  if (network != nullptr) disaggregation_ = std::make_unique<Disaggregation>(fleet_, *network, loop);
  for (const DeploymentPlan& plan : plans) addDeployment(plan, scenario.seed, options.exact_steps);
  for (std::uint32_t w = 0; w < scenario.workloads.size(); ++w) {
    for (std::uint32_t d = 0; d < plans.size(); ++d) {
      if (plans[d].spec.name != scenario.workloads[w].deployment) continue;
      deployment_of_workload_.push_back(d);
      deployments_[d].closed_loop = deployments_[d].closed_loop || arrivals_.isClosedLoop(w);
    }
  }
  CHECK(deployment_of_workload_.size() == scenario.workloads.size(), "every workload has a deployment");
}

void Cluster::addDeployment(const DeploymentPlan& plan, std::uint64_t seed, bool exact_steps) {
  DeploymentState deployment;
  deployment.first_replica = fleet_.size();
  std::uint32_t pool_index = fleet_.size() == 0 ? 0 : fleet_[fleet_.size() - 1].pool + 1;
  const bool disaggregated = plan.spec.isDisaggregated();
  for (const PoolPlan& pool : plan.pools) {
    CHECK(pool.problem.empty() && pool.step_times, "only plans that fit are simulated");
    const EngineConfig& config = pool.engine.config;
    deployment.shortest_context = std::min(deployment.shortest_context, config.max_model_len);
    for (int i = 0; i < pool.spec.replicas; ++i) {
      if (disaggregated && config.role == Role::unified) deployment.unified.push_back(fleet_.size());
      FleetReplica replica;
      replica.engine = makeReplica(ReplicaId(fleet_.size()), config, *pool.step_times, *this, exact_steps);
      replica.deployment = static_cast<std::uint32_t>(deployments_.size());
      replica.pool = pool_index;
      replica.config = &config;
      fleet_.add(std::move(replica));
    }
    ++pool_index;
  }
  if (disaggregated) {
    CHECK(disaggregation_ != nullptr, "KV moves over a network");
    disaggregation_->addDeployment(static_cast<std::uint32_t>(deployments_.size()), plan, deployment.first_replica);
  }
  const std::size_t count = disaggregated ? deployment.unified.size() : fleet_.size() - deployment.first_replica;
  if (count > 0) {
    deployment.router = makeRouter(plan.spec.router, count, workloads::Rng(seed, "router/" + plan.spec.name));
  }
  deployments_.push_back(std::move(deployment));
}

void Cluster::run() {
  scheduleArrival();
  loop_.run(*this, kNever - 1);
  for (std::uint32_t r = 0; r < fleet_.size(); ++r) {
    CHECK(fleet_[r].engine->idle(), "a run ends with every request gone");
  }
  CHECK(recorder_.tokensMadeAll() == recorder_.outputTokensAll(), "every output token is made exactly once");
  CHECK(unreported_.empty(), "every request is reported");
}

void Cluster::onEvent(const Event& event) {
  if ((++events_seen_ & 0xfff) == 0) lookUp();
  if (event.target == kArrivalTarget) {
    if (event.stamp != arrival_stamp_) return;
    arrival_scheduled_ = kNever;
    handleArrivals(event.time);
    scheduleArrival();
    return;
  }
  if (event.target == Transfers::kEventTarget) return network_->transfers().onEvent(event);
  if (event.target == Disaggregation::kEventTarget) return disaggregation_->onEvent(event);
  fleet_.onEvent(event);
}

void Cluster::scheduleArrival() {
  const Ticks next = arrivals_.nextTime();
  if (next >= arrival_scheduled_) return;
  arrival_scheduled_ = next;
  loop_.schedule(next, Rank::arrival, kArrivalTarget, ++arrival_stamp_);
}

void Cluster::handleArrivals(Ticks now) {
  while (arrivals_.nextTime() <= now) {
    workloads::Request request;
    bool measured = true;
    if (arrivals_.next(request, measured)) arrive(request, measured && recorder_.measures(now));
  }
}

void Cluster::arrive(workloads::Request& request, bool measured) {
  const std::uint32_t number = deployment_of_workload_[request.workload];
  DeploymentState& deployment = deployments_[number];
  if (request.max_tokens == 0) {  // omitted: as far as the context goes
    const std::int64_t room = deployment.shortest_context - request.prompt_tokens;
    request.max_tokens = static_cast<std::int32_t>(std::max<std::int64_t>(request.output_tokens, room));
  }
  recorder_.offered(request, measured);
  deployment.sample.offer(request);
  if (options_.requests != nullptr) unreported_.emplace_back();
  if (disaggregation_ && disaggregation_->has(number) &&
      (deployment.unified.empty() || !disaggregation_->staysTogether(number, request))) {
    return sendToPair(number, request, measured);
  }
  const std::size_t chosen = deployment.router->choose(request);
  const std::uint32_t index = deployment.unified.empty() ? deployment.first_replica + static_cast<std::uint32_t>(chosen)
                                                         : deployment.unified[chosen];
  if (isTooLong(request, *fleet_[index].config)) return reject(request, index, measured);
  recorder_.countRequest(fleet_[index].pool);
  deployment.router->sent(chosen, request);
  fleet_.submit(index, request);
}

/// To a prefill and a decode replica; a short prompt to a decode replica alone.
void Cluster::sendToPair(std::uint32_t deployment, const workloads::Request& request, bool measured) {
  if (disaggregation_->staysTogether(deployment, request)) {
    const std::uint32_t index = disaggregation_->chooseDecode(deployment);
    if (isTooLong(request, *fleet_[index].config)) return reject(request, index, measured);
    recorder_.countRequest(fleet_[index].pool);
    disaggregation_->sendTogether(deployment, request, index);
    return;
  }
  const Disaggregation::Replicas pair = disaggregation_->choose(deployment, request);
  for (const std::uint32_t index : {pair.prefill, pair.decode}) {
    if (isTooLong(request, *fleet_[index].config)) return reject(request, index, measured);
  }
  recorder_.countRequest(fleet_[pair.prefill].pool);
  recorder_.countRequest(fleet_[pair.decode].pool);
  disaggregation_->send(deployment, request, pair);
}

void Cluster::reject(const workloads::Request& request, std::uint32_t replica, bool measured) {
  RequestRecord record;
  record.request = request;
  record.status = RequestStatus::rejected;
  record.replica = replica;
  recorder_.rejected(request, measured);
  leave(record);
}

void Cluster::onKvWanted(ReplicaId, std::uint64_t request, std::int64_t tokens, Ticks at) {
  CHECK(at == loop_.now(), "a replica decides when its step ends");
  disaggregation_->onKvWanted(request, tokens);
}

void Cluster::onFinished(const FinishedRequest& finished) {
  const FleetReplica& replica = fleet_[finished.replica];
  DeploymentState& deployment = deployments_[replica.deployment];
  if (replica.config->role == Role::prefill) return disaggregation_->onPrefilled(finished);
  RequestRecord record{.request = finished.request,
                       .status = RequestStatus::completed,
                       .replica = finished.replica.value(),
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
    const std::uint32_t index = finished.replica.value();
    const auto at = std::lower_bound(deployment.unified.begin(), deployment.unified.end(), index);
    const std::size_t chosen = deployment.unified.empty() ? index - deployment.first_replica
                                                          : static_cast<std::size_t>(at - deployment.unified.begin());
    deployment.router->left(chosen, finished.request);
  }
  recorder_.completed(record, arrivals_.measured(finished.request, warmup_));
  leave(record);
}

void Cluster::leave(const RequestRecord& record) {
  const bool completed = record.status == RequestStatus::completed;
  if (options_.requests != nullptr) reportInOrder(record);
  if (arrivals_.needsAnswers(record.request.workload)) {
    arrivals_.left(record.request, loop_.now(), completed);
    scheduleArrival();
  }
}

void Cluster::reportInOrder(const RequestRecord& record) {
  unreported_[record.request.id - first_unreported_] = {record, true};
  while (!unreported_.empty() && unreported_.front().ready) {
    options_.requests->onRequest(unreported_.front().record);
    unreported_.pop_front();
    ++first_unreported_;
  }
}

void Cluster::lookUp() {
  if (options_.interrupted != nullptr && options_.interrupted->load(std::memory_order_relaxed)) throw Interrupted();
  if (options_.progress) options_.progress({recorder_.requestsLeft(), expected_, toSeconds(loop_.now())});
}

}  // namespace headroom::sim
