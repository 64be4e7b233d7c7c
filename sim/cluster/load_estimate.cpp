#include "sim/cluster/load_estimate.h"

#include <memory>

#include "sim/engine/make_replica.h"

namespace headroom::sim {
namespace {

struct Completions final : ReplicaObserver {
  std::vector<Ticks> times;
  void onSteps(ReplicaId, const StepRun&) override {}
  void onLateToken(ReplicaId, Ticks, Ticks) override {}
  void onFinished(const FinishedRequest& finished) override { times.push_back(finished.finished); }
  void onPreempted(ReplicaId, Ticks) override {}
  void onBlocksUsed(ReplicaId, std::int64_t) override {}
};

}  // namespace

double sustainableRate(const std::vector<workloads::Request>& mix, std::size_t count, const EngineConfig& config,
                       const models::StepTimes& times) {
  if (mix.empty()) return 0;
  Completions completions;
  const std::unique_ptr<Replica> replica = makeReplica(ReplicaId(0), config, times, completions, false);
  const std::size_t step = mix.size() > count ? mix.size() / count : 1;  // all of the run, not its beginning
  for (std::size_t i = 0; i < count; ++i) {
    workloads::Request request = mix[i * step % mix.size()];
    request.id = i;
    request.arrival = 0;
    if (!isTooLong(request, config)) replica->submit(0, request);
  }
  while (replica->nextEvent() != kNever) replica->onEvent(replica->nextEvent());
  const std::size_t n = completions.times.size();
  if (n < 2) return 0;
  const std::size_t low = n / 5, high = n - 1 - n / 5;
  const Ticks span = completions.times[high] - completions.times[low];
  return span > 0 ? static_cast<double>(high - low) / toSeconds(span).value()
                  : static_cast<double>(n) / toSeconds(completions.times.back()).value();
}

}  // namespace headroom::sim
