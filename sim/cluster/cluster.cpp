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
                 EventLoop& loop, FaultStream faults, RunNetwork* network)
    : options_(options),
      loop_(loop),
      recorder_(scenario, countPools(plans)),
      arrivals_(scenario),
      warmup_(toTicks(scenario.warmup)),
      fleet_(loop),
      network_(network),
      expected_(expectedRequests(scenario)) {
  if (network != nullptr) {
    disaggregation_ = std::make_unique<Disaggregation>(fleet_, *network, loop, *this);
    cold_starts_ = std::make_unique<ColdStarts>(*network, [this](std::uint32_t replica) { onReady(replica); });
    clients_ = std::make_unique<ClientTraffic>(*network, scenario);
    prefixes_ = std::make_unique<PrefixFetches>(fleet_, *network);
  }
  for (const DeploymentPlan& plan : plans) addDeployment(plan, scenario, options.exact_steps);
  for (std::uint32_t w = 0; w < scenario.workloads.size(); ++w) {
    for (std::uint32_t d = 0; d < plans.size(); ++d) {
      if (plans[d].spec.name != scenario.workloads[w].deployment) continue;
      deployment_of_workload_.push_back(d);
      deployments_[d].closed_loop = deployments_[d].closed_loop || arrivals_.isClosedLoop(w);
    }
  }
  CHECK(deployment_of_workload_.size() == scenario.workloads.size(), "every workload has a deployment");
  if (!Attempts::neededFor(scenario)) return;
  attempts_ = std::make_unique<Attempts>(scenario, loop);
  outages_ = std::make_unique<Outages>(scenario, std::move(faults), loop, *this);
  if (!outages_->anyToCome()) outages_.reset();
  for (std::uint32_t r = 0; r < fleet_.size(); ++r) times_now_.push_back(fleet_[r].times);
}

void Cluster::addDeployment(const DeploymentPlan& plan, const Scenario& scenario, bool exact_steps) {
  DeploymentState deployment;
  deployment.first_replica = fleet_.size();
  deployment.waits = plan.spec.wait_for_replicas;
  std::uint32_t pool_index = fleet_.size() == 0 ? 0 : fleet_[fleet_.size() - 1].pool + 1;
  const bool disaggregated = plan.spec.isDisaggregated();
  for (const PoolPlan& pool : plan.pools) {
    CHECK(pool.problem.empty() && pool.step_times, "only plans that fit are simulated");
    const EngineConfig& config = configs_.emplace_back(configIn(scenario, plan, pool));
    if (cold_starts_) cold_starts_->addPool(pool, fleet_.size());
    if (prefixes_) prefixes_->addPool(plan, pool);
    if (deployment.strictest == nullptr || config.max_model_len < deployment.strictest->max_model_len) {
      deployment.strictest = &config;
    }
    for (int i = 0; i < pool.spec.replicas; ++i) {
      if (disaggregated && config.role == Role::unified) deployment.unified.push_back(fleet_.size());
      FleetReplica replica;
      replica.engine = makeReplica(ReplicaId(fleet_.size()), config, *pool.step_times, *this, exact_steps);
      replica.deployment = static_cast<std::uint32_t>(deployments_.size());
      replica.pool = pool_index;
      replica.config = &config;
      replica.times = pool.step_times.get();
      fleet_.add(std::move(replica));
    }
    ++pool_index;
  }
  if (disaggregated) {
    CHECK(disaggregation_ != nullptr, "KV moves over a network");
    disaggregation_->addDeployment(static_cast<std::uint32_t>(deployments_.size()), plan, deployment.first_replica,
                                   workloads::Rng(scenario.seed, "pairing/" + plan.spec.name));
  }
  const std::size_t count = disaggregated ? deployment.unified.size() : fleet_.size() - deployment.first_replica;
  if (count > 0) {
    deployment.router = makeRouter(plan.spec.router, count, workloads::Rng(scenario.seed, "router/" + plan.spec.name));
  }
  deployment.there = {0, 0, 0};
  for (const PoolPlan& pool : plan.pools) {
    deployment.there[static_cast<std::size_t>(pool.engine.config.role)] += pool.spec.replicas;
  }
  deployments_.push_back(std::move(deployment));
}

void Cluster::run() {
  presence_.resize(fleet_.size());
  for (std::uint32_t r = 0; cold_starts_ && r < fleet_.size(); ++r) {
    if (!cold_starts_->starts(r)) continue;
    ++starting_;
    presence_[r].started = false;
    settle(r);
    if (outages_) outages_->startsWithTheRun(r);
    cold_starts_->start(r);
  }
  if (network_ != nullptr) network_->beginBackground();
  scheduleArrival();
  endBackgroundWhenDone();
  if (outages_) outages_->begin(options_.absences);
  loop_.run(*this, kNever - 1);
  for (std::uint32_t r = 0; r < fleet_.size(); ++r) {
    CHECK(fleet_[r].engine->idle(), "a run ends with every request gone");
  }
  CHECK(recorder_.tokensAddUp(), "every output token is made exactly once, or lost");
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
    endBackgroundWhenDone();  // sessions may end without another request
  } else if (event.target == Transfers::kEventTarget) {
    network_->transfers().onEvent(event);
  } else if (event.target == Disaggregation::kEventTarget) {
    disaggregation_->onEvent(event);
  } else if (event.target == ColdStarts::kEventTarget) {
    cold_starts_->onEvent(event);
  } else if (event.target == kFrontEndTarget) {
    leaveFrontEnd(event.stamp);
  } else if (event.target == Outages::kEventTarget) {
    const std::int64_t gone = outages_->gone();
    outages_->onEvent(event);
    if (outages_->gone() > gone || !mayCome()) giveUpWaiting();
  } else if (event.target == event_target::kWaiting) {
    serveWaiting(deployments_[event.stamp]);
  } else if (event.target == PrefixFetches::kEventTarget) {
    prefixes_->onEvent(event);
  } else if (event.target == Background::kEventTarget) {
    network_->onBackgroundEvent(event);
  } else if (event.target == Attempts::kEventTarget) {
    handleTimer();
  } else {
    fleet_.onEvent(event);
  }
  if (attempts_ && allDone()) loop_.stop();  // faults would go on for ever
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

void Cluster::onSteps(ReplicaId replica, const StepRun& run) {
  recorder_.steps(poolOf(replica), run);
  if (options_.activity != nullptr) options_.activity->onSteps(replica, run);
}

void Cluster::lookUp() {
  if (options_.interrupted != nullptr && options_.interrupted->load(std::memory_order_relaxed)) throw Interrupted();
  if (!options_.progress) return;
  options_.progress({recorder_.requestsLeft(), expected_, toSeconds(loop_.now()), [this] { return liveFigures(); }});
}

LiveFigures Cluster::liveFigures() const {
  LiveFigures live;
  for (std::uint32_t r = 0; r < fleet_.size(); ++r) live.waiting += fleet_[r].engine->waiting();
  live.running = recorder_.offeredAll() - recorder_.requestsLeft() - live.waiting;
  if (const std::optional<LatencySummary> ttft = summarize(recorder_.ttft())) {
    live.ttft_p50_ms = ttft->p50;
    live.ttft_p99_ms = ttft->p99;
  }
  return live;
}

}  // namespace headroom::sim
