#include "sim/cluster/arrivals.h"

#include <algorithm>

namespace headroom::sim {
namespace {
/// A client that gets an error back does not try again at once.
constexpr Ticks kRetryAfterError = static_cast<Ticks>(1e-3 * kTicksPerSecond);
}  // namespace

Arrivals::Arrivals(const Scenario& scenario) : clients_(scenario.workloads.size()) {
  std::vector<workloads::MergedStream::Source> sources;
  for (std::uint32_t w = 0; w < scenario.workloads.size(); ++w) {
    const workloads::WorkloadSpec& spec = scenario.workloads[w].spec;
    if (!workloads::isClosedLoop(spec)) {
      sources.push_back({w, workloads::openStream(spec, scenario.seed, marksOf(scenario, w))});
      continue;
    }
    const auto& loop = std::get<workloads::ClosedLoop>(spec.arrivals);
    Clients clients;
    clients.lengths = workloads::openLengths(spec, scenario.seed, marksOf(scenario, w));
    clients.think_time = toTicks(loop.think_time);
    clients.concurrency = loop.concurrency;
    if (spec.duration) clients.until = toTicks(*spec.duration);
    clients_[w] = std::move(clients);
    for (std::uint64_t c = 0; c < static_cast<std::uint64_t>(loop.concurrency); ++c) due_.push({0, w, c});
  }
  open_ = std::make_unique<workloads::MergedStream>(std::move(sources));
  has_head_ = open_->next(head_);
}

Ticks Arrivals::nextTime() const {
  const Ticks closed = due_.empty() ? kNever : due_.top().time;
  return std::min(has_head_ ? head_.arrival : kNever, closed);
}

bool Arrivals::next(workloads::Request& request, bool& measured) {
  measured = true;
  if (has_head_ && (due_.empty() || head_.arrival <= due_.top().time)) {
    request = std::move(head_);
    request.id = next_id_++;
    has_head_ = open_->next(head_);
    return true;
  }
  const Due due = due_.top();
  due_.pop();
  Clients& clients = *clients_[due.workload];
  request.arrival = due.time;
  if (due.time >= clients.until || !clients.lengths->nextLengths(request)) return false;
  request.id = next_id_++;
  request.workload = due.workload;
  measured = clients.completions >= clients.concurrency;
  if (measured) clients.measured_from = std::min(clients.measured_from, request.id);
  return true;
}

void Arrivals::left(const workloads::Request& request, Ticks now, bool completed) {
  std::optional<Clients>& clients = clients_[request.workload];
  if (!clients) return;
  if (completed) ++clients->completions;
  const Ticks pause = completed ? clients->think_time : std::max(clients->think_time, kRetryAfterError);
  due_.push({now + pause, request.workload, request.id});
}

bool Arrivals::measured(const workloads::Request& request, Ticks warmup) const {
  const std::optional<Clients>& clients = clients_[request.workload];
  return request.arrival >= warmup && (!clients || request.id >= clients->measured_from);
}

}  // namespace headroom::sim
