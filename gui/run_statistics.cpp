#include "gui/run_statistics.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "models/base/error.h"

namespace headroom::gui {
namespace {

constexpr double kNsPerMs = 1e6, kNsPerS = 1e9;
constexpr std::size_t kSparkBins = 48;
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

std::int64_t nanoseconds(double s) {
  return static_cast<std::int64_t>(std::llround(std::clamp(s, -9e9, 9e9) * kNsPerS));
}

}  // namespace

const char* nameOf(Metric metric) {
  constexpr const char* kNames[] = {"TTFT", "TPOT", "End to end"};
  return kNames[static_cast<std::size_t>(metric)];
}

std::uint16_t LatencyCounts::bucketOf(std::int64_t ns) {
  const auto v = static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0));
  if (v < (1U << kSubBits)) return static_cast<std::uint16_t>(v);
  const int shift = 63 - std::countl_zero(v) - kSubBits;
  const auto bucket = ((static_cast<std::uint64_t>(shift) + 1) << kSubBits) + ((v >> shift) & ((1U << kSubBits) - 1));
  return static_cast<std::uint16_t>(std::min<std::uint64_t>(bucket, kBuckets - 1));
}

double LatencyCounts::bucketEndMs(std::size_t bucket) {
  const std::size_t next = bucket + 1;
  if (next <= (1U << kSubBits)) return static_cast<double>(next) / kNsPerMs;
  const auto octave = static_cast<int>((next >> kSubBits) - 1);
  const auto low = static_cast<double>((1U << kSubBits) + (next & ((1U << kSubBits) - 1)));
  return std::ldexp(low, octave) / kNsPerMs;
}

double LatencyCounts::bucketMiddleMs(std::size_t bucket) {
  return bucket == 0 ? 0 : (bucketEndMs(bucket - 1) + bucketEndMs(bucket)) / 2;
}

void LatencyCounts::add(const std::uint32_t* counts, int sign) {
  for (std::size_t b = 0; b < kBuckets; ++b) counts_[b] += sign > 0 ? counts[b] : 0U - counts[b];
}

void LatencyCounts::countUp() {
  count_ = 0;
  first_ = kBuckets;
  last_ = 0;
  for (std::size_t b = 0; b < kBuckets; ++b) {
    if (counts_[b] == 0) continue;
    count_ += counts_[b];
    first_ = std::min(first_, b);
    last_ = b;
  }
}

std::optional<double> LatencyCounts::quantileMs(double q) const {
  if (count_ == 0) return std::nullopt;
  const auto wanted =
      std::clamp<std::int64_t>(static_cast<std::int64_t>(std::ceil(q * static_cast<double>(count_) - 1e-9)), 1, count_);
  std::int64_t seen = 0;
  for (std::size_t b = first_; b <= last_; ++b) {
    seen += counts_[b];
    if (seen >= wanted) return bucketMiddleMs(b);
  }
  return bucketMiddleMs(last_);
}

double LatencyCounts::shareWithin(double ms) const {
  if (count_ == 0) return 0;
  const std::size_t at = bucketOf(static_cast<std::int64_t>(std::clamp(ms * kNsPerMs, 0.0, 9e18)));
  double below = 0;
  for (std::size_t b = first_; b < std::min(at, last_ + 1); ++b) below += counts_[b];
  if (at <= last_) {
    const double begin = at == 0 ? 0 : bucketEndMs(at - 1), end = bucketEndMs(at);
    below += counts_[at] * std::clamp((ms - begin) / (end - begin), 0.0, 1.0);
  }
  return below / static_cast<double>(count_);
}

std::optional<double> RequestSummary::attainment() const {
  if (judged == 0) return std::nullopt;
  return static_cast<double>(good) / static_cast<double>(judged);
}

RunStatistics::RunStatistics(const sim::RequestColumns& requests, const sim::Scenario& scenario)
    : requests_(&requests), warmup_s_(scenario.warmup.value()) {
  classify(scenario);
  orderByReplica();
  addCheckpoints();
  addSparks();
}

