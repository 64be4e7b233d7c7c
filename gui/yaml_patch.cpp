#include "gui/yaml_patch.h"

#include <algorithm>

#include "models/base/document.h"

namespace headroom::gui {
namespace {

constexpr const char* kLeftOut = "the form cannot change this text (an anchor, or a value over several lines)";

class Walk {
 public:
  explicit Walk(const std::string& text) : text_(text) {}

  std::map<std::string, Place> run(const DocumentNode& root) {
    value(root, "", 0, false);
    return std::move(places_);
  }

 private:
  [[noreturn]] void fail() const { throw InputError(kLeftOut, "change it in the editor"); }
  char at(std::size_t i) const { return i < text_.size() ? text_[i] : '\n'; }
  bool isSpace(char c) const { return c == ' ' || c == '\t' || c == '\r'; }

  void skipSpaces() {
    while (at_ < text_.size() && isSpace(text_[at_])) ++at_;
  }
  bool commentStarts() const {
    return at(at_) == '#' && (at_ == 0 || isSpace(text_[at_ - 1]) || text_[at_ - 1] == '\n');
  }
  /// White space, line ends, comments, document marks and, inside {} and [], commas.
  void skip(bool flow) {
    for (;;) {
      skipSpaces();
      if (at_ >= text_.size()) return;
      if (commentStarts()) {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (text_[at_] == '\n' || (flow && text_[at_] == ',')) {
        ++at_;
      } else if (text_.compare(at_, 3, "---") == 0 && (at_ == 0 || text_[at_ - 1] == '\n')) {
        at_ += 3;
      } else {
        return;
      }
    }
  }

  void quoted() {
    const char quote = text_[at_++];
    for (; at_ < text_.size(); ++at_) {
      if (quote == '"' && text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == quote) {
        if (quote == '\'' && at(at_ + 1) == '\'') {
          ++at_;
          continue;
        }
        ++at_;
        return;
      }
    }
    fail();
  }

  /// A plain scalar of this line; `key`: it ends at its colon.
  void plain(bool flow, bool key) {
    const std::size_t begin = at_;
    std::size_t end = at_;
    for (; at_ < text_.size() && text_[at_] != '\n'; ++at_) {
      const char c = text_[at_];
      if (flow && (c == ',' || c == '{' || c == '}' || c == '[' || c == ']')) break;
      if (c == ':' && (flow || key)) {
        const char next = at(at_ + 1);
        if (isSpace(next) || next == '\n' || (flow && (next == ',' || next == '}' || next == ']'))) break;
      }
      if (c == '#' && at_ > begin && isSpace(text_[at_ - 1])) break;
      if (!isSpace(c)) end = at_ + 1;
    }
    at_ = end;
  }

  void key(const std::string& expected, bool flow) {
    skip(flow);
    const std::size_t begin = at_;
    if (at(at_) == '"' || at(at_) == '\'') {
      quoted();
    } else {
      plain(flow, true);
      if (text_.substr(begin, at_ - begin) != expected) fail();
    }
    skipSpaces();
    if (at(at_) != ':') fail();
    ++at_;
  }

  void scalar(const DocumentNode& node, bool flow) {
    if (at(at_) == '"' || at(at_) == '\'') return quoted();
    if (at(at_) == '|' || at(at_) == '>' || at(at_) == '&' || at(at_) == '*' || at(at_) == '!') fail();
    const std::size_t begin = at_;
    plain(flow, false);
    if (text_.substr(begin, at_ - begin) != node.text) fail();
  }

  void value(const DocumentNode& node, const std::string& path, std::size_t key_at, bool flow) {
    if (node.kind == DocumentNode::Kind::null) {
      skipSpaces();
      const std::size_t begin = at_;
      if (at(at_) == '~')
        ++at_;
      else if (text_.compare(at_, 4, "null") == 0)
        at_ += 4;
      places_[path] = {key_at, begin, at_, flow, false, true, false, true};
      return;
    }
    skip(flow);
    const std::size_t begin = at_;
    Place place{key_at, begin, 0, flow, false, false, false, false};
    if (node.kind == DocumentNode::Kind::scalar) {
      place.scalar = true;
      scalar(node, flow);
    } else if (at(at_) == '{' || at(at_) == '[') {
      place.opens_flow = true;
      place.map = node.kind == DocumentNode::Kind::map;
      ++at_;
      children(node, path, true);
      skip(true);
      if (at(at_) != '}' && at(at_) != ']') fail();
      ++at_;
    } else {
      place.map = node.kind == DocumentNode::Kind::map;
      children(node, path, false);
    }
    place.end = at_;
    place.empty = node.members.empty() && node.items.empty() && !place.scalar;
    places_[path] = place;
  }

  void children(const DocumentNode& node, const std::string& path, bool flow) {
    for (const DocumentMember& member : node.members) {
      skip(flow);
      const std::size_t key_at = at_;
      key(member.key, flow);
      value(member.value, path + "/" + member.key, key_at, flow);
    }
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      skip(flow);
      const std::size_t item_at = at_;
      if (!flow) {
        if (at(at_) != '-') fail();
        ++at_;
      }
      value(node.items[i], path + "/" + std::to_string(i), item_at, flow);
    }
  }

