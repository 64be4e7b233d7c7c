// Measures a run: fixed-size histograms and sums, whatever its length. Nothing here depends on the order in which
// replicas report, so that fast-forward and step-by-step runs give the same figures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/base/log_histogram.h"
#include "sim/engine/replica.h"
#include "sim/metrics/request_record.h"
#include "sim/result.h"
#include "sim/scenario.h"

namespace headroom::sim {

class Recorder {
 public:
  Recorder(const Scenario& scenario, std::size_t pools);

  /// Is a request that arrives now inside the measured window?
  bool measures(Ticks arrival) const { return arrival >= warmup_; }
  void offered(const workloads::Request& request, bool measured);
  void completed(const RequestRecord& record, bool measured);
  void rejected(const workloads::Request& request, bool measured);
  /// Failed or timed out.
  void failed(const RequestRecord& record, bool measured);
  /// An attempt that nobody waits for any more had got so many tokens.
  void lost(std::int32_t tokens);

  void steps(std::size_t pool, const StepRun& run);
  void lateToken(Ticks at, Ticks gap);
  void preempted(std::size_t pool) { ++pools_[pool].preemptions; }
  void blocksUsed(std::size_t pool, std::int64_t blocks) {
    if (blocks > pools_[pool].max_blocks) pools_[pool].max_blocks = blocks;
  }

  struct PoolSums {
    std::int64_t steps = 0, preemptions = 0, requests = 0, max_blocks = 0;
    std::int64_t tokens_made = 0;               ///< but each request's first
    std::int64_t cached = 0, attended = 0;      ///< of StepRun, summed over steps
    std::vector<std::int64_t> steps_by_tokens;  ///< [tokens in a step that were wanted]
    std::int64_t draft_tokens = 0, accepted_tokens = 0, more_tokens = 0, verifications = 0;  ///< of StepRun
    __extension__ __int128 busy = 0;                                                         ///< ticks
    __extension__ __int128 cached_time = 0;                                                  ///< cached tokens x ticks
  };
  const PoolSums& pool(std::size_t index) const { return pools_[index]; }
  void countRequest(std::size_t pool) { ++pools_[pool].requests; }

  /// Requests, latencies, throughput, SLO and workloads of the result. `end`: the last event.
  void summarizeInto(Result& result) const;
  std::int64_t offeredAll() const { return offered_all_; }
  /// Of the measured requests so far, in ticks.
  LogHistogram ttft() const;
  std::int64_t requestsLeft() const { return completed_all_ + rejected_all_ + failed_all_; }
  std::int64_t lostTokens() const { return lost_tokens_; }
  /// Every token was made for an answer, or is known to be lost.
  bool tokensAddUp() const { return tokensMadeAll() == output_tokens_all_ + lost_later_tokens_; }
  std::int64_t outputTokensAll() const { return output_tokens_all_; }
  std::int64_t tokensMadeAll() const;
  /// Shares of the measured requests' ttft.
  struct TtftShares {
    double kv_transfer = 0, network = 0, prefix_fetch = 0, prefix_network = 0, wan = 0;
  };
  TtftShares ttftShares() const;
  Ticks firstArrival() const { return first_arrival_; }
  Ticks lastArrival() const { return last_arrival_; }
  Ticks lastFinish() const { return last_finish_; }
  /// When the last step ended: later than the last request where replicas compute on for clients that have gone.
  Ticks lastWork() const { return last_work_; }

 private:
  struct Minute {
    std::int64_t offered = 0, good = 0;
  };
  struct WorkloadSums {
    RequestCounts counts;
    LogHistogram ttft, tpot, e2e, queue_time;
    std::int64_t prompt_tokens = 0, output_tokens = 0, cached_tokens = 0, fetched_tokens = 0, good = 0;
    std::vector<Minute> minutes;
    int slo = -1;  ///< index into scenario.slos
  };
  bool isGood(const RequestRecord& record, const Slo& slo) const;
  Minute& minuteOf(WorkloadSums& sums, Ticks arrival);
  void summarizeSlo(Result& result, double window_s) const;

  const Scenario& scenario_;
  Ticks warmup_;
  std::vector<WorkloadSums> workloads_;
  std::vector<PoolSums> pools_;
  LogHistogram itl_;
  __extension__ __int128 ttft_sum_ = 0, kv_transfer_sum_ = 0, network_sum_ = 0, prefix_fetch_sum_ = 0,
                         prefix_network_sum_ = 0, wan_sum_ = 0;  // ticks, of measured requests
  Ticks first_arrival_ = kNever, last_arrival_ = 0, last_finish_ = 0, last_measured_finish_ = 0, last_work_ = 0;
  std::int64_t offered_all_ = 0, completed_all_ = 0, rejected_all_ = 0, output_tokens_all_ = 0, late_tokens_all_ = 0;
  std::int64_t failed_all_ = 0, lost_tokens_ = 0;
  std::int64_t lost_later_tokens_ = 0;  // but each attempt's first
};

}  // namespace headroom::sim
