// What the cluster does when replicas go and come, and when attempts come to nothing.
#include <algorithm>

#include "models/base/error.h"
#include "sim/cluster/cluster.h"
#include "sim/engine/make_replica.h"

namespace headroom::sim {

void Cluster::dispatch(std::uint64_t id) {
  const bool measured = attempts_->find(id)->measured;
  dispatch(attempts_->requestOf(id), measured);
}

/// An attempt was at a unified replica that went down, or on its way there.
void Cluster::lose(std::uint32_t replica, const LostRequest& lost) {
  DeploymentState& deployment = deployments_[fleet_[replica].deployment];
  deployment.router->left(unifiedIndex(deployment, replica), lost.request);
  onFailed(lost.request.id);
  onGone(lost);
}

/// The replica it was sent to went down, or one of the pair.
void Cluster::loseOnItsWay(const workloads::Request& request, FrontEnds::Target target) {
  if (!target.paired) return lose(target.first, {.request = request});
  disaggregation_->lostOnItsWay(deployment_of_workload_[request.workload], request, {target.first, target.second});
  onFailed(request.id);
  onGone({.request = request});
}

/// If anybody still waits for it.
void Cluster::onFailed(std::uint64_t attempt) {
  if (attempts_->find(attempt) != nullptr) failAttempt(attempt, Attempts::Reason::failed);
}

void Cluster::onGone(const LostRequest& attempt) {
  recorder_.lost(attempt.generated);
  --in_engines_;
  if (clients_) clients_->forget(attempt.request.id);
}

void Cluster::handleTimer() {
  const Attempts::Due due = attempts_->onEvent();
  if (due.what == Attempts::Due::What::send) dispatch(due.id);
  if (due.what == Attempts::Due::What::timeout) failAttempt(due.id, Attempts::Reason::timeout);
}

void Cluster::failAttempt(std::uint64_t id, Attempts::Reason reason) {
  const std::optional<Attempt> over = attempts_->fail(id, reason);
  if (over) giveUp(*over, reason == Attempts::Reason::timeout ? RequestStatus::timed_out : RequestStatus::failed);
}

void Cluster::giveUp(const Attempt& attempt, RequestStatus status) {
  RequestRecord record;
  record.request = attempt.request;
  record.status = status;
  record.attempts = attempt.number;
  record.finished = loop_.now();
  recorder_.failed(record, attempt.measured && arrivals_.measured(record.request, warmup_));
  leave(record);
}

/// What waits in vain, now that replicas will never come back.
void Cluster::giveUpWaiting() {
  for (DeploymentState& deployment : deployments_) {
    std::deque<std::pair<workloads::Request, bool>> waiting;
    waiting.swap(deployment.waiting);
    for (auto& [request, measured] : waiting) {
      if (mayBeServed(request)) {
        deployment.waiting.emplace_back(std::move(request), measured);
      } else {
        onFailed(request.id);
      }
    }
  }
}

/// Is a replica of this role there, or could one be some day?
bool Cluster::mayCome(std::uint32_t number, Role role) const {
  const DeploymentState& deployment = deployments_[number];
  if (deployment.there[static_cast<std::size_t>(role)] > 0) return true;
  if (!mayCome()) return false;
  for (std::uint32_t r = deployment.first_replica; r < fleet_.size() && fleet_[r].deployment == number; ++r) {
    if (fleet_[r].config->role == role && (!outages_ || outages_->mayReturn(r))) return true;
  }
  return false;
}

bool Cluster::mayBeServed(const workloads::Request& request) const {
  const std::uint32_t number = deployment_of_workload_[request.workload];
  if (!goesToPair(number, request)) return mayCome(number, Role::unified);
  if (!mayCome(number, Role::decode)) return false;
  return !disaggregation_->needsPrefill(number, request) || mayCome(number, Role::prefill);
}

/// The record of an attempt becomes that of its request; false if its client has given it up.
bool Cluster::answered(RequestRecord& record) {
  if (attempts_->find(record.request.id) == nullptr) {
    recorder_.lost(record.request.output_tokens);
    return false;
  }
  const Ticks sent = record.request.arrival;  // of the attempt: when its replica got it
  const Attempt attempt = attempts_->close(record.request.id);
  record.request = attempt.request;
  record.attempts = attempt.number;
  record.retried = sent - attempt.request.arrival;
  return true;
}

bool Cluster::allDone() const {
  if (in_system_ > 0 || in_engines_ > 0 || arrivals_.nextTime() != kNever) return false;
  for (std::uint32_t r = 0; r < fleet_.size(); ++r) {  // a step may be under way for a token that nobody wants
    if (!fleet_[r].engine->idle()) return false;
  }
  return true;
}

void Cluster::onDown(std::uint32_t index) {
  const FleetReplica& replica = fleet_[index];
  presence_[index].down = true;
  if (network_ != nullptr) network_->endCollective(index);
  auto fresh = makeReplica(ReplicaId(index), *replica.config, *times_now_[index], *this, options_.exact_steps);
  const std::vector<LostRequest> held = fleet_.replace(index, std::move(fresh));
  if (replica.config->role != Role::unified) return disaggregation_->onDown(index, held);
  for (const LostRequest& gone : held) lose(index, gone);
}

bool Cluster::onStart(std::uint32_t index) {
  if (!cold_starts_ || !cold_starts_->starts(index)) return false;
  ++starting_;
  presence_[index].started = false;
  cold_starts_->start(index);
  return true;
}

void Cluster::onWeightsLost(std::uint32_t index, bool was_starting) {
  if (!cold_starts_ || !cold_starts_->starts(index)) return;
  if (was_starting) --starting_;
  cold_starts_->stop(index);
}

void Cluster::onAvailable(std::uint32_t index, bool available) {
  presence_[index].available = available;
  if (available) presence_[index].down = false;
  if (available && network_ != nullptr && in_system_ > 0) network_->reserveCollective(index);
  settle(index);
}

void Cluster::onSpeed(std::uint32_t index, double factor) {
  const models::StepTimes* base = fleet_[index].times;
  const models::StepTimes* now = base;
  if (factor != 1) {
    const std::shared_ptr<const models::StepTimes> borrowed(std::shared_ptr<void>(), base);
    now = &slowed_.try_emplace({base, factor}, borrowed, factor).first->second;
  }
  times_now_[index] = now;
  fleet_.setStepTimes(index, *now);
}

void Cluster::onLink(FabricLinkId link, double left) {
  if (network_ == nullptr) return;
  Transfers& transfers = network_->transfers();
  if (link.value() >= link_down_.size()) link_down_.resize(link.value() + 1);
  if (left <= 0) {
    link_down_[link.value()] = true;
    return transfers.setUp(link, false);
  }
  if (link_down_[link.value()]) transfers.setUp(link, true);
  link_down_[link.value()] = false;
  transfers.setBandwidth(link, network_->topology().link(link).bandwidth * left);
}

}  // namespace headroom::sim
