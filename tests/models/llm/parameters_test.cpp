#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/llm/layer.h"
#include "models/llm/model.h"

namespace headroom::models {
namespace {

struct Published {
  const char* model;
  double total;
  double tolerance;  ///< relative: 0 where the exact count is public
};

class PublishedTotal : public testing::TestWithParam<Published> {};

TEST_P(PublishedTotal, IsWhatTheSizesAddUpTo) {
  const auto& [name, total, tolerance] = GetParam();
  EXPECT_NEAR(countParameters(findModel(name)).total(), total, total * tolerance);
}

INSTANTIATE_TEST_SUITE_P(
    Models, PublishedTotal,
    testing::Values(Published{"llama-3.1-8b", 8'030'261'248, 0}, Published{"llama-3.1-70b", 70'553'706'496, 0},
                    Published{"llama-3.1-405b", 405'853'388'800, 0}, Published{"llama-2-70b", 68'976'648'192, 0},
                    Published{"llama-2-7b", 6'738'415'616, 0}, Published{"llama-2-13b", 13'015'864'320, 0},
                    Published{"qwen2.5-7b", 7'615'616'512, 0}, Published{"qwen2.5-72b", 72'706'203'648, 0},
                    Published{"mistral-7b", 7'248'023'552, 0}, Published{"mixtral-8x7b", 46'702'792'704, 0},
                    Published{"mixtral-8x22b", 140.6e9, 1e-3}, Published{"qwen3-8b", 8'190'735'360, 0},
                    Published{"qwen3-30b-a3b", 30.5e9, 2e-3}, Published{"qwen3-235b-a22b", 235e9, 2e-3},
                    Published{"deepseek-v3", 671e9, 1e-3}, Published{"gpt-oss-120b", 116.8e9, 1e-3},
                    Published{"gpt-oss-20b", 20.9e9, 2e-3}, Published{"llama-4-scout-17b-16e", 107.8e9, 1e-3},
                    Published{"kimi-k2", 1.026e12, 2e-3}, Published{"qwen3.5-397b-a17b", 396.8e9, 5e-3}),
    [](const auto& test) {
      std::string name = test.param.model;
      for (char& c : name) c = c == '-' || c == '.' ? '_' : c;
      return name;
    });

// The published 3.3e9 and 5.1e9 count the embedding table once; ours leaves the look-up out and keeps the LM head.
TEST(ParameterCount, ActiveIsThePublishedFigureWithoutTheEmbedding) {
  const ParameterCount qwen = countParameters(findModel("qwen3-30b-a3b"));
  EXPECT_NEAR(qwen.active + qwen.embedding, 3.35e9, 0.02e9);
  EXPECT_NEAR(countParameters(findModel("gpt-oss-120b")).active, 5.1e9, 0.05e9);
  EXPECT_NEAR(countParameters(findModel("deepseek-v3")).active, 37e9, 0.5e9);
}

TEST(ParameterCount, ADenseModelTouchesAllButItsEmbedding) {
  const ParameterCount count = countParameters(findModel("llama-2-70b"));
  EXPECT_EQ(count.active, count.total() - count.embedding);
  EXPECT_EQ(count.experts, 0);
}

TEST(ParameterCount, ATiedModelTouchesAll) {
  const ParameterCount count = countParameters(findModel("qwen2.5-0.5b"));
  EXPECT_EQ(count.lm_head, 0);
  EXPECT_EQ(count.active, count.total());
}

TEST(KvBytesPerToken, CountsBothHalvesOfEveryLayer) {
  EXPECT_EQ(kvBytesPerToken(findModel("llama-3.1-8b"), Precision::bf16, 1), Bytes(2.0 * 32 * 8 * 128 * 2));
  EXPECT_EQ(kvBytesPerToken(findModel("llama-3.1-8b"), Precision::fp8, 1), Bytes(2.0 * 32 * 8 * 128));
  EXPECT_EQ(kvBytesPerToken(findModel("llama-2-7b"), Precision::bf16, 1), Bytes(2.0 * 32 * 32 * 128 * 2));
}

TEST(KvBytesPerToken, HeadsAreReplicatedWhenThereAreFewerThanRanks) {
  const Model model = findModel("qwen2.5-7b");  // 4 KV heads
  const Bytes whole = kvBytesPerToken(model, Precision::bf16, 1);
  EXPECT_EQ(kvBytesPerToken(model, Precision::bf16, 4), whole / 4);
  EXPECT_EQ(kvBytesPerToken(model, Precision::bf16, 28), whole / 4);
}

TEST(KvBytesPerToken, LatentAttentionKeepsOneVectorOnEveryRank) {
  const Model model = findModel("deepseek-v3");
  EXPECT_EQ(kvBytesPerToken(model, Precision::bf16, 1), Bytes(61.0 * (512 + 64) * 2));
  EXPECT_EQ(kvBytesPerToken(model, Precision::bf16, 8), Bytes(61.0 * (512 + 64) * 2));
}

TEST(KvBytesPerToken, TheIndexerOfSparseAttentionKeepsItsOwnKey) {
  EXPECT_EQ(kvBytesPerToken(findModel("deepseek-v3.2"), Precision::bf16, 1), Bytes(61.0 * ((512 + 64) * 2 + 128 + 4)));
}

TEST(KvBytesPerToken, LinearAttentionKeepsAStateInstead) {
  const Model model = findModel("qwen3.5-397b-a17b");  // 60 layers, one in four with 2 heads of 256
  EXPECT_EQ(model.linear_attention_layers, 45);
  EXPECT_EQ(kvBytesPerToken(model, Precision::bf16, 1), Bytes(15.0 * 2 * 2 * 256 * 2));
  const double ssm = 64.0 * 128 * 128 * 4;
  const double convolution = (2.0 * 16 * 128 + 64 * 128) * 3 * 2;
  EXPECT_EQ(recurrentStateBytes(model, 1), Bytes(45 * (ssm + convolution)));
  EXPECT_EQ(recurrentStateBytes(findModel("llama-2-7b"), 1), Bytes());
}

TEST(Layers, ExpertsStandWhereTheConfigPutsThem) {
  const Model deepseek = findModel("deepseek-v3");
  EXPECT_FALSE(isMoeLayer(deepseek, 2));
  EXPECT_TRUE(isMoeLayer(deepseek, 3));
  const Model maverick = findModel("llama-4-maverick-17b-128e");
  EXPECT_FALSE(isMoeLayer(maverick, 0));
  EXPECT_TRUE(isMoeLayer(maverick, 1));
  EXPECT_FALSE(isMoeLayer(findModel("llama-2-7b"), 5));
}

TEST(Layers, FullAttentionIsTheLastOfItsGroup) {
  const Model gemma = findModel("gemma-4-26b-a4b");
  EXPECT_EQ(attentionKind(gemma, 4), AttentionKind::windowed);
  EXPECT_EQ(attentionKind(gemma, 5), AttentionKind::full);
  const Model qwen = findModel("qwen3.5-27b");
  EXPECT_EQ(attentionKind(qwen, 2), AttentionKind::linear);
  EXPECT_EQ(attentionKind(qwen, 3), AttentionKind::full);
  EXPECT_EQ(attentionKind(qwen, 4), AttentionKind::linear);
}

}  // namespace
}  // namespace headroom::models
