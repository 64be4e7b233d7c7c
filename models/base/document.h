// Reading YAML and JSON (JSON is YAML) with positions, strict keys and units.
//
//   Document doc = Document::load("chat.yaml");
//   Fields fields(doc.root());
//   scenario.warmup = fields.optional("warmup") ? ... .quantity<Seconds>() : Seconds();
//   fields.finish();                                   // an unknown key is an InputError with a suggestion
//
// Every error names file, line and path. Only document.cpp sees yaml-cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/base/error.h"
#include "models/base/quantity.h"

namespace headroom {

struct DocumentMember;

/// One parsed node. A plain tree: scalars keep their text, maps keep their order.
struct DocumentNode {
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  std::string text;                     ///< of a scalar
  std::vector<DocumentNode> items;      ///< of a list
  std::vector<DocumentMember> members;  ///< of a map
  int line = 0;                         ///< 1-based
  bool quoted = false;
  bool from_command_line = false;  ///< given by --set: file names are relative to the working directory
};

struct DocumentMember {
  DocumentMember(std::string k, DocumentNode v) : key(std::move(k)), value(std::move(v)) {}
  std::string key;
  DocumentNode value;
};

/// A view of one node that knows where it stands.
class Value {
 public:
  Value(const DocumentNode* node, std::shared_ptr<const std::string> file, std::string path)
      : node_(node), file_(std::move(file)), path_(std::move(path)) {}

  bool isNull() const { return node_->kind == DocumentNode::Kind::null; }
  bool isScalar() const { return node_->kind == DocumentNode::Kind::scalar; }
  bool isList() const { return node_->kind == DocumentNode::Kind::list; }
  bool isMap() const { return node_->kind == DocumentNode::Kind::map; }

  std::string string() const;
  bool boolean() const;
  /// A whole number within [min, max].
  std::int64_t integer(std::int64_t min = INT64_MIN, std::int64_t max = INT64_MAX) const;
  /// A finite number without unit.
  double number() const;
  double numberIn(double min, double max) const;
  /// A number with a unit of that dimension ("500 ms", "80 GB", "400 Gb/s", "2.5 /s"). A bare number is an error.
  template <class Q>
  Q quantity() const;
  /// A share: 0.9 or "90 %".
  double fraction() const;
  /// One of the given names, or an error with a suggestion.
  std::string oneOf(const std::vector<std::string>& known) const;
  /// A file name: relative to the document, or to the working directory if it came from --set.
  std::filesystem::path filePath() const;

  std::vector<Value> items() const;
  std::vector<std::pair<std::string, Value>> members() const;
  std::optional<Value> find(std::string_view key) const;

  const DocumentNode& node() const { return *node_; }
  const std::string& file() const { return *file_; }
  const std::string& path() const { return path_; }
  InputError::Where where() const { return {*file_, node_->line, path_}; }
  [[noreturn]] void fail(const std::string& message, const std::string& hint = {}) const;

 private:
  const DocumentNode* node_;
  std::shared_ptr<const std::string> file_;
  std::string path_;
};

class Document {
 public:
  /// An empty document without a name.
  Document();
  /// Copies are independent: set() on one leaves the other as it is. Values stay tied to the document they came from.
  Document(const Document& other);
  Document& operator=(const Document& other);
  Document(Document&&) noexcept = default;
  Document& operator=(Document&&) noexcept = default;
  ~Document() = default;

  /// Throws InputError if the file is missing or is not YAML.
  static Document load(const std::filesystem::path& file);
  static Document parse(const std::string& text, const std::string& file_name);

  Value root() const { return Value(root_.get(), file_, ""); }
  /// `--set path.to.key=value`: `/` or `.` between keys and list indexes. Missing map keys are created.
  void set(const std::string& path, const std::string& yaml_value);
  /// The tree as YAML text.
  std::string yaml() const;

 private:
  std::unique_ptr<DocumentNode> root_;
  std::shared_ptr<const std::string> file_;
};

/// Reads the members of a map and refuses what nobody asked for.
class Fields {
 public:
  explicit Fields(const Value& map);
  Value required(const std::string& key);
  std::optional<Value> optional(const std::string& key);
  bool has(const std::string& key) const { return map_.find(key).has_value(); }
  /// Throws InputError on a key that was never asked for.
  void finish() const;
  const Value& value() const { return map_; }

 private:
  Value map_;
  std::vector<std::string> known_;
};

/// YAML text of a tree: block style, scalars quoted where they must be.
std::string toYaml(const DocumentNode& node);

// The parser behind Value::quantity: base-unit value of `text`, or an error message.
struct Dimension {
  int time, data, work, energy, money;
  bool operator==(const Dimension&) const = default;
};
struct ParsedQuantity {
  double value = 0;
  std::string error;  ///< empty if parsed
  std::string hint;
};
ParsedQuantity parseQuantity(std::string_view text, Dimension dimension);

template <class Q>
struct DimensionOf;
template <int... D>
struct DimensionOf<Quantity<D...>> {
  static constexpr Dimension value{D...};
};

/// Parses `text` ("500 ms") outside a document, e.g. a command-line option; `name` goes into the error.
template <class Q>
Q quantityFromText(const std::string& text, const std::string& name) {
  const ParsedQuantity parsed = parseQuantity(text, DimensionOf<Q>::value);
  if (!parsed.error.empty()) throw InputError({.file = name, .line = 0, .path = ""}, parsed.error, parsed.hint);
  return Q(parsed.value);
}

template <class Q>
Q Value::quantity() const {
  const ParsedQuantity parsed = parseQuantity(string(), DimensionOf<Q>::value);
  if (!parsed.error.empty()) fail(parsed.error, parsed.hint);
  return Q(parsed.value);
}

}  // namespace headroom
