// Where the time of a completed request went: exclusive parts that add up to its e2e exactly.
#pragma once

#include <array>
#include <cstddef>

#include "sim/metrics/request_record.h"

namespace headroom::sim {

enum class Part : std::size_t {
  front_end,        ///< HTTP and the tokenizer, before the engine could see it
  admission,        ///< the engine finished the step in progress and drained its input
  queue,            ///< until it was first scheduled
  prefill,          ///< scheduled until its first token, preemptions left out
  preempted_early,  ///< preempted before its first token, waiting
  decode,           ///< what its tokens after the first took by themselves
  interference,     ///< what those tokens took longer because of other requests' prompts
  preempted_late,   ///< preempted after its first token, waiting
  recompute,        ///< computing again what a preemption lost
};
inline constexpr std::size_t kParts = 9;
/// The first five add up to the ttft.
inline constexpr std::size_t kTtftParts = 5;

/// `admission`, ...; a column of requests.csv.zst is `part_<name>_ms`.
const char* nameOf(Part part);
const char* meaningOf(Part part);

using RequestParts = std::array<Ticks, kParts>;
/// `record` must be of a completed request.
RequestParts partsOf(const RequestRecord& record);

}  // namespace headroom::sim
