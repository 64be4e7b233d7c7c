// One inference request as the client sends it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/base/ticks.h"

namespace headroom::workloads {

/// A stretch of prompt text. Two prompts share a prefix as far as their spans are equal, and into the first unequal
/// pair if the ids agree: an id names a text from its beginning on, so {7, 512} is the beginning of {7, 900}.
struct ContentSpan {
  std::uint64_t id = 0;
  std::int32_t tokens = 0;  ///< >= 1
  bool operator==(const ContentSpan&) const = default;
};

/// What only some requests carry.
struct RequestDetails {
  std::vector<ContentSpan>
      content{};              ///< of the prompt, adding up to prompt_tokens; empty: shared with no other request
  std::uint64_t session = 0;  ///< turns of one conversation; 0: none
  /// The answer continues the text of the last span: a later turn may have both in its prompt.
  bool answer_is_shared = false;
  std::int32_t priority = 0;  ///< lower goes first, as in vLLM
  std::uint32_t tenant = 0;
  std::int32_t adapter = -1;  ///< LoRA adapter; -1: the base model
  Ticks deadline = kNever;    ///< of the last token, after the arrival; kNever: none
  bool operator==(const RequestDetails&) const = default;
};

struct Request {
  std::uint64_t id = 0;            ///< position in the merged stream of the run, from 0
  std::uint32_t workload = 0;      ///< index of the workload in the scenario
  Ticks arrival = 0;               ///< when the client sent it
  std::int32_t prompt_tokens = 0;  ///< >= 1
  std::int32_t output_tokens = 0;  ///< realised length, >= 1
  std::int32_t max_tokens = 0;     ///< what the client allowed, >= output_tokens; 0: up to the model's limit
  std::shared_ptr<const RequestDetails> details{};  ///< null: all at their defaults
  bool operator==(const Request&) const = default;
};

}  // namespace headroom::workloads
