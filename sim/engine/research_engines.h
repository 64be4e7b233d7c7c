// The research engines' names, and the defaults of their options.
#pragma once

#include <string>
#include <vector>

#include "sim/engine/engine_config.h"

namespace headroom::sim {

struct EngineOptions;

struct ResearchEngine {
  EngineKind kind;
  const char* name;
  const char* summary;
  bool chunks_prompts;
  bool pipelines;  ///< runs on several pipeline stages
  int max_num_seqs;
  int max_num_batched_tokens;  ///< 0: what the longest prompt needs, at least 2048
  int block_size;
  double watermark;
};

const std::vector<ResearchEngine>& researchEngines();
/// Null for an engine of another kind.
const ResearchEngine* findResearchEngine(const std::string& name);
bool isResearchEngine(EngineKind kind);
/// Pipeline stages are refused: why, or "".
std::string pipelineProblem(EngineKind kind, int stages);

/// Turns vLLM's configuration into the research engine's: its rules, its defaults where `options` say nothing.
void applyResearchDefaults(const ResearchEngine& engine, const EngineOptions& options, EngineConfig& config);

}  // namespace headroom::sim
