// The texts that a KV cache knows: a tree whose node is one span of text behind another (kv_cache.h says what the cache
// does with them). Nodes come and go with every request, so they are kept for reuse, and chained in a hash table of
// their own.
#pragma once

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "sim/engine/kv_cache.h"

namespace headroom::sim {

/// One span of text behind another: blocks [0, resident) of it are in the cache.
struct PrefixNode {
  PrefixNode* parent = nullptr;
  std::int64_t offset = 0;  ///< tokens before the span
  std::uint64_t id = 0;
  std::int64_t resident = 0;
  bool is_private = false;  ///< outlives its blocks and holds
  int children = 0;
  PrefixNode* youngest = nullptr;                                         ///< the child made last
  PrefixNode* chained = nullptr;                                          ///< in the same bucket, or not in use
  boost::container::small_vector<std::pair<std::int64_t, int>, 1> holds;  ///< (blocks held, sequences), ascending
  boost::container::small_vector<KvCache::FreeList::iterator, 1> free_stretches;  ///< rising in blocks
  std::int64_t held() const { return holds.empty() ? 0 : holds.back().first; }
};

class PrefixTree {
 public:
  PrefixTree() : buckets_(kFirstBuckets) {}
  /// Null if there is none. `parent` null: the span begins the text.
  PrefixNode* find(const PrefixNode* parent, std::int64_t offset, std::uint64_t id) const {
    // Most nodes have one child; to hash and look up each node of a long text would take most of a run's time.
    PrefixNode* likely = parent == nullptr ? nullptr : parent->youngest;
    if (likely != nullptr && likely->id == id && likely->offset == offset) return likely;
    if (parent != nullptr && parent->children == (likely == nullptr ? 0 : 1)) return nullptr;
    return findChained(parent, offset, id);
  }
  PrefixNode* findOrMake(PrefixNode* parent, std::int64_t offset, std::uint64_t id);
  /// Removes the node, and then its ancestors, as far as nothing needs them: no block, no child, no hold.
  void removeIfDead(PrefixNode* node) {
    while (node != nullptr && node->resident == 0 && node->children == 0 && node->holds.empty() && !node->is_private) {
      PrefixNode* parent = node->parent;
      remove(node);
      node = parent;
    }
  }

 private:
  static constexpr std::size_t kFirstBuckets = 64;  // a power of two
  std::size_t bucketOf(const PrefixNode* parent, std::int64_t offset, std::uint64_t id) const;
  PrefixNode* findChained(const PrefixNode* parent, std::int64_t offset, std::uint64_t id) const;
  void remove(PrefixNode* node);
  void grow();

  std::deque<PrefixNode> nodes_;
  PrefixNode* unused_ = nullptr;      // chained
  std::vector<PrefixNode*> buckets_;  // first of each chain
  std::size_t size_ = 0;              // nodes in use
};

}  // namespace headroom::sim
