#include "gui/replica_phases.h"

#include <algorithm>

namespace headroom::gui {
namespace {

/// ns from the arrival until it was first scheduled.
struct Waits {
  explicit Waits(const sim::RequestColumns& requests)
      : admission(requests.part("admission")), queue(requests.part("queue")) {}
  std::int64_t of(std::size_t i) const {
    return (admission != nullptr ? admission->time[i] : 0) + (queue != nullptr ? queue->time[i] : 0);
  }
  const sim::PartColumn *admission, *queue;
};

/// Times mostly come in order.
void sortTimes(std::vector<std::int64_t>& times) {
  if (!std::is_sorted(times.begin(), times.end())) std::sort(times.begin(), times.end());
}

/// Steps over all values equal to `at`; how many there were.
std::size_t take(const std::vector<std::int64_t>& times, std::size_t& next, std::int64_t at) {
  const std::size_t first = next;
  while (next < times.size() && times[next] == at) ++next;
  return next - first;
}

std::int64_t head(const std::vector<std::int64_t>& times, std::size_t next) {
  return next < times.size() ? times[next] : INT64_MAX;
}

}  // namespace

ReplicaPhases::ReplicaPhases(Events&& events) {
  for (auto* times : {&events.arrived, &events.scheduled, &events.first_token, &events.finished}) sortTimes(*times);
  std::size_t a = 0, s = 0, f = 0, e = 0;
  std::int64_t queue = 0, prefill = 0, decode = 0;
  for (;;) {
    const std::int64_t at = std::min(std::min(head(events.arrived, a), head(events.scheduled, s)),
                                     std::min(head(events.first_token, f), head(events.finished, e)));
    if (at == INT64_MAX) break;
    const auto arrived = static_cast<std::int64_t>(take(events.arrived, a, at));
    const auto scheduled = static_cast<std::int64_t>(take(events.scheduled, s, at));
    const auto first_token = static_cast<std::int64_t>(take(events.first_token, f, at));
    const auto finished = static_cast<std::int64_t>(take(events.finished, e, at));
    queue += arrived - scheduled;
    prefill += scheduled - first_token;
    decode += first_token - finished;
    const PhaseCounts counts{static_cast<std::uint32_t>(queue),
                             static_cast<std::uint16_t>(std::min<std::int64_t>(prefill, UINT16_MAX)),
                             static_cast<std::uint16_t>(std::min<std::int64_t>(decode, UINT16_MAX))};
    if (!counts_.empty() && counts == counts_.back()) continue;
    begin_.push_back(at);
    counts_.push_back(counts);
    most_decoding_ = std::max(most_decoding_, counts.decode);
  }
  Sums sums;
  for (std::size_t p = 0; p < begin_.size(); ++p) {
    if (p % kStride == 0) sums_.push_back(sums);
    if (p + 1 < begin_.size()) addPiece(sums, counts_[p], static_cast<double>(begin_[p + 1] - begin_[p]));
  }
}

void ReplicaPhases::addPiece(Sums& sums, const PhaseCounts& counts, double ns) {
  sums.queue += ns * counts.queue;
  sums.prefill += ns * counts.prefill;
  sums.decode += ns * counts.decode;
  if (counts.prefill > 0) sums.prefilling += ns;
  if (counts.decode > 0) sums.decoding += ns;
}

std::size_t ReplicaPhases::pieceAt(std::int64_t ns, std::size_t hint) const {
  if (begin_.empty() || ns < begin_.front()) return begin_.size();
  std::size_t low = hint < begin_.size() && begin_[hint] <= ns ? hint : 0;
  std::size_t step = 1;  // pieces looked for lie close together
  while (low + step < begin_.size() && begin_[low + step] <= ns) {
    low += step;
    step *= 2;
  }
  const auto end = begin_.begin() + static_cast<std::ptrdiff_t>(std::min(low + step, begin_.size()));
  const auto after = std::upper_bound(begin_.begin() + static_cast<std::ptrdiff_t>(low), end, ns);
  return static_cast<std::size_t>(after - begin_.begin()) - 1;
}

PhaseCounts ReplicaPhases::at(std::int64_t ns) const {
  const std::size_t piece = pieceAt(ns);
  return piece < size() ? counts_[piece] : PhaseCounts{};
}

ReplicaPhases::Sums ReplicaPhases::sumsAt(std::int64_t ns) const {
  const std::size_t piece = pieceAt(ns);
  if (piece >= size()) return {};
  Sums sums = sums_[piece / kStride];
  for (std::size_t p = piece / kStride * kStride; p < piece; ++p) {
    addPiece(sums, counts_[p], static_cast<double>(begin_[p + 1] - begin_[p]));
  }
  addPiece(sums, counts_[piece], static_cast<double>(ns - begin_[piece]));
  return sums;
}

PhaseMeans ReplicaPhases::mean(std::int64_t begin_ns, std::int64_t end_ns) const {
  if (end_ns <= begin_ns) return {};
  const Sums from = sumsAt(begin_ns), to = sumsAt(end_ns);
  const double ns = static_cast<double>(end_ns - begin_ns);
  return {(to.queue - from.queue) / ns, (to.prefill - from.prefill) / ns, (to.decode - from.decode) / ns,
          (to.prefilling - from.prefilling) / ns, (to.decoding - from.decoding) / ns};
}

std::vector<ReplicaPhases> phasesOf(const sim::RequestColumns& requests, std::size_t replicas) {
  const Waits waits(requests);
  for (const std::uint32_t replica : requests.replica) {
    if (replica != UINT32_MAX) replicas = std::max<std::size_t>(replicas, replica + 1);
  }
  std::vector<ReplicaPhases::Events> events(replicas);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (!requests.completed(i) || requests.replica[i] == UINT32_MAX) continue;
    ReplicaPhases::Events& to = events[requests.replica[i]];
    const std::int64_t arrival = requests.arrival[i];
    to.arrived.push_back(arrival);
    to.scheduled.push_back(arrival + waits.of(i));
    to.first_token.push_back(arrival + requests.ttft[i]);
    to.finished.push_back(arrival + requests.e2e[i]);
  }
  std::vector<ReplicaPhases> phases;
  phases.reserve(replicas);
  for (ReplicaPhases::Events& of_one : events) phases.emplace_back(std::exchange(of_one, {}));
  return phases;
}

std::vector<std::int64_t> scheduledTimes(const sim::RequestColumns& requests) {
  const Waits waits(requests);
  std::vector<std::int64_t> times;
  times.reserve(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) times.push_back(requests.arrival[i] + waits.of(i));
  sortTimes(times);
  return times;
}

}  // namespace headroom::gui
