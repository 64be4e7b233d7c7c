#include "models/base/document.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <sstream>

#include "models/base/document_nodes.h"

namespace headroom {
namespace {

DocumentNode convert(const YAML::Node& yaml, const std::string& file, const std::string& path, int depth) {
  DocumentNode node;
  node.line = yaml.Mark().line + 1;
  const auto fail = [&](const std::string& message) {
    throw InputError({.file = file, .line = node.line, .path = path}, message);
  };
  if (depth > 64) fail("nested deeper than 64 levels");
  switch (yaml.Type()) {
    case YAML::NodeType::Null:
    case YAML::NodeType::Undefined:
      break;
    case YAML::NodeType::Scalar:
      node.kind = DocumentNode::Kind::scalar;
      node.text = yaml.Scalar();
      node.quoted = yaml.Tag() == "!";
      break;
    case YAML::NodeType::Sequence: {
      node.kind = DocumentNode::Kind::list;
      int index = 0;
      for (const YAML::Node& item : yaml) {
        node.items.push_back(convert(item, file, fmt::format("{}/{}", path, index++), depth + 1));
      }
      break;
    }
    case YAML::NodeType::Map: {
      node.kind = DocumentNode::Kind::map;
      for (const auto& member : yaml) {
        if (!member.first.IsScalar()) fail("a key must be a plain word");
        const std::string key = member.first.Scalar();
        for (const auto& earlier : node.members) {
          if (earlier.key == key) fail(fmt::format("key \"{}\" is given twice", key));
        }
        node.members.emplace_back(key, convert(member.second, file, fmt::format("{}/{}", path, key), depth + 1));
      }
      break;
    }
  }
  return node;
}

DocumentNode parseYaml(const std::string& text, const std::string& file) {
  try {
    return convert(YAML::Load(text), file, "", 0);
  } catch (const YAML::Exception& e) {
    throw InputError({.file = file, .line = e.mark.line + 1, .path = ""}, "not valid YAML or JSON: " + e.msg);
  }
}

std::optional<double> parseFinite(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  const auto result = std::from_chars(text.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

void emit(YAML::Emitter& out, const DocumentNode& node) {
  switch (node.kind) {
    case DocumentNode::Kind::null:
      out << YAML::Null;
      break;
    case DocumentNode::Kind::scalar:
      if (node.quoted) out << YAML::DoubleQuoted;
      out << node.text;
      break;
    case DocumentNode::Kind::list: {
      const bool flat = std::all_of(node.items.begin(), node.items.end(),
                                    [](const DocumentNode& n) { return n.kind == DocumentNode::Kind::scalar; });
      if (flat) out << YAML::Flow;
      out << YAML::BeginSeq;
      for (const DocumentNode& item : node.items) emit(out, item);
      out << YAML::EndSeq;
      break;
    }
    case DocumentNode::Kind::map:
      out << YAML::BeginMap;
      for (const auto& [key, value] : node.members) {
        out << YAML::Key << key << YAML::Value;
        emit(out, value);
      }
      out << YAML::EndMap;
      break;
  }
}

std::vector<std::string> splitPath(const std::string& path) {
  std::vector<std::string> parts;
  std::string part;
  for (const char c : path + "/") {
    if (c != '/' && c != '.') {
      part += c;
    } else if (!part.empty()) {
      parts.push_back(std::exchange(part, {}));
    }
  }
  return parts;
}

void markCommandLine(DocumentNode& node) {
  node.from_command_line = true;
  node.line = 0;
  for (DocumentNode& item : node.items) markCommandLine(item);
  for (auto& member : node.members) markCommandLine(member.value);
}

}  // namespace

std::string toYaml(const DocumentNode& node) {
  YAML::Emitter out;
  emit(out, node);
  return std::string(out.c_str()) + "\n";
}

DocumentNode stringNode(const std::string& text) {
  DocumentNode node = scalarNode(text);
  constexpr const char* kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_/0123456789.";
  const bool like_a_number = !text.empty() && text.front() >= '0' && text.front() <= '9';
  node.quoted = text.empty() || like_a_number || text.find_first_not_of(kPlain) != std::string::npos ||
                text == "true" || text == "false" || text == "null";
  return node;
}

Document::Document() : root_(std::make_unique<DocumentNode>()), file_(std::make_shared<const std::string>()) {}
Document::Document(const Document& other) : root_(std::make_unique<DocumentNode>(*other.root_)), file_(other.file_) {}
Document& Document::operator=(const Document& other) {
  *this = Document(other);
  return *this;
}

Document Document::load(const std::filesystem::path& file) {
  std::error_code ec;
  if (std::filesystem::is_directory(file, ec)) {
    throw InputError({.file = file.string(), .line = 0, .path = ""}, "is a directory, not a file");
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) throw InputError({.file = file.string(), .line = 0, .path = ""}, "no such file, or not readable");
  std::ostringstream text;
  text << in.rdbuf();
  return parse(text.str(), file.string());
}

Document Document::parse(const std::string& text, const std::string& file_name) {
  Document document;
  document.root_ = std::make_unique<DocumentNode>(parseYaml(text, file_name));
  document.file_ = std::make_shared<const std::string>(file_name);
  return document;
}

void Document::set(const std::string& path, const std::string& yaml_value) {
  const std::string option = "--set " + path;
  DocumentNode value = parseYaml(yaml_value, option);
  markCommandLine(value);
  const std::vector<std::string> parts = splitPath(path);
  if (parts.empty()) throw InputError({.file = option, .line = 0, .path = ""}, "the path is empty");
  DocumentNode* node = root_.get();
  for (const std::string& part : parts) {
    if (node->kind == DocumentNode::Kind::null) node->kind = DocumentNode::Kind::map;
    if (node->kind == DocumentNode::Kind::scalar) {
      throw InputError({.file = option, .line = 0, .path = ""}, fmt::format("nothing is below \"{}\"", node->text));
    }
    if (node->kind == DocumentNode::Kind::list) {
      std::size_t index = 0;
      const auto parsed = std::from_chars(part.data(), part.data() + part.size(), index);
      if (parsed.ec != std::errc() || parsed.ptr != part.data() + part.size() || index >= node->items.size()) {
        throw InputError({.file = option, .line = 0, .path = ""},
                         fmt::format("\"{}\" is not an index of a list of {}", part, node->items.size()));
      }
      node = &node->items[index];
      continue;
    }
    const auto found = std::find_if(node->members.begin(), node->members.end(),
                                    [&](const auto& member) { return member.key == part; });
    node = found != node->members.end() ? &found->value : &node->members.emplace_back(part, DocumentNode{}).value;
  }
  *node = std::move(value);
}

std::string Document::yaml() const {
  return toYaml(*root_);
}

void Value::fail(const std::string& message, const std::string& hint) const {
  if (node_->from_command_line) throw InputError({.file = "--set", .line = 0, .path = path_}, message, hint);
  throw InputError(where(), message, hint);
}

std::string Value::string() const {
  if (!isScalar()) fail(isNull() ? "a value is missing" : "must be a single value, not a list or a map");
  return node_->text;
}

bool Value::boolean() const {
  const std::string text = string();
  if (text == "true" || text == "on" || text == "yes") return true;
  if (text == "false" || text == "off" || text == "no") return false;
  fail(fmt::format("\"{}\" is not true or false", text));
}

std::int64_t Value::integer(std::int64_t min, std::int64_t max) const {
  const std::string text = string();
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end) fail(fmt::format("\"{}\" is not a whole number", text));
  if (value < min) fail(fmt::format("{} is too small: must be at least {}", value, min));
  if (value > max) fail(fmt::format("{} is too large: must be at most {}", value, max));
  return value;
}

double Value::number() const {
  const std::string text = string();
  const std::optional<double> value = parseFinite(text);
  if (!value) fail(fmt::format("\"{}\" is not a finite number", text));
  return *value;
}

double Value::numberIn(double min, double max) const {
  const double value = number();
  if (value < min || value > max) fail(fmt::format("{} must be between {} and {}", value, min, max));
  return value;
}

double Value::fraction() const {
  std::string text = string();
  double scale = 1;
  if (text.ends_with('%')) {
    scale = 0.01;
    text.pop_back();
    while (text.ends_with(' ')) text.pop_back();
  }
  const std::optional<double> value = parseFinite(text);
  if (!value || *value * scale < 0 || *value * scale > 1) {
    fail(fmt::format("\"{}\" is not a share between 0 and 1", string()), "write 0.9 or \"90 %\"");
  }
  return *value * scale;
}

std::string Value::oneOf(const std::vector<std::string>& known) const {
  std::string text = string();
  if (std::find(known.begin(), known.end(), text) == known.end()) {
    fail(fmt::format("unknown value \"{}\"", text), suggestion(text, known));
  }
  return text;
}

std::filesystem::path Value::filePath() const {
  std::filesystem::path path = string();
  if (path.is_absolute() || node_->from_command_line) return path;
  return std::filesystem::path(*file_).parent_path() / path;
}

std::vector<Value> Value::items() const {
  if (!isList()) fail("must be a list");
  std::vector<Value> values;
  for (std::size_t i = 0; i < node_->items.size(); ++i) {
    values.emplace_back(&node_->items[i], file_, fmt::format("{}/{}", path_, i));
  }
  return values;
}

std::vector<std::pair<std::string, Value>> Value::members() const {
  if (!isMap()) fail("must be a map");
  std::vector<std::pair<std::string, Value>> values;
  for (const auto& [key, node] : node_->members) values.emplace_back(key, Value(&node, file_, path_ + "/" + key));
  return values;
}

std::optional<Value> Value::find(std::string_view key) const {
  for (const auto& [name, node] : node_->members) {
    if (name == key) return Value(&node, file_, path_ + "/" + name);
  }
  return std::nullopt;
}

Fields::Fields(const Value& map) : map_(map) {
  if (!map.isMap()) map.fail("must be a map of keys and values");
}

Value Fields::required(const std::string& key) {
  if (std::optional<Value> value = optional(key)) return *value;
  map_.fail(fmt::format("key \"{}\" is missing", key));
}

std::optional<Value> Fields::optional(const std::string& key) {
  known_.push_back(key);
  std::optional<Value> value = map_.find(key);
  if (value && value->isNull()) return std::nullopt;
  return value;
}

void Fields::finish() const {
  for (const auto& [key, value] : map_.members()) {
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
      value.fail(fmt::format("unknown key \"{}\"", key), suggestion(key, known_));
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Units

namespace {

struct Unit {
  const char* name;
  double factor;
  Dimension dimension;
};

constexpr Dimension kTime{1, 0, 0, 0, 0}, kRate{-1, 0, 0, 0, 0}, kData{0, 1, 0, 0, 0}, kBandwidth{-1, 1, 0, 0, 0},
    kWorkRate{-1, 0, 1, 0, 0}, kPower{-1, 0, 0, 1, 0}, kEnergy{0, 0, 0, 1, 0}, kMoney{0, 0, 0, 0, 1},
    kMoneyRate{-1, 0, 0, 0, 1}, kMoneyPerByte{0, -1, 0, 0, 1};

constexpr Unit kUnits[] = {
    {"ns", 1e-9, kTime},
    {"us", 1e-6, kTime},
    {"ms", 1e-3, kTime},
    {"s", 1, kTime},
    {"min", 60, kTime},
    {"h", 3600, kTime},
    {"d", 86400, kTime},
    {"/s", 1, kRate},
    {"/min", 1.0 / 60, kRate},
    {"/h", 1.0 / 3600, kRate},
    {"B", 1, kData},
    {"kB", 1e3, kData},
    {"MB", 1e6, kData},
    {"GB", 1e9, kData},
    {"TB", 1e12, kData},
    {"KiB", 1024, kData},
    {"MiB", 1048576, kData},
    {"GiB", 1073741824, kData},
    {"TiB", 1099511627776, kData},
    {"Gb/s", 1.25e8, kBandwidth},
    {"Mb/s", 1.25e5, kBandwidth},
    {"MB/s", 1e6, kBandwidth},
    {"GB/s", 1e9, kBandwidth},
    {"TB/s", 1e12, kBandwidth},
    {"GFLOP/s", 1e9, kWorkRate},
    {"TFLOP/s", 1e12, kWorkRate},
    {"PFLOP/s", 1e15, kWorkRate},
    {"W", 1, kPower},
    {"kW", 1e3, kPower},
    {"J", 1, kEnergy},
    {"kJ", 1e3, kEnergy},
    {"USD", 1, kMoney},
    {"USD/h", 1.0 / 3600, kMoneyRate},
    {"USD/GB", 1e-9, kMoneyPerByte},
};

}  // namespace

ParsedQuantity parseQuantity(std::string_view text, Dimension dimension) {
  ParsedQuantity result;
  std::vector<std::string> fitting;
  for (const Unit& unit : kUnits) {
    if (unit.dimension == dimension) fitting.emplace_back(unit.name);
  }
  const std::string units = fmt::format("units: {}", fmt::join(fitting, ", "));

  std::string_view number = text;
  while (!number.empty() && number.front() == ' ') number.remove_prefix(1);
  double value = 0;
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), value);
  if (parsed.ec != std::errc() || !std::isfinite(value)) {
    result.error = fmt::format("\"{}\" does not start with a finite number", text);
    result.hint = units;
    return result;
  }
  std::string_view unit_name(parsed.ptr, static_cast<std::size_t>(number.data() + number.size() - parsed.ptr));
  while (!unit_name.empty() && unit_name.front() == ' ') unit_name.remove_prefix(1);
  while (!unit_name.empty() && unit_name.back() == ' ') unit_name.remove_suffix(1);
  if (unit_name.empty()) {
    result.error = fmt::format("\"{}\" has no unit", text);
    result.hint = fmt::format("write for example \"{} {}\"; {}", text,
                              fitting.empty() ? "?" : fitting[fitting.size() / 2], units);
    return result;
  }
  for (const Unit& unit : kUnits) {
    if (unit.dimension == dimension && unit_name == unit.name) {
      result.value = value * unit.factor;
      return result;
    }
  }
  result.error = fmt::format("\"{}\" is not a unit that fits here", unit_name);
  result.hint = units;
  return result;
}

}  // namespace headroom
