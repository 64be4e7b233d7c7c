// The architecture of an LLM: what its config.json says, and the counts that follow from it.
// Catalogue in datasets/llms; any other model comes from a Hugging Face config.json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "models/base/document.h"
#include "models/base/quantity.h"
#include "models/llm/precision.h"

namespace headroom::models {

/// Multi-head latent attention (DeepSeek V2/V3, Kimi K2): one compressed KV vector a token.
struct LatentAttention {
  int q_lora_rank = 0;  ///< 0: queries are not compressed
  int kv_lora_rank = 0;
  int qk_nope_head_dim = 0;
  int qk_rope_head_dim = 0;
  int v_head_dim = 0;
  bool operator==(const LatentAttention&) const = default;
};

struct MixtureOfExperts {
  int experts = 0;
  int experts_per_token = 0;
  int intermediate = 0;         ///< of one routed expert
  int shared_intermediate = 0;  ///< of all shared experts together; 0: none
  int dense_layers = 0;         ///< leading layers with a dense MLP instead
  int every = 1;                ///< one MoE layer in `every` layers (2 in Llama 4 Maverick)
  bool operator==(const MixtureOfExperts&) const = default;
};

struct Model {
  std::string name;     ///< catalogue name, e.g. llama-3.1-8b
  std::string hf_id;    ///< e.g. meta-llama/Meta-Llama-3.1-8B; may be empty
  std::string summary;
  std::string source;   ///< source key of datasets/SOURCES.md, or the file it was imported from
  int layers = 0;
  int hidden = 0;
  int heads = 0;
  int kv_heads = 0;
  int head_dim = 0;
  int intermediate = 0;  ///< of the dense MLP (gate, up: hidden -> intermediate); 0 if all layers are MoE
  int vocab = 0;
  int max_position = 0;  ///< native context length in tokens
  bool tied_embeddings = false;
  bool qkv_bias = false;
  bool qk_norm = false;
  bool gated_mlp = true;         ///< gate and up projections; false: one up projection
  int sliding_window = 0;        ///< tokens; 0: full attention everywhere
  int full_attention_every = 0;  ///< with a window: one full layer in this many; 0: every layer is windowed
  int linear_attention_layers = 0;  ///< layers with a recurrent state instead of a KV cache (Qwen3.5, Nemotron-H)
  std::optional<MixtureOfExperts> moe;
  std::optional<LatentAttention> mla;
  Precision native_precision = Precision::bf16;  ///< of the published weights
  /// Parts of the config.json that Headroom does not model (vision tower, MTP head, Mamba layers), for people.
  std::vector<std::string> not_modelled;

  bool operator==(const Model&) const = default;
};

/// Parameters of one layer and of the whole, in elements. Norms and biases included.
struct ParameterCount {
  double embedding = 0;  ///< input embedding
  double lm_head = 0;    ///< 0 if tied
  double attention = 0;  ///< all layers
  double dense_mlp = 0;  ///< all dense layers
  double experts = 0;    ///< routed experts, all layers
  double shared_experts = 0;
  double router = 0;
  double norms = 0;
  double total() const {
    return embedding + lm_head + attention + dense_mlp + experts + shared_experts + router + norms;
  }
  double active = 0;  ///< touched by one token, embedding look-up excluded
};
ParameterCount countParameters(const Model& model);

/// KV cache of one token on one tensor-parallel rank (KV heads are replicated when tp > kv_heads), in bytes, if every
/// layer keeps the whole context; layers with linear attention keep none.
Bytes kvBytesPerToken(const Model& model, Precision kv_cache, int tp);

/// Reads a catalogue file (schema headroom.llm/1).
Model readModel(const Value& value);
/// Reads a Hugging Face config.json; sizes may be nested in text_config. Throws InputError on what it does not know.
Model importHuggingFaceConfig(const Document& config, const std::string& name);
/// Catalogue text of a model.
std::string toCatalogueYaml(const Model& model);

/// By catalogue name, a Hugging Face id the catalogue knows (case-insensitive), or a path to a config.json.
/// Throws InputError with a suggestion if none fits; `base` resolves a relative path.
Model findModel(const std::string& name_or_path, const std::filesystem::path& base = {},
                const InputError::Where& asked_at = {});
std::vector<Model> listModels();

}  // namespace headroom::models
