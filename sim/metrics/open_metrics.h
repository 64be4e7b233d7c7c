// What a scrape of vLLM's /metrics would show when the run has ended, as OpenMetrics text under vLLM's names and bucket
// bounds; every request counts, warmup included. Gauges are means over the run (Little's law), since all queues are
// empty at its end. Left out: vllm:inter_token_latency_seconds (single gaps are not kept per request;
// vllm:request_time_per_output_token_seconds is there) and the prefix cache.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/metrics/request_record.h"
#include "sim/result.h"
#include "sim/scenario.h"

namespace headroom::sim {

/// A Prometheus histogram of durations.
class BucketHistogram {
 public:
  /// `bounds`: upper bounds in seconds, ascending; must outlive the histogram.
  explicit BucketHistogram(std::span<const double> bounds) : bounds_(bounds), counts_(bounds.size() + 1) {}
  void add(Ticks duration);
  /// Lines of one histogram; `labels` without braces.
  std::string text(const std::string& name, const std::string& labels) const;

 private:
  std::span<const double> bounds_;
  std::vector<std::int64_t> counts_;
  std::int64_t count_ = 0;
  __extension__ __int128 sum_ = 0;  // ticks
};

class OpenMetrics final : public RequestSink {
 public:
  explicit OpenMetrics(const Scenario& scenario);
  void onRequest(const RequestRecord& record) override;
  /// The whole text. `result` is of the same run.
  std::string text(const Result& result) const;

 private:
  struct Deployment {
    explicit Deployment(const DeploymentSpec& spec);
    std::string name, labels;
    BucketHistogram ttft, tpot, e2e, queue, prefill, decode;
    std::int64_t completed = 0, rejected = 0, failed = 0, prompt_tokens = 0, generation_tokens = 0, preemptions = 0;
    __extension__ __int128 waiting = 0, running = 0;  // request ticks
  };
  std::string histograms() const;
  std::string counters() const;
  std::string gauges(const Result& result) const;

  std::vector<Deployment> deployments_;
  std::vector<std::size_t> deployment_of_;  ///< by workload
};

}  // namespace headroom::sim
