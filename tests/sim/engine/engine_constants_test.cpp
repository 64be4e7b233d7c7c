#include "sim/engine/engine_constants.h"

#include <gtest/gtest.h>

#include "models/llm/model.h"

namespace headroom::sim {
namespace {

double promptStepMs(const char* engine, const char* version, const char* model) {
  return promptStepOf(constantsOf(engine, version), models::findModel(model)).value() * 1e3;
}

TEST(EngineConstants, APromptTakesTheLaunchesOfEveryLayerWhereItIsNotInGraphs) {
  EXPECT_NEAR(promptStepMs("trtllm", "1.2.0", "llama-3.1-8b"), 32 * 0.8, 1e-9);
  EXPECT_NEAR(promptStepMs("sglang", "0.5.9", "deepseek-r1"), 3 * 0.8 + 58 * 1.8, 1e-9);
  EXPECT_EQ(promptStepMs("vllm", "0.24.0", "deepseek-r1"), 0);
}

TEST(EngineConstants, OfAResearchEngineAreVllmsStepAlone) {
  const EngineConstants constants = constantsOf("orca", "1.0.0");
  EXPECT_EQ(constants.step_overhead, constantsOf("vllm", "0.24.0").step_overhead);
  EXPECT_EQ(constants.front_end, Seconds());
  EXPECT_EQ(constants.expert_layer_launch, Seconds());
}

}  // namespace
}  // namespace headroom::sim
