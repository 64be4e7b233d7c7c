// A sequence that an engine serves, and the batch of rows that one step computes.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/engine/kv_cache.h"
#include "sim/engine/replica.h"
#include "sim/engine/step_cost.h"

namespace headroom::sim {

struct Sequence {
  FinishedRequest life;
  Ticks last_token = 0;
  Ticks preempted_at = -1;    ///< while it waits after a preemption
  Ticks recompute_from = -1;  ///< while it computes again what a preemption lost
  KvHold kv;
  std::int64_t computed = 0;  ///< tokens in the KV cache once the decided steps have run
  std::int64_t rejected = 0;  ///< of those, draft tokens that decided steps will reject: the scheduler cannot know yet
  std::int64_t verifications = 0;  ///< decided so far
  std::int64_t target = 0;         ///< tokens to compute before it decodes: prompt, and outputs if it was preempted
  std::int64_t fetched = 0;        ///< tokens of its prefix that a KV tier brought, until it runs
  std::int32_t generated = 0;      ///< tokens received
  std::int32_t in_flight = 0;      ///< tokens that decided steps will make at least: one each
  std::int32_t rows_in_flight = 0;
  std::int32_t micro_batch = 0;  ///< of SGLang's pipeline stages that it decodes in
  bool running = false;
  bool finished = false;
  bool kv_elsewhere = false;  ///< a prefill replica has the KV of its prompt

  const workloads::Request& request() const { return life.request; }
  /// Tokens in the KV cache that stay there.
  std::int64_t accepted() const { return computed - rejected; }
  bool decodes() const { return computed >= target; }
  /// Prompt and what was generated so far: what has to be computed after a preemption.
  std::int64_t known() const { return std::int64_t{request().prompt_tokens} + generated; }
  /// The engine knows that it will end by length: the client's limit is the realised length.
  bool endsByLength() const { return request().max_tokens == request().output_tokens; }
  /// Its last token is made by a decided step; with speculation, also if no draft token is accepted.
  bool lastTokenDecided() const { return generated + in_flight >= request().output_tokens; }
};

struct Row {
  Sequence* sequence = nullptr;
  int tokens = 0;
  bool decode = false;
  bool emits = false;
  int drafts = 0;    ///< of `tokens`
  int accepted = 0;  ///< of them
};

/// What one rank computes in one step.
struct Batch {
  std::vector<Row> rows;
  BatchShape shape;
  std::int64_t cached_tokens = 0;  ///< of the rank's running sequences, once the step has run
  bool empty() const { return rows.empty(); }
  void clear() {
    rows.clear();
    shape = BatchShape();
    cached_tokens = 0;
  }
};

}  // namespace headroom::sim
