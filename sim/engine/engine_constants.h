// What kernels and rules leave out, by engine and version: the engine's own time in a step, the launches of a step with
// prompts where they are not in CUDA graphs, and the time of a request before the engine sees it (HTTP, tokenizer),
// front_end + front_end_per_prompt_token x prompt tokens.
// Fitted on halves of published load points; which, and with which errors on the other halves: docs/validation.md.
#pragma once

#include <string>

#include "models/base/quantity.h"

namespace headroom::models {
struct Model;
}

namespace headroom::sim {

struct EngineConstants {
  Seconds step_overhead{};               ///< e of docs/engine.md
  Seconds layer_launch{};                ///< host time for the kernels of a layer, launched one by one,
  Seconds expert_layer_launch{};         ///< and of a layer with routed experts
  Seconds front_end{};                   ///< of a request
  Seconds front_end_per_prompt_token{};  ///< and of each token of its prompt
  bool operator==(const EngineConstants&) const = default;
};

/// The least time of a step with prompts, through all pipeline stages: launching the kernels of every layer.
Seconds promptStepOf(const EngineConstants& constants, const models::Model& model);

/// Of a serving engine (engines.h) at a version it has rules for; a research engine has vLLM's step and no front end.
EngineConstants constantsOf(const std::string& engine, const std::string& version);

}  // namespace headroom::sim
