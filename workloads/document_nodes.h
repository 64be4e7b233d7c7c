// Building DocumentNodes to be written as YAML.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "models/base/document.h"

namespace headroom::workloads {

inline DocumentNode scalarNode(std::string text) {
  DocumentNode node;
  node.kind = DocumentNode::Kind::scalar;
  node.text = std::move(text);
  return node;
}
/// A double or an integer, written so that it reads back equal.
template <class Number>
DocumentNode numberNode(Number value) {
  return scalarNode(fmt::format("{}", value));
}
template <class Number>
DocumentNode withUnit(Number value, const char* unit) {
  return scalarNode(fmt::format("{} {}", value, unit));
}
inline DocumentNode listNode(std::vector<DocumentNode> items) {
  DocumentNode node;
  node.kind = DocumentNode::Kind::list;
  node.items = std::move(items);
  return node;
}
inline DocumentNode mapNode(std::vector<std::pair<std::string, DocumentNode>> members) {
  DocumentNode node;
  node.kind = DocumentNode::Kind::map;
  node.members = std::move(members);
  return node;
}

}  // namespace headroom::workloads
