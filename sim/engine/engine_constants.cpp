#include "sim/engine/engine_constants.h"

#include <string_view>

#include "models/base/error.h"
#include "models/llm/layer.h"
#include "sim/engine/engines.h"

namespace headroom::sim {
namespace {

/// Constants that hold from this version on.
struct Row {
  std::string_view engine;
  const char* from;
  EngineConstants constants;
};

constexpr Seconds milliseconds(double value) {
  return Seconds(value * 1e-3);
}
constexpr Seconds microseconds(double value) {
  return Seconds(value * 1e-6);
}

/// vLLM's step also by recorded steps; the others by published load points alone. SGLang and TensorRT-LLM, whose
/// prompts run outside of CUDA graphs, share the launches of a layer.
constexpr Seconds kLayer = microseconds(800), kExpertLayer = microseconds(1800);
constexpr Row kRows[] = {
    {"vllm", "0.8.5", {milliseconds(0.20), {}, {}, milliseconds(27), microseconds(11)}},
    {"sglang", "0.5.0", {milliseconds(0.99), kLayer, kExpertLayer, milliseconds(84), microseconds(15.5)}},
    {"trtllm", "1.0.0", {milliseconds(0.05), kLayer, kExpertLayer, {}, microseconds(4.25)}},
};

}  // namespace

Seconds promptStepOf(const EngineConstants& constants, const models::Model& model) {
  int with_experts = 0;
  for (int layer = 0; layer < model.layers; ++layer) with_experts += isMoeLayer(model, layer) ? 1 : 0;
  const int dense = model.layers - with_experts;
  return constants.layer_launch * dense + constants.expert_layer_launch * with_experts;
}

EngineConstants constantsOf(const std::string& engine, const std::string& version) {
  const bool serving = engine == "vllm" || engine == "sglang" || engine == "trtllm";
  const EngineConstants* best = nullptr;
  for (const Row& row : kRows) {
    if (row.engine == (serving ? engine : "vllm") && isFrom(version, row.from)) best = &row.constants;
  }
  CHECK(best != nullptr, "the version was checked when the scenario was read");
  return serving ? *best : EngineConstants{.step_overhead = best->step_overhead};
}

}  // namespace headroom::sim
