#include "models/llm/config_keys.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace headroom::models {
namespace {

struct Reason {
  std::string_view name;
  const char* reason;
};

constexpr Reason kRefused[] = {
    {"nemotron_h", "its state-space (Mamba) layers and its layers without attention have no place in the model"},
    {"nemotron-nas", "its layers differ one by one"},
    {"deepseek_v4", "its compressed attention keeps a different cache in each layer"},
    {"kimi_linear", "it mixes latent attention with linear attention and experts in a latent space"},
    {"minimax_m3", "its block-sparse attention has no place in the model"},
    {"mimo_v2_flash", "windowed and full layers stand irregularly and have value heads of their own size"},
    {"step3p7", "windowed and full layers have different heads"},
    {"mamba", "it has no attention"},
    {"mamba2", "it has no attention"},
    {"falcon_h1", "its state-space (Mamba) heads have no place in the model"},
    {"bamba", "its state-space (Mamba) layers have no place in the model"},
    {"jamba", "its state-space (Mamba) layers have no place in the model"},
    {"zamba2", "its state-space (Mamba) layers have no place in the model"},
    {"bert", "it does not generate text"},
    {"t5", "it has an encoder and a decoder"},
};

constexpr Reason kNotModelled[] = {
    {"vision_config", "vision tower"},
    {"audio_config", "audio tower"},
    {"num_nextn_predict_layers", "multi-token-prediction layers"},
    {"mtp_num_hidden_layers", "multi-token-prediction layers"},
    {"mtp_transformer_layers", "multi-token-prediction layers"},
    {"num_mtp_modules", "multi-token-prediction layers"},
    {"use_mtp", "multi-token-prediction layers"},
    {"mtp_use_dedicated_embeddings", "multi-token-prediction layers"},
    {"hidden_size_per_layer_input", "per-layer embeddings"},
    {"num_kv_shared_layers", "layers that share a KV cache"},
    {"use_double_wide_mlp", "double-wide MLP of some layers"},
    {"use_bidirectional_attention", "attention in both directions among image tokens"},
};

constexpr std::string_view kFree[] = {
    "model_type",
    "architectures",
    "auto_map",
    "transformers_version",
    "torch_dtype",
    "dtype",
    "use_cache",
    "name_or_path",
    "_name_or_path",
    "bos_token_id",
    "eos_token_id",
    "pad_token_id",
    "unk_token_id",
    "image_token_id",
    "video_token_id",
    "audio_token_id",
    "boi_token_id",
    "eoi_token_id",
    "boa_token_id",
    "eoa_token_id",
    "eoa_token_index",
    "boi_token_index",
    "eoi_token_index",
    "image_token_index",
    "vision_start_token_id",
    "vision_end_token_id",
    "vision_token_id",
    "vision_soft_tokens_per_image",
    "media_placeholder_token_id",
    "image_placeholder",
    "ignore_index",
    "language_model_only",
    "initializer_range",
    "initializer_factor",
    "rms_norm_eps",
    "layernorm_epsilon",
    "layer_norm_eps",
    "norm_eps",
    "hidden_act",
    "hidden_activation",
    "swiglu_limit",
    "swiglu_alpha",
    "attention_dropout",
    "hidden_dropout",
    "pretraining_tp",
    "rope_theta",
    "rope_scaling",
    "rope_parameters",
    "rope_interleave",
    "rotary_dim",
    "partial_rotary_factor",
    "initial_context_length",
    "original_max_position_embeddings",
    "max_window_layers",
    "rope_local_base_freq",
    "no_rope_layers",
    "final_logit_softcapping",
    "attn_logit_softcapping",
    "query_pre_attn_scalar",
    "attn_temperature_tuning",
    "floor_scale",
    "attn_scale",
    "mamba_ssm_dtype",
    "router_aux_loss_coef",
    "output_router_logits",
    "router_jitter_noise",
    "norm_topk_prob",
    "scoring_func",
    "scoring_function",
    "topk_method",
    "topk_group",
    "n_group",
    "routed_scaling_factor",
    "aux_loss_alpha",
    "seq_aux",
    "ep_size",
    "moe_router_dtype",
    "use_routing_bias",
    "router_dtype",
    "qk_norm_type",
    "qk_head_dim",
    "indexer_rope_interleave",
    "index_share_for_mtp_iteration",
    "index_skip_topk_offset",
    "index_topk_freq",
    "index_topk_pattern",
    "mlp_layer_types",
    "enable_moe_block",
    "vocab_size_per_layer_input",
    "expert_intermediate_size",
    "tie_word_embeddings",
    "encoder_no_repeat_ngram_size",
    "id2label",
    "label2id",
    "length_penalty",
    "max_length",
    "min_length",
    "num_beam_groups",
    "num_beams",
    "num_return_sequences",
    "no_repeat_ngram_size",
    "prefix",
    "problem_type",
    "repetition_penalty",
    "return_dict",
    "temperature",
    "top_k",
    "top_p",
    "typical_p",
    "diversity_penalty",
    "is_decoder",
    "chunk_size_feed_forward",
    "tokenizer_class",
    "output_gate_type",
    "use_unified_vision_chunk",
    "video_placeholder",
    "attn_implementation",
    "cache_implementation",
    "moe_layers",
    "for_llm_compressor",
};

}  // namespace

std::span<const std::string> knownArchitectures() {
  static const std::vector<std::string> known = {"llama",       "mistral",      "mixtral",          "qwen2",
                                                 "qwen3",       "qwen3_moe",    "qwen3_vl_text",    "qwen3_vl_moe_text",
                                                 "qwen3_next",  "qwen3_5_text", "qwen3_5_moe_text", "deepseek_v2",
                                                 "deepseek_v3", "deepseek_v32", "kimi_k2",          "kimi_k25",
                                                 "gpt_oss",     "minimax_m2",   "glm_moe_dsa",      "gemma4_text",
                                                 "llama4_text", "mimo"};
  return known;
}

bool isKnownArchitecture(const std::string& model_type) {
  const auto known = knownArchitectures();
  return std::find(known.begin(), known.end(), model_type) != known.end();
}

const char* refusalReason(const std::string& model_type) {
  for (const Reason& refused : kRefused) {
    if (refused.name == model_type) return refused.reason;
  }
  return nullptr;
}

bool costsNothing(const std::string& key) {
  return std::find(std::begin(kFree), std::end(kFree), key) != std::end(kFree);
}

const char* notModelledReason(const std::string& key) {
  for (const Reason& known : kNotModelled) {
    if (known.name == key) return known.reason;
  }
  return nullptr;
}

bool isNeutral(const Value& value) {
  if (value.isNull()) return true;
  if (value.isList()) return value.node().items.empty();
  if (value.isMap()) return value.node().members.empty();
  const std::string& text = value.node().text;
  return text == "false" || text == "0" || text == "0.0" || text.empty();
}

std::string describeQuantisation(const Value& quantisation) {
  std::string text;
  const auto add = [&](const auto& self, const DocumentNode& node) -> void {
    text += node.text + " ";
    for (const auto& [key, member] : node.members) {
      if (key == "ignore" || key == "modules_to_not_convert") continue;
      text += key + " ";
      if (key == "num_bits" && member.text == "4") text += "bits4 ";
      self(self, member);
    }
    for (const DocumentNode& item : node.items) self(self, item);
  };
  add(add, quantisation.node());
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

}  // namespace headroom::models
