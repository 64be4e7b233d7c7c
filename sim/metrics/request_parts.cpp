#include "sim/metrics/request_parts.h"

#include "models/base/error.h"

namespace headroom::sim {
namespace {

struct PartText {
  const char* name;
  const char* meaning;
};
constexpr std::array<PartText, kParts> kTexts{{
    {"retry", "failed attempts, back-off, no replica up"},
    {"front_end", "HTTP and tokenizer, before the engine"},
    {"admission", "until the engine took it in, at the end of a step"},
    {"queue", "waiting until it was first scheduled"},
    {"prefix_fetch", "its prefix coming from a KV tier over the network"},
    {"prefix_network", "that slowed down by others' transfers"},
    {"prefill", "scheduled until its first token"},
    {"preempted_early", "preempted before its first token"},
    {"decode_queue", "waiting for its decode replica"},
    {"kv_transfer", "its KV moving between replicas"},
    {"network", "that slowed down by others' transfers"},
    {"wan", "request and first token crossing to another site"},
    {"decode", "its other tokens by themselves"},
    {"interference", "slowed down by prompts of others"},
    {"preempted_late", "preempted after its first token"},
    {"recompute", "computing again what a preemption lost"},
    {"wan_late", "the rest of the answer crossing to another site"},
}};

}  // namespace

const char* nameOf(RequestStatus status) {
  constexpr std::array kNames{"completed", "rejected", "failed", "timed_out"};
  return kNames[static_cast<std::size_t>(status)];
}

const char* nameOf(Part part) {
  return kTexts[static_cast<std::size_t>(part)].name;
}
const char* meaningOf(Part part) {
  return kTexts[static_cast<std::size_t>(part)].meaning;
}

RequestParts partsOf(const RequestRecord& r) {
  CHECK(r.status == RequestStatus::completed, "only completed requests have parts");
  const Ticks generating = r.finished - r.first_token;
  const Ticks moving = r.decode_queue + r.kv_transfer + r.network;
  return {r.retried,
          r.front_end,
          r.queued - r.request.arrival - r.retried - r.front_end - r.room_first - r.wan_request,
          r.scheduled - r.queued - r.prefix_fetch - r.prefix_network,
          r.prefix_fetch,
          r.prefix_network,
          r.first_token - r.wan_back - r.scheduled - r.preempted_early - moving,
          r.preempted_early,
          r.room_first + r.decode_queue,
          r.kv_transfer,
          r.network,
          r.wan_request + r.wan_back,
          generating - r.interference - r.preempted_late - r.recomputed - r.wan_late,
          r.interference,
          r.preempted_late,
          r.recomputed,
          r.wan_late};
}

}  // namespace headroom::sim
