#include "workloads/workload_spec.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/base/error.h"
#include "models/base/ticks.h"
#include "workloads/trace_reader.h"

namespace headroom::workloads {
namespace {

bool hasRows(const ArrivalSpec& arrivals) {
  return std::holds_alternative<TraceArrivals>(arrivals) || std::holds_alternative<TraceModelArrivals>(arrivals);
}

void checkLimits(const WorkloadSpec& spec) {
  if (spec.max_tokens.rule == MaxTokens::Rule::fixed && spec.max_tokens.tokens < 1) {
    throw InputError("max_tokens must be at least 1");
  }
  if (spec.requests && *spec.requests < 1) throw InputError("requests must be at least 1");
  if (spec.duration && (!(spec.duration->value() > 0) || *spec.duration > kLongestRun)) {
    throw InputError("duration must be above 0 and at most 100 days");
  }
}

void checkParts(const WorkloadSpec& spec) {
  checkArrivals(spec.arrivals);
  if (const auto* trace = std::get_if<TraceArrivals>(&spec.arrivals)) findTraceFormat(trace->format);
  for (const LengthSpec* lengths : {&spec.prompt_tokens, &spec.output_tokens}) {
    checkLengths(*lengths);
    if (std::holds_alternative<LengthFromTrace>(*lengths) && !hasRows(spec.arrivals)) {
      throw InputError("lengths {from: trace} need arrivals of type trace or trace-model");
    }
  }
  if (spec.sessions) {
    checkSessions(*spec.sessions);
    for (const LengthSpec* lengths : {&spec.prompt_tokens, &spec.output_tokens}) {
      if (std::holds_alternative<LengthFromTrace>(*lengths)) {
        throw InputError("sessions take their lengths from distributions, not from a trace",
                         "the rows of a trace are single requests; here they say when sessions begin");
      }
    }
  }
  checkLimits(spec);
}

}  // namespace

bool isEndless(const WorkloadSpec& spec) {
  if (spec.sessions && spec.sessions->count) return false;
  return !spec.requests && !spec.duration && !std::holds_alternative<TraceArrivals>(spec.arrivals);
}

void applyMaxTokens(const MaxTokens& rule, Request& request) {
  switch (rule.rule) {
    case MaxTokens::Rule::same_as_output:
      request.max_tokens = request.output_tokens;
      break;
    case MaxTokens::Rule::omitted:
      request.max_tokens = 0;
      break;
    case MaxTokens::Rule::fixed:
      request.max_tokens = rule.tokens;
      request.output_tokens = std::min(request.output_tokens, rule.tokens);
      break;
  }
}

void checkWorkload(const WorkloadSpec& spec) {
  try {
    checkParts(spec);
  } catch (const InputError& error) {
    throw InputError({.file = error.where().file, .line = error.where().line, .path = "workload " + spec.name},
                     error.message(), error.hint());
  }
}

}  // namespace headroom::workloads
