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
                 EventLoop& loop)
    : options_(options),
      loop_(loop),
      recorder_(scenario, countPools(plans)),
      arrivals_(scenario),
      warmup_(toTicks(scenario.warmup)),
      expected_(expectedRequests(scenario)) {
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
  deployment.first_replica = static_cast<std::uint32_t>(replicas_.size());
  auto pool_index = static_cast<std::uint32_t>(replicas_.empty() ? 0 : replicas_.back().pool + 1);
  for (const PoolPlan& pool : plan.pools) {
    CHECK(pool.problem.empty() && pool.step_times, "only plans that fit are simulated");
    const EngineConfig& config = pool.engine.config;
    deployment.shortest_context = std::min(deployment.shortest_context, config.max_model_len);
    for (int i = 0; i < pool.spec.replicas; ++i) {
      ReplicaState state;
      const ReplicaId id(static_cast<std::uint32_t>(replicas_.size()));
      state.replica = makeReplica(id, config, *pool.step_times, *this, exact_steps);
      state.deployment = static_cast<std::uint32_t>(deployments_.size());
      state.pool = pool_index;
      state.config = &config;
      replicas_.push_back(std::move(state));
    }
    ++pool_index;
  }
  const std::size_t count = replicas_.size() - deployment.first_replica;
  deployment.router = makeRouter(plan.spec.router, count, workloads::Rng(seed, "router/" + plan.spec.name));
  deployments_.push_back(std::move(deployment));
}

void Cluster::run() {
  scheduleArrival();
  loop_.run(*this, kNever - 1);
  for (const ReplicaState& state : replicas_) CHECK(state.replica->idle(), "a run ends with every request gone");
  CHECK(recorder_.tokensMadeAll() == recorder_.outputTokensAll(), "every output token is made exactly once");
  CHECK(unreported_.empty(), "every request is reported");
  CHECK(front_ends_.empty(), "no request is left in a front end");
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
  if (event.target == kFrontEndTarget) {
    const FrontEnds::Entering entering = front_ends_.leave(event.stamp);
    return submit(entering.replica, event.time, entering.request);
  }
  ReplicaState& state = replicas_[event.target];
  if (event.stamp != state.stamp) return;  // the run was shortened since
  state.scheduled = kNever;
  state.replica->onEvent(event.time);
  reschedule(event.target);
}

void Cluster::reschedule(std::uint32_t index) {
  ReplicaState& state = replicas_[index];
  const Ticks next = state.replica->nextEvent();
  if (next == state.scheduled) return;
  state.scheduled = next;
  ++state.stamp;
  if (next != kNever) loop_.schedule(next, Rank::replica, index, state.stamp);
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
  DeploymentState& deployment = deployments_[deployment_of_workload_[request.workload]];
  if (request.max_tokens == 0) {  // omitted: as far as the context goes
    const std::int64_t room = deployment.shortest_context - request.prompt_tokens;
    request.max_tokens = static_cast<std::int32_t>(std::max<std::int64_t>(request.output_tokens, room));
  }
  recorder_.offered(request, measured);
  deployment.sample.offer(request);
  if (options_.requests != nullptr) unreported_.emplace_back();
  const std::size_t chosen = deployment.router->choose(request);
  const auto index = static_cast<std::uint32_t>(deployment.first_replica + chosen);
  ReplicaState& state = replicas_[index];
  if (isTooLong(request, *state.config)) {
    RequestRecord record;
    record.request = request;
    record.status = RequestStatus::rejected;
    record.replica = index;
    recorder_.rejected(request, measured);
    leave(record);
    return;
  }
  recorder_.countRequest(state.pool);
  deployment.router->sent(chosen, request);
  const Ticks front_end = state.config->front_end.of(request.prompt_tokens);
  if (front_end == 0) return submit(index, request.arrival, request);
  loop_.schedule(request.arrival + front_end, Rank::arrival, kFrontEndTarget, front_ends_.enter(request, index));
}

void Cluster::submit(std::uint32_t replica, Ticks now, const workloads::Request& request) {
  replicas_[replica].replica->submit(now, request);
  reschedule(replica);
}

void Cluster::onFinished(const FinishedRequest& finished) {
  const ReplicaState& state = replicas_[finished.replica.value()];
  DeploymentState& deployment = deployments_[state.deployment];
  deployment.router->left(finished.replica.value() - deployment.first_replica, finished.request);
  const RequestRecord record{.request = finished.request,
                             .status = RequestStatus::completed,
                             .replica = finished.replica.value(),
                             .front_end = state.config->front_end.of(finished.request.prompt_tokens),
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
