// Drives one replica with a list of requests, and records everything it says.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "models/base/log_histogram.h"
#include "sim/engine/fast_replica.h"
#include "sim/engine/stepping_replica.h"

namespace headroom::sim {

__extension__ using Int128 = __int128;

/// Skips steps that repeat.
struct SkippingReplica final : SteppingReplica {
  SkippingReplica(ReplicaId id, const EngineConfig& config, const models::StepTimes& times, ReplicaObserver& observer)
      : SteppingReplica(id, config, times, observer, Mode::skip) {}
};

struct Recorded : ReplicaObserver {
  std::vector<FinishedRequest> finished;
  LogHistogram gaps;
  std::vector<std::pair<Ticks, Ticks>> late_tokens;
  std::vector<Ticks> preemptions;
  std::int64_t steps = 0, tokens = 0, prompt_tokens = 0, max_blocks = 0;
  std::int64_t draft_tokens = 0, accepted_tokens = 0, verifications = 0;
  Int128 busy = 0, cached_time = 0;
  std::int64_t cached = 0, attended = 0;             ///< summed over steps
  std::map<std::int64_t, std::int64_t> step_tokens;  ///< tokens in a step -> steps

  void onSteps(ReplicaId, const StepRun& run) override {
    gaps.addSeries(run.first, run.increment, run.steps, run.emitting);
    steps += run.steps;
    tokens += (run.emitting + run.more_tokens) * run.steps;
    draft_tokens += run.draft_tokens * run.steps;
    accepted_tokens += run.accepted_tokens * run.steps;
    verifications += run.verifications * run.steps;
    prompt_tokens += run.prompt_tokens * run.steps;
    busy += run.duration();
    cached += run.cachedSum();
    attended += run.attendedSum();
    step_tokens[run.emitting + run.prompt_tokens + run.draft_tokens] += run.steps;
    for (std::int64_t i = 0; i < run.steps; ++i) {
      cached_time += Int128{run.cached_tokens + run.growth * i} * (run.first + run.increment * i);
    }
  }
  void onLateToken(ReplicaId, Ticks at, Ticks gap) override { late_tokens.emplace_back(at, gap); }
  void onFinished(const FinishedRequest& f) override { finished.push_back(f); }
  void onPreempted(ReplicaId, Ticks at) override { preemptions.push_back(at); }
  void onBlocksUsed(ReplicaId, std::int64_t blocks) override { max_blocks = std::max(max_blocks, blocks); }

  void sort() {
    std::sort(finished.begin(), finished.end(),
              [](const auto& a, const auto& b) { return a.request.id < b.request.id; });
    std::sort(late_tokens.begin(), late_tokens.end());
    std::sort(preemptions.begin(), preemptions.end());
  }
};

inline bool sameLife(const FinishedRequest& a, const FinishedRequest& b) {
  return a.request == b.request && a.queued == b.queued && a.scheduled == b.scheduled &&
         a.first_token == b.first_token && a.finished == b.finished && a.preemptions == b.preemptions &&
         a.cached_tokens == b.cached_tokens && a.fetched_tokens == b.fetched_tokens &&
         a.preempted_early == b.preempted_early && a.preempted_late == b.preempted_late &&
         a.recomputed == b.recomputed && a.interference == b.interference && a.kv_wanted == b.kv_wanted &&
         a.kv_arrived == b.kv_arrived;
}

template <class ReplicaType>
Recorded play(const std::vector<workloads::Request>& requests, const EngineConfig& config,
              const models::StepTimes& times) {
  Recorded recorded;
  ReplicaType replica(ReplicaId(0), config, times, recorded);
  for (const workloads::Request& request : requests) {
    while (replica.nextEvent() <= request.arrival) replica.onEvent(replica.nextEvent());
    replica.submit(request.arrival, request);
  }
  while (replica.nextEvent() != kNever) replica.onEvent(replica.nextEvent());
  EXPECT_TRUE(replica.idle());
  recorded.sort();
  return recorded;
}

/// What befalls a replica beside its requests.
struct Mishaps {
  struct SlowDown {
    Ticks at;
    const models::StepTimes* times;
  };
  std::vector<SlowDown> slow_downs;  ///< by time
  Ticks death = kNever;              ///< requests from then on are not sent
};

template <class ReplicaType>
std::pair<Recorded, std::vector<LostRequest>> playWith(const Mishaps& mishaps,
                                                       const std::vector<workloads::Request>& requests,
                                                       const EngineConfig& config, const models::StepTimes& times) {
  Recorded recorded;
  ReplicaType replica(ReplicaId(0), config, times, recorded);
  const auto runTo = [&](Ticks t) {
    while (replica.nextEvent() <= t && replica.nextEvent() != kNever) replica.onEvent(replica.nextEvent());
  };
  auto slow_down = mishaps.slow_downs.begin();
  const auto slowDownTo = [&](Ticks t) {
    for (; slow_down != mishaps.slow_downs.end() && slow_down->at <= t; ++slow_down) {
      runTo(slow_down->at);
      replica.setStepTimes(slow_down->at, *slow_down->times);
    }
  };
  for (const workloads::Request& request : requests) {
    if (request.arrival >= mishaps.death) break;
    slowDownTo(request.arrival);
    runTo(request.arrival);
    replica.submit(request.arrival, request);
  }
  slowDownTo(mishaps.death);
  runTo(mishaps.death);
  std::vector<LostRequest> lost;
  if (mishaps.death != kNever) lost = replica.fail(mishaps.death);
  recorded.sort();
  return {recorded, lost};
}

inline workloads::Request request(std::uint64_t id, Ticks arrival, int prompt, int output, int max_tokens = 0) {
  return {.id = id,
          .workload = 0,
          .arrival = arrival,
          .prompt_tokens = prompt,
          .output_tokens = output,
          .max_tokens = max_tokens == 0 ? output : max_tokens};
}

}  // namespace headroom::sim
