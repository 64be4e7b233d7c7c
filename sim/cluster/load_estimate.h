// What one replica sustains on a mix of requests: the throughput of a saturated closed loop, cheaply.
#pragma once

#include <cstdint>
#include <vector>

#include "models/cost/step_times.h"
#include "sim/engine/engine_config.h"
#include "workloads/request.h"

namespace headroom::sim {

/// Keeps an even sample of at most `capacity` requests of a stream, whatever its length: every 2^k-th one, and of
/// sessions every 2^k-th with all its turns.
class RequestSample {
 public:
  explicit RequestSample(std::size_t capacity) : capacity_(capacity) {}
  void offer(const workloads::Request& request) {
    const std::uint64_t unit = unitOf(request);
    ++seen_;
    if (unit % stride_ != 0) return;
    if (kept_.size() == capacity_) thinOut();
    if (unit % stride_ != 0 || kept_.size() == capacity_) return;
    kept_.push_back(request);
    units_.push_back(unit);
  }
  const std::vector<workloads::Request>& requests() const { return kept_; }
  std::int64_t seen() const { return seen_; }

 private:
  /// The number of a request, or random bits of its session.
  std::uint64_t unitOf(const workloads::Request& request) const {
    const std::uint64_t session = request.details ? request.details->session : 0;
    return session == 0 ? static_cast<std::uint64_t>(seen_) : session >> 8;
  }
  void thinOut();

  std::size_t capacity_;
  std::vector<workloads::Request> kept_;
  std::vector<std::uint64_t> units_;  // of kept_
  std::int64_t seen_ = 0;
  std::uint64_t stride_ = 1;
};

/// Requests a second of a replica, of what its role computes of them (KV moves at once), that always has more waiting,
/// on at least `least` requests of the mix and eight times as many as run at once: whole sessions if it is longer,
/// repeated with texts of their own if it is shorter; measured from the 20th to the 80th percentile of completions. 0
/// if the mix is empty.
double sustainableRate(const std::vector<workloads::Request>& mix, std::size_t least, const EngineConfig& config,
                       const models::StepTimes& times);

}  // namespace headroom::sim
