#include "sim/engine/prefix_tree.h"

namespace headroom::sim {

std::size_t PrefixTree::bucketOf(const PrefixNode* parent, std::int64_t offset, std::uint64_t id) const {
  std::uint64_t h = reinterpret_cast<std::uintptr_t>(parent) * 0x9e3779b97f4a7c15ULL;
  h ^= (id + static_cast<std::uint64_t>(offset) * 0xc2b2ae3d27d4eb4fULL) * 0x165667b19e3779f9ULL;
  return static_cast<std::size_t>(h ^ (h >> 29)) & (buckets_.size() - 1);
}

PrefixNode* PrefixTree::findChained(const PrefixNode* parent, std::int64_t offset, std::uint64_t id) const {
  PrefixNode* node = buckets_[bucketOf(parent, offset, id)];
  while (node != nullptr && (node->id != id || node->parent != parent || node->offset != offset)) node = node->chained;
  return node;
}

PrefixNode* PrefixTree::findOrMake(PrefixNode* parent, std::int64_t offset, std::uint64_t id) {
  if (PrefixNode* node = find(parent, offset, id)) return node;
  if (size_ == buckets_.size()) grow();
  PrefixNode* node = unused_;
  if (node == nullptr) {
    node = &nodes_.emplace_back();
  } else {
    unused_ = node->chained;
  }
  PrefixNode*& first = buckets_[bucketOf(parent, offset, id)];
  node->parent = parent;
  node->offset = offset;
  node->id = id;
  node->chained = first;
  first = node;
  ++size_;
  if (parent != nullptr) {
    ++parent->children;
    parent->youngest = node;
  }
  return node;
}

/// What it holds is empty already.
void PrefixTree::remove(PrefixNode* node) {
  if (PrefixNode* parent = node->parent; parent != nullptr) {
    --parent->children;
    if (parent->youngest == node) parent->youngest = nullptr;
  }
  PrefixNode** link = &buckets_[bucketOf(node->parent, node->offset, node->id)];
  while (*link != node) link = &(*link)->chained;
  *link = node->chained;
  --size_;
  node->youngest = nullptr;
  node->free_stretches.clear();
  node->chained = unused_;
  unused_ = node;
}

void PrefixTree::grow() {
  std::vector<PrefixNode*> chains(2 * buckets_.size());
  chains.swap(buckets_);
  for (PrefixNode* node : chains) {
    while (node != nullptr) {
      PrefixNode* next = node->chained;
      PrefixNode*& first = buckets_[bucketOf(node->parent, node->offset, node->id)];
      node->chained = first;
      first = node;
      node = next;
    }
  }
}

}  // namespace headroom::sim
