#include "sim/engine/request_queue.h"

#include <algorithm>

#include "models/base/error.h"

namespace headroom::sim {
namespace {

const workloads::RequestDetails& detailsOf(const Sequence& sequence) {
  static const workloads::RequestDetails none;
  return sequence.request().details ? *sequence.request().details : none;
}

std::uint32_t tenantOf(RequestOrder order, const Sequence& sequence) {
  return order == RequestOrder::fair ? detailsOf(sequence).tenant : 0;
}

}  // namespace

const std::vector<std::string>& requestOrderNames() {
  static const std::vector<std::string> names{"fcfs", "priority", "sjf", "edf", "fair"};
  return names;
}

const std::string& nameOf(RequestOrder order) {
  return requestOrderNames()[static_cast<std::size_t>(order)];
}

RequestOrder requestOrderOf(const std::string& name) {
  const auto& names = requestOrderNames();
  const auto found = std::find(names.begin(), names.end(), name);
  CHECK(found != names.end(), "the order was checked when the scenario was read");
  return static_cast<RequestOrder>(found - names.begin());
}

RequestQueue::Entry RequestQueue::entryOf(Sequence* sequence) const {
  const workloads::Request& request = sequence->request();
  std::int64_t rank = 0;
  switch (order_) {
    case RequestOrder::priority:
      rank = detailsOf(*sequence).priority;
      break;
    case RequestOrder::sjf:
      rank = request.output_tokens;
      break;
    case RequestOrder::edf:
      rank = detailsOf(*sequence).deadline;
      rank = rank < kNever - request.arrival ? request.arrival + rank : kNever;
      break;
    case RequestOrder::fcfs:
    case RequestOrder::fair:
      break;
  }
  return {rank, request.arrival, request.id, sequence};
}

std::int64_t RequestQueue::served(std::uint32_t tenant) const {
  const auto found = admitted_.find(tenant);
  return found == admitted_.end() ? 0 : found->second;
}

/// Of the tenant that comes next; by fair order the one with the least service, the lower number on a tie.
Sequence* RequestQueue::front() const {
  if (order_ == RequestOrder::fcfs) return fcfs_.front();
  const auto least = std::min_element(sorted_.begin(), sorted_.end(),
                                      [&](const auto& a, const auto& b) { return served(a.first) < served(b.first); });
  return least->second.begin()->sequence;
}

void RequestQueue::pop() {
  if (order_ == RequestOrder::fcfs) return fcfs_.pop_front();
  Sequence* sequence = front();
  if (order_ == RequestOrder::fair) {
    const workloads::Request& request = sequence->request();
    admitted_[detailsOf(*sequence).tenant] += std::int64_t{request.prompt_tokens} + request.output_tokens;
  }
  remove(sequence);
}

void RequestQueue::push(Sequence* sequence) {
  if (order_ == RequestOrder::fcfs) return fcfs_.push_back(sequence);
  const std::uint32_t tenant = tenantOf(order_, *sequence);
  const bool returns = !sorted_.contains(tenant);
  if (returns && order_ == RequestOrder::fair) {  // no credit for the time a tenant asked for nothing
    std::int64_t floor = INT64_MAX;
    for (const auto& [other, entries] : sorted_) floor = std::min(floor, served(other));
    if (floor != INT64_MAX) admitted_[tenant] = std::max(admitted_[tenant], floor);
  }
  sorted_[tenant].insert(entryOf(sequence));
}

void RequestQueue::putBack(Sequence* sequence, bool at_tail) {
  if (order_ != RequestOrder::fcfs) {
    sorted_[tenantOf(order_, *sequence)].insert(entryOf(sequence));
  } else if (at_tail) {
    fcfs_.push_back(sequence);
  } else {
    fcfs_.push_front(sequence);
  }
}

void RequestQueue::remove(Sequence* sequence) {
  if (order_ == RequestOrder::fcfs) {
    fcfs_.erase(std::find(fcfs_.begin(), fcfs_.end(), sequence));
    return;
  }
  const auto group = sorted_.find(tenantOf(order_, *sequence));
  group->second.erase(entryOf(sequence));
  if (group->second.empty()) sorted_.erase(group);
}

Sequence* RequestQueue::take(std::uint64_t request) {
  Sequence* found = nullptr;
  for (Sequence* sequence : fcfs_) found = sequence->request().id == request ? sequence : found;
  for (const auto& [tenant, entries] : sorted_) {
    for (const Entry& entry : entries) found = entry.id == request ? entry.sequence : found;
  }
  if (found != nullptr) remove(found);
  return found;
}

}  // namespace headroom::sim
