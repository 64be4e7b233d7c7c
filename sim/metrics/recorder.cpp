#include "sim/metrics/recorder.h"

#include <algorithm>

#include "models/base/error.h"

namespace headroom::sim {
namespace {

constexpr Ticks kMinute = static_cast<Ticks>(60 * kTicksPerSecond);
__extension__ using Int128 = __int128;

/// 0 + 1 + 4 + ... + (k - 1)^2.
Int128 sumOfSquares(std::int64_t k) {
  if (k < 1'000'000) return (k - 1) * k * (2 * k - 1) / 6;  // a division of 128 bits is a function call
  return (Int128{k} - 1) * k * (2 * Int128{k} - 1) / 6;
}

/// Sum over the steps of a run of cached tokens x duration: both rise linearly.
Int128 cachedTime(const StepRun& run) {
  if (run.steps == 1) return Int128{run.cached_tokens} * run.first;
  const Int128 k = run.steps;
  const Int128 sum_i = k * (k - 1) / 2;
  const Int128 sum_ii = sumOfSquares(run.steps);
  return k * run.cached_tokens * run.first +
         sum_i * (Int128{run.cached_tokens} * run.increment + Int128{run.growth} * run.first) +
         sum_ii * run.growth * run.increment;
}

/// Steps of the run that end at or before `t`.
std::int64_t stepsEndedBy(const StepRun& run, Ticks t) {
  std::int64_t low = 0, high = run.steps;  // the first `low` have ended
  while (low < high) {
    const std::int64_t middle = low + (high - low + 1) / 2;
    const Ticks end = run.begin + run.first * middle + run.increment * (middle * (middle - 1) / 2);
    if (end <= t) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

}  // namespace

Recorder::Recorder(const Scenario& scenario, std::size_t pools)
    : scenario_(scenario), warmup_(toTicks(scenario.warmup)), workloads_(scenario.workloads.size()), pools_(pools) {
  for (std::size_t w = 0; w < workloads_.size(); ++w) {
    for (std::size_t s = 0; s < scenario.slos.size(); ++s) {
      if (scenario.slos[s].request_class == scenario.workloads[w].request_class)
        workloads_[w].slo = static_cast<int>(s);
    }
  }
}

Recorder::Minute& Recorder::minuteOf(WorkloadSums& sums, Ticks arrival) {
  const auto minute = static_cast<std::size_t>((arrival - warmup_) / kMinute);
  if (minute >= sums.minutes.size()) sums.minutes.resize(minute + 1);
  return sums.minutes[minute];
}

void Recorder::offered(const workloads::Request& request, bool measured) {
  ++offered_all_;
  first_arrival_ = std::min(first_arrival_, request.arrival);
  last_arrival_ = std::max(last_arrival_, request.arrival);
  if (!measured) return;
  WorkloadSums& sums = workloads_[request.workload];
  ++sums.counts.offered;
  if (sums.slo >= 0) ++minuteOf(sums, request.arrival).offered;
}

bool Recorder::isGood(const RequestRecord& record, const Slo& slo) const {
  if (slo.ttft && toSeconds(record.ttft()) > *slo.ttft) return false;
  if (slo.tpot && record.request.output_tokens > 1 && toSeconds(record.tpot()) > *slo.tpot) return false;
  if (slo.e2e && toSeconds(record.e2e()) > *slo.e2e) return false;
  return true;
}

void Recorder::completed(const RequestRecord& record, bool measured) {
  ++completed_all_;
  output_tokens_all_ += record.request.output_tokens;
  last_finish_ = std::max(last_finish_, record.finished);
  if (!measured) return;
  last_measured_finish_ = std::max(last_measured_finish_, record.finished);
  WorkloadSums& sums = workloads_[record.request.workload];
  ++sums.counts.completed;
  sums.counts.retried += record.attempts > 1 ? 1 : 0;
  sums.prompt_tokens += record.request.prompt_tokens;
  sums.output_tokens += record.request.output_tokens;
  sums.cached_tokens += record.cached_tokens;
  sums.fetched_tokens += record.fetched_tokens;
  sums.ttft.add(record.ttft());
  sums.e2e.add(record.e2e());
  if (record.prefill_replica != RequestRecord::kNoReplica) {
    kv_transfer_sum_ += record.kv_transfer;
    network_sum_ += record.network;
  }
  prefix_fetch_sum_ += record.prefix_fetch;
  prefix_network_sum_ += record.prefix_network;
  wan_sum_ += record.wan_request + record.wan_back;
  ttft_sum_ += record.ttft();
  sums.queue_time.add(record.queueTime());
  if (record.request.output_tokens > 1) sums.tpot.add(record.tpot());
  if (sums.slo >= 0 && isGood(record, scenario_.slos[static_cast<std::size_t>(sums.slo)])) {
    ++sums.good;
    ++minuteOf(sums, record.request.arrival).good;
  }
}

void Recorder::rejected(const workloads::Request& request, bool measured) {
  ++rejected_all_;
  last_finish_ = std::max(last_finish_, request.arrival);
  if (measured) ++workloads_[request.workload].counts.rejected;
}

void Recorder::failed(const RequestRecord& record, bool measured) {
  ++failed_all_;
  last_finish_ = std::max(last_finish_, record.finished);
  if (!measured) return;
  RequestCounts& counts = workloads_[record.request.workload].counts;
  ++(record.status == RequestStatus::timed_out ? counts.timed_out : counts.failed);
  counts.retried += record.attempts > 1 ? 1 : 0;
}

void Recorder::lost(std::int32_t tokens) {
  lost_tokens_ += tokens;
  lost_later_tokens_ += std::max(0, tokens - 1);
}

void Recorder::steps(std::size_t pool, const StepRun& run) {
  PoolSums& sums = pools_[pool];
  sums.steps += run.steps;
  sums.tokens_made += (run.emitting + run.more_tokens) * run.steps;
  sums.busy += run.duration();
  last_work_ = std::max(last_work_, run.begin + run.duration());
  sums.cached_time += cachedTime(run);
  sums.cached += run.cachedSum();
  sums.attended += run.attendedSum();
  sums.draft_tokens += run.draft_tokens * run.steps;
  sums.accepted_tokens += run.accepted_tokens * run.steps;
  sums.more_tokens += run.more_tokens * run.steps;
  sums.verifications += run.verifications * run.steps;
  const auto tokens = static_cast<std::size_t>(run.emitting + run.prompt_tokens + run.draft_tokens);
  if (tokens >= sums.steps_by_tokens.size()) sums.steps_by_tokens.resize(tokens + 1);
  sums.steps_by_tokens[tokens] += run.steps;
  if (run.begin >= warmup_) {
    itl_.addSeries(run.first, run.increment, run.steps, run.emitting);
  } else if (const std::int64_t before = stepsEndedBy(run, warmup_); before < run.steps) {
    itl_.addSeries(run.first + run.increment * before, run.increment, run.steps - before, run.emitting);
  }
}

void Recorder::lateToken(Ticks at, Ticks gap) {
  ++late_tokens_all_;
  if (at > warmup_) itl_.add(gap);
}

Recorder::TtftShares Recorder::ttftShares() const {
  if (ttft_sum_ == 0) return {};
  const auto share = [&](auto sum) { return static_cast<double>(sum) / static_cast<double>(ttft_sum_); };
  return {share(kv_transfer_sum_), share(network_sum_), share(prefix_fetch_sum_), share(prefix_network_sum_),
          share(wan_sum_)};
}

std::int64_t Recorder::tokensMadeAll() const {
  std::int64_t made = late_tokens_all_ + completed_all_;
  for (const PoolSums& pool : pools_) made += pool.tokens_made;
  return made;
}

LogHistogram Recorder::ttft() const {
  LogHistogram all;
  for (const WorkloadSums& sums : workloads_) all.merge(sums.ttft);
  return all;
}

void Recorder::summarizeInto(Result& result) const {
  LogHistogram ttft, tpot, e2e, queue_time;
  std::int64_t cached_tokens = 0, fetched_tokens = 0;
  for (std::size_t w = 0; w < workloads_.size(); ++w) {
    const WorkloadSums& sums = workloads_[w];
    const WorkloadEntry& entry = scenario_.workloads[w];
    WorkloadOutcome outcome;
    outcome.name = entry.spec.name;
    outcome.deployment = entry.deployment;
    outcome.request_class = entry.request_class;
    outcome.requests = sums.counts;
    outcome.latencies = {summarize(sums.ttft), summarize(sums.tpot), std::nullopt, summarize(sums.e2e),
                         summarize(sums.queue_time)};
    if (sums.slo >= 0 && sums.counts.offered > 0) {
      outcome.attainment = static_cast<double>(sums.good) / static_cast<double>(sums.counts.offered);
      outcome.target = scenario_.slos[static_cast<std::size_t>(sums.slo)].attainment;
    }
    result.workloads.push_back(std::move(outcome));
    result.requests.offered += sums.counts.offered;
    result.requests.completed += sums.counts.completed;
    result.requests.rejected += sums.counts.rejected;
    result.requests.failed += sums.counts.failed;
    result.requests.timed_out += sums.counts.timed_out;
    result.requests.retried += sums.counts.retried;
    result.prompt_tokens += sums.prompt_tokens;
    result.output_tokens += sums.output_tokens;
    cached_tokens += sums.cached_tokens;
    fetched_tokens += sums.fetched_tokens;
    ttft.merge(sums.ttft);
    tpot.merge(sums.tpot);
    e2e.merge(sums.e2e);
    queue_time.merge(sums.queue_time);
  }
  result.latencies = {summarize(ttft), summarize(tpot), summarize(itl_), summarize(e2e), summarize(queue_time)};
  if (result.prompt_tokens > 0) {
    const auto share = [&](std::int64_t tokens) {
      return static_cast<double>(tokens) / static_cast<double>(result.prompt_tokens);
    };
    result.prefix_hit_rate = share(cached_tokens);
    result.tier_hit_rate = share(fetched_tokens);
  }
  result.simulated_s = toSeconds(last_finish_).value();
  const double window_s = toSeconds(std::max<Ticks>(0, last_measured_finish_ - std::max(warmup_, Ticks{0}))).value();
  result.window_s = window_s;
  if (window_s > 0) {
    const auto per_s = [&](std::int64_t count) { return static_cast<double>(count) / window_s; };
    result.throughput = {per_s(result.requests.completed), per_s(result.output_tokens),
                         per_s(result.prompt_tokens + result.output_tokens)};
  }
  summarizeSlo(result, window_s);
}

void Recorder::summarizeSlo(Result& result, double window_s) const {
  std::int64_t offered = 0, good = 0;
  std::size_t minutes = 0;
  bool met = true, any = false;
  for (const WorkloadSums& sums : workloads_) {
    if (sums.slo < 0 || sums.counts.offered == 0) continue;
    any = true;
    offered += sums.counts.offered;
    good += sums.good;
    minutes = std::max(minutes, sums.minutes.size());
    const double target = scenario_.slos[static_cast<std::size_t>(sums.slo)].attainment;
    met = met && static_cast<double>(sums.good) >= target * static_cast<double>(sums.counts.offered);
  }
  if (!any) return;
  std::int64_t windows = 0, available = 0;
  for (std::size_t m = 0; m < minutes; ++m) {
    bool used = false, holds = true;
    for (const WorkloadSums& sums : workloads_) {
      if (sums.slo < 0 || m >= sums.minutes.size() || sums.minutes[m].offered == 0) continue;
      used = true;
      const double target = scenario_.slos[static_cast<std::size_t>(sums.slo)].attainment;
      holds =
          holds && static_cast<double>(sums.minutes[m].good) >= target * static_cast<double>(sums.minutes[m].offered);
    }
    windows += used ? 1 : 0;
    available += used && holds ? 1 : 0;
  }
  result.slo = SloOutcome{static_cast<double>(good) / static_cast<double>(offered),
                          window_s > 0 ? static_cast<double>(good) / window_s : 0,
                          windows > 0 ? static_cast<double>(available) / static_cast<double>(windows) : 0, met};
}

}  // namespace headroom::sim
