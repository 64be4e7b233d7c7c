// Catalogue files of models (schema headroom.llm/1). One list of fields serves both directions.
#include <fmt/format.h>

#include "models/llm/model.h"

namespace headroom::models {
namespace {

constexpr const char* kSchema = "headroom.llm/1";
constexpr int kLargest = 1'000'000'000;

class Reader {
 public:
  explicit Reader(const Value& map) : fields_(map) {}

  void text(const char* key, std::string& field) { field = fields_.required(key).string(); }
  void optionalText(const char* key, std::string& field) {
    if (const auto value = fields_.optional(key)) field = value->string();
  }
  void size(const char* key, int& field) { field = static_cast<int>(fields_.required(key).integer(1, kLargest)); }
  void optionalSize(const char* key, int& field) {
    if (const auto value = fields_.optional(key)) field = static_cast<int>(value->integer(0, kLargest));
  }
  void flag(const char* key, bool& field) {
    if (const auto value = fields_.optional(key)) field = value->boolean();
  }
  void precision(const char* key, Precision& field) {
    if (const auto value = fields_.optional(key)) field = *precisionFromName(value->oneOf(precisionNames()));
  }
  void texts(const char* key, std::vector<std::string>& field) {
    if (const auto value = fields_.optional(key)) {
      for (const Value& item : value->items()) field.push_back(item.string());
    }
  }
  template <class Part, class Visit>
  void part(const char* key, std::optional<Part>& field, const Visit& visit) {
    if (const auto value = fields_.optional(key)) {
      Reader reader(*value);
      visit(reader, field.emplace());
      reader.finish();
    }
  }
  void finish() const { fields_.finish(); }

 private:
  Fields fields_;
};

DocumentNode scalar(const std::string& text) {
  DocumentNode node;
  node.kind = DocumentNode::Kind::scalar;
  node.text = text;
  return node;
}

class Writer {
 public:
  Writer() { node_.kind = DocumentNode::Kind::map; }

  void text(const char* key, const std::string& field) { add(key, scalar(field)); }
  void optionalText(const char* key, const std::string& field) {
    if (!field.empty()) text(key, field);
  }
  void size(const char* key, int field) { add(key, scalar(fmt::format("{}", field))); }
  void optionalSize(const char* key, int field) {
    if (field != 0) size(key, field);
  }
  void flag(const char* key, bool field) { add(key, scalar(field ? "true" : "false")); }
  void precision(const char* key, Precision field) { add(key, scalar(nameOf(field))); }
  void texts(const char* key, const std::vector<std::string>& field) {
    if (field.empty()) return;
    DocumentNode list;
    list.kind = DocumentNode::Kind::list;
    for (const std::string& item : field) list.items.push_back(scalar(item));
    add(key, std::move(list));
  }
  template <class Part, class Visit>
  void part(const char* key, std::optional<Part>& field, const Visit& visit) {
    if (!field) return;
    Writer writer;
    visit(writer, *field);
    add(key, std::move(writer.node_));
  }
  DocumentNode take() { return std::move(node_); }

