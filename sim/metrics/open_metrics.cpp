#include "sim/metrics/open_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace headroom::sim {
namespace {

// Bounds of vLLM's histograms (vllm/v1/metrics/loggers.py), in seconds.
constexpr std::array kTtftBounds{.001, .005, .01, .02, .04, .06, .08, .1,  .25,  .5,   .75,
                                 1.0,  2.5,  5.0, 7.5, 10., 20., 40., 80., 160., 640., 2560.};
constexpr std::array kTpotBounds{.01, .025, .05, .075, .1,  .15, .2,  .3,  .4, .5,
                                 .75, 1.,   2.5, 5.,   7.5, 10., 20., 40., 80.};
constexpr std::array kRequestBounds{.3,  .5,  .8,  1.,  1.5,  2.,   2.5,  5.,   10.,   15.,  20.,
                                    30., 40., 50., 60., 120., 240., 480., 960., 1920., 7680.};

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

std::string head(const char* name, const char* type, const char* help) {
  return fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
}

__extension__ using Int128 = __int128;

double seconds(Int128 ticks) {
  return static_cast<double>(ticks) / kTicksPerSecond;
}

}  // namespace

void BucketHistogram::add(Ticks duration) {
  const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), toSeconds(duration).value());
  ++counts_[static_cast<std::size_t>(at - bounds_.begin())];
  ++count_;
  sum_ += duration;
}

std::string BucketHistogram::text(const std::string& name, const std::string& labels) const {
  std::string out;
  std::int64_t below = 0;
  for (std::size_t i = 0; i < bounds_.size(); ++i) {
    below += counts_[i];
    const std::string bound = fmt::format("{}", bounds_[i]);
    out += fmt::format("{}_bucket{{{},le=\"{}{}\"}} {}\n", name, labels, bound,
                       bound.find('.') == std::string::npos ? ".0" : "", below);
  }
  out += fmt::format("{}_bucket{{{},le=\"+Inf\"}} {}\n", name, labels, count_);
  out += fmt::format("{}_count{{{}}} {}\n", name, labels, count_);
  out += fmt::format("{}_sum{{{}}} {}\n", name, labels, seconds(sum_));
  return out;
}

OpenMetrics::Deployment::Deployment(const DeploymentSpec& spec)
    : name(spec.name),
      labels(fmt::format("model_name=\"{}\",deployment=\"{}\"", escaped(spec.model), escaped(spec.name))),
      ttft(kTtftBounds),
      tpot(kTpotBounds),
      e2e(kRequestBounds),
      queue(kRequestBounds),
      prefill(kRequestBounds),
      decode(kRequestBounds) {}

OpenMetrics::OpenMetrics(const Scenario& scenario) {
  for (const DeploymentSpec& spec : scenario.deployments) deployments_.emplace_back(spec);
  for (const WorkloadEntry& workload : scenario.workloads) {
    const auto at = std::find_if(deployments_.begin(), deployments_.end(),
                                 [&](const Deployment& d) { return d.name == workload.deployment; });
    deployment_of_.push_back(static_cast<std::size_t>(at - deployments_.begin()));
  }
}

void OpenMetrics::onRequest(const RequestRecord& record) {
  Deployment& d = deployments_[deployment_of_[record.request.workload]];
  if (record.status != RequestStatus::completed) {
    ++(record.status == RequestStatus::rejected ? d.rejected : d.failed);
    return;
  }
  ++d.completed;
  d.prompt_tokens += record.request.prompt_tokens;
  d.generation_tokens += record.request.output_tokens;
  d.preemptions += record.preemptions;
  d.ttft.add(record.ttft());
  if (record.request.output_tokens > 1) d.tpot.add(record.tpot());
  d.e2e.add(record.e2e());
  d.queue.add(record.queueTime());
  d.prefill.add(record.first_token - record.scheduled);
  d.decode.add(record.finished - record.first_token);
  d.waiting += record.queueTime();
  d.running += record.finished - record.scheduled;
}

std::string OpenMetrics::histograms() const {
  struct Row {
    const char* name;
    const char* help;
    BucketHistogram Deployment::*of;
  };
  static constexpr Row kRows[] = {
      {"vllm:time_to_first_token_seconds", "Histogram of time to first token in seconds.", &Deployment::ttft},
      {"vllm:request_time_per_output_token_seconds", "Histogram of time_per_output_token_seconds per request.",
       &Deployment::tpot},
      {"vllm:e2e_request_latency_seconds", "Histogram of e2e request latency in seconds.", &Deployment::e2e},
      {"vllm:request_queue_time_seconds", "Histogram of time spent in WAITING phase for request.", &Deployment::queue},
      {"vllm:request_prefill_time_seconds", "Histogram of time spent in PREFILL phase for request.",
       &Deployment::prefill},
      {"vllm:request_decode_time_seconds", "Histogram of time spent in DECODE phase for request.", &Deployment::decode},
  };
  std::string out;
  for (const Row& row : kRows) {
    out += head(row.name, "histogram", row.help);
    for (const Deployment& d : deployments_) out += (d.*row.of).text(row.name, d.labels);
  }
  return out;
}

std::string OpenMetrics::counters() const {
  struct Row {
    const char* name;
    const char* help;
    std::int64_t Deployment::*of;
  };
  static constexpr Row kRows[] = {
      {"vllm:prompt_tokens", "Number of prefill tokens processed.", &Deployment::prompt_tokens},
      {"vllm:generation_tokens", "Number of generation tokens processed.", &Deployment::generation_tokens},
      {"vllm:num_preemptions", "Cumulative number of preemptions from the engine.", &Deployment::preemptions},
      {"vllm:request_success", "Count of successfully processed requests.", &Deployment::completed},
      {"headroom:requests_failed", "Requests lost to failures or given up by their client.", &Deployment::failed},
      {"headroom:requests_rejected", "Requests longer than max_model_len.", &Deployment::rejected},
  };
  std::string out;
  for (const Row& row : kRows) {
    out += head(row.name, "counter", row.help);
    for (const Deployment& d : deployments_) out += fmt::format("{}_total{{{}}} {}\n", row.name, d.labels, d.*row.of);
  }
  return out;
}

std::string OpenMetrics::gauges(const Result& result) const {
  const double span = result.simulated_s;
  std::string running = head("vllm:num_requests_running", "gauge", "Mean number of requests running, over the run.");
  std::string waiting = head("vllm:num_requests_waiting", "gauge", "Mean number of requests waiting, over the run.");
  std::string usage =
      head("vllm:kv_cache_usage_perc", "gauge", "Mean KV-cache usage over the run. 1 means 100 percent.");
  for (const Deployment& d : deployments_) {
    if (span > 0) {
      running += fmt::format("vllm:num_requests_running{{{}}} {}\n", d.labels, seconds(d.running) / span);
      waiting += fmt::format("vllm:num_requests_waiting{{{}}} {}\n", d.labels, seconds(d.waiting) / span);
    }
    double used = 0, blocks = 0;
    for (const PoolOutcome& pool : result.pools) {
      if (pool.deployment != d.name) continue;
      const double weight = static_cast<double>(pool.blocks_per_replica) * pool.replicas;
      used += pool.kv_usage_mean * weight;
      blocks += weight;
    }
    if (blocks > 0) usage += fmt::format("vllm:kv_cache_usage_perc{{{}}} {}\n", d.labels, used / blocks);
  }
  return running + waiting + usage;
}

std::string OpenMetrics::text(const Result& result) const {
  return gauges(result) + histograms() + counters() + "# EOF\n";
}

}  // namespace headroom::sim
