// Hugging Face config.json -> Model. Every key is either read, known to cost nothing, or named in not_modelled.
// An architecture whose cost-relevant structure the Model cannot hold (state-space layers, layers that differ one by
// one) is refused with the reason.
#include <fmt/format.h>

#include <algorithm>

#include "models/llm/config_keys.h"
#include "models/llm/model.h"

namespace headroom::models {
namespace {

/// The part of a config.json that describes the text model, and which of its keys were read.
class Config {
 public:
  explicit Config(const Value& root) : root_(root), text_(textPart(root)) {}

  std::optional<Value> find(const char* key) {
    read_.emplace_back(key);
    std::optional<Value> value = text_.find(key);
    if (!value) value = root_.find(key);
    if (value && value->isNull()) return std::nullopt;
    return value;
  }
  /// The first of these keys that is there.
  std::optional<Value> findAny(std::initializer_list<const char*> keys) {
    std::optional<Value> found;
    for (const char* key : keys) {
      if (auto value = find(key); value && !found) found = value;
    }
    return found;
  }
  int size(std::initializer_list<const char*> keys) {
    if (const auto value = findAny(keys)) return positive(*value);
    text_.fail(fmt::format("key \"{}\" is missing", *keys.begin()));
  }
  int sizeOr(std::initializer_list<const char*> keys, int otherwise) {
    const auto value = findAny(keys);
    return value ? static_cast<int>(value->integer(0, kLargest)) : otherwise;
  }
  bool flag(const char* key, bool otherwise = false) {
    const auto value = find(key);
    return value ? value->boolean() : otherwise;
  }
  std::vector<std::string> texts(const char* key) {
    std::vector<std::string> all;
    if (const auto value = find(key)) {
      for (const Value& item : value->items()) all.push_back(item.string());
    }
    return all;
  }
  const Value& text() const { return text_; }
  const Value& root() const { return root_; }
  bool nested() const { return text_.path() != root_.path(); }
  bool wasRead(const std::string& key) const { return std::find(read_.begin(), read_.end(), key) != read_.end(); }

 private:
  static constexpr std::int64_t kLargest = 1'000'000'000;
  static Value textPart(const Value& root) {
    if (!root.isMap()) root.fail("is not a config.json: must be a map");
    for (const char* key : {"text_config", "llm_config", "language_config"}) {
      if (const auto part = root.find(key); part && part->isMap()) return *part;
    }
    return root;
  }
  static int positive(const Value& value) { return static_cast<int>(value.integer(1, kLargest)); }

