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

/// Gated delta net (Qwen3-Next, Qwen3.5): a state of value_heads x key_head_dim x value_head_dim a layer and sequence.
struct LinearAttention {
  int key_heads = 0;
  int key_head_dim = 0;
  int value_heads = 0;
  int value_head_dim = 0;
  int conv_kernel = 0;  ///< taps of the short convolution before it
  bool operator==(const LinearAttention&) const = default;
};

/// Picks the tokens that sparse attention looks at (DeepSeek V3.2, GLM-5); keeps one fp8 key a token and layer.
struct SparseIndexer {
  int heads = 0;
  int head_dim = 0;
  int top_k = 0;  ///< tokens attended to
  bool operator==(const SparseIndexer&) const = default;
};

/// Shape of the full-attention layers where it differs from the windowed ones (Gemma 4).
struct FullAttentionShape {
  int kv_heads = 0;
  int head_dim = 0;
  bool keys_are_values = false;  ///< one projection gives both; the cache still holds both
  bool operator==(const FullAttentionShape&) const = default;
};

struct Model {
  std::string name;   ///< catalogue name, e.g. llama-3.1-8b
  std::string hf_id;  ///< e.g. meta-llama/Meta-Llama-3.1-8B; may be empty
  std::string summary;
  std::string source;  ///< source key of datasets/SOURCES.md, or the file it was imported from
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
  bool output_bias = false;            ///< of the attention's output projection
  bool mlp_bias = false;               ///< of MLP, experts and router
  bool attention_output_gate = false;  ///< the query projection is twice as wide
  bool qk_norm = false;
  bool gated_mlp = true;            ///< gate and up projections; false: one up projection
  int sliding_window = 0;           ///< tokens; 0: full attention everywhere
  int full_attention_every = 0;     ///< with a window: one full layer in this many; 0: every layer is windowed
  int linear_attention_layers = 0;  ///< layers with a recurrent state instead of a KV cache (Qwen3.5, Nemotron-H)
  std::optional<MixtureOfExperts> moe;
  std::optional<LatentAttention> mla;
  std::optional<LinearAttention> linear_attention;  ///< set if linear_attention_layers > 0
  std::optional<SparseIndexer> indexer;
  std::optional<FullAttentionShape> full_attention;  ///< none: every layer has kv_heads x head_dim
  Precision native_precision = Precision::bf16;      ///< of the published weights
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
  /// Touched by one token, embedding look-up excluded; a tied LM head counts. Published figures often add the
  /// embedding.
  double active = 0;
};
ParameterCount countParameters(const Model& model);

/// KV cache of one token on one tensor-parallel rank (KV heads are replicated when tp > kv_heads), in bytes, if every
/// layer keeps the whole context; layers with linear attention keep none.
Bytes kvBytesPerToken(const Model& model, Precision kv_cache, int tp);

/// Recurrent state of one sequence on one tensor-parallel rank, all linear-attention layers; 0 if there are none.
Bytes recurrentStateBytes(const Model& model, int tp);

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
