#include "sim/cluster/capacity.h"

#include <algorithm>

#include "sim/cluster/load_estimate.h"
#include "workloads/request_stream.h"

namespace headroom::sim {

Capacity estimateCapacity(const Scenario& scenario, const DeploymentPlan& plan) {
  constexpr std::size_t kSample = 4000;
  RequestSample sample(20'000);
  Ticks first = kNever, last = 0;
  for (const WorkloadEntry& workload : scenario.workloads) {
    if (workload.deployment != plan.spec.name) continue;
    workloads::Request request;
    if (workloads::needsAnswers(workload.spec)) {
      const auto lengths = workloads::openLengths(workload.spec, scenario.seed);
      for (std::size_t i = 0; i < kSample && lengths->nextLengths(request); ++i) sample.offer(request);
      continue;
    }
    const auto stream = workloads::openStream(workload.spec, scenario.seed);
    while (stream->next(request)) {
      if (request.max_tokens == 0) request.max_tokens = request.output_tokens;
      sample.offer(request);
      first = std::min(first, request.arrival);
      last = std::max(last, request.arrival);
    }
  }
  const PoolPlan& pool = plan.pools.front();
  Capacity capacity;
  capacity.requests = sample.seen();
  if (last > first) capacity.offered_per_s = static_cast<double>(sample.seen() - 1) / toSeconds(last - first).value();
  capacity.sustained_per_replica_s = sustainableRate(sample.requests(), kSample, pool.engine.config, *pool.step_times);
  return capacity;
}

}  // namespace headroom::sim
