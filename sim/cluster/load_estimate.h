// What one replica sustains on a mix of requests: the throughput of a saturated closed loop, cheaply.
#pragma once

#include <cstdint>
#include <vector>

#include "models/cost/step_times.h"
#include "sim/engine/engine_config.h"
#include "workloads/request.h"

namespace headroom::sim {

/// Keeps an even sample of at most `capacity` requests of a stream, whatever its length: every 2^k-th.
class RequestSample {
 public:
  explicit RequestSample(std::size_t capacity) : capacity_(capacity) {}
  void offer(const workloads::Request& request) {
    if (seen_++ % stride_ != 0) return;
    if (kept_.size() == capacity_) thinOut();
    if ((seen_ - 1) % stride_ == 0) kept_.push_back(request);
  }
  const std::vector<workloads::Request>& requests() const { return kept_; }
  std::int64_t seen() const { return seen_; }

 private:
  void thinOut() {
    for (std::size_t i = 0; 2 * i < kept_.size(); ++i) kept_[i] = kept_[2 * i];
    kept_.resize((kept_.size() + 1) / 2);
    stride_ *= 2;
  }
  std::size_t capacity_;
  std::vector<workloads::Request> kept_;
  std::int64_t seen_ = 0;
  std::int64_t stride_ = 1;
};

/// Requests a second of a replica that always has more waiting, on `count` requests of the mix (repeated if it is
/// shorter); measured from the 20th to the 80th percentile of completions. 0 if the mix is empty.
double sustainableRate(const std::vector<workloads::Request>& mix, std::size_t count, const EngineConfig& config,
                       const models::StepTimes& times);

}  // namespace headroom::sim
