#include "sim/cluster/attempts.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "models/base/error.h"

namespace headroom::sim {
namespace {

/// Ids of further attempts; requests count from 0.
constexpr std::uint64_t kRetries = std::uint64_t{1} << 48;

}  // namespace

bool Attempts::neededFor(const Scenario& scenario) {
  const auto loses = [](const DeploymentSpec& deployment) {
    return !deployment.wait_for_replicas || std::any_of(deployment.pools.begin(), deployment.pools.end(),
                                                        [](const PoolSpec& pool) { return pool.spot.has_value(); });
  };
  return !scenario.faults.empty() || std::any_of(scenario.deployments.begin(), scenario.deployments.end(), loses) ||
         std::any_of(scenario.workloads.begin(), scenario.workloads.end(),
                     [](const WorkloadEntry& entry) { return entry.client.has_value(); });
}

Attempts::Attempts(const Scenario& scenario, EventLoop& loop) : loop_(loop) {
  for (const WorkloadEntry& entry : scenario.workloads) {
    clients_.push_back(entry.client);
    jitter_.emplace_back(scenario.seed, "client/" + entry.spec.name);
  }
}

std::uint64_t Attempts::open(const workloads::Request& request, bool measured) {
  const Attempt attempt{.request = request, .measured = measured, .number = 1};
  live_[request.id] = attempt;
  startTimeout(request.id, attempt);
  return request.id;
}

const Attempt* Attempts::find(std::uint64_t id) const {
  const auto found = live_.find(id);
  return found == live_.end() ? nullptr : &found->second;
}

workloads::Request Attempts::requestOf(std::uint64_t id) const {
  workloads::Request request = live_.at(id).request;
  request.id = id;
  request.arrival = loop_.now();
  return request;
}

Attempt Attempts::close(std::uint64_t id) {
  const auto found = live_.find(id);
  CHECK(found != live_.end(), "an attempt ends once");
  Attempt attempt = std::move(found->second);
  live_.erase(found);
  return attempt;
}

std::optional<Attempt> Attempts::fail(std::uint64_t id, Reason reason) {
  Attempt attempt = close(id);
  const std::optional<ClientSpec>& client = clients_[attempt.request.workload];
  const bool wants = client && (reason == Reason::failed ? client->retry_failed : client->retry_timeout);
  if (!wants || attempt.number > client->retries) return attempt;
  const double vary = 1 + client->jitter * (2 * jitter_[attempt.request.workload].uniform() - 1);
  Seconds wait = client->backoff * vary;
  for (int i = 1; i < attempt.number && wait < kLongestRun; ++i) wait = wait * client->factor;
  ++attempt.number;
  const std::uint64_t next = kRetries + retries_++;
  backing_off_[next] = std::move(attempt);
  schedule(loop_.now() + toTicks(std::min(wait, kLongestRun)), {Due::What::send, next});
  return std::nullopt;
}

void Attempts::startTimeout(std::uint64_t id, const Attempt& attempt) {
  const std::optional<ClientSpec>& client = clients_[attempt.request.workload];
  if (client && client->timeout) schedule(loop_.now() + toTicks(*client->timeout), {Due::What::timeout, id});
}

/// An event for each timer; both come in the same order.
void Attempts::schedule(Ticks at, Due due) {
  timers_.push({at, timers_set_++, due});
  loop_.schedule(at, Rank::arrival, kEventTarget, 0);
}

Attempts::Due Attempts::onEvent() {
  const Due due = timers_.top().due;
  timers_.pop();
  if (due.what == Due::What::timeout) return live_.contains(due.id) ? due : Due{};
  const auto found = backing_off_.find(due.id);
  CHECK(found != backing_off_.end(), "a client comes back once");
  startTimeout(due.id, found->second);
  live_[due.id] = std::move(found->second);
  backing_off_.erase(found);
  return due;
}

}  // namespace headroom::sim
