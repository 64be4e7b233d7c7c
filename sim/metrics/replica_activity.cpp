#include "sim/metrics/replica_activity.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "sim/metrics/table_files.h"

namespace headroom::sim {
namespace {

__extension__ using Int128 = __int128;

constexpr std::size_t kAllBins = 1 << 18;  // of all replicas together
constexpr std::size_t kFewestBins = 64, kMostBins = 4096;

/// How far a run of steps has come at some time.
struct Progress {
  std::int64_t steps = 0;  ///< begun
  Int128 cached_time = 0;  ///< tokens x ticks
};

Ticks endOf(const StepRun& run, std::int64_t steps) {
  return run.begin + run.first * steps + run.increment * (steps * (steps - 1) / 2);
}

/// Over the first `k` steps: sum of (cached + growth i)(first + increment i).
Int128 cachedTime(const StepRun& run, Int128 k) {
  const Int128 sum_i = k * (k - 1) / 2, sum_ii = (k - 1) * k * (2 * k - 1) / 6;
  return k * run.cached_tokens * run.first +
         sum_i * (Int128{run.cached_tokens} * run.increment + Int128{run.growth} * run.first) +
         sum_ii * run.growth * run.increment;
}

Progress progressAt(const StepRun& run, Ticks t) {
  if (t <= run.begin) return {};
  std::int64_t low = 0, high = run.steps;  // the first `low` ended at or before t
  while (low < high) {
    const std::int64_t middle = low + (high - low + 1) / 2;
    endOf(run, middle) <= t ? low = middle : high = middle - 1;
  }
  if (low == run.steps) return {run.steps, cachedTime(run, run.steps)};
  const Ticks into = t - endOf(run, low);
  return {into > 0 ? low + 1 : low, cachedTime(run, low) + Int128{run.cached_tokens + run.growth * low} * into};
}

}  // namespace

ReplicaActivity::Bin& ReplicaActivity::Bin::operator+=(const Bin& other) {
  steps += other.steps;
  prompt_tokens += other.prompt_tokens;
  output_tokens += other.output_tokens;
  busy += other.busy;
  cached_time += other.cached_time;
  return *this;
}

ReplicaActivity::ReplicaActivity(const std::vector<DeploymentPlan>& plans) {
  for (const DeploymentPlan& plan : plans) {
    for (const PoolPlan& pool : plan.pools) {
      const EngineConfig& config = pool.engine.config;
      const std::int64_t tokens = std::int64_t{config.usableBlocks()} * config.block_size * config.data_parallel;
      replicas_.insert(replicas_.end(), static_cast<std::size_t>(pool.spec.replicas), State{tokens, {}});
    }
  }
  most_bins_ = std::clamp(kAllBins / std::max<std::size_t>(replicas_.size(), 1), kFewestBins, kMostBins);
}

void ReplicaActivity::widen() {
  ++width_bits_;
  for (State& state : replicas_) {
    for (std::size_t b = 0; b < state.bins.size(); ++b) {
      if (b % 2 == 1) {
        state.bins[b / 2] += state.bins[b];
      } else {
        state.bins[b / 2] = state.bins[b];
      }
    }
    state.bins.resize((state.bins.size() + 1) / 2);
  }
}

void ReplicaActivity::onSteps(ReplicaId replica, const StepRun& run) {
  const Ticks end = run.begin + run.duration(), last_tick = std::max(run.begin, end - 1);
  while (static_cast<std::size_t>(last_tick >> width_bits_) >= most_bins_) widen();
  State& state = replicas_[replica.value()];
  const auto first = static_cast<std::size_t>(run.begin >> width_bits_);
  const auto last = static_cast<std::size_t>(last_tick >> width_bits_);
  if (state.bins.size() <= last) state.bins.resize(last + 1);
  Progress before;
  for (std::size_t b = first; b <= last; ++b) {
    const Ticks bin_begin = static_cast<Ticks>(b) << width_bits_;
    const Ticks bin_end = static_cast<Ticks>(b + 1) << width_bits_;
    const Progress now = progressAt(run, b == last ? end : bin_end);
    const std::int64_t steps = now.steps - before.steps;
    state.bins[b] += {steps, run.prompt_tokens * steps, run.emitting * steps,
                      std::min(end, bin_end) - std::max(run.begin, bin_begin), now.cached_time - before.cached_time};
    before = now;
  }
}

const std::string& ReplicaActivity::columns() {
  static const std::string names = "replica,begin_s,end_s,busy,kv_usage,steps,prompt_tokens,output_tokens";
  return names;
}

std::string ReplicaActivity::csv() const {
  fmt::memory_buffer out;
  fmt::format_to(std::back_inserter(out), "{}\n", columns());
  const auto width = static_cast<double>(Ticks{1} << width_bits_);
  for (std::size_t r = 0; r < replicas_.size(); ++r) {
    const State& state = replicas_[r];
    for (std::size_t b = 0; b < state.bins.size(); ++b) {
      const Bin& bin = state.bins[b];
      if (bin.busy == 0) continue;
      const double begin = static_cast<double>(b) * width / kTicksPerSecond;
      const double kv = static_cast<double>(bin.cached_time) / width / static_cast<double>(state.kv_tokens);
      fmt::format_to(std::back_inserter(out), "{},{:.6f},{:.6f},{:.4f},{:.4f},{},{},{}\n", r, begin,
                     begin + width / kTicksPerSecond, static_cast<double>(bin.busy) / width, kv, bin.steps,
                     bin.prompt_tokens, bin.output_tokens);
    }
  }
  return fmt::to_string(out);
}

void ReplicaActivity::write(const std::filesystem::path& file) const {
  writeCompressed(file, csv());
}

const ReplicaSeries::Bin* ReplicaSeries::at(std::size_t replica, double time_s) const {
  if (replica >= replicas.size()) return nullptr;
  const std::vector<Bin>& bins = replicas[replica];
  const auto after =
      std::upper_bound(bins.begin(), bins.end(), time_s, [](double t, const Bin& bin) { return t < bin.begin_s; });
  if (after == bins.begin()) return nullptr;
  const Bin& bin = *std::prev(after);
  return time_s < bin.end_s ? &bin : nullptr;
}

ReplicaSeries readReplicaSeries(const std::filesystem::path& file) {
  TableFile table(file, ReplicaActivity::columns(), "replicas");
  std::string_view line;
  ReplicaSeries series;
  while (table.next(line)) {
    std::uint32_t replica = 0;
    ReplicaSeries::Bin bin;
    const bool all = takeNumber(line, replica) && takeNumber(line, bin.begin_s) && takeNumber(line, bin.end_s) &&
                     takeNumber(line, bin.busy) && takeNumber(line, bin.kv_usage) && takeNumber(line, bin.steps) &&
                     takeNumber(line, bin.prompt_tokens) && takeNumber(line, bin.output_tokens) && line.empty();
    if (!all || replica > 1'000'000) table.fail("has a value that is not a number of its column");
    if (replica >= series.replicas.size()) series.replicas.resize(replica + 1);
    std::vector<ReplicaSeries::Bin>& bins = series.replicas[replica];
    if (!bins.empty() && bin.begin_s < bins.back().begin_s) table.fail("begins before the bin above it");
    bins.push_back(bin);
  }
  return series;
}

}  // namespace headroom::sim
