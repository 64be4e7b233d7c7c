#include "gui/replica_state.h"

#include <algorithm>

#include "gui/geometry/time_axis.h"

namespace headroom::gui {
namespace {

std::size_t countOf(const RunData& run) {
  return std::max({run.replicas.size(), run.phases.size(), run.activity.replicas.size()});
}

}  // namespace

std::vector<ReplicaState> replicaStatesAt(const RunData& run, double s) {
  std::vector<ReplicaState> states(countOf(run));
  for (std::size_t r = 0; r < states.size(); ++r) {
    ReplicaState& state = states[r];
    if (const sim::AbsenceSpan* absence = run.absenceAt(r, s)) state.away = absence->what;
    if (r < run.phases.size()) {
      const PhaseCounts counts = run.phases[r].at(toNs(s));
      state.waiting = counts.queue;
      state.running = static_cast<double>(counts.prefill) + counts.decode;
      state.busy = counts.idle() ? 0 : 1;
    }
    if (run.activity.replicas.empty()) continue;
    const sim::ReplicaSeries::Bin* bin = run.activity.at(r, s);
    state.busy = bin != nullptr ? std::min(bin->busy, 1.0) : 0;
    state.kv_usage = bin != nullptr ? bin->kv_usage : 0;
  }
  return states;
}

std::vector<ReplicaState> replicaStatesOver(const RunData& run, const std::optional<TimeRange>& range) {
  std::vector<ReplicaState> states(countOf(run));
  const TimeRange over = range.value_or(TimeRange{0, run.length()});
  const double seconds = over.end - over.begin;
  if (seconds <= 0) return replicaStatesAt(run, over.begin);
  for (std::size_t r = 0; r < states.size(); ++r) {
    ReplicaState& state = states[r];
    if (r < run.phases.size()) {
      const PhaseMeans means = run.phases[r].mean(toNs(over.begin), toNs(over.end));
      state.waiting = means.queue;
      state.running = means.prefill + means.decode;
      state.busy = std::max(means.prefill_share, means.decode_share);
    }
    if (r >= run.activity.replicas.size()) continue;
    const auto& bins = run.activity.replicas[r];
    double busy = 0, kv = 0;
    auto bin = std::lower_bound(bins.begin(), bins.end(), over.begin,
                                [](const sim::ReplicaSeries::Bin& b, double t) { return b.end_s <= t; });
    for (; bin != bins.end() && bin->begin_s < over.end; ++bin) {
      const double part = std::min(bin->end_s, over.end) - std::max(bin->begin_s, over.begin);
      busy += std::min(bin->busy, 1.0) * part;
      kv += bin->kv_usage * part;
    }
    state.busy = busy / seconds;
    state.kv_usage = kv / seconds;
  }
  return states;
}

}  // namespace headroom::gui
