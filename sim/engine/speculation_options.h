// `engine.speculative_config`: vLLM's names, for every engine that can; SGLang and TensorRT-LLM have names of their own
// for some (engine_keys.cpp). How often drafts are accepted depends on models and text: a scenario has to say it.
// Sources of the rules: vLLM's config/speculative.py, SGLang's server_args.py, TensorRT-LLM's llm_args.py;
// docs/engine.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/base/document.h"
#include "models/base/quantity.h"
#include "models/llm/memory_plan.h"

namespace headroom::sim {

class EngineFields;
struct EngineOptions;
struct ResolvedEngine;

enum class DraftMethod { eagle, mtp, draft_model, ngram };

struct SpeculationOptions {
  DraftMethod method = DraftMethod::eagle;
  int num_speculative_tokens = 0;
  std::string model{};                      ///< of DraftMethod::draft_model: a catalogue name or config.json
  std::optional<double> acceptance_rate{};  ///< accepted of all draft tokens; this or the next
  std::vector<double> acceptance_rates{};   ///< [i]: share of verifications that accept the first i + 1
  bool deterministic = false;
  std::optional<Seconds> draft_overhead{};  ///< of a draft pass beyond its kernels; unset: as a step's
  bool operator==(const SpeculationOptions&) const = default;
};

/// Nothing without the key. Throws InputError.
std::optional<SpeculationOptions> readSpeculation(EngineFields& fields, const Value& engine_map,
                                                  const std::string& engine);
/// Adds its keys to the engine's document.
void writeSpeculation(const SpeculationOptions& options, const std::string& engine, DocumentNode& node);

/// Sets what speculation changes in an engine that was resolved without it. Throws InputError on what the engine
/// refuses or is not modelled.
void applySpeculation(const EngineOptions& options, ResolvedEngine& engine);
/// Does the engine decide steps ahead with this method where nothing else is asked for?
bool overlapsWith(DraftMethod method, const std::string& engine);

/// The draft model, or nothing where text is looked up.
std::optional<models::Model> draftModelOf(const SpeculationOptions& options, const models::Model& target);

}  // namespace headroom::sim
