#include "gui/replica_phases.h"

#include <algorithm>
#include <utility>

namespace headroom::gui {
namespace {

/// What a request waited for, in ns; `of`: from its arrival until it was first scheduled.
class Waits {
 public:
  explicit Waits(const sim::RequestColumns& requests) : requests_(requests) {}
  std::int64_t of(std::size_t i) const {
    // The table does not say how much of the WAN's time was the request's way and how much the first token's.
    return sum(i, retry_, front_end_) + sum(i, admission_, queue_) + sum(i, wan_, nullptr) / 2;
  }
  /// Computing its prompt, preempted time included.
  std::int64_t prompt(std::size_t i) const { return sum(i, prefill_, preempted_); }
  std::int64_t transfer(std::size_t i) const { return sum(i, kv_transfer_, network_); }

 private:
  static std::int64_t sum(std::size_t i, const sim::PartColumn* a, const sim::PartColumn* b) {
    return (a != nullptr ? a->time[i] : 0) + (b != nullptr ? b->time[i] : 0);
  }
  const sim::RequestColumns& requests_;
  const sim::PartColumn *retry_ = requests_.part("retry"), *front_end_ = requests_.part("front_end"),
                        *admission_ = requests_.part("admission"), *queue_ = requests_.part("queue"),
                        *prefill_ = requests_.part("prefill"), *preempted_ = requests_.part("preempted_early"),
                        *kv_transfer_ = requests_.part("kv_transfer"), *network_ = requests_.part("network"),
                        *wan_ = requests_.part("wan");
};

std::uint32_t lastOf(const std::vector<std::uint32_t>& replicas) {
  std::uint32_t last = 0;
  for (const std::uint32_t replica : replicas) last = std::max(last, replica == UINT32_MAX ? 0 : replica);
  return last;
}

/// Times mostly come in order.
void sortTimes(std::vector<std::int64_t>& times) {
  if (!std::is_sorted(times.begin(), times.end())) std::sort(times.begin(), times.end());
}

/// Times from the first to the last.
class Stream {
 public:
  explicit Stream(std::vector<std::int64_t>& times) : times_(times) { sortTimes(times); }
  std::int64_t head() const { return next_ < times_.size() ? times_[next_] : INT64_MAX; }
  /// Steps over all that equal `at`; how many there were.
  std::int64_t take(std::int64_t at) {
    const std::size_t first = next_;
    while (next_ < times_.size() && times_[next_] == at) ++next_;
    return static_cast<std::int64_t>(next_ - first);
  }

 private:
  const std::vector<std::int64_t>& times_;
  std::size_t next_ = 0;
};

}  // namespace

ReplicaPhases::ReplicaPhases(Events&& events) {
  const bool prompts_end_with_token = events.prefilled.empty();
  Stream arrived(events.arrived), scheduled(events.scheduled), prefilled(events.prefilled), kv_began(events.kv_began),
      kv_ended(events.kv_ended), first_token(events.first_token), finished(events.finished);
  std::int64_t queue = 0, prefill = 0, transfer = 0, decode = 0;
  const auto small = [](std::int64_t count) {
    return static_cast<std::uint16_t>(std::clamp<std::int64_t>(count, 0, UINT16_MAX));
  };
  for (;;) {
    const std::int64_t at = std::min({arrived.head(), scheduled.head(), prefilled.head(), kv_began.head(),
                                      kv_ended.head(), first_token.head(), finished.head()});
    if (at == INT64_MAX) break;
    const std::int64_t begun = scheduled.take(at), token = first_token.take(at), prompts = prefilled.take(at);
    queue += arrived.take(at) - begun;
    prefill += begun - (prompts_end_with_token ? token : prompts);
    transfer += kv_began.take(at) - kv_ended.take(at);
    decode += token - finished.take(at);
    const PhaseCounts counts{static_cast<std::uint32_t>(std::max<std::int64_t>(queue, 0)), small(prefill),
                             small(transfer), small(decode)};
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
  if (counts.transfer > 0) sums.transferring += ns;
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

ReplicaPhases::Sums ReplicaPhases::sumsAt(std::int64_t ns, std::size_t piece) const {
  if (piece >= size()) return {};
  Sums sums = sums_[piece / kStride];
  for (std::size_t p = piece / kStride * kStride; p < piece; ++p) {
    addPiece(sums, counts_[p], static_cast<double>(begin_[p + 1] - begin_[p]));
  }
  addPiece(sums, counts_[piece], static_cast<double>(ns - begin_[piece]));
  return sums;
}

ReplicaPhases::Edge ReplicaPhases::edgeAt(std::int64_t ns, const Edge* hint) const {
  const std::size_t piece = pieceAt(ns, hint != nullptr && hint->piece < size() ? hint->piece : 0);
  return {ns, piece, sumsAt(ns, piece)};
}

PhaseMeans ReplicaPhases::between(const Edge& from, const Edge& to) {
  if (to.ns <= from.ns) return {};
  const double ns = static_cast<double>(to.ns - from.ns);
  return {(to.sums.queue - from.sums.queue) / ns,
          (to.sums.prefill - from.sums.prefill) / ns,
          (to.sums.decode - from.sums.decode) / ns,
          (to.sums.prefilling - from.sums.prefilling) / ns,
          (to.sums.transferring - from.sums.transferring) / ns,
          (to.sums.decoding - from.sums.decoding) / ns};
}

PhaseMeans ReplicaPhases::mean(std::int64_t begin_ns, std::int64_t end_ns) const {
  const Edge from = edgeAt(begin_ns);
  return between(from, edgeAt(end_ns, &from));
}

std::vector<ReplicaPhases> phasesOf(const sim::RequestColumns& requests, std::size_t replicas) {
  const Waits waits(requests);
  for (const std::uint32_t replica : requests.replica) {
    if (replica != UINT32_MAX) replicas = std::max<std::size_t>(replicas, replica + 1);
  }
  const bool disaggregated = requests.movesKv();
  if (disaggregated) replicas = std::max<std::size_t>(replicas, 1 + lastOf(requests.prefill_replica));
  std::vector<ReplicaPhases::Events> events(replicas);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (!requests.completed(i) || requests.replica[i] == UINT32_MAX) continue;
    const bool moved = disaggregated && requests.prefill_replica[i] != UINT32_MAX;
    ReplicaPhases::Events& of_prompt = events[moved ? requests.prefill_replica[i] : requests.replica[i]];
    ReplicaPhases::Events& of_answer = events[requests.replica[i]];
    const std::int64_t arrival = requests.arrival[i], scheduled = arrival + waits.of(i);
    of_prompt.arrived.push_back(arrival);
    of_prompt.scheduled.push_back(scheduled);
    if (disaggregated) {
      of_prompt.prefilled.push_back(moved ? scheduled + waits.prompt(i) : arrival + requests.ttft[i]);
    }
    if (moved) {
      of_answer.kv_began.push_back(arrival + requests.ttft[i] - waits.transfer(i));
      of_answer.kv_ended.push_back(arrival + requests.ttft[i]);
    }
    of_answer.first_token.push_back(arrival + requests.ttft[i]);
    of_answer.finished.push_back(arrival + requests.e2e[i]);
  }
  if (disaggregated) {
    for (ReplicaPhases::Events& of_one : events) {
      if (of_one.prefilled.empty()) of_one.prefilled.push_back(INT64_MAX);  // not with its first tokens
    }
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