  Value root_;
  Value text_;
  std::vector<std::string> read_;
};

/// The model_type, if it is one that Model can hold.
std::string architecture(const Config& config) {
  const auto value = config.text().find("model_type");
  if (!value) config.text().fail("key \"model_type\" is missing");
  const std::string type = value->string();
  if (const char* reason = refusalReason(type); reason != nullptr) {
    value->fail(fmt::format("\"{}\" cannot be modelled: {}", type, reason));
  }
  if (!isKnownArchitecture(type)) {
    value->fail(fmt::format("unknown architecture \"{}\"", type), suggestion(type, knownArchitectures()));
  }
  return type;
}

/// "full_attention", "sliding_attention", ... layer by layer -> one full layer in how many; 0 if none is full.
int fullEvery(Config& config, const std::vector<std::string>& types, const std::string& other) {
  const auto first_full = std::find(types.begin(), types.end(), "full_attention");
  const int every = first_full == types.end() ? 0 : static_cast<int>(first_full - types.begin()) + 1;
  for (std::size_t layer = 0; layer < types.size(); ++layer) {
    const bool is_full = every > 0 && static_cast<int>(layer) % every == every - 1;
    if (types[layer] != (is_full ? "full_attention" : other)) {
      config.text()
          .find("layer_types")
          ->fail(fmt::format("layer {} is {}: only layers of {} with every n-th full can be modelled", layer,
                             types[layer], other));
    }
  }
  return every;
}

void readWindow(Config& config, const std::vector<std::string>& types, Model& model) {
  const int window = config.sizeOr({"sliding_window"}, 0);
  const bool enabled = config.flag("use_sliding_window", true);
  if (window == 0 || !enabled) return;
  if (types.empty()) {
    model.sliding_window = window;
    return;
  }
  if (std::all_of(types.begin(), types.end(), [](const std::string& type) { return type == "full_attention"; })) return;
  model.sliding_window = window;
  model.full_attention_every = fullEvery(config, types, "sliding_attention");
}

void readLinearAttention(Config& config, const std::vector<std::string>& types, Model& model) {
  const int value_heads = config.sizeOr({"linear_num_value_heads"}, 0);
  if (value_heads == 0) return;
  const int interval =
      types.empty() ? config.sizeOr({"full_attention_interval"}, 4) : fullEvery(config, types, "linear_attention");
  config.find("full_attention_interval");
  const int full = interval > 0 ? model.layers / interval : 0;
  model.linear_attention_layers = model.layers - full;
  model.linear_attention = LinearAttention{.key_heads = config.size({"linear_num_key_heads"}),
                                           .key_head_dim = config.size({"linear_key_head_dim"}),
                                           .value_heads = value_heads,
                                           .value_head_dim = config.size({"linear_value_head_dim"}),
                                           .conv_kernel = config.size({"linear_conv_kernel_dim"})};
}

void readLatentAttention(Config& config, Model& model) {
  const int rank = config.sizeOr({"kv_lora_rank"}, 0);
  if (rank == 0) return;
  model.mla = LatentAttention{.q_lora_rank = config.sizeOr({"q_lora_rank"}, 0),
                              .kv_lora_rank = rank,
                              .qk_nope_head_dim = config.size({"qk_nope_head_dim"}),
                              .qk_rope_head_dim = config.size({"qk_rope_head_dim"}),
                              .v_head_dim = config.size({"v_head_dim"})};
  model.head_dim = model.mla->qk_nope_head_dim + model.mla->qk_rope_head_dim;
  if (const int top_k = config.sizeOr({"index_topk"}, 0); top_k > 0) {
    model.indexer = SparseIndexer{
        .heads = config.size({"index_n_heads"}), .head_dim = config.size({"index_head_dim"}), .top_k = top_k};
    model.not_modelled.emplace_back("sparse attention: the attention itself is costed over the whole context");
  }
  const std::vector<std::string> indexers = config.texts("indexer_types");
  if (std::find(indexers.begin(), indexers.end(), "shared") != indexers.end()) {
    model.not_modelled.emplace_back("layers that share an indexer: every layer is given its own");
  }
}

void readFullAttentionShape(Config& config, Model& model) {
  const int head_dim = config.sizeOr({"global_head_dim"}, 0);
  if (head_dim == 0) return;
  model.full_attention = FullAttentionShape{.kv_heads = config.sizeOr({"num_global_key_value_heads"}, model.kv_heads),
                                            .head_dim = head_dim,
                                            .keys_are_values = config.flag("attention_k_eq_v")};
}

void readAttention(Config& config, const std::string& type, Model& model) {
  model.heads = config.size({"num_attention_heads"});
  model.kv_heads = config.sizeOr({"num_key_value_heads"}, model.heads);
  model.head_dim = config.sizeOr({"head_dim"}, model.hidden / model.heads);
  const bool bias = config.flag("attention_bias");
  model.qkv_bias = bias || type.starts_with("qwen2");
  model.output_bias = bias;
  model.attention_output_gate = config.flag("attn_output_gate", type.starts_with("qwen3_5") || type == "qwen3_next");
  const bool named_norm = config.flag("use_qk_norm");
  model.qk_norm = type.starts_with("qwen3") || type.starts_with("gemma") || (named_norm && !type.starts_with("llama4"));
  if (named_norm && !model.qk_norm) model.not_modelled.emplace_back("norm of queries and keys without weights");
  if (config.sizeOr({"attention_chunk_size"}, 0) > 0 && type.starts_with("llama4")) {
    model.not_modelled.emplace_back("chunked attention: every layer is costed over the whole context");
  }
  for (const std::string& kind : config.texts("attn_type_list")) {
    if (kind != "1") config.find("attn_type_list")->fail("layers without softmax attention cannot be modelled");
  }
  if (type == "gpt_oss") model.not_modelled.emplace_back("attention sinks");
  const std::vector<std::string> types = config.texts("layer_types");
  readLinearAttention(config, types, model);
  if (model.linear_attention_layers == 0) readWindow(config, types, model);
  readLatentAttention(config, model);
  readFullAttentionShape(config, model);
}

/// Leading dense layers of a per-layer list of 0 (dense) and 1 (experts).
int leadingDense(const Value& list) {
  int dense = 0;
  bool in_experts = false;
  for (const Value& item : list.items()) {
    const bool experts = item.integer(0, 1) == 1;
    if (!experts && in_experts) item.fail("a dense layer after layers with experts cannot be modelled");
    in_experts = experts;
    if (!experts) ++dense;
  }
  return dense;
}

void readDenseLayers(Config& config, MixtureOfExperts& moe) {
  moe.dense_layers = config.sizeOr({"first_k_dense_replace"}, 0);
  moe.every = config.sizeOr({"interleave_moe_layer_step", "decoder_sparse_step"}, 1);
  if (const auto frequency = config.find("moe_layer_freq")) {
    if (frequency->isList()) {
      moe.dense_layers = leadingDense(*frequency);
    } else {
      moe.every = static_cast<int>(frequency->integer(1, 1000));
    }
  }
  if (const auto dense = config.find("mlp_only_layers"); dense && !dense->items().empty()) {
    dense->fail("dense layers at chosen places cannot be modelled");
  }
}

void readExperts(Config& config, const std::string& type, Model& model) {
  const int experts = config.sizeOr({"n_routed_experts", "num_local_experts", "num_experts"}, 0);
  if (experts == 0) return;
  MixtureOfExperts moe;
  moe.experts = experts;
  moe.experts_per_token = config.size({"num_experts_per_tok", "experts_per_token", "top_k_experts"});
  moe.intermediate = config.sizeOr({"moe_intermediate_size"}, model.intermediate);
  readDenseLayers(config, moe);
  const int shared = config.sizeOr({"n_shared_experts"}, type.starts_with("llama4") ? 1 : 0);
  moe.shared_intermediate = shared * moe.intermediate;
  moe.shared_intermediate =
      config.sizeOr({"shared_expert_intermediate_size", "shared_intermediate_size"}, moe.shared_intermediate);
  if (type.starts_with("gemma4")) moe.shared_intermediate = model.intermediate;  // a dense MLP beside the experts
  const int dense_size = config.sizeOr({"intermediate_size_mlp", "dense_intermediate_size"}, model.intermediate);
  const bool has_dense = moe.dense_layers > 0 || moe.every > 1;
  model.intermediate = has_dense ? dense_size : 0;
  model.moe = moe;
}

/// Number format of the published weights.
Precision nativePrecision(Config& config) {
  const auto quantisation = config.find("quantization_config");
  if (!quantisation) return Precision::bf16;
  const std::string text = describeQuantisation(*quantisation);
  const auto has = [&](const char* word) { return text.find(word) != std::string::npos; };
  if (has("mxfp4")) return Precision::mxfp4;
  if (has("nvfp4")) return Precision::nvfp4;
  if (has("bits4")) return has("float") ? Precision::nvfp4 : Precision::int4;
  if (has("awq") || has("gptq")) return Precision::int4;
  if (has("weight_block_size")) return Precision::fp8_block;
  if (has("fp8") || has("float")) return Precision::fp8;
  quantisation->fail("unknown quantisation", "known: fp8, nvfp4, mxfp4, int4");
}

/// Keys of this level that nobody read: named, unless they are known to cost nothing.
void nameTheRest(const Config& config, const Value& level, Model& model) {
  for (const auto& [key, value] : level.members()) {
    if (config.wasRead(key) || costsNothing(key) || isNeutral(value)) continue;
    if (config.nested() && value.path() == config.text().path()) continue;
    const char* known = notModelledReason(key);
    const std::string entry = known != nullptr ? known : fmt::format("config key {}", key);
    if (std::find(model.not_modelled.begin(), model.not_modelled.end(), entry) == model.not_modelled.end()) {
      model.not_modelled.push_back(entry);
    }
  }
}

}  // namespace

Model importHuggingFaceConfig(const Document& document, const std::string& name) {
  Config config(document.root());
  const std::string type = architecture(config);
  Model model;
  model.name = name;
  model.summary = fmt::format("{}, imported from its config.json", name);
  model.source = document.root().file();
  model.layers = config.size({"num_hidden_layers"});
  model.hidden = config.size({"hidden_size"});
  model.vocab = config.size({"vocab_size"});
  model.max_position = config.size({"max_position_embeddings"});
  model.intermediate = config.sizeOr({"intermediate_size"}, 0);
  model.tied_embeddings = config.flag("tie_word_embeddings", type.starts_with("gemma"));
  model.mlp_bias = config.flag("mlp_bias", type == "gpt_oss");
  readAttention(config, type, model);
  readExperts(config, type, model);
  if (!model.moe && model.intermediate == 0) config.text().fail("key \"intermediate_size\" is missing");
  model.native_precision = nativePrecision(config);
  nameTheRest(config, config.text(), model);
  if (config.nested()) nameTheRest(config, config.root(), model);
  return model;
}

}  // namespace headroom::models
