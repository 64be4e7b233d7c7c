#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "models/base/files.h"
#include "models/llm/model.h"
#include "tests/models/llm/errors.h"

namespace headroom::models {
namespace {

using testing::HasSubstr;

constexpr const char* kTiny = R"(
schema: headroom.llm/1
name: tiny
summary: A tiny model
source: here
layers: 2
hidden: 64
heads: 4
kv_heads: 2
head_dim: 16
intermediate: 128
vocab: 1000
max_position: 512
)";

Model read(const std::string& text) {
  return readModel(Document::parse(text, "tiny.yaml").root());
}

TEST(Precision, NamesAndValuesAreTheSameList) {
  for (const std::string& name : precisionNames()) EXPECT_EQ(nameOf(*precisionFromName(name)), name);
  EXPECT_EQ(precisionNames().size(), 6U);
  EXPECT_EQ(precisionFromName("fp16"), std::nullopt);
}

TEST(Precision, BlockScalesCount) {
  EXPECT_EQ(bytesPerElement(Precision::bf16), Bytes(2));
  EXPECT_EQ(bytesPerElement(Precision::fp8), Bytes(1));
  EXPECT_EQ(bytesPerElement(Precision::fp8_block) * 16384, Bytes(16384 + 4));
  EXPECT_EQ(bytesPerElement(Precision::nvfp4) * 16, Bytes(8 + 1));
  EXPECT_EQ(bytesPerElement(Precision::mxfp4) * 32, Bytes(16 + 1));
  EXPECT_EQ(bytesPerElement(Precision::int4) * 128, Bytes(64 + 2));
}

TEST(ModelFile, WhatIsWrittenIsReadBackTheSame) {
  for (const Model& model : listModels()) {
    EXPECT_EQ(read(toCatalogueYaml(model)), model) << model.name;
  }
}

TEST(ModelFile, AMissingSizeAnUnknownKeyAndAnUnknownFormatAreRefused) {
  std::string text = kTiny;
  text.erase(text.find("vocab:"), 12);
  EXPECT_THAT(messageOf([&] { read(text); }), HasSubstr("key \"vocab\" is missing"));
  EXPECT_THAT(messageOf([] { read(std::string(kTiny) + "kv_head: 2\n"); }), HasSubstr("did you mean \"kv_heads\"?"));
  EXPECT_THAT(messageOf([] { read(std::string(kTiny) + "native_precision: fp16\n"); }),
              HasSubstr("unknown value \"fp16\""));
}

TEST(ModelFile, SizesThatContradictEachOtherAreRefused) {
  EXPECT_THAT(messageOf([] { read(std::string(kTiny) + "linear_attention_layers: 1\n"); }), HasSubstr("go together"));
  EXPECT_THAT(messageOf([] {
                read(std::string(kTiny) + "moe: {experts: 2, experts_per_token: 4, intermediate: 8, every: 1}\n");
              }),
              HasSubstr("experts_per_token is more than experts"));
  std::string text = kTiny;
  text.erase(text.find("intermediate:"), 18);
  EXPECT_THAT(messageOf([&] { read(text); }), HasSubstr("needs an intermediate size"));
}

TEST(ModelCatalogue, HoldsAtLeastThirtyModelsWithDefinedSources) {
  const std::string sources = readFile(datasetsRoot() / "SOURCES.md");
  const std::vector<Model> models = listModels();
  EXPECT_GE(models.size(), 30U);
  for (const Model& model : models) {
    EXPECT_NE(sources.find("\n- `" + model.source + "`:"), std::string::npos) << model.name << ": " << model.source;
    EXPECT_FALSE(model.summary.empty()) << model.name;
  }
}

TEST(FindModel, KnowsCatalogueNames) {
  for (const char* name : {"llama-2-70b", "llama-3.1-8b", "qwen3-30b-a3b", "deepseek-r1", "gpt-oss-120b"}) {
    EXPECT_EQ(findModel(name).name, name);
  }
}

TEST(FindModel, KnowsHuggingFaceIdsInAnyCase) {
  EXPECT_EQ(findModel("meta-llama/Meta-Llama-3.1-8B").name, "llama-3.1-8b");
  EXPECT_EQ(findModel("meta-llama/Meta-Llama-3.1-8B-Instruct").name, "llama-3.1-8b");
  EXPECT_EQ(findModel("MISTRALAI/mixtral-8x7b-V0.1").name, "mixtral-8x7b");
}

TEST(FindModel, AnUnknownNameComesWithASuggestion) {
  EXPECT_THAT(messageOf([] { findModel("llama-3.1-8"); }), HasSubstr("did you mean \"llama-3.1-8b\"?"));
  EXPECT_THAT(messageOf([] { findModel("qwen/Qwen3-30B-A3", {}, {.file = "f.yaml", .line = 3, .path = "/model"}); }),
              HasSubstr("f.yaml:3: /model: unknown model \"qwen/Qwen3-30B-A3\" (did you mean \"qwen3-30b-a3b\"?"));
}

TEST(FindModel, ANameCannotLeaveTheCatalogueFolder) {
  EXPECT_THAT(messageOf([] { findModel("../llms/llama-3.1-8b"); }), HasSubstr("unknown model"));
}

TEST(FindModel, ReadsAConfigFileRelativeToItsBaseAndNamesItAfterItsFolder) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "find_model" / "Toy-1B";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "config.json") << R"({"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2,
    "num_attention_heads": 4, "intermediate_size": 128, "vocab_size": 1000, "max_position_embeddings": 512})";
  const Model model = findModel("Toy-1B/config.json", folder.parent_path());
  EXPECT_EQ(model.name, "toy-1b");
  EXPECT_EQ(model.kv_heads, 4);
  EXPECT_THAT(messageOf([] { findModel("no-such.json"); }), HasSubstr("no-such.json: no such file"));
}

}  // namespace
}  // namespace headroom::models
