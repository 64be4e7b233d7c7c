// What each replica did over time, in bins of one width for all: busy share, steps, tokens, KV use. Memory is bounded,
// whatever the length of the run: when the bins are full, pairs of them become one. Sums are of whole numbers, so that
// both execution modes of the engine write the same bytes. Left out: queues, which the request table holds exactly.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/deployment.h"
#include "sim/engine/replica.h"

namespace headroom::sim {

class ReplicaActivity {
 public:
  explicit ReplicaActivity(const std::vector<DeploymentPlan>& plans);

  void onSteps(ReplicaId replica, const StepRun& run);
  /// CSV: `columns()`, then a line for each bin in which the replica ran, by replica and time. A step counts where it
  /// begins; busy time and KV use are split at the edges of bins.
  std::string csv() const;
  /// csv() compressed. Throws InputError if the file cannot be written.
  void write(const std::filesystem::path& file) const;

  static const std::string& columns();

 private:
  struct Bin {
    std::int64_t steps = 0, prompt_tokens = 0, output_tokens = 0;
    Ticks busy = 0;
    __extension__ __int128 cached_time = 0;  ///< cached tokens x ticks
    Bin& operator+=(const Bin& other);
  };
  struct State {
    std::int64_t kv_tokens = 0;  ///< the cache holds so many
    std::vector<Bin> bins;
  };
  void widen();

  std::vector<State> replicas_;
  std::size_t most_bins_;
  int width_bits_ = 30;  ///< a bin is 2^width_bits_ ticks wide; 30: a millisecond
};

/// What `write` wrote, as one series a replica.
struct ReplicaSeries {
  struct Bin {
    double begin_s = 0, end_s = 0;
    double busy = 0;      ///< share of the bin spent in steps; overlapping steps of a pipeline add up
    double kv_usage = 0;  ///< mean over the bin, 0..1
    std::int64_t steps = 0, prompt_tokens = 0, output_tokens = 0;
  };
  std::vector<std::vector<Bin>> replicas;  ///< by time; bins in which the replica did nothing are left out

  /// The bin that holds the time; null: the replica did nothing.
  const Bin* at(std::size_t replica, double time_s) const;
};

/// Throws InputError with file and line if it is no such file.
ReplicaSeries readReplicaSeries(const std::filesystem::path& file);

}  // namespace headroom::sim