 private:
  void add(const char* key, DocumentNode value) { node_.members.emplace_back(key, std::move(value)); }
  DocumentNode node_;
};

template <class Visitor>
void visitMoe(Visitor& visitor, MixtureOfExperts& moe) {
  visitor.size("experts", moe.experts);
  visitor.size("experts_per_token", moe.experts_per_token);
  visitor.size("intermediate", moe.intermediate);
  visitor.optionalSize("shared_intermediate", moe.shared_intermediate);
  visitor.optionalSize("dense_layers", moe.dense_layers);
  visitor.size("every", moe.every);
}

template <class Visitor>
void visitMla(Visitor& visitor, LatentAttention& mla) {
  visitor.optionalSize("q_lora_rank", mla.q_lora_rank);
  visitor.size("kv_lora_rank", mla.kv_lora_rank);
  visitor.size("qk_nope_head_dim", mla.qk_nope_head_dim);
  visitor.size("qk_rope_head_dim", mla.qk_rope_head_dim);
  visitor.size("v_head_dim", mla.v_head_dim);
}

template <class Visitor>
void visitLinear(Visitor& visitor, LinearAttention& linear) {
  visitor.size("key_heads", linear.key_heads);
  visitor.size("key_head_dim", linear.key_head_dim);
  visitor.size("value_heads", linear.value_heads);
  visitor.size("value_head_dim", linear.value_head_dim);
  visitor.size("conv_kernel", linear.conv_kernel);
}

template <class Visitor>
void visitIndexer(Visitor& visitor, SparseIndexer& indexer) {
  visitor.size("heads", indexer.heads);
  visitor.size("head_dim", indexer.head_dim);
  visitor.size("top_k", indexer.top_k);
}

template <class Visitor>
void visitFullAttention(Visitor& visitor, FullAttentionShape& shape) {
  visitor.size("kv_heads", shape.kv_heads);
  visitor.size("head_dim", shape.head_dim);
  visitor.flag("keys_are_values", shape.keys_are_values);
}

template <class Visitor>
void visitModel(Visitor& visitor, Model& model) {
  visitor.text("name", model.name);
  visitor.optionalText("hf_id", model.hf_id);
  visitor.text("summary", model.summary);
  visitor.text("source", model.source);
  visitor.size("layers", model.layers);
  visitor.size("hidden", model.hidden);
  visitor.size("heads", model.heads);
  visitor.size("kv_heads", model.kv_heads);
  visitor.size("head_dim", model.head_dim);
  visitor.optionalSize("intermediate", model.intermediate);
  visitor.size("vocab", model.vocab);
  visitor.size("max_position", model.max_position);
  visitor.flag("tied_embeddings", model.tied_embeddings);
  visitor.flag("qkv_bias", model.qkv_bias);
  visitor.flag("output_bias", model.output_bias);
  visitor.flag("mlp_bias", model.mlp_bias);
  visitor.flag("qk_norm", model.qk_norm);
  visitor.flag("gated_mlp", model.gated_mlp);
  visitor.flag("attention_output_gate", model.attention_output_gate);
  visitor.optionalSize("sliding_window", model.sliding_window);
  visitor.optionalSize("full_attention_every", model.full_attention_every);
  visitor.optionalSize("linear_attention_layers", model.linear_attention_layers);
  visitor.part("moe", model.moe, [](auto& v, MixtureOfExperts& part) { visitMoe(v, part); });
  visitor.part("mla", model.mla, [](auto& v, LatentAttention& part) { visitMla(v, part); });
  visitor.part("linear_attention", model.linear_attention,
               [](auto& v, LinearAttention& part) { visitLinear(v, part); });
  visitor.part("indexer", model.indexer, [](auto& v, SparseIndexer& part) { visitIndexer(v, part); });
  visitor.part("full_attention", model.full_attention,
               [](auto& v, FullAttentionShape& part) { visitFullAttention(v, part); });
  visitor.precision("native_precision", model.native_precision);
  visitor.texts("not_modelled", model.not_modelled);
}

/// What cannot be true of any model, or "".
std::string contradiction(const Model& model) {
  if (model.linear_attention_layers >= model.layers) return "linear_attention_layers must be fewer than layers";
  if ((model.linear_attention_layers > 0) != model.linear_attention.has_value()) {
    return "linear_attention_layers and linear_attention go together";
  }
  if (!model.moe && model.intermediate == 0) return "a model without experts needs an intermediate size";
  if (!model.moe) return {};
  if (model.moe->experts_per_token > model.moe->experts) return "experts_per_token is more than experts";
  const bool has_dense = model.moe->dense_layers > 0 || model.moe->every > 1;
  if (has_dense && model.intermediate == 0) return "its dense layers need an intermediate size";
  return {};
}

}  // namespace

Model readModel(const Value& value) {
  Fields schema(value);
  schema.required("schema").oneOf({kSchema});
  Reader reader(value);
  std::string ignored;
  reader.text("schema", ignored);
  Model model;
  visitModel(reader, model);
  reader.finish();
  if (const std::string problem = contradiction(model); !problem.empty()) value.fail(problem);
  return model;
}

std::string toCatalogueYaml(const Model& model) {
  Writer writer;
  writer.text("schema", kSchema);
  Model copy = model;
  visitModel(writer, copy);
  return toYaml(writer.take());
}

}  // namespace headroom::models
