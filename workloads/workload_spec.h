// One workload of a scenario as a value, and its form in YAML (`workloads[]`): arrivals, prompt_tokens, output_tokens,
// max_tokens, sessions, requests, duration. The keys `deployment` and `class` belong to the scenario, which asks for
// them itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "models/base/document.h"
#include "models/base/quantity.h"
#include "workloads/arrivals.h"
#include "workloads/lengths.h"
#include "workloads/request.h"
#include "workloads/session_spec.h"

namespace headroom::workloads {

/// What the client allows the answer to grow to.
struct MaxTokens {
  enum class Rule {
    same_as_output,  ///< the realised length: Request::max_tokens = output_tokens
    fixed,           ///< `tokens`; a longer realised answer is cut there
    omitted,         ///< Request::max_tokens = 0: up to the model's limit
  };
  Rule rule = Rule::same_as_output;
  std::int32_t tokens = 0;  ///< of Rule::fixed, >= 1
  bool operator==(const MaxTokens&) const = default;
};

struct WorkloadSpec {
  std::string name;  ///< names the random streams ("arrivals/<name>", "lengths/<name>/..."); unique in a scenario
  ArrivalSpec arrivals{};
  LengthSpec prompt_tokens{};
  LengthSpec output_tokens{};
  MaxTokens max_tokens{};
  std::optional<SessionSpec> sessions{};   ///< arrivals are those of sessions; prompt_tokens is the new text of a turn
  std::optional<std::int64_t> requests{};  ///< stop after so many, >= 1
  std::optional<Seconds> duration{};       ///< no arrival at or after this time
  bool operator==(const WorkloadSpec&) const = default;
};

/// True if the workload never ends by itself: an open or closed loop without `requests`, `duration` and a
/// number of sessions.
bool isEndless(const WorkloadSpec& spec);
/// Throws InputError if the parts do not fit together or a number is out of range; names the workload.
void checkWorkload(const WorkloadSpec& spec);
inline bool isClosedLoop(const WorkloadSpec& spec) {
  return std::holds_alternative<ClosedLoop>(spec.arrivals);
}

/// True if some requests follow the answers to others: a closed loop, or sessions.
inline bool needsAnswers(const WorkloadSpec& spec) {
  return isClosedLoop(spec) || spec.sessions.has_value();
}
/// Fills request.max_tokens by the rule; cuts the answer where it is fixed.
void applyMaxTokens(const MaxTokens& rule, Request& request);

/// Reads `arrivals`, `prompt_tokens`, `output_tokens`, `max_tokens`, `sessions`, `requests`, `duration` out of a
/// workload's fields and leaves the other keys (and finish()) to the caller. Lengths default to {from: trace} where the
/// arrivals are a trace.
WorkloadSpec readWorkload(Fields& fields, const std::string& name);

/// {type: poisson, rate: 6.5 /s} {type: gamma, rate: .., cv: 2} {type: constant, rate: ..}
/// {type: trace, format: azure, file: F, rate_scale: 1} {type: trace-model, file: F, rate_scale: 1}
/// {type: closed-loop, concurrency: 64, think_time: 0 s}
ArrivalSpec readArrivals(const Value& value);
/// {fixed: N} {uniform: [A, B]} {lognormal: {p50: , sigma: }} {quantiles: [[0, A], .. [1, B]]} {from: trace}
LengthSpec readLengths(const Value& value, const ArrivalSpec& arrivals);
/// {fixed: N} | same-as-output | omitted
MaxTokens readMaxTokens(const Value& value);

/// The keys that readWorkload reads, defaults written out: reading it back gives an equal value.
DocumentNode toDocument(const WorkloadSpec& spec);
DocumentNode toDocument(const ArrivalSpec& spec);
DocumentNode toDocument(const LengthSpec& spec);
DocumentNode toDocument(const MaxTokens& spec);

}  // namespace headroom::workloads
