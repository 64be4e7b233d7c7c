#include "models/llm/memory_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>

namespace headroom::models {
namespace {

using testing::HasSubstr;

/// vLLM start-up check off the table: short sequences.
MemoryRequest requestOf(Parallelism parallelism, int max_model_len = 2048) {
  MemoryRequest request;
  request.parallelism = parallelism;
  request.max_model_len = max_model_len;
  return request;
}

// Measured: vLLM reported 2588 blocks.
TEST(MemoryPlan, AgreesWithTheBlocksOfLlama8bOnAnRtx4090) {
  MemoryRequest request = requestOf({});
  request.max_num_batched_tokens = 2048;
  const MemoryPlan plan = planMemory(findModel("llama-3.1-8b"), findAccelerator("rtx-4090"), request);
  EXPECT_TRUE(plan.fits) << plan.reason;
  EXPECT_EQ(plan.kv_block, Bytes(2.0 * 1024 * 1024));
  EXPECT_NEAR(static_cast<double>(plan.blocks.value()), 2588, 0.03 * 2588);
}

// Measured: 31,356 blocks. The engine's settings are not recorded: vLLM of early 2026 with its defaults for a server on an
// H100 is assumed (8192 batched tokens) and 256 sequences.
TEST(MemoryPlan, AgreesWithTheBlocksOfLlama70bOnFourH100) {
  const MemoryPlan plan = planMemory(findModel("llama-2-70b"), findAccelerator("h100-sxm"), requestOf({.tp = 4}));
  EXPECT_TRUE(plan.fits) << plan.reason;
  EXPECT_EQ(plan.kv_block, Bytes(1.25 * 1024 * 1024));
  EXPECT_NEAR(static_cast<double>(plan.blocks.value()), 31356, 0.03 * 31356);
}

}  // namespace
}  // namespace headroom::models
