#include "workloads/session_spec.h"

#include "models/base/document_nodes.h"
#include "models/base/error.h"
#include "workloads/workload_spec.h"

namespace headroom::workloads {

void checkSessions(const SessionSpec& spec) {
  for (const LengthSpec* lengths : {&spec.turns, spec.first_prompt_tokens ? &*spec.first_prompt_tokens : &spec.turns}) {
    checkLengths(*lengths);
    if (std::holds_alternative<LengthFromTrace>(*lengths)) throw InputError("a session is not in a trace");
  }
  checkTime(spec.think_time);
  if (spec.system_prompt < 0 || spec.system_prompt > kLongestLength)
    throw InputError("system_prompt must be 0 or more");
  if (spec.max_prompt_tokens <= spec.system_prompt) throw InputError("max_prompt_tokens leaves no room for a turn");
  if (spec.count && *spec.count < 1) throw InputError("count must be at least 1");
}

SessionSpec readSessions(const Value& value) {
  SessionSpec spec;
  Fields fields(value);
  const ArrivalSpec no_trace = PoissonArrivals{};
  spec.turns = readLengths(fields.required("turns"), no_trace);
  if (const auto v = fields.optional("think_time")) spec.think_time = readTime(*v);
  if (const auto v = fields.optional("system_prompt")) {
    spec.system_prompt = static_cast<std::int32_t>(v->integer(0, kLongestLength));
  }
  if (const auto v = fields.optional("first_prompt_tokens")) spec.first_prompt_tokens = readLengths(*v, no_trace);
  if (const auto v = fields.optional("max_prompt_tokens")) {
    spec.max_prompt_tokens = static_cast<std::int32_t>(v->integer(1, kLongestLength));
  }
  if (const auto v = fields.optional("count")) spec.count = v->integer(1);
  fields.finish();
  try {
    checkSessions(spec);
  } catch (const InputError& error) {
    value.fail(error.message(), error.hint());
  }
  return spec;
}

DocumentNode toDocument(const SessionSpec& spec) {
  DocumentNode node = mapNode({{"turns", toDocument(spec.turns)},
                               {"think_time", toDocument(spec.think_time)},
                               {"system_prompt", numberNode(spec.system_prompt)}});
  if (spec.first_prompt_tokens) setMember(node, "first_prompt_tokens", toDocument(*spec.first_prompt_tokens));
  if (spec.max_prompt_tokens != kLongestLength) {
    setMember(node, "max_prompt_tokens", numberNode(spec.max_prompt_tokens));
  }
  if (spec.count) setMember(node, "count", numberNode(*spec.count));
  return node;
}

}  // namespace headroom::workloads
