// What is known of one request when it has left the system.
#pragma once

#include <cstdint>

#include "models/base/ticks.h"
#include "workloads/request.h"

namespace headroom::sim {

enum class RequestStatus : std::uint8_t {
  completed,
  rejected,  ///< longer than max_model_len: the engine answers with an error
};

struct RequestRecord {
  workloads::Request request;
  RequestStatus status = RequestStatus::completed;
  std::uint32_t replica = 0;  ///< index over all replicas of the run
  Ticks front_end = 0;        ///< from its arrival until its engine could see it
  Ticks queued = 0;           ///< the fields below are of completed requests
  Ticks scheduled = 0;
  Ticks first_token = 0;
  Ticks finished = 0;
  std::int32_t preemptions = 0;
  std::int64_t cached_tokens = 0;   ///< of the prompt, found in the prefix cache
  std::int64_t fetched_tokens = 0;  ///< of those, read from a KV tier
  Ticks preempted_early = 0, preempted_late = 0, recomputed = 0, interference = 0;  ///< see request_parts.h

  Ticks ttft() const { return first_token - request.arrival; }
  Ticks e2e() const { return finished - request.arrival; }
  Ticks queueTime() const { return scheduled - queued; }
  /// Time per output token after the first; only if there are at least two.
  Ticks tpot() const { return (finished - first_token) / (request.output_tokens - 1); }
};

class RequestSink {
 public:
  virtual ~RequestSink() = default;
  /// Calls come in the order of request ids, each id once.
  virtual void onRequest(const RequestRecord& record) = 0;
};

}  // namespace headroom::sim
