// Mooncake traces (kvcache-ai/Mooncake, FAST'25): one request a line, {timestamp (ms), input_length, output_length,
// hash_ids}, chained blocks of 512 tokens, the last one partial. The conversation trace counts time in ticks of 3 s
// with some ten requests each: an artefact of its recording. Where the first ticks show that pattern, the requests of a
// tick are spread over its 3 s, at times drawn uniformly (the same ones in every run) and in the order of the file.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>
#include <set>

#include "workloads/json_trace.h"
#include "workloads/rng.h"
#include "workloads/trace_formats.h"

namespace headroom::workloads {
namespace {

using nlohmann::json;

constexpr std::int32_t kBlockTokens = 512;
constexpr std::int64_t kTicksPerMillisecond = 1'024'000'000;
constexpr Ticks kCoarseTick = 3000 * kTicksPerMillisecond;
constexpr Ticks kTickJitter = 10 * kTicksPerMillisecond;  // the recorded ones are up to 3 ms off
constexpr std::size_t kTicksLookedAt = 16;
constexpr std::size_t kRowsLookedAt = 4096;  // a whole trace may stand at one time

class MooncakeRows : public JsonTrace {
 public:
  MooncakeRows(const std::filesystem::path& file, const TraceOptions& options)
      : JsonTrace(file, {"timestamp", "input_length", "output_length", "hash_ids"}),
        block_(options.hash_block_tokens.value_or(kBlockTokens)) {}

 private:
  void parseObject(const json& object, TraceRow& row) override {
    const json& time = required(object, "timestamp");
    const double milliseconds = time.is_number() ? time.get<double>() : -1;
    if (!(milliseconds >= 0) || Seconds(milliseconds * 1e-3) > kLongestRun) {
      fail(fmt::format("timestamp: {} is not a number of ms from 0 to 100 days", time.dump()));
    }
    row.arrival = time.is_number_integer() ? time.get<std::int64_t>() * kTicksPerMillisecond
                                           : toTicks(Seconds(milliseconds * 1e-3));
    row.prompt_tokens = tokenCount(object, "input_length");
    row.output_tokens = tokenCount(object, "output_length");
    if (const auto hashes = object.find("hash_ids"); hashes != object.end()) {
      readIds(*hashes, "hash_ids", ids_);
      addBlocks(ids_, block_, row);
    }
  }

  std::int32_t block_;
};

/// Holds the rows of the tick at hand, and at the start those of the first ticks.
class SpreadTicks : public TraceFilter {
 public:
  explicit SpreadTicks(std::unique_ptr<TraceReader> rows)
      : TraceFilter(std::move(rows)), rng_(0, "mooncake/spread"), coarse_(lookAhead()) {}

  bool next(TraceRow& row) override {
    if (batch_.empty()) takeBatch();
    if (batch_.empty()) return false;
    row = std::move(batch_.front());
    batch_.pop_front();
    return true;
  }

 private:
  /// Rows stand in ahead_ until their tick is taken; true if the first ticks are coarse and crowded.
  bool lookAhead() {
    std::set<Ticks> ticks;
    bool multiples = true;
    while (ticks.size() <= kTicksLookedAt && ahead_.size() < kRowsLookedAt && read()) {
      ticks.insert(ahead_.back().arrival);
      multiples = multiples && (ahead_.back().arrival + kTickJitter) % kCoarseTick <= 2 * kTickJitter;
    }
    return multiples && ticks.size() > 1 && ahead_.size() > ticks.size();
  }

  bool read() {
    TraceRow row;
    if (ended_ || !trace_->next(row)) {
      ended_ = true;
      return false;
    }
    ahead_.push_back(std::move(row));
    return true;
  }

  void takeBatch() {
    if (ahead_.empty() && !read()) return;
    const Ticks tick = ahead_.front().arrival;
    while (!ahead_.empty() && ahead_.front().arrival == tick) {
      batch_.push_back(std::move(ahead_.front()));
      ahead_.pop_front();
      if (!coarse_) return;
      if (ahead_.empty()) read();
    }
    const Ticks end = ahead_.empty() ? tick + kCoarseTick : std::min(tick + kCoarseTick, ahead_.front().arrival);
    std::vector<Ticks> times;
    for (std::size_t i = 0; i < batch_.size(); ++i) times.push_back(rng_.integer(tick, end - 1));
    std::sort(times.begin(), times.end());
    for (std::size_t i = 0; i < batch_.size(); ++i) batch_[i].arrival = times[i];
  }

  Rng rng_;
  std::deque<TraceRow> ahead_, batch_;
  bool ended_ = false;
  bool coarse_;
};

}  // namespace

std::unique_ptr<TraceReader> openMooncakeTrace(const std::filesystem::path& file, const TraceOptions& options) {
  return std::make_unique<SpreadTicks>(std::make_unique<MooncakeRows>(file, options));
}

}  // namespace headroom::workloads
