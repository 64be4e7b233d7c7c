#include "sim/cluster/arrivals.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/base/error.h"

namespace headroom::sim {
namespace {
/// A client that gets an error back does not try again at once.
constexpr Ticks kRetryAfterError = static_cast<Ticks>(1e-3 * kTicksPerSecond);
}  // namespace

Arrivals::Arrivals(const Scenario& scenario) : clients_(scenario.workloads.size()) {
  std::vector<workloads::MergedStream::Source> sources;
  for (std::uint32_t w = 0; w < scenario.workloads.size(); ++w) {
    const workloads::WorkloadSpec& spec = scenario.workloads[w].spec;
    if (workloads::needsAnswers(spec)) addClients(scenario, w);
    if (workloads::isClosedLoop(spec)) continue;
    sources.push_back({w, spec.sessions ? workloads::openSessionStarts(spec, scenario.seed, *clients_[w]->sessions)
                                        : workloads::openStream(spec, scenario.seed, marksOf(scenario, w))});
  }
  open_ = std::make_unique<workloads::MergedStream>(std::move(sources));
  has_head_ = open_->next(head_);
}

void Arrivals::addClients(const Scenario& scenario, std::uint32_t workload) {
  const workloads::WorkloadSpec& spec = scenario.workloads[workload].spec;
  Clients clients;
  clients.name = spec.name;
  const workloads::RequestMarks marks = marksOf(scenario, workload);
  if (spec.sessions) {
    clients.sessions = std::make_unique<workloads::Sessions>(spec, scenario.seed, marks);
  } else {
    clients.lengths = workloads::openLengths(spec, scenario.seed, marks);
  }
  if (spec.duration) clients.until = toTicks(*spec.duration);
  if (const auto* loop = std::get_if<workloads::ClosedLoop>(&spec.arrivals)) {
    clients.closed_loop = true;
    clients.think_time = toTicks(loop->think_time);
    clients.concurrency = loop->concurrency;
    for (std::uint64_t c = 0; c < static_cast<std::uint64_t>(loop->concurrency); ++c) due_.push({0, workload, c, 0});
  }
  clients_[workload] = std::move(clients);
}

Ticks Arrivals::nextTime() const {
  const Ticks closed = due_.empty() ? kNever : due_.top().time;
  return std::min(has_head_ ? head_.arrival : kNever, closed);
}

bool Arrivals::next(workloads::Request& request, bool& measured) {
  measured = true;
  if (has_head_ && (due_.empty() || head_.arrival <= due_.top().time)) return nextOpen(request);
  const Due due = due_.top();
  due_.pop();
  Clients& clients = *clients_[due.workload];
  request.arrival = due.time;
  if (due.time >= clients.until || !fill(clients, due.session, request)) {
    clients.talking.erase(due.session);
    return false;
  }
  request.id = next_id_++;
  request.workload = due.workload;
  if (clients.closed_loop) {
    measured = clients.completions >= clients.concurrency;
    if (measured) clients.measured_from = std::min(clients.measured_from, request.id);
  }
  return true;
}

bool Arrivals::nextOpen(workloads::Request& request) {
  request = std::move(head_);
  has_head_ = open_->next(head_);
  std::optional<Clients>& clients = clients_[request.workload];
  if (clients && !beginSession(*clients, request)) return false;
  request.id = next_id_++;
  return true;
}

bool Arrivals::fill(Clients& clients, std::uint64_t session, workloads::Request& request) {
  if (!clients.sessions) return clients.lengths->nextLengths(request);
  if (session == 0) return beginSession(clients, request);
  return clients.sessions->next(clients.talking.at(session), request);
}

bool Arrivals::beginSession(Clients& clients, workloads::Request& request) {
  std::optional<workloads::Session> session = clients.sessions->begin();
  if (!session || !clients.sessions->next(*session, request)) return false;
  const std::uint64_t id = session->id();
  CHECK(clients.talking.emplace(id, std::move(*session)).second, "two sessions have one id");
  return true;
}

void Arrivals::left(const workloads::Request& request, Ticks now, bool completed) {
  std::optional<Clients>& clients = clients_[request.workload];
  if (!clients) return;
  if (completed) ++clients->completions;
  if (clients->sessions && continueSession(*clients, request, now, completed)) return;
  if (!clients->closed_loop) return;
  const Ticks pause = completed ? clients->think_time : std::max(clients->think_time, kRetryAfterError);
  due_.push({now + pause, request.workload, request.id, 0});
}

/// False if the session is over.
bool Arrivals::continueSession(Clients& clients, const workloads::Request& request, Ticks now, bool completed) {
  const auto session = clients.talking.find(request.details->session);
  CHECK(session != clients.talking.end(), "a session that answers is known");
  if (completed && session->second.hasNext()) {
    due_.push({now + session->second.thinkTime(), request.workload, request.id, session->first});
    return true;
  }
  if (!completed) ++clients.broken_off;
  clients.talking.erase(session);
  return false;
}

bool Arrivals::measured(const workloads::Request& request, Ticks warmup) const {
  const std::optional<Clients>& clients = clients_[request.workload];
  if (request.arrival < warmup) return false;
  return !clients || !clients->closed_loop || request.id >= clients->measured_from;
}

std::vector<std::string> Arrivals::warnings() const {
  std::vector<std::string> all = open_->warnings();
  for (const std::optional<Clients>& clients : clients_) {
    if (!clients || clients->broken_off == 0) continue;
    all.push_back(fmt::format("workload {}: {} sessions broke off at a request that got no answer", clients->name,
                              clients->broken_off));
  }
  return all;
}

}  // namespace headroom::sim
