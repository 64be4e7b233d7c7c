#include "sim/engine/prefix_tree.h"

namespace headroom::sim {

std::size_t PrefixTree::KeyHash::operator()(const Key& key) const {
  std::uint64_t h = reinterpret_cast<std::uintptr_t>(key.parent) * 0x9e3779b97f4a7c15ULL;
  h ^= (key.id + static_cast<std::uint64_t>(key.offset) * 0xc2b2ae3d27d4eb4fULL) * 0x165667b19e3779f9ULL;
  return h ^ (h >> 29);
}

PrefixNode* PrefixTree::find(const PrefixNode* parent, std::int64_t offset, std::uint64_t id) {
  // Most nodes have one child; to hash and look up each node of a long text would take most of a run's time.
  PrefixNode* likely = parent == nullptr ? nullptr : parent->youngest;
  if (likely != nullptr && likely->id == id && likely->offset == offset) return likely;
  const auto found = nodes_.find({parent, offset, id});
  return found == nodes_.end() ? nullptr : &found->second;
}

PrefixNode* PrefixTree::findOrMake(PrefixNode* parent, std::int64_t offset, std::uint64_t id) {
  if (PrefixNode* node = find(parent, offset, id)) return node;
  PrefixNode* node = &nodes_[{parent, offset, id}];
  node->parent = parent;
  node->offset = offset;
  node->id = id;
  if (parent != nullptr) {
    ++parent->children;
    parent->youngest = node;
  }
  return node;
}

void PrefixTree::removeIfDead(PrefixNode* node) {
  while (node != nullptr && node->resident == 0 && node->children == 0 && node->holds.empty() && !node->is_private) {
    PrefixNode* parent = node->parent;
    if (parent != nullptr) {
      --parent->children;
      if (parent->youngest == node) parent->youngest = nullptr;
    }
    nodes_.erase({parent, node->offset, node->id});
    node = parent;
  }
}

}  // namespace headroom::sim
