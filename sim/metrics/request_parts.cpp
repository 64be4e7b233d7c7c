#include "sim/metrics/request_parts.h"

#include "models/base/error.h"

namespace headroom::sim {
namespace {

struct PartText {
  const char* name;
  const char* meaning;
};
constexpr std::array<PartText, kParts> kTexts{{
    {"front_end", "HTTP and tokenizer, before the engine"},
    {"admission", "until the engine took it in, at the end of a step"},
    {"queue", "waiting until it was first scheduled"},
    {"prefill", "scheduled until its first token"},
    {"preempted_early", "preempted before its first token"},
    {"decode", "its other tokens by themselves"},
    {"interference", "slowed down by prompts of others"},
    {"preempted_late", "preempted after its first token"},
    {"recompute", "computing again what a preemption lost"},
}};

}  // namespace

const char* nameOf(Part part) {
  return kTexts[static_cast<std::size_t>(part)].name;
}
const char* meaningOf(Part part) {
  return kTexts[static_cast<std::size_t>(part)].meaning;
}

RequestParts partsOf(const RequestRecord& r) {
  CHECK(r.status == RequestStatus::completed, "only completed requests have parts");
  const Ticks generating = r.finished - r.first_token;
  return {r.front_end,
          r.queued - r.request.arrival - r.front_end,
          r.scheduled - r.queued,
          r.first_token - r.scheduled - r.preempted_early,
          r.preempted_early,
          generating - r.interference - r.preempted_late - r.recomputed,
          r.interference,
          r.preempted_late,
          r.recomputed};
}

}  // namespace headroom::sim
