// Steps with prompts and decoding sequences take the time of one fused call where a profile measured it.
#include "models/cost/fused_attention.h"

#include <gtest/gtest.h>

#include "models/cost/compile.h"
#include "models/hardware/accelerator.h"

namespace headroom::models {
namespace {

CompiledStepTimes compileOn(const std::string& accelerator_name, const std::string& version) {
  const Accelerator accelerator = findAccelerator(accelerator_name);
  const FoundProfile found = findProfile(accelerator, "vllm", version);
  StepRequest request;
  request.max_num_batched_tokens = 2048;
  request.max_num_seqs = 128;
  request.max_model_len = 8192;
  return compileStepTimes(found.profile, accelerator, findModel("llama-3.1-8b"), request);
}

TEST(FusedAttention, IsTakenWhereItWasMeasuredAndOutlivesTheProfile) {
  const CompiledStepTimes measured = compileOn("rtx-pro-6000", "0.19.0");
  ASSERT_TRUE(measured.tables->fusesAttention());
  EXPECT_FALSE(compileOn("h100-sxm", "0.24.0").tables->fusesAttention());
  // A fused call of a long chunk and many decodes costs more than both alone, and not ten times as much.
  const StepTimes& times = *measured.tables;
  const Ticks apart = times.prefillAttention(1024, 512).at(512) + times.decodeAttention(64, 64 * 1024).at(64 * 1024);
  const Ticks fused = times.fusedAttention(1024, 512, 64, 64 * 1024, 1024);
  EXPECT_GT(fused, apart);
  EXPECT_LT(fused, 10 * apart);
}

TEST(FusedAttention, IsNotFoundInTablesThatCoverPromptsOnly) {
  Profile profile;
  const TableKey heads{.operation = Operation::mixed_attention, .heads = 32, .kv_heads = 8, .head_dim = 128};
  EXPECT_FALSE(FusedAttention::find(profile, heads, 32).has_value());
}

}  // namespace
}  // namespace headroom::models
