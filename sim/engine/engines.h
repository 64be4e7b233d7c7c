// The serving engines by name: which versions have rules here, and how options become a configuration. An engine is one
// row of the table in engines.cpp, a file of defaults and a Scheduler.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/hardware/accelerator.h"
#include "models/llm/memory_plan.h"
#include "sim/engine/engine_config.h"

namespace headroom::sim {

struct EngineOptions;

/// An engine with every option decided but the number of blocks.
struct ResolvedEngine {
  EngineConfig config;
  models::MemoryRule memory_rule = models::MemoryRule::vllm;
  double gpu_memory_utilization = 0.9;  ///< of what, says memory_rule
  bool deduct_graphs = false;
  bool seqs_from_pool = false;   ///< max_num_seqs is known once the KV cache is
  std::vector<int> graph_sizes;  ///< token counts that steps are padded to, ascending
  std::vector<std::string> warnings;
};

struct Engine {
  using Resolve = ResolvedEngine (*)(const EngineOptions&, const models::Accelerator&, const models::Parallelism&,
                                     int native_context);
  const char* name;
  const char* title;                         ///< as its makers write it
  const char* summary;                       ///< of the rules here
  const char* default_version;               ///< where a scenario gives none: the newest with rules and kernel tables
  std::vector<std::string> (*rules_from)();  ///< versions at which the rules change, oldest first
  Resolve resolve;
};
const std::vector<Engine>& engines();
/// Null: no such engine.
const Engine* findEngine(const std::string& name);
const std::vector<std::string>& engineNames();
/// Why this version has no rules here, or "".
std::string versionProblem(const Engine& engine, const std::string& version);
/// True if `version` ("0.19.1") is `from` or later; both must be versions.
bool isFrom(const std::string& version, const std::string& from);

/// Throws InputError if the options contradict each other.
ResolvedEngine resolveEngine(const EngineOptions& options, const models::Accelerator& accelerator,
                             const models::Parallelism& parallelism, const models::Model& model);
/// Decides what depends on the size of the KV cache, whose number of blocks is set.
void settleWithPool(ResolvedEngine& engine, const models::MemoryPlan& memory);

}  // namespace headroom::sim
