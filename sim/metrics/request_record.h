// What is known of one request when it has left the system.
#pragma once

#include <cstdint>

#include "models/base/ticks.h"
#include "sim/result.h"
#include "workloads/request.h"

namespace headroom::sim {

enum class RequestStatus : std::uint8_t {
  completed,
  rejected,   ///< longer than max_model_len: the engine answers with an error
  failed,     ///< lost with its replica, or nowhere to go, on the client's last try
  timed_out,  ///< the client gave up waiting
};

/// `completed`, ...
const char* nameOf(RequestStatus status);

struct RequestRecord {
  workloads::Request request;
  RequestStatus status = RequestStatus::completed;
  std::uint32_t replica = 0;  ///< index over all replicas of the run: the one that answered
  static constexpr std::uint32_t kNoReplica = UINT32_MAX;
  std::uint32_t prefill_replica = kNoReplica;  ///< the one that computed the prompt, if another
  Ticks front_end = 0;                         ///< from when it reached the replica until its engine could see it
  Ticks queued = 0;                            ///< the fields below are of completed requests
  Ticks scheduled = 0;
  Ticks first_token = 0;
  Ticks finished = 0;
  std::int32_t attempts = 1;  ///< times it was sent
  Ticks retried = 0;          ///< from its arrival until it was sent the time it was answered
  std::int32_t preemptions = 0;
  std::int64_t cached_tokens = 0;   ///< of the prompt, found in the prefix cache
  std::int64_t fetched_tokens = 0;  ///< of those, read from a KV tier
  Ticks preempted_early = 0, preempted_late = 0, recomputed = 0, interference = 0;  ///< see request_parts.h
  // Of a request with a prefill replica.
  Ticks prefilled = 0, kv_began = 0, kv_ended = 0;                       ///< its prompt computed; its KV on the way
  Ticks room_first = 0, decode_queue = 0, kv_transfer = 0, network = 0;  ///< see request_parts.h
  // Of a prefix that came over the network before it was scheduled: when it had come, how long that took as if alone on
  // the links, and what others' transfers added.
  Ticks prefix_ended = 0, prefix_fetch = 0, prefix_network = 0;
  // Of clients in another site; first_token and finished are then as they see them.
  Ticks wan_request = 0, wan_back = 0, wan_late = 0;

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
  /// When all requests have ended, in the order of time.
  virtual void onFault(const FaultMark& /*mark*/) {}
};

}  // namespace headroom::sim
