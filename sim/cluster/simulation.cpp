#include "sim/cluster/simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "models/base/error.h"
#include "models/hardware/prices.h"
#include "sim/cluster/cluster.h"
#include "sim/cluster/summarize_network.h"
#include "sim/metrics/link_series.h"
#include "sim/metrics/replica_absences.h"
#include "sim/version.h"

namespace headroom::sim {
namespace {

/// Loads from which on a fleet is at its knee, and beyond what it sustains.
constexpr double kKnee = 0.85;
constexpr double kOverloaded = 1.0;

const char* regimeOf(double load) {
  return load < kKnee ? "stable" : load < kOverloaded ? "knee" : "overloaded";
}

std::optional<DollarsPerSecond> priceOf(const std::string& accelerator, const Scenario& scenario,
                                        const std::map<std::string, models::Price>& listed) {
  if (const auto given = scenario.prices.find(accelerator); given != scenario.prices.end()) return given->second;
  if (const auto found = listed.find(accelerator); found != listed.end()) return found->second.price;
  return std::nullopt;
}

/// Of all replicas of a pool. A function of exact counts alone, so that both execution modes agree.
std::optional<double> energyOf(const PoolPlan& pool, const Recorder::PoolSums& sums, double wall_ticks) {
  if (!pool.power) return std::nullopt;
  models::StepTotals totals;
  totals.wall = Seconds(wall_ticks * pool.spec.replicas / kTicksPerSecond);
  totals.busy = Seconds(static_cast<double>(sums.busy) / kTicksPerSecond);
  for (std::size_t tokens = 0; tokens < sums.steps_by_tokens.size(); ++tokens) {
    const std::int64_t steps = sums.steps_by_tokens[tokens];
    if (steps > 0) totals.steps.emplace_back(static_cast<int>(tokens), static_cast<double>(steps));
  }
  totals.emitted = static_cast<double>(sums.tokens_made - sums.more_tokens + sums.draft_tokens + sums.requests);
  totals.cached = static_cast<double>(sums.cached);
  totals.attended = static_cast<double>(sums.attended);
  return pool.power->energy(totals, *pool.step_work).value();
}

PoolOutcome poolOutcome(const DeploymentPlan& plan, const PoolPlan& pool, const Recorder::PoolSums& sums,
                        double wall_ticks) {
  PoolOutcome out;
  const EngineConfig& config = pool.engine.config;
  out.deployment = plan.spec.name;
  out.pool = pool.spec.name;
  out.accelerator = pool.spec.accelerator;
  out.replicas = pool.spec.replicas;
  out.accelerators = pool.spec.replicas * pool.spec.parallelism.accelerators();
  out.max_num_seqs = config.max_num_seqs;
  out.max_num_batched_tokens = config.max_num_batched_tokens;
  out.blocks_per_replica = config.num_gpu_blocks * config.data_parallel;
  out.steps = sums.steps;
  out.preemptions = sums.preemptions;
  out.requests = sums.requests;
  out.joule = energyOf(pool, sums, wall_ticks);
  out.kv_usage_max = static_cast<double>(sums.max_blocks) / static_cast<double>(config.usableBlocks());
  if (wall_ticks > 0) {
    out.busy = static_cast<double>(sums.busy) / (wall_ticks * out.replicas);
    out.kv_usage_mean =
        static_cast<double>(sums.cached_time) / (wall_ticks * out.replicas * config.data_parallel *
                                                 static_cast<double>(config.usableBlocks() * config.block_size));
  }
  return out;
}

void summarizeEnergy(const std::vector<DeploymentPlan>& plans, const Recorder& recorder, Result& result) {
  double joule = 0;
  models::Tier tier = models::Tier::measured;
  for (const PoolOutcome& pool : result.pools) {
    if (!pool.joule) return;
    joule += *pool.joule;
  }
  for (const DeploymentPlan& plan : plans) {
    for (const PoolPlan& pool : plan.pools) tier = std::max(tier, pool.power->tier);
  }
  result.power_tier = models::nameOf(tier);
  result.joule = joule;
  const auto tokens = static_cast<double>(recorder.outputTokensAll());
  if (tokens > 0) result.joule_per_output_token = joule / tokens;
}

void summarizeSpeculation(const std::vector<DeploymentPlan>& plans, const Recorder& recorder, Result& result) {
  std::int64_t drafted = 0, accepted = 0, verifications = 0, more = 0;
  std::size_t pools = 0;
  for (const DeploymentPlan& plan : plans) pools += plan.pools.size();
  for (std::size_t i = 0; i < pools; ++i) {
    const Recorder::PoolSums& sums = recorder.pool(i);
    drafted += sums.draft_tokens;
    accepted += sums.accepted_tokens;
    verifications += sums.verifications;
    more += sums.more_tokens;
  }
  if (drafted == 0) return;
  const auto share = [](std::int64_t part, std::int64_t of) {
    return static_cast<double>(part) / static_cast<double>(of);
  };
  result.speculation =
      SpeculationOutcome{share(accepted, drafted), 1 + share(accepted, verifications), 1 + share(more, verifications)};
}

void summarizeFaults(const Cluster& cluster, Result& result) {
  if (cluster.outages() == nullptr) return;
  FaultOutcome outcome;
  cluster.outages()->summarizeInto(outcome);
  outcome.lost_tokens = cluster.recorder().lostTokens();
  const RequestCounts& r = result.requests;
  const std::int64_t asked = r.offered - r.rejected;
  if (asked > 0) outcome.request_availability = static_cast<double>(r.completed) / static_cast<double>(asked);
  result.faults = std::move(outcome);
}

/// Pools, accelerators, KV use and cost. The clock of the shares runs from 0 to the last completion or step.
void summarizePools(const Scenario& scenario, const std::vector<DeploymentPlan>& plans, const Cluster& cluster,
                    Result& result) {
  const Recorder& recorder = cluster.recorder();
  const std::map<std::string, models::Price> listed = models::listPrices();
  const auto wall_ticks = static_cast<double>(std::max(recorder.lastFinish(), recorder.lastWork()));
  std::size_t index = 0;
  DollarsPerSecond cost, paid;  // of all the time; of what spot capacity was held
  bool priced = true;
  double kv_tokens = 0;
  for (const DeploymentPlan& plan : plans) {
    for (const PoolPlan& pool : plan.pools) {
      PoolOutcome out = poolOutcome(plan, pool, recorder.pool(index), wall_ticks);
      const double held = pool.spec.spot && cluster.outages() ? cluster.outages()->heldShare(index) : 1;
      ++index;
      const std::optional<DollarsPerSecond> price =
          pool.spec.spot ? std::optional(pool.spec.spot->price) : priceOf(out.accelerator, scenario, listed);
      if (price) {
        cost += *price * out.accelerators;
        paid += *price * out.accelerators * held;
        out.usd_per_h = price->value() * 3600 * out.accelerators;
      } else {
        priced = false;
      }
      const double tokens = static_cast<double>(out.blocks_per_replica) * pool.engine.config.block_size * out.replicas;
      kv_tokens += tokens;
      result.kv_usage_mean += out.kv_usage_mean * tokens;
      result.kv_usage_max = std::max(result.kv_usage_max, out.kv_usage_max);
      result.accelerators += out.accelerators;
      result.busy += out.busy * out.accelerators;
      result.steps += out.steps;
      result.preemptions += out.preemptions;
      const ProfileUse use{pool.profile, pool.tier_share};
      if (std::find(result.profiles.begin(), result.profiles.end(), use) == result.profiles.end()) {
        result.profiles.push_back(use);
      }
      for (const std::string& warning : pool.warnings) result.warnings.push_back(warning);
      result.pools.push_back(std::move(out));
    }
  }
  const auto anyPool = [&](auto has) {
    return std::any_of(plans.begin(), plans.end(), [&](const DeploymentPlan& plan) {
      return std::any_of(plan.pools.begin(), plan.pools.end(),
                         [&](const PoolPlan& pool) { return has(pool.engine.config); });
    });
  };
  if (!anyPool([](const EngineConfig& config) { return config.enable_prefix_caching; })) result.prefix_hit_rate.reset();
  if (!anyPool([](const EngineConfig& config) { return !config.kv_tiers.empty(); })) result.tier_hit_rate.reset();
  result.kv_usage_mean /= kv_tokens;
  result.busy /= result.accelerators;
  result.accelerator_hours = result.accelerators * result.simulated_s / 3600;
  if (priced) {
    result.usd_per_h = cost.value() * 3600;
    result.usd = paid.value() * result.simulated_s;
  }
}

/// Stages of the pool's replicas that started in the run, each the first time.
std::optional<StartOutcome> startOutcome(const ColdStarts& starts, std::uint32_t first, std::uint32_t end) {
  std::vector<const StartTimes*> all;
  for (std::uint32_t r = first; r < end; ++r) {
    if (const StartTimes* times = starts.firstStart(r)) all.push_back(times);
  }
  if (all.empty()) return std::nullopt;
  StartOutcome start;
  start.first_ready_s = INFINITY;
  const auto seconds = [](Ticks t) { return toSeconds(t).value(); };
  const auto count = static_cast<double>(all.size());
  for (const StartTimes* times : all) {
    start.before_s += seconds(times->before - times->began) / count;
    start.weights_s += seconds(times->weights - times->before) / count;
    start.after_s += seconds(times->ready - times->weights) / count;
    start.first_ready_s = std::min(start.first_ready_s, seconds(times->ready));
    start.last_ready_s = std::max(start.last_ready_s, seconds(times->ready));
  }
  return start;
}

void summarizeStarts(const ColdStarts& starts, const std::vector<DeploymentPlan>& plans, Result& result) {
  std::uint32_t replica = 0;
  std::size_t pool_index = 0;
  for (const DeploymentPlan& plan : plans) {
    for (const PoolPlan& pool : plan.pools) {
      const std::uint32_t end = replica + static_cast<std::uint32_t>(pool.spec.replicas);
      result.pools[pool_index++].start = startOutcome(starts, replica, end);
      replica = end;
    }
  }
}

/// Those of faults are known already, but for those that the run ends in.
void completeAbsences(const Cluster& cluster, const std::vector<DeploymentPlan>& plans, ReplicaAbsences& absences) {
  absences.finish(cluster.recorder().lastFinish());
  const ColdStarts* starts = cluster.coldStarts();
  std::uint32_t replicas = 0;
  for (const DeploymentPlan& plan : plans) {
    for (const PoolPlan& pool : plan.pools) replicas += static_cast<std::uint32_t>(pool.spec.replicas);
  }
  for (std::uint32_t r = 0; starts != nullptr && r < replicas; ++r) {
    const StartTimes* times = starts->firstStart(r);  // later ones are the faults' and known
    if (times == nullptr) continue;
    absences.add(r, Absence::starting, times->began, times->before);
    absences.add(r, Absence::loading_weights, times->before, times->weights);
    absences.add(r, Absence::starting, times->weights, times->ready);
  }
}

/// Arrival rate over what the replicas sustain on the same mix; the worst deployment counts.
void estimateLoad(const Scenario& scenario, const std::vector<DeploymentPlan>& plans, const Cluster& cluster,
                  Result& result) {
  const Recorder& recorder = cluster.recorder();
  const Ticks arriving = recorder.lastArrival() - std::min(recorder.firstArrival(), recorder.lastArrival());
  const Ticks serving = recorder.lastFinish() - std::min(recorder.firstArrival(), recorder.lastFinish());
  std::size_t pool_index = 0;
  for (std::size_t d = 0; d < plans.size(); ++d) {
    const RequestSample& sample = cluster.sample(d);
    const auto tenth = static_cast<std::size_t>(sample.seen()) / 10 / plans[d].pools.size();
    const std::size_t count = std::clamp<std::size_t>(tenth, 1000, 20'000);
    std::array<double, 3> by_role{};
    for (const PoolPlan& pool : plans[d].pools) {
      const double rate =
          sustainableRate(sample.requests(), count, configIn(scenario, plans[d], pool), *pool.step_times);
      result.pools[pool_index++].sustainable_per_s = rate * pool.spec.replicas;
      by_role[static_cast<std::size_t>(pool.spec.role)] += rate * pool.spec.replicas;
    }
    // Prompts and answers are computed apart: the scarcer ones set the pace.
    double sustained = by_role[static_cast<std::size_t>(Role::unified)];
    if (plans[d].spec.isDisaggregated()) {
      sustained +=
          std::min(by_role[static_cast<std::size_t>(Role::prefill)], by_role[static_cast<std::size_t>(Role::decode)]);
    }
    const Ticks span = cluster.hasClosedLoop(d) ? serving : arriving;
    if (sustained <= 0 || span <= 0 || sample.seen() < 2) continue;
    double load = static_cast<double>(sample.seen() - 1) / toSeconds(span).value() / sustained;
    // Clients that wait for their answers cannot bring more than is served.
    if (cluster.hasClosedLoop(d)) load = std::min(load, 0.999);
    result.offered_load = std::max(result.offered_load.value_or(0), load);
  }
  if (result.offered_load) result.regime = regimeOf(*result.offered_load);
}

}  // namespace

Result simulate(const Scenario& scenario, const std::vector<DeploymentPlan>& plans, const SimulationOptions& options) {
  PlainEventLoop plain_loop;
  std::optional<RunNetwork> network;
  const std::shared_ptr<const PlacedSites> sites = placedSites(scenario);
  FaultStream faults(scenario, sites);
  if (sendsAnything(scenario)) network.emplace(scenario, sites, faults.links());
  EventLoop& loop = network ? static_cast<EventLoop&>(network->loop()) : plain_loop;
  Cluster cluster(scenario, plans, options, loop, std::move(faults), network ? &*network : nullptr);
  cluster.run();

  Result result;
  result.version = kVersion;
  result.scenario_hash = scenarioHash(resolved(scenario, plans));
  result.seed = scenario.seed;
  result.events = static_cast<std::int64_t>(loop.eventsRun());
  cluster.recorder().summarizeInto(result);
  summarizeFaults(cluster, result);
  summarizePools(scenario, plans, cluster, result);
  summarizeSpeculation(plans, cluster.recorder(), result);
  summarizeEnergy(plans, cluster.recorder(), result);
  if (network) {
    result.network = summarizeNetwork(*network, scenario, cluster.recorder().lastFinish());
    const Recorder::TtftShares shares = cluster.recorder().ttftShares();
    if (result.usd) *result.usd += result.network->egress_usd;
    summarizeStarts(*cluster.coldStarts(), plans, result);
    if (options.links != nullptr) *options.links = linkSeries(*network, cluster.recorder().lastFinish());
    result.network->ttft_kv_transfer = shares.kv_transfer;
    result.network->ttft_contention = shares.network;
    result.network->ttft_prefix_fetch = shares.prefix_fetch;
    result.network->ttft_prefix_contention = shares.prefix_network;
    result.network->ttft_wan = shares.wan;
  }
  if (options.absences != nullptr) completeAbsences(cluster, plans, *options.absences);
  if (options.requests != nullptr && result.faults) {
    for (const FaultMark& mark : result.faults->events) options.requests->onFault(mark);
  }
  if (options.estimate_load) estimateLoad(scenario, plans, cluster, result);
  for (std::string& warning : warningsOf(scenario)) result.warnings.push_back(std::move(warning));
  for (std::string& warning : cluster.streamWarnings()) result.warnings.push_back(std::move(warning));
  if (result.requests.offered == 0) result.warnings.push_back("no request arrived in the measured window");
  if (result.requests.rejected > 0) {
    result.warnings.push_back(fmt::format("{} of {} requests are longer than max_model_len and were rejected",
                                          result.requests.rejected, result.requests.offered));
  }
  if (cluster.cutAnswers() > 0) {
    result.warnings.push_back(
        fmt::format("{} answers were cut where the context ends (max_model_len)", cluster.cutAnswers()));
  }
  if (result.regime == "overloaded") {
    result.warnings.push_back(
        "overloaded: queues grow for as long as the requests keep coming, so latencies measure the "
        "length of the run");
  }
  return result;
}

}  // namespace headroom::sim
