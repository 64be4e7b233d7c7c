// Where the time of a completed request went: exclusive parts that add up to its e2e exactly.
#pragma once

#include <array>
#include <cstddef>

#include "sim/metrics/request_record.h"

namespace headroom::sim {

enum class Part : std::size_t {
  retry,            ///< attempts that came to nothing, back-off, no replica up
  front_end,        ///< HTTP and the tokenizer, before the engine could see it
  admission,        ///< the engine finished the step in progress and drained its input
  queue,            ///< until it was first scheduled
  prefix_fetch,     ///< its prefix on the way from a KV tier over the network, as if alone on the links
  prefix_network,   ///< what that took longer because of others' transfers
  prefill,          ///< scheduled until its first token, preemptions left out
  preempted_early,  ///< preempted before its first token, waiting
  decode_queue,     ///< waiting for the decode replica: for room for its KV, for a step
  kv_transfer,      ///< its KV on the way between replicas, as if alone on the links
  network,          ///< what that took longer because of others' transfers
  wan,              ///< the request on its way to the replica's site, and the latency of the way back
  decode,           ///< what its tokens after the first took by themselves
  interference,     ///< what those tokens took longer because of other requests' prompts
  preempted_late,   ///< preempted after its first token, waiting
  recompute,        ///< computing again what a preemption lost
  wan_late,         ///< the rest of the answer on its way to the client
};
inline constexpr std::size_t kParts = 17;
/// The first twelve add up to the ttft.
inline constexpr std::size_t kTtftParts = 12;

/// `admission`, ...; a column of requests.csv.zst is `part_<name>_ms`.
const char* nameOf(Part part);
const char* meaningOf(Part part);

using RequestParts = std::array<Ticks, kParts>;
/// `record` must be of a completed request.
RequestParts partsOf(const RequestRecord& record);

}  // namespace headroom::sim
