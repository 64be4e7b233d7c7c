#include "sim/engine/context_window.h"

#include <gtest/gtest.h>

namespace headroom::sim {
namespace {

workloads::Request request(std::int32_t prompt, std::int32_t output, std::int32_t max_tokens) {
  return {.prompt_tokens = prompt, .output_tokens = output, .max_tokens = max_tokens};
}

EngineConfig engine(EngineKind kind) {
  EngineConfig config;
  config.kind = kind;
  config.max_model_len = 1000;
  return config;
}

TEST(ContextWindow, VllmRefusesWhatAsksForMoreThanTheContextAndSglangWhatFillsIt) {
  EXPECT_FALSE(isRefused(request(900, 10, 100), engine(EngineKind::vllm)));
  EXPECT_TRUE(isRefused(request(900, 10, 101), engine(EngineKind::vllm)));
  EXPECT_FALSE(isRefused(request(900, 10, 99), engine(EngineKind::sglang)));
  EXPECT_TRUE(isRefused(request(900, 10, 100), engine(EngineKind::sglang)));
  EXPECT_FALSE(isRefused(request(900, 10, 101), engine(EngineKind::orca)));
  EXPECT_TRUE(isRefused(request(900, 101, 101), engine(EngineKind::orca)));
}

TEST(ContextWindow, TensorRtLlmCutsTheAnswerButNotThePrompt) {
  auto cut = request(900, 150, 200);
  EXPECT_TRUE(fitAnswer(cut, engine(EngineKind::trtllm)));
  EXPECT_EQ(cut, request(900, 100, 100));
  EXPECT_FALSE(isRefused(cut, engine(EngineKind::trtllm)));
  auto limit_only = request(900, 100, 200);
  EXPECT_FALSE(fitAnswer(limit_only, engine(EngineKind::trtllm)));
  EXPECT_EQ(limit_only, request(900, 100, 100));
  auto full = request(1000, 1, 1);
  EXPECT_FALSE(fitAnswer(full, engine(EngineKind::trtllm)));
  EXPECT_TRUE(isRefused(full, engine(EngineKind::trtllm)));
}

TEST(ContextWindow, AnAnswerThatIsRefusedIsNotCut) {
  EngineConfig config = engine(EngineKind::trtllm);
  config.enable_chunked_prefill = false;
  config.max_num_batched_tokens = 800;
  auto long_prompt = request(900, 150, 200);
  EXPECT_FALSE(fitAnswer(long_prompt, config));
  EXPECT_TRUE(isRefused(long_prompt, config));
  auto short_prompt = request(800, 250, 300);
  EXPECT_TRUE(fitAnswer(short_prompt, config));
}

TEST(ContextWindow, WithoutMaxTokensTheAnswerEndsWhereTheContextDoes) {
  for (const EngineKind kind : {EngineKind::vllm, EngineKind::sglang, EngineKind::trtllm}) {
    const std::int32_t room = kind == EngineKind::sglang ? 99 : 100;
    auto longer = request(900, 500, 0);
    EXPECT_TRUE(fitAnswer(longer, engine(kind)));
    EXPECT_EQ(longer, request(900, room, room));
    EXPECT_FALSE(isRefused(longer, engine(kind)));
    auto shorter = request(900, 50, 0);
    EXPECT_FALSE(fitAnswer(shorter, engine(kind)));
    EXPECT_EQ(shorter, request(900, 50, room));
    auto prompt = request(1001, 5, 0);
    fitAnswer(prompt, engine(kind));
    EXPECT_TRUE(isRefused(prompt, engine(kind)));
  }
  auto given = request(900, 500, 500);
  EXPECT_FALSE(fitAnswer(given, engine(EngineKind::vllm)));
  EXPECT_EQ(given, request(900, 500, 500));
}

}  // namespace
}  // namespace headroom::sim
