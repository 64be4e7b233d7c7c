// A value of a FlatJson and its place in the file. Every question that the value cannot answer is an InputError with
// file and path; the path is only put together then. A reader must not outlive its parent.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/error.h"
#include "models/cost/flat_json.h"

namespace headroom::models {

class JsonReader {
 public:
  using Kind = FlatJson::Kind;

  JsonReader(const FlatJson& json, const std::string& file) : json_(&json), node_(&json.root()), file_(&file) {}

  [[noreturn]] void fail(const std::string& message, const std::string& hint = {}) const {
    throw InputError({.file = *file_, .line = 0, .path = parent_ == nullptr ? "/" : path()}, message, hint);
  }
  bool has(std::string_view key) const { return find(key) != nullptr; }
  JsonReader member(const char* key) const {
    if (node_->kind != Kind::object) fail("must be an object");
    const FlatJson::Node* found = find(key);
    if (found == nullptr) fail(fmt::format("missing \"{}\"", key));
    return {*found, *this, key, 0};
  }
  /// Calls use(JsonReader) for each item of a list.
  template <class Use>
  void forEach(Use use) const {
    if (node_->kind != Kind::array) fail("must be a list");
    std::size_t i = 0;
    for (std::uint32_t at = node_->child; at != 0; at = json_->at(at).next)
      use(JsonReader(json_->at(at), *this, nullptr, i++));
  }
  std::string string() const { return unescaped(rawText("must be text")); }
  /// As written, escapes included.
  std::string_view rawText(const char* otherwise) const {
    if (node_->kind != Kind::string) fail(otherwise);
    return node_->text;
  }
  double number() const {
    double value = 0;
    if (node_->kind != Kind::number || !parse(value) || !std::isfinite(value)) fail("must be a number");
    return value;
  }
  std::int64_t integer(std::int64_t min, std::int64_t max) const {
    std::int64_t value = 0;
    if (node_->kind != Kind::number) fail("must be a whole number");
    if (!parse(value)) {
      double real = 0;
      if (parse(real) && std::abs(real) > 9e18) fail(fmt::format("must be between {} and {}", min, max));
      fail("must be a whole number");
    }
    if (value < min || value > max) fail(fmt::format("must be between {} and {}, is {}", min, max, value));
    return value;
  }
  /// Whole numbers within [min, max].
  std::vector<std::int64_t> integers(std::int64_t min, std::int64_t max) const {
    std::vector<std::int64_t> numbers;
    forEach([&](const JsonReader& item) {
      std::int64_t value = 0;
      if (item.node_->kind != Kind::number || !item.parse(value) || value < min || value > max) {
        fail(fmt::format("item {} is not a whole number between {} and {}", numbers.size(), min, max));
      }
      numbers.push_back(value);
    });
    return numbers;
  }
  /// Fastest where members stand in the order of `known`.
  void allowOnly(const std::vector<std::string_view>& known) const {
    if (node_->kind != Kind::object) fail("must be an object");
    auto unseen = known.begin();  // of these no member has been met
    for (std::uint32_t at = node_->child; at != 0; at = json_->at(at).next) {
      const std::string_view key = json_->at(at).key;
      const auto found = std::find(unseen, known.end(), key);
      if (found != known.end()) {
        unseen = found + 1;
        continue;
      }
      if (find(key) != &json_->at(at)) fail(fmt::format("a second \"{}\"", key));
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      const std::vector<std::string> names(known.begin(), known.end());
      fail(fmt::format("unknown key \"{}\"", key), suggestion(std::string(key), names));
    }
  }

 private:
  JsonReader(const FlatJson::Node& node, const JsonReader& parent, const char* key, std::size_t index)
      : json_(parent.json_), node_(&node), file_(parent.file_), parent_(&parent), key_(key), index_(index) {}

  const FlatJson::Node* find(std::string_view key) const {
    if (node_->kind != Kind::object) return nullptr;
    for (std::uint32_t at = node_->child; at != 0; at = json_->at(at).next) {
      if (json_->at(at).key == key) return &json_->at(at);
    }
    return nullptr;
  }
  template <class Number>
  bool parse(Number& value) const {
    const char* end = node_->text.data() + node_->text.size();
    const auto [stop, error] = std::from_chars(node_->text.data(), end, value);
    return error == std::errc() && stop == end;
  }
  std::string path() const {
    if (parent_ == nullptr) return "";
    return parent_->path() + "/" + (key_ != nullptr ? key_ : std::to_string(index_));
  }

  const FlatJson* json_;
  const FlatJson::Node* node_;
  const std::string* file_;
  const JsonReader* parent_ = nullptr;
  const char* key_ = nullptr;  ///< null: an item of a list
  std::size_t index_ = 0;
};

}  // namespace headroom::models
