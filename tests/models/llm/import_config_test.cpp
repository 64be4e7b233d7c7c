#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "models/base/files.h"
#include "models/llm/model.h"
#include "tests/models/llm/errors.h"

namespace headroom::models {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kSizes = R"("hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4,
  "num_key_value_heads": 2, "intermediate_size": 128, "vocab_size": 1000, "max_position_embeddings": 512)";

std::string config(const std::string& type, const std::string& more = "") {
  return R"({"model_type": ")" + type + "\", " + kSizes + (more.empty() ? "" : ", " + more) + "}";
}

Model import(const std::string& text) {
  return importHuggingFaceConfig(Document::parse(text, "config.json"), "toy");
}

TEST(ImportConfig, ReadsADenseModel) {
  const Model model = import(config("llama", R"("tie_word_embeddings": true, "rms_norm_eps": 1e-05)"));
  EXPECT_EQ(model.layers, 4);
  EXPECT_EQ(model.head_dim, 16);
  EXPECT_TRUE(model.tied_embeddings);
  EXPECT_FALSE(model.qkv_bias);
  EXPECT_EQ(model.native_precision, Precision::bf16);
  EXPECT_THAT(model.not_modelled, IsEmpty());
}

TEST(ImportConfig, Qwen2HasBiasesAndQwen3Norms) {
  EXPECT_TRUE(import(config("qwen2")).qkv_bias);
  EXPECT_FALSE(import(config("qwen2")).output_bias);
  EXPECT_TRUE(import(config("qwen3")).qk_norm);
}

TEST(ImportConfig, SizesMayBeNestedInATextConfig) {
  const Model model = import(R"({"model_type": "qwen3_vl", "tie_word_embeddings": true, "vision_config": {"depth": 24},
    "text_config": )" + config("qwen3_vl_text") +
                             "}");
  EXPECT_EQ(model.hidden, 64);
  EXPECT_TRUE(model.tied_embeddings);
  EXPECT_THAT(model.not_modelled, ElementsAre("vision tower"));
}

TEST(ImportConfig, WhatItDoesNotKnowIsNamed) {
  EXPECT_THAT(import(config("llama", R"("hyper_connections": 4)")).not_modelled,
              ElementsAre("config key hyper_connections"));
  EXPECT_THAT(import(config("llama", R"("hyper_connections": null, "other": false)")).not_modelled, IsEmpty());
}

TEST(ImportConfig, ArchitecturesThatCannotBeHeldAreRefusedWithTheReason) {
  EXPECT_THAT(messageOf([] { import(config("nemotron_h")); }), HasSubstr("state-space (Mamba) layers"));
  EXPECT_THAT(messageOf([] { import(config("nemotron-nas")); }), HasSubstr("its layers differ one by one"));
  EXPECT_THAT(messageOf([] { import(config("lama")); }), HasSubstr("did you mean \"llama\"?"));
  EXPECT_THAT(messageOf([] { import("{}"); }), HasSubstr("key \"model_type\" is missing"));
  EXPECT_THAT(messageOf([] { import("[1]"); }), HasSubstr("is not a config.json"));
}

TEST(ImportConfig, AMissingOrAbsurdSizeIsRefused) {
  EXPECT_THAT(messageOf([] { import(R"({"model_type": "llama"})"); }),
              HasSubstr("key \"num_hidden_layers\" is missing"));
  std::string text = config("llama");
  text.replace(text.find(": 1000"), 6, ": -1");
  EXPECT_THAT(messageOf([&] { import(text); }), HasSubstr("/vocab_size: -1 is too small"));
}