  const std::string& text_;
  std::size_t at_ = 0;
  std::map<std::string, Place> places_;
};

std::size_t lineBegin(const std::string& text, std::size_t at) {
  const std::size_t newline = at == 0 ? std::string::npos : text.rfind('\n', at - 1);
  return newline == std::string::npos ? 0 : newline + 1;
}

std::size_t lineEnd(const std::string& text, std::size_t at) {
  const std::size_t newline = text.find('\n', at);
  return newline == std::string::npos ? text.size() : newline;
}

std::pair<std::string, std::string> split(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) throw InputError("\"" + path + "\" is no path");
  return {path.substr(0, slash), path.substr(slash + 1)};
}

bool isIndex(const std::string& key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The first child's place, and where the last one ends.
const Place* firstChild(const std::map<std::string, Place>& places, const std::string& path) {
  const Place* first = nullptr;
  for (const auto& [p, place] : places) {
    if (p.size() <= path.size() + 1 || p.compare(0, path.size() + 1, path + "/") != 0) continue;
    if (p.find('/', path.size() + 1) != std::string::npos) continue;
    if (first == nullptr || place.key < first->key) first = &place;
  }
  return first;
}

TextEdit addKey(const std::string& text, const std::map<std::string, Place>& places, const std::string& map_path,
                const std::string& key, const std::string& yaml) {
  const Place& map = places.at(map_path);
  if (map.opens_flow) {
    std::size_t end = map.end - 1;
    while (end > map.begin + 1 && (text[end - 1] == ' ' || text[end - 1] == '\n')) --end;
    return {end, 0, (map.empty ? "" : ", ") + key + ": " + yaml};
  }
  if (map.scalar || map.empty)
    return {map.begin, map.end - map.begin,
            (map.begin > 0 && text[map.begin - 1] == ':' ? " {" : "{") + key + ": " + yaml + "}"};
  const Place* first = firstChild(places, map_path);
  const std::size_t indent = first->key - lineBegin(text, first->key);
  const std::size_t at = lineEnd(text, map.end);
  return {at, 0, "\n" + std::string(indent, ' ') + key + ": " + yaml};
}

}  // namespace

std::map<std::string, Place> placesOf(const std::string& text) {
  const headroom::Document document = headroom::Document::parse(text, "");
  return Walk(text).run(document.root().node());
}

std::string applied(const std::string& text, const TextEdit& edit) {
  std::string changed = text;
  return changed.replace(edit.begin, edit.length, edit.text);
}

TextEdit setValue(const std::string& text, const std::string& path, const std::string& yaml) {
  const std::map<std::string, Place> places = placesOf(text);
  if (const auto found = places.find(path); found != places.end()) {
    const Place& place = found->second;
    if (!place.scalar && !place.opens_flow && !place.empty) throw InputError(kLeftOut, "change it in the editor");
    const bool glued = place.begin > 0 && text[place.begin - 1] == ':';
    return {place.begin, place.end - place.begin, (glued ? " " : "") + yaml};
  }
  auto [parent, key] = split(path);
  std::string value = yaml;
  while (!places.contains(parent)) {  // the maps in between, from the inside
    if (isIndex(key)) throw InputError("there is no item " + key + " in " + parent);
    value = "{" + key + ": " + value + "}";
    std::tie(parent, key) = split(parent);
  }
  const Place& map = places.at(parent);
  if (isIndex(key) || (!map.map && !(map.scalar && map.empty))) throw InputError(parent + " is not a map");
  return addKey(text, places, parent, key, value);
}

std::optional<TextEdit> removeValue(const std::string& text, const std::string& path) {
  const std::map<std::string, Place> places = placesOf(text);
  const auto found = places.find(path);
  if (found == places.end() || path.empty()) return std::nullopt;
  const Place& place = found->second;
  const auto [parent, key] = split(path);
  const Place& map = places.at(parent);
  if (map.opens_flow) {
    std::size_t begin = place.key, end = place.end;
    while (end < map.end && text[end] == ' ') ++end;
    if (text[end] == ',') {
      ++end;
      while (end < map.end && text[end] == ' ') ++end;
    } else {
      end = place.end;
      while (begin > map.begin + 1 && text[begin - 1] == ' ') --begin;
      if (text[begin - 1] == ',')
        --begin;
      else
        begin = place.key;
    }
    return TextEdit{begin, end - begin, ""};
  }
  const Place* first = firstChild(places, parent);
  const bool shares_line = first != nullptr && first->key == place.key &&
                           text.find_first_not_of(' ', lineBegin(text, place.key)) != place.key;  // "- key: value"
  std::size_t end = lineEnd(text, place.end);
  if (shares_line) {
    // The next key moves up beside the dash; alone, the item becomes empty.
    std::size_t next = end;
    while (next < text.size() && (text[next] == '\n' || text[next] == ' ')) ++next;
    const bool more = next < map.end;
    return TextEdit{place.key, (more ? next : place.end) - place.key, more ? "" : "{}"};
  }
  if (end < text.size()) ++end;
  const std::size_t begin = lineBegin(text, place.key);
  return TextEdit{begin, end - begin, ""};
}

std::optional<std::string> valueText(const std::string& text, const std::map<std::string, Place>& places,
                                     const std::string& path) {
  const auto found = places.find(path);
  if (found == places.end()) return std::nullopt;
  const std::string value = text.substr(found->second.begin, found->second.end - found->second.begin);
  if (value.find('\n') != std::string::npos) return std::nullopt;
  return value;
}

std::string scalarYaml(const std::string& value, bool in_flow) {
  const bool odd_start =
      value.empty() || std::string("!&*-?|>@`\"'%#{}[],:~ ").find(value.front()) != std::string::npos;
  const bool odd_inside = value.find(": ") != std::string::npos || value.find(" #") != std::string::npos ||
                          value.find_first_of("\n\t\"\\") != std::string::npos || value.ends_with(':') ||
                          value.ends_with(' ') || (in_flow && value.find_first_of(",[]{}:") != std::string::npos);
  if (!odd_start && !odd_inside) return value;
  std::string quoted = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '\n')
      quoted += "\\n";
    else
      quoted += c;
  }
  return quoted + "\"";
}

}  // namespace headroom::gui
