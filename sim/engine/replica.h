// One replica: an independently routable engine instance. Two implementations behave alike to the last bit:
// SteppingReplica, which runs every step (the oracle) or skips steps that repeat, and FastReplica, which keeps sums
// instead of sequences (vLLM's plain case).
#pragma once

#include <cstdint>
#include <vector>

#include "models/base/strong_int.h"
#include "models/base/ticks.h"
#include "models/cost/step_times.h"
#include "sim/engine/engine_config.h"
#include "workloads/request.h"

namespace headroom::sim {

/// The life of a request that got all its tokens. queued <= scheduled < first_token <= finished.
struct FinishedRequest {
  workloads::Request request;
  ReplicaId replica;
  Ticks queued = 0;     ///< drained by the engine, at the end of the step in which it arrived (vLLM: QUEUED)
  Ticks scheduled = 0;  ///< first put into a batch (vLLM: SCHEDULED)
  Ticks first_token = 0;
  Ticks finished = 0;
  Ticks kv_wanted = -1;   ///< blocks were reserved for KV from elsewhere; -1: the prompt was computed here
  Ticks kv_arrived = -1;  ///< and it had come, seen at the end of a step
  std::int32_t preemptions = 0;
  std::int64_t cached_tokens = 0;   ///< of the prompt, found in the prefix cache when it was first scheduled
  std::int64_t fetched_tokens = 0;  ///< of those, read from a KV tier
  // Parts of its time; see sim/metrics/request_parts.h.
  Ticks preempted_early = 0;  ///< from preemptions to being scheduled again, before its first token
  Ticks preempted_late = 0;   ///< the same after it
  Ticks recomputed = 0;       ///< from being scheduled again to the next token, after the first
  Ticks interference = 0;     ///< while it decoded: what steps took longer because of other requests' prompts
};

/// A run of steps with the same rows, back to back: step i takes first + i * increment.
struct StepRun {
  Ticks begin = 0;  ///< start of the first step
  Ticks first = 0;
  Ticks increment = 0;
  std::int64_t steps = 0;
  std::int64_t emitting = 0;         ///< sequences that emit their next token at the end of each step
  std::int64_t cached_tokens = 0;    ///< in the KV cache once the first step has run
  std::int64_t growth = 0;           ///< by which cached_tokens grows each step
  std::int64_t prompt_tokens = 0;    ///< computed by each step (recomputed ones included)
  std::int64_t attended = 0;         ///< pairs of a new token and a token it attends to, in the first step
  std::int64_t attended_growth = 0;  ///< by which the pairs grow each step
  std::int64_t draft_tokens = 0;     ///< verified by each step
  std::int64_t accepted_tokens = 0;  ///< of them
  std::int64_t more_tokens = 0;      ///< wanted tokens beyond one for each sequence that emits in the step
  std::int64_t verifications = 0;    ///< rows with draft tokens
  Ticks duration() const { return first * steps + increment * (steps * (steps - 1) / 2); }
  std::int64_t cachedSum() const { return cached_tokens * steps + growth * (steps * (steps - 1) / 2); }
  std::int64_t attendedSum() const { return attended * steps + attended_growth * (steps * (steps - 1) / 2); }
};

/// Told what happens. Calls of one replica come in the order of time, except that a token's gap is known when its step
/// starts.
class ReplicaObserver {
 public:
  virtual ~ReplicaObserver() = default;
  virtual void onSteps(ReplicaId replica, const StepRun& run) = 0;
  /// The gap before a token of a request that was preempted since its last one.
  virtual void onLateToken(ReplicaId replica, Ticks at, Ticks gap) = 0;
  virtual void onFinished(const FinishedRequest& finished) = 0;
  virtual void onPreempted(ReplicaId replica, Ticks at) = 0;
  /// KV blocks in use after a scheduling decision.
  virtual void onBlocksUsed(ReplicaId replica, std::int64_t blocks) = 0;
  /// A prefill replica begins to compute the request's prompt.
  virtual void onPromptStarted(ReplicaId /*replica*/, std::uint64_t /*request*/, Ticks /*at*/) {}
  /// A decode replica has reserved blocks for the KV of the request's prompt, of which it lacks the last `tokens`.
  virtual void onKvWanted(ReplicaId /*replica*/, std::uint64_t /*request*/, std::int64_t /*tokens*/, Ticks /*at*/) {}
};

/// A request that a replica held when it died.
struct LostRequest {
  workloads::Request request{};
  std::int32_t generated = 0;  ///< tokens it had got, that of the step under way included
  bool held = false;           ///< of a prefill replica: it had finished, and its KV was not moved yet
  bool operator==(const LostRequest&) const = default;
};

class Replica {
 public:
  virtual ~Replica() = default;
  /// A request arrives. `request` fits max_model_len. All events of this replica up to and at `now` have been run.
  virtual void submit(Ticks now, const workloads::Request& request) = 0;
  /// The same for a request whose prompt a prefill replica has computed: a decode replica waits for its KV.
  virtual void submitComputed(Ticks now, const workloads::Request& request) = 0;
  /// The request's KV has been moved: a prefill replica frees it, a decode replica goes on with the request.
  virtual void onKvMoved(Ticks now, std::uint64_t request) = 0;
  /// The KV that a decode replica waits for, or is about to reserve blocks for, is lost: the request leaves it with
  /// nothing computed. Not after onKvMoved().
  virtual void withdraw(Ticks now, std::uint64_t request) = 0;
  /// When onEvent() is due next; kNever if idle. May move earlier after submit().
  virtual Ticks nextEvent() const = 0;
  virtual void onEvent(Ticks now) = 0;
  /// Its accelerators are gone: KV and requests are lost; all of them, by id. The step under way is reported as if it
  /// had ended. All events up to and at `now` have been run, and none comes after; the replica takes nothing any more.
  virtual std::vector<LostRequest> fail(Ticks now) = 0;
  /// Steps decided after `now` take their time from `times`, which must outlive the replica.
  virtual void setStepTimes(Ticks now, const models::StepTimes& times) = 0;
  /// No request waits, runs or is on its way.
  virtual bool idle() const = 0;
  /// Requests that no batch has taken up, or that were preempted.
  virtual std::int64_t waiting() const = 0;
};

/// Without chunks a prompt longer than a step is refused.
inline bool fitsAStep(const workloads::Request& request, const EngineConfig& config) {
  return config.enable_chunked_prefill || request.prompt_tokens <= config.max_num_batched_tokens;
}
/// True if the engine would answer the request with an error instead of running it.
inline bool isTooLong(const workloads::Request& request, const EngineConfig& config) {
  return !fitsAStep(request, config) ||
         std::int64_t{request.prompt_tokens} + request.output_tokens > config.max_model_len;
}

}  // namespace headroom::sim