TEST(ImportConfig, LayerTypesBecomeOneFullLayerInSoMany) {
  const Model model = import(config("gpt_oss", R"("sliding_window": 8,
    "layer_types": ["sliding_attention", "full_attention", "sliding_attention", "full_attention"])"));
  EXPECT_EQ(model.sliding_window, 8);
  EXPECT_EQ(model.full_attention_every, 2);
  EXPECT_THAT(messageOf([] {
                import(config("gpt_oss", R"("sliding_window": 8,
                  "layer_types": ["sliding_attention", "full_attention", "full_attention", "full_attention"])"));
              }),
              HasSubstr("layer 2 is full_attention"));
}

TEST(ImportConfig, AWindowThatIsSwitchedOffIsNone) {
  EXPECT_EQ(import(config("qwen2", R"("sliding_window": 8, "use_sliding_window": false)")).sliding_window, 0);
  EXPECT_EQ(import(config("mistral", R"("sliding_window": 8)")).sliding_window, 8);
}

TEST(ImportConfig, QuantisationGivesTheNativePrecision) {
  const auto native = [](const std::string& quantisation) {
    return import(config("llama", R"("quantization_config": )" + quantisation)).native_precision;
  };
  EXPECT_EQ(native(R"({"quant_method": "fp8"})"), Precision::fp8);
  EXPECT_EQ(native(R"({"quant_method": "fp8", "weight_block_size": [128, 128]})"), Precision::fp8_block);
  EXPECT_EQ(native(R"({"quant_method": "mxfp4"})"), Precision::mxfp4);
  EXPECT_EQ(native(R"({"quant_method": "awq"})"), Precision::int4);
  EXPECT_EQ(native(R"({"config_groups": {"g": {"weights": {"num_bits": 4, "type": "float"}}}})"), Precision::nvfp4);
  EXPECT_EQ(native(R"({"config_groups": {"g": {"weights": {"num_bits": 4, "type": "int"}}}})"), Precision::int4);
  EXPECT_THAT(messageOf([&] { native(R"({"quant_method": "ternary"})"); }), HasSubstr("unknown quantisation"));
}

TEST(ImportConfig, ExpertsAtChosenPlacesAreRefused) {
  EXPECT_THAT(messageOf([] {
                import(config("qwen3_moe", R"("num_experts": 8, "num_experts_per_tok": 2, "mlp_only_layers": [3])"));
              }),
              HasSubstr("dense layers at chosen places"));
}

std::filesystem::path sharedConfigs() {
  return datasetsRoot().parent_path().parent_path() / "shared" / "data" / "model_configs";
}

std::filesystem::path configOf(const Model& model) {
  std::string file = model.hf_id;
  if (const auto slash = file.find('/'); slash != std::string::npos) file.replace(slash, 1, "--");
  return sharedConfigs() / (file + "_config.json");
}

TEST(ImportConfig, TheCatalogueIsWhatTheImporterMakesOfThePublishedConfigs) {
  if (!std::filesystem::exists(sharedConfigs())) GTEST_SKIP() << "no published configs beside the source tree";
  int compared = 0;
  for (const Model& shipped : listModels()) {
    if (shipped.source != "hf-config") continue;
    Model imported = importHuggingFaceConfig(Document::load(configOf(shipped)), shipped.name);
    imported.hf_id = shipped.hf_id;
    imported.source = shipped.source;
    imported.summary = shipped.summary;
    EXPECT_EQ(toCatalogueYaml(imported), toCatalogueYaml(shipped));
    ++compared;
  }
  EXPECT_GE(compared, 30);
}

TEST(ImportConfig, EveryPublishedConfigIsImportedOrRefusedWithAReason) {
  if (!std::filesystem::exists(sharedConfigs())) GTEST_SKIP() << "no published configs beside the source tree";
  int imported = 0;
  for (const auto& entry : std::filesystem::directory_iterator(sharedConfigs())) {
    const std::string file = entry.path().filename().string();
    if (file.ends_with("hf_quant_config.json") || std::filesystem::file_size(entry.path()) > 1'000'000) continue;
    const std::string message = messageOf([&] {
      const Model model = importHuggingFaceConfig(Document::load(entry.path()), "toy");
      EXPECT_GT(countParameters(model).total(), 1e8) << file;
      ++imported;
    });
    if (message == "no error") continue;
    EXPECT_THAT(message, testing::AnyOf(HasSubstr("cannot be modelled"), HasSubstr("unknown architecture"))) << file;
  }
  EXPECT_GE(imported, 55);
}

}  // namespace
}  // namespace headroom::models
