// What a replica's requests were doing at each moment: how many waited, computed their prompt, had their KV moved, made
// tokens. Built from the request table: piecewise constant, with sums kept at every 16th piece, so that the mean over
// any time is two binary searches. A preempted request counts where it was before it was preempted.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/metrics/request_columns.h"

namespace headroom::gui {

struct PhaseCounts {
  std::uint32_t queue = 0;
  std::uint16_t prefill = 0, transfer = 0, decode = 0;
  bool idle() const { return prefill == 0 && transfer == 0 && decode == 0; }
  bool operator==(const PhaseCounts&) const = default;
};

/// Means over a time; the shares are of it.
struct PhaseMeans {
  double queue = 0, prefill = 0, decode = 0;
  double prefill_share = 0, transfer_share = 0, decode_share = 0;  ///< in which at least one request was in it
};

class ReplicaPhases {
 public:
  /// Times in ns, in any order. `prefilled` empty: prompts are done with the first token.
  struct Events {
    std::vector<std::int64_t> arrived, scheduled, prefilled, kv_began, kv_ended, first_token, finished;
  };
  ReplicaPhases() = default;
  explicit ReplicaPhases(Events&& events);

  std::size_t size() const { return begin_.size(); }
  std::int64_t begin(std::size_t piece) const { return begin_[piece]; }
  std::int64_t end(std::size_t piece) const { return piece + 1 < begin_.size() ? begin_[piece + 1] : INT64_MAX; }
  const PhaseCounts& counts(std::size_t piece) const { return counts_[piece]; }
  /// The piece that holds `ns`, looked for from `hint` on; size(): before the first.
  std::size_t pieceAt(std::int64_t ns, std::size_t hint = 0) const;
  PhaseCounts at(std::int64_t ns) const;
  PhaseMeans mean(std::int64_t begin_ns, std::int64_t end_ns) const;
  /// What has come together up to a moment: the means between two of them cost nothing more.
  struct Edge;
  /// `hint`: an edge before it, or none.
  Edge edgeAt(std::int64_t ns, const Edge* hint = nullptr) const;
  static PhaseMeans between(const Edge& from, const Edge& to);
  std::uint16_t mostDecoding() const { return most_decoding_; }

 private:
  static constexpr std::size_t kStride = 16;
  struct Sums {
    double queue = 0, prefill = 0, decode = 0;              // ns x requests
    double prefilling = 0, transferring = 0, decoding = 0;  // ns
  };
  static void addPiece(Sums& sums, const PhaseCounts& counts, double ns);
  Sums sumsAt(std::int64_t ns, std::size_t piece) const;  ///< of the piece that holds it

  std::vector<std::int64_t> begin_;
  std::vector<PhaseCounts> counts_;
  std::vector<Sums> sums_;  // [i]: up to the start of piece i * kStride
  std::uint16_t most_decoding_ = 0;
};

struct ReplicaPhases::Edge {
  std::int64_t ns = 0;
  std::size_t piece = 0;  ///< that holds it; size(): before the first
  Sums sums;
};

/// By replica, at least `replicas` of them.
std::vector<ReplicaPhases> phasesOf(const sim::RequestColumns& requests, std::size_t replicas);
/// When each request left the queue, sorted: the queue of the whole run at t is arrivals less these up to t.
std::vector<std::int64_t> scheduledTimes(const sim::RequestColumns& requests);

}  // namespace headroom::gui