void RunStatistics::classify(const sim::Scenario& scenario) {
  const sim::RequestColumns& r = *requests_;
  struct Limits {
    bool any = false;
    std::int64_t ttft = INT64_MAX, tpot = INT64_MAX, e2e = INT64_MAX;
  };
  std::vector<Limits> limits(r.origins.size());
  for (std::size_t o = 0; o < limits.size(); ++o) {
    for (const sim::Slo& slo : scenario.slos) {
      if (slo.request_class != r.origins[o].request_class) continue;
      limits[o].any = true;
      if (slo.ttft) limits[o].ttft = nanoseconds(slo.ttft->value());
      if (slo.tpot) limits[o].tpot = nanoseconds(slo.tpot->value());
      if (slo.e2e) limits[o].e2e = nanoseconds(slo.e2e->value());
    }
  }
  const std::size_t n = r.size();
  for (auto& metric : buckets_) metric.assign(n, kNone);
  flags_.assign(n, 0);
  for (std::size_t i = 0; i < n; ++i) {
    const Limits& limit = limits[r.origin[i]];
    if (limit.any) flags_[i] |= kJudged;
    if (!r.completed(i)) continue;
    const bool has_tpot = r.hasTpot(i);
    const std::int64_t tpot = has_tpot ? r.tpot(i) : 0;
    buckets_[0][i] = LatencyCounts::bucketOf(r.ttft[i]);
    if (has_tpot) buckets_[1][i] = LatencyCounts::bucketOf(tpot);
    buckets_[2][i] = LatencyCounts::bucketOf(r.e2e[i]);
    const bool good = r.ttft[i] <= limit.ttft && tpot <= limit.tpot && r.e2e[i] <= limit.e2e;
    if (limit.any && good) flags_[i] |= kGood;
  }
}

void RunStatistics::orderByReplica() {
  const sim::RequestColumns& r = *requests_;
  std::uint32_t replicas = 0;
  for (const std::uint32_t replica : r.replica) {
    if (replica != UINT32_MAX) replicas = std::max(replicas, replica + 1);
  }
  replica_begin_.assign(replicas + 1, 0);
  for (const std::uint32_t replica : r.replica) {
    if (replica != UINT32_MAX) ++replica_begin_[replica + 1];
  }
  for (std::size_t k = 1; k <= replicas; ++k) replica_begin_[k] += replica_begin_[k - 1];
  by_replica_.resize(replica_begin_.back());
  std::vector<std::uint32_t> next(replica_begin_.begin(), replica_begin_.end() - 1);
  for (std::size_t i = 0; i < r.size(); ++i) {
    if (r.replica[i] != UINT32_MAX) by_replica_[next[r.replica[i]]++] = static_cast<std::uint32_t>(i);
  }
}

void RunStatistics::addCheckpoints() {
  RequestSummary sum;
  const auto keep = [&] {
    Checkpoint checkpoint{{}, sum.completed, sum.judged, sum.good, sum.prompt_tokens, sum.output_tokens};
    checkpoint.buckets.reserve(kMetrics * LatencyCounts::kBuckets);
    for (const LatencyCounts& counts : sum.latencies) {
      for (std::size_t b = 0; b < LatencyCounts::kBuckets; ++b) checkpoint.buckets.push_back(counts.at(b));
    }
    checkpoints_.push_back(std::move(checkpoint));
  };
  for (std::size_t i = 0; i < requests_->size(); ++i) {
    if (i % kStride == 0) keep();
    addRequest(sum, i);
  }
}

void RunStatistics::addSparks() {
  const sim::RequestColumns& r = *requests_;
  if (r.size() < 2) return;
  const double first = static_cast<double>(r.arrival.front()) / kNsPerS;
  const double width = (static_cast<double>(r.arrival.back()) / kNsPerS - first) / static_cast<double>(kSparkBins);
  if (width <= 0) return;
  for (std::size_t b = 0; b < kSparkBins; ++b) {
    const double begin = first + width * static_cast<double>(b);
    const RequestSummary s = summarize({.time = TimeRange{begin, begin + width}, .replica = {}});
    SparkBin bin{kMissing,
                 static_cast<double>(s.good) / width,
                 static_cast<double>(s.offered) / width,
                 {kMissing, kMissing, kMissing}};
    if (const auto attainment = s.attainment()) bin.attainment = *attainment;
    for (std::size_t m = 0; m < kMetrics; ++m) bin.p99_ms[m] = s.latencies[m].quantileMs(0.99).value_or(kMissing);
    sparks_.push_back(bin);
  }
}

