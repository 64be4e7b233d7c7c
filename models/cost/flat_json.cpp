#include "models/cost/flat_json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "models/base/error.h"

namespace headroom::models {

class FlatJson::Parser {
 public:
  Parser(std::string_view text, const std::string& file, std::vector<Node>& nodes)
      : text_(text), file_(file), nodes_(nodes) {}

  void document() {
    value({}, 0);
    skipBlanks();
    if (at_ != text_.size()) fail("text after the end");
  }

 private:
  static constexpr int kMaxDepth = 16;

  [[noreturn]] void fail(const char* what) const {
    throw InputError({.file = file_, .line = 0, .path = ""}, fmt::format("not a profile: {} at byte {}", what, at_));
  }
  void skipBlanks() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
      ++at_;
    }
  }
  char peek() {
    skipBlanks();
    if (at_ == text_.size()) fail("the text ends too early");
    return text_[at_];
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  std::string_view string() {
    if (!take('"')) fail("expected text in quotes");
    const std::size_t begin = at_;
    for (;;) {
      at_ = text_.find('"', at_);
      if (at_ == std::string_view::npos) {
        at_ = text_.size();
        fail("a text without its closing quote");
      }
      if (!isEscaped(begin)) break;
      ++at_;
    }
    return text_.substr(begin, at_++ - begin);
  }
  /// Whether an odd number of backslashes stands before this place.
  bool isEscaped(std::size_t begin) const {
    std::size_t first = at_;
    while (first > begin && text_[first - 1] == '\\') --first;
    return (at_ - first) % 2 != 0;
  }

  std::uint32_t value(std::string_view key, int depth) {
    if (depth > kMaxDepth) fail("nested too deeply");
    const auto index = static_cast<std::uint32_t>(nodes_.size());
    nodes_.emplace_back().key = key;
    const char c = peek();
    if (c == '{' || c == '[') {
      children(index, c == '{', depth);
    } else if (c == '"') {
      nodes_[index].kind = Kind::string;
      nodes_[index].text = string();
    } else {
      scalar(nodes_[index]);
    }
    return index;
  }

  void children(std::uint32_t parent, bool object, int depth) {
    nodes_[parent].kind = object ? Kind::object : Kind::array;
    const char close = object ? '}' : ']';
    ++at_;
    if (take(close)) return;
    std::uint32_t last = 0;
    do {
      std::string_view key;
      if (object) {
        key = string();
        if (!take(':')) fail("expected a colon");
      }
      const std::uint32_t child = value(key, depth + 1);
      (last == 0 ? nodes_[parent].child : nodes_[last].next) = child;
      last = child;
    } while (take(','));
    if (!take(close)) fail("expected a comma or the end of a list");
  }

  void scalar(Node& node) {
    const auto ends = [](char c) { return c == ',' || c == ']' || c == '}' || c == ' ' || (c >= '\t' && c <= '\r'); };
    std::size_t end = at_;
    while (end < text_.size() && !ends(text_[end])) ++end;
    node.text = text_.substr(at_, end - at_);
    const bool number = !node.text.empty() && (node.text[0] == '-' || (node.text[0] >= '0' && node.text[0] <= '9'));
    if (!number && node.text != "true" && node.text != "false" && node.text != "null") fail("an unknown word");
    node.kind = number ? Kind::number : Kind::literal;
    at_ = end;
  }

  std::string_view text_;
  const std::string& file_;
  std::vector<Node>& nodes_;
  std::size_t at_ = 0;
};

FlatJson::FlatJson(std::string_view text, const std::string& file) {
  nodes_.reserve(1 + text.size() / 64);
  Parser(text, file, nodes_).document();
}

std::string unescaped(std::string_view text) {
  if (text.find('\\') == std::string_view::npos) return std::string(text);
  const auto json = nlohmann::json::parse("\"" + std::string(text) + "\"", nullptr, false);
  return json.is_string() ? json.get<std::string>() : std::string(text);
}

}  // namespace headroom::models
