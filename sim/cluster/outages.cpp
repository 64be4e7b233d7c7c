#include "sim/cluster/outages.h"

#include <algorithm>

#include "models/base/error.h"

namespace headroom::sim {
namespace {

/// So many are named in a result.
constexpr std::size_t kMarks = 200;
constexpr std::uint32_t kNextFault = UINT32_MAX;  // stamp; others are starts

}  // namespace

Outages::Outages(const Scenario& scenario, FaultStream stream, EventLoop& loop, OutageHandler& handler)
    : loop_(loop), handler_(handler), stream_(std::move(stream)) {
  for (const DeploymentSpec& deployment : scenario.deployments) {
    for (const PoolSpec& pool : deployment.pools) {
      const auto number = static_cast<std::uint32_t>(cold_start_.size());
      cold_start_.push_back(toTicks(pool.cold_start.total()));
      for (int r = 0; r < pool.replicas; ++r) {
        states_.emplace_back();
        states_.back().pool = number;
      }
    }
  }
}

void Outages::startsWithTheRun(std::uint32_t replica) {
  states_[replica].cold = true;
  enter(replica, State::starting);
}

void Outages::onStarted(std::uint32_t index) {
  CHECK(states_[index].state == State::starting, "what has started was starting");
  states_[index].cold = false;
  settle(index);
}

void Outages::begin(ReplicaAbsences* absences) {
  absences_ = absences;
  scheduleNext();
}

void Outages::scheduleNext() {
  if (stream_.nextTime() != kNever) loop_.schedule(stream_.nextTime(), Rank::fault, kEventTarget, kNextFault);
}

void Outages::onEvent(const Event& event) {
  if (event.stamp != kNextFault) {  // the end of a cold start
    const Start start = starts_[event.stamp];
    --starts_to_come_;
    ReplicaState& replica = states_[start.replica];
    if (replica.state != State::starting || replica.start != start.number) return;
    replica.cold = false;
    return settle(start.replica);
  }
  const FaultEvent next = stream_.next();
  CHECK(next.at == event.time, "faults come in the order of time");
  apply(next);
  scheduleNext();
}

void Outages::apply(const FaultEvent& event) {
  const Fault& fault = stream_.faults()[event.fault];
  const FaultTarget& target = fault.target;
  const bool begins = event.phase == FaultEvent::Phase::begin;
  const bool notice = event.phase == FaultEvent::Phase::notice;
  if (marks_.size() < kMarks) {
    const char* what = notice ? "notice" : begins ? "begin" : "end";
    marks_.push_back({toSeconds(loop_.now()).value(), target.name,
                      fault.reclaimed ? std::string("reclaim") : nameOf(fault.effect), what,
                      static_cast<std::int64_t>(target.replicas.size() + target.cut_off.size())});
  }
  faults_begun_ += begins ? 1 : 0;
  if (notice) {
    for (const std::uint32_t replica : target.replicas) drain(replica, 1);
    return;
  }
  if (fault.effect == FaultEffect::down || fault.effect == FaultEffect::narrow) changeLinks(fault, begins);
  for (const std::uint32_t replica : target.replicas) {
    if (fault.effect == FaultEffect::slow) slow(replica, fault.factor, begins);
    if (fault.effect == FaultEffect::drain) drain(replica, begins ? 1 : -1);
    if (fault.effect != FaultEffect::down) continue;
    if (begins && fault.warned) --states_[replica].drains;
    begins ? hold(replica, true, fault) : release(replica);
  }
  const bool takes_none = fault.effect == FaultEffect::down || fault.effect == FaultEffect::drain;
  for (const auto* replicas : {&target.replicas, &target.cut_off}) {
    for (const std::uint32_t replica : *replicas) {
      if (!event.for_good || !takes_none || states_[replica].gone) continue;
      states_[replica].gone = true;
      ++gone_;
    }
  }
  if (fault.effect != FaultEffect::down) return;
  for (const std::uint32_t replica : target.cut_off) begins ? hold(replica, false, fault) : release(replica);
}

void Outages::hold(std::uint32_t index, bool cold, const Fault& fault) {
  ReplicaState& replica = states_[index];
  ++replica.holds;
  replica.cold = replica.cold || cold;
  (fault.reclaimed ? replica.reclaims : replica.failures) += 1;
  const State before = replica.state;
  settle(index);
  if (before == State::up || before == State::draining) handler_.onDown(index);
  if (before == State::starting || replica.cold) handler_.onWeightsLost(index, before == State::starting);
}

void Outages::release(std::uint32_t index) {
  --states_[index].holds;
  settle(index);
}

void Outages::drain(std::uint32_t index, int by) {
  states_[index].drains += by;
  settle(index);
}

void Outages::slow(std::uint32_t index, double factor, bool begins) {
  std::vector<double>& factors = states_[index].slow;
  if (begins) {
    factors.push_back(factor);
  } else {
    factors.erase(std::find(factors.begin(), factors.end(), factor));
  }
  double product = 1;
  for (const double f : factors) product *= f;
  handler_.onSpeed(index, product);
}

/// The narrowest of the faults on a link counts.
void Outages::changeLinks(const Fault& fault, bool begins) {
  const auto number = static_cast<std::uint32_t>(&fault - stream_.faults().data());
  for (const auto& [link, left] : fault.target.links) {
    if (link.value() >= narrowed_.size()) narrowed_.resize(link.value() + 1);
    auto& on = narrowed_[link.value()];
    if (begins) {
      on.emplace_back(number, left);
    } else {
      std::erase_if(on, [&](const auto& entry) { return entry.first == number; });
    }
    double least = 1;
    for (const auto& [other, leaves] : on) least = std::min(least, leaves);
    handler_.onLink(link, least);
  }
}

/// The state that its faults leave it in. A notice ends when the replica goes: the drain it began is over then.
void Outages::settle(std::uint32_t index) {
  ReplicaState& replica = states_[index];
  if (replica.holds > 0) return enter(index, State::down);
  if (replica.cold) {
    if (replica.state == State::starting) return;
    enter(index, State::starting);
    if (handler_.onStart(index)) return;
    replica.start = static_cast<std::uint32_t>(starts_.size());
    starts_.push_back({index, replica.start});
    ++starts_to_come_;
    loop_.schedule(loop_.now() + cold_start_[replica.pool], Rank::fault, kEventTarget, replica.start);
    return;
  }
  enter(index, replica.drains > 0 ? State::draining : State::up);
}

std::optional<Absence> Outages::absenceIn(State state) {
  switch (state) {
    case State::draining:
      return Absence::draining;
    case State::starting:
      return Absence::starting;
    case State::down:
      return Absence::down;
    case State::up:
      break;
  }
  return std::nullopt;
}

void Outages::enter(std::uint32_t index, State state) {
  ReplicaState& replica = states_[index];
  if (replica.state == state) return;
  const bool was_up = replica.state == State::up;
  replica.time[static_cast<std::size_t>(replica.state)] += loop_.now() - replica.since;
  replica.since = loop_.now();
  replica.state = state;
  if (absences_ != nullptr) absences_->change(index, absenceIn(state), loop_.now());
  if (was_up != (state == State::up)) handler_.onAvailable(index, state == State::up);
}

void Outages::summarizeInto(FaultOutcome& outcome) const {
  outcome.begun = faults_begun_;
  outcome.events = marks_;
  outcome.pools.resize(cold_start_.size());
  std::vector<std::int64_t> replicas(cold_start_.size());
  for (const ReplicaState& replica : states_) {
    PoolFaults& pool = outcome.pools[replica.pool];
    std::array<Ticks, 4> time = replica.time;
    time[static_cast<std::size_t>(replica.state)] += loop_.now() - replica.since;
    const auto seconds = [&](State state) { return toSeconds(time[static_cast<std::size_t>(state)]).value(); };
    pool.failures += replica.failures;
    pool.reclaims += replica.reclaims;
    pool.down_s += seconds(State::down);
    pool.starting_s += seconds(State::starting);
    pool.draining_s += seconds(State::draining);
    ++replicas[replica.pool];
  }
  const double span = toSeconds(loop_.now()).value();
  for (std::size_t p = 0; p < replicas.size(); ++p) {
    PoolFaults& pool = outcome.pools[p];
    const double all = span * static_cast<double>(replicas[p]);
    pool.availability = all > 0 ? 1 - (pool.down_s + pool.starting_s) / all : 1;
  }
}

double Outages::heldShare(std::size_t number) const {
  FaultOutcome outcome;
  summarizeInto(outcome);
  std::int64_t replicas = 0;
  for (const ReplicaState& replica : states_) replicas += replica.pool == number ? 1 : 0;
  const double all = toSeconds(loop_.now()).value() * static_cast<double>(replicas);
  return all > 0 ? 1 - outcome.pools[number].down_s / all : 1;
}

}  // namespace headroom::sim