void RunStatistics::addRequest(RequestSummary& summary, std::size_t i) const {
  const sim::RequestColumns& r = *requests_;
  ++summary.offered;
  summary.judged += flags_[i] & kJudged;
  if (!r.completed(i)) return;
  ++summary.completed;
  summary.good += (flags_[i] & kGood) != 0 ? 1 : 0;
  summary.prompt_tokens += r.prompt_tokens[i];
  summary.output_tokens += r.output_tokens[i];
  for (std::size_t m = 0; m < kMetrics; ++m) {
    if (buckets_[m][i] != kNone) summary.latencies[m].add(buckets_[m][i]);
  }
}

void RunStatistics::addCheckpoint(RequestSummary& summary, const Checkpoint& c, int sign) const {
  for (std::size_t m = 0; m < kMetrics; ++m) {
    summary.latencies[m].add(c.buckets.data() + m * LatencyCounts::kBuckets, sign);
  }
  summary.completed += sign * c.completed;
  summary.judged += sign * c.judged;
  summary.good += sign * c.good;
  summary.prompt_tokens += sign * c.prompt_tokens;
  summary.output_tokens += sign * c.output_tokens;
}

void RunStatistics::addRange(RequestSummary& summary, std::size_t begin, std::size_t end) const {
  const std::size_t from = (begin + kStride - 1) / kStride, to = end / kStride;  // checkpoints inside
  if (from >= to || to >= checkpoints_.size()) {
    for (std::size_t i = begin; i < end; ++i) addRequest(summary, i);
    return;
  }
  for (std::size_t i = begin; i < from * kStride; ++i) addRequest(summary, i);
  addCheckpoint(summary, checkpoints_[to], +1);
  addCheckpoint(summary, checkpoints_[from], -1);
  summary.offered += static_cast<std::int64_t>((to - from) * kStride);
  for (std::size_t i = to * kStride; i < end; ++i) addRequest(summary, i);
}

std::pair<std::size_t, std::size_t> RunStatistics::indices(const TimeRange& range) const {
  const std::vector<std::int64_t>& arrival = requests_->arrival;
  const auto first = std::lower_bound(arrival.begin(), arrival.end(), nanoseconds(range.begin));
  const auto last = std::lower_bound(first, arrival.end(), std::max(nanoseconds(range.begin), nanoseconds(range.end)));
  return {static_cast<std::size_t>(first - arrival.begin()), static_cast<std::size_t>(last - arrival.begin())};
}

const std::uint32_t* RunStatistics::ofReplica(int replica, std::size_t& count) const {
  count = 0;
  if (replica < 0 || static_cast<std::size_t>(replica) + 1 >= replica_begin_.size()) return nullptr;
  const auto k = static_cast<std::size_t>(replica);
  count = replica_begin_[k + 1] - replica_begin_[k];
  return by_replica_.data() + replica_begin_[k];
}

RequestSummary RunStatistics::summarize(const RequestFilter& filter) const {
  RequestSummary summary;
  if (requests_ == nullptr || requests_->size() == 0) return summary;
  const double last_s = static_cast<double>(requests_->arrival.back()) / kNsPerS;
  const TimeRange range = filter.time.value_or(TimeRange{filter.replica ? 0 : warmup_s_, last_s + 1});
  const auto [begin, end] = indices(range);
  if (!filter.replica) {
    addRange(summary, begin, end);
  } else {
    std::size_t count = 0;
    const std::uint32_t* all = ofReplica(*filter.replica, count);
    for (const std::uint32_t* i = std::lower_bound(all, all + count, begin); i != all + count && *i < end; ++i) {
      addRequest(summary, *i);
    }
  }
  summary.seconds = filter.time ? range.end - range.begin : std::max(0.0, last_s - range.begin);
  for (LatencyCounts& counts : summary.latencies) counts.countUp();
  return summary;
}

std::vector<LatencyLimit> limitsOf(const sim::Scenario& scenario, Metric metric) {
  std::vector<LatencyLimit> limits;
  for (const sim::Slo& slo : scenario.slos) {
    const auto& limit = metric == Metric::ttft ? slo.ttft : metric == Metric::tpot ? slo.tpot : slo.e2e;
    if (!limit) continue;
    const double ms = limit->value() * 1e3;
    const auto same = std::find_if(limits.begin(), limits.end(), [&](const LatencyLimit& l) { return l.ms == ms; });
    if (same == limits.end()) {
      limits.push_back({slo.request_class, ms, slo.attainment});
    } else {
      same->request_class += ", " + slo.request_class;
      same->attainment = std::max(same->attainment, slo.attainment);
    }
  }
  return limits;
}

}  // namespace headroom::gui
