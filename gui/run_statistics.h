// Counts and quantiles of any part of a run's requests, fast enough to follow a drag over a million of them: each
// latency is the number of its bucket (256 an octave: within 0.2 %, as in the run's own result), and bucket counts are
// kept after every 65,536 requests, so that a time range costs the same however many requests are in it.
#pragma once

#include <QString>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gui/selection.h"
#include "sim/metrics/request_columns.h"
#include "sim/scenario.h"

namespace headroom::gui {

enum class Metric { ttft, tpot, e2e };
inline constexpr std::size_t kMetrics = 3;
/// "TTFT", "TPOT", "End to end".
const char* nameOf(Metric metric);

/// How often latencies of each size occur.
class LatencyCounts {
 public:
  static constexpr int kSubBits = 8;  ///< buckets an octave, as a power of two
  static constexpr std::size_t kBuckets = 40 << kSubBits;
  static std::uint16_t bucketOf(std::int64_t ns);
  static double bucketEndMs(std::size_t bucket);     ///< first value beyond it
  static double bucketMiddleMs(std::size_t bucket);  ///< what a quantile in it reads

  LatencyCounts() : counts_(kBuckets) {}
  void add(std::uint16_t bucket) { ++counts_[bucket]; }
  void add(const std::uint32_t* counts, int sign);
  void countUp();  ///< after the last add

  std::int64_t count() const { return count_; }
  std::uint32_t at(std::size_t bucket) const { return counts_[bucket]; }
  /// The smallest value such that at least `q` of all are at or below it. None if there are none.
  std::optional<double> quantileMs(double q) const;
  /// Share at or below; the bucket the value falls into counts in proportion.
  double shareWithin(double ms) const;
  std::size_t firstBucket() const { return first_; }
  std::size_t lastBucket() const { return last_; }

 private:
  std::vector<std::uint32_t> counts_;
  std::int64_t count_ = 0;
  std::size_t first_ = 0, last_ = 0;
};

/// Which requests: those that arrive in the range, on the replica.
struct RequestFilter {
  std::optional<TimeRange> time{};
  std::optional<int> replica{};
  bool empty() const { return !time && !replica; }
};

struct RequestSummary {
  std::int64_t offered = 0, completed = 0;
  std::int64_t judged = 0, good = 0;  ///< of classes with an SLO
  std::int64_t prompt_tokens = 0, output_tokens = 0;
  double seconds = 0;  ///< of arrivals; 0: none
  std::array<LatencyCounts, kMetrics> latencies;

  const LatencyCounts& of(Metric metric) const { return latencies[static_cast<std::size_t>(metric)]; }
  /// Of requests offered whose class has an SLO.
  std::optional<double> attainment() const;
};

/// One bin of the small curves in the tiles; NaN where nothing arrived.
struct SparkBin {
  double attainment, goodput_per_s, arrivals_per_s;
  std::array<double, kMetrics> p99_ms;
};

class RunStatistics {
 public:
  RunStatistics() = default;
  /// `requests` must outlive it.
  RunStatistics(const sim::RequestColumns& requests, const sim::Scenario& scenario);

  /// Without a filter: the measured window, from the end of the warm-up on.
  RequestSummary summarize(const RequestFilter& filter) const;
  /// First and one beyond the last request that arrives in the range.
  std::pair<std::size_t, std::size_t> indices(const TimeRange& range) const;
  /// Requests of a replica, by arrival.
  const std::uint32_t* ofReplica(int replica, std::size_t& count) const;
  bool good(std::size_t request) const { return (flags_[request] & kGood) != 0; }
  bool judged(std::size_t request) const { return (flags_[request] & kJudged) != 0; }
  const std::vector<SparkBin>& sparks() const { return sparks_; }

 private:
  static constexpr std::size_t kStride = 1 << 16;  // requests from one checkpoint to the next
  static constexpr std::uint8_t kJudged = 1, kGood = 2;
  static constexpr std::uint16_t kNone = UINT16_MAX;
  struct Checkpoint {
    std::vector<std::uint32_t> buckets;  // kMetrics x kBuckets
    std::int64_t completed = 0, judged = 0, good = 0, prompt_tokens = 0, output_tokens = 0;
  };
  void classify(const sim::Scenario& scenario);
  void orderByReplica();
  void addCheckpoints();
  void addSparks();
  void addRequest(RequestSummary& summary, std::size_t i) const;
  void addCheckpoint(RequestSummary& summary, const Checkpoint& checkpoint, int sign) const;
  void addRange(RequestSummary& summary, std::size_t begin, std::size_t end) const;

  const sim::RequestColumns* requests_ = nullptr;
  double warmup_s_ = 0;
  std::array<std::vector<std::uint16_t>, kMetrics> buckets_;
  std::vector<std::uint8_t> flags_;
  std::vector<std::uint32_t> by_replica_, replica_begin_;
  std::vector<Checkpoint> checkpoints_;  // [i]: over the first i * kStride requests
  std::vector<SparkBin> sparks_;
};

/// A limit of the scenario on one latency.
struct LatencyLimit {
  std::string request_class;
  double ms = 0;
  double attainment = 0;
};
/// Of each class that has one, those with equal limits as one.
std::vector<LatencyLimit> limitsOf(const sim::Scenario& scenario, Metric metric);

}  // namespace headroom::gui
