#include "sim/engine/engine_constants.h"

#include <string_view>

#include "models/base/error.h"
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

/// vLLM's step also by recorded steps; the others by published load points alone. SGLang's front end holds the launches
/// of its prompts, which run outside of CUDA graphs: on its small models it is too long. TensorRT-LLM has none: those
/// fitted on one half of its points made the other half no better.
constexpr Row kRows[] = {
    {"vllm", "0.8.5", {milliseconds(0.20), {}, milliseconds(27), microseconds(11)}},
    {"sglang", "0.5.0", {milliseconds(0.68), {}, milliseconds(154), microseconds(5)}},
    {"trtllm", "1.0.0", {}},
};

}  // namespace

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
