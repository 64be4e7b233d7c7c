// Conversations and agents: a session is a chain of turns, each sent after the answer to the one before and a time to
// think (or to run a tool). A turn's prompt is the system prompt, the whole conversation so far and the new text.
// Leaves out: clients that cut old turns off or edit them.
#pragma once

#include <cstdint>
#include <optional>

#include "models/base/document.h"
#include "workloads/lengths.h"
#include "workloads/times.h"

namespace headroom::workloads {

struct SessionSpec {
  LengthSpec turns = FixedLength{1};
  TimeSpec think_time = FixedTime{};                ///< from an answer to the next turn
  std::int32_t system_prompt = 0;                   ///< tokens that every session of the workload begins with
  std::optional<LengthSpec> first_prompt_tokens{};  ///< new text of the first turn; unset: as in the later ones
  std::int32_t max_prompt_tokens = kLongestLength;  ///< a session ends before a turn whose prompt would be longer
  std::optional<std::int64_t> count{};              ///< stop after so many sessions
  bool operator==(const SessionSpec&) const = default;
};

/// Throws InputError if a number is out of range.
void checkSessions(const SessionSpec& spec);

/// {turns: LENGTH, think_time: TIME, system_prompt: N, first_prompt_tokens: LENGTH, max_prompt_tokens: N, count: N}
SessionSpec readSessions(const Value& value);
DocumentNode toDocument(const SessionSpec& spec);

}  // namespace headroom::workloads
