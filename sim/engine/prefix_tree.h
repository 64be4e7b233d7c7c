// The texts that a KV cache knows: a tree whose node is one span of text behind another (kv_cache.h says what the cache
// does with them).
#pragma once

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <memory_resource>
#include <unordered_map>
#include <utility>

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
  boost::container::small_vector<std::pair<std::int64_t, int>, 1> holds;  ///< (blocks held, sequences), ascending
  boost::container::small_vector<KvCache::FreeList::iterator, 1> free_stretches;  ///< rising in blocks
  std::int64_t held() const { return holds.empty() ? 0 : holds.back().first; }
};

class PrefixTree {
 public:
  /// Null if there is none. `parent` null: the span begins the text.
  PrefixNode* find(const PrefixNode* parent, std::int64_t offset, std::uint64_t id);
  PrefixNode* findOrMake(PrefixNode* parent, std::int64_t offset, std::uint64_t id);
  /// Removes the node, and then its ancestors, as far as nothing needs them: no block, no child, no hold.
  void removeIfDead(PrefixNode* node);

 private:
  struct Key {
    const PrefixNode* parent;
    std::int64_t offset;
    std::uint64_t id;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  std::pmr::unsynchronized_pool_resource memory_;  // nodes come and go with every request
  std::pmr::unordered_map<Key, PrefixNode, KeyHash> nodes_{&memory_};
};

}  // namespace headroom::sim
