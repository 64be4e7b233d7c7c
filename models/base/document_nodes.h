// Building DocumentNodes to be written as YAML.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "models/base/document.h"

namespace headroom {

/// Text that stands as it is: a number, a unit, a name of ours.
inline DocumentNode scalarNode(std::string text) {
  DocumentNode node;
  node.kind = DocumentNode::Kind::scalar;
  node.text = std::move(text);
  return node;
}
/// Text of a user's: quoted where YAML could read it as something else.
DocumentNode stringNode(const std::string& text);
/// A double or an integer, written so that it reads back equal.
template <class Number>
DocumentNode numberNode(Number value) {
  return scalarNode(fmt::format("{}", value));
}
inline DocumentNode boolNode(bool value) {
  return scalarNode(value ? "true" : "false");
}
template <class Number>
DocumentNode withUnit(Number value, const char* unit) {
  return scalarNode(fmt::format("{} {}", value, unit));
}
inline DocumentNode listNode(std::vector<DocumentNode> items = {}) {
  DocumentNode node;
  node.kind = DocumentNode::Kind::list;
  node.items = std::move(items);
  return node;
}
inline DocumentNode mapNode(std::vector<DocumentMember> members = {}) {
  DocumentNode node;
  node.kind = DocumentNode::Kind::map;
  node.members = std::move(members);
  return node;
}
inline void setMember(DocumentNode& map, std::string key, DocumentNode value) {
  map.members.emplace_back(std::move(key), std::move(value));
}

}  // namespace headroom
