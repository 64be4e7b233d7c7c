// A JSON text as one flat list of nodes that point into it: nothing is copied, so that a profile of a megabyte, most of
// it in long strings, is indexed in a millisecond (nlohmann::json takes ten times as long). Numbers and strings are
// decoded when they are asked for. Depth is limited; text must outlive the nodes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::models {

class FlatJson {
 public:
  enum class Kind : std::uint8_t { object, array, string, number, literal };
  struct Node {
    std::string_view key;     ///< of a member of an object, as written
    std::string_view text;    ///< of a string without its quotes, of a number or literal
    std::uint32_t next = 0;   ///< sibling; 0: none
    std::uint32_t child = 0;  ///< first child; 0: none
    Kind kind = Kind::literal;
  };

  /// Throws InputError naming `file` and the offset of what is not JSON.
  FlatJson(std::string_view text, const std::string& file);
  const Node& root() const { return nodes_.front(); }
  const Node& at(std::uint32_t index) const { return nodes_[index]; }
  /// Members of this name, at any depth.
  std::size_t count(std::string_view key) const {
    const auto named = [&](const Node& node) { return node.key == key; };
    return static_cast<std::size_t>(std::count_if(nodes_.begin(), nodes_.end(), named));
  }

 private:
  class Parser;
  std::vector<Node> nodes_;
};

/// With escapes resolved.
std::string unescaped(std::string_view text);

}  // namespace headroom::models
