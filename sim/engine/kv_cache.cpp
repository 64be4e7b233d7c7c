#include "sim/engine/kv_cache.h"

#include <algorithm>

#include "models/base/error.h"
#include "sim/engine/prefix_tree.h"

namespace headroom::sim {

namespace {

/// Ids of text that only one request has.
constexpr std::uint64_t kPrivate = std::uint64_t{1} << 63;

}  // namespace

/// The spans of a request, the last without end: its answer continues there.
class KvCache::Text {
 public:
  explicit Text(const workloads::Request& request)
      : spans_(request.details ? request.details->content : kNone),
        open_ended_(request.details && request.details->answer_is_shared && !spans_.empty()),
        private_id_(kPrivate | request.id) {}
  std::size_t size() const { return spans_.size() + (open_ended_ ? 0 : 1); }
  bool isPrivate(std::size_t i) const { return i == spans_.size(); }
  std::uint64_t id(std::size_t i) const { return isPrivate(i) ? private_id_ : spans_[i].id; }
  std::int64_t tokens(std::size_t i) const { return i + 1 == size() ? INT32_MAX : spans_[i].tokens; }
  /// Tokens that another request can have too.
  std::int64_t publicTokens() const {
    if (open_ended_) return INT32_MAX;
    std::int64_t tokens = 0;
    for (const workloads::ContentSpan& span : spans_) tokens += span.tokens;
    return tokens;
  }

 private:
  static inline const std::vector<workloads::ContentSpan> kNone{};
  const std::vector<workloads::ContentSpan>& spans_;
  bool open_ended_;
  std::uint64_t private_id_;
};

KvCache::KvCache(std::int64_t blocks, int block_size, bool caching, Reuse reuse)
    : total_(blocks),
      free_(blocks),
      block_size_(block_size),
      caching_(caching),
      reuse_(reuse),
      tree_(std::make_unique<PrefixTree>()) {
  CHECK(blocks > 0 && block_size > 0, "a KV cache has blocks");
  if (reuse == Reuse::unknown_first) {
    unknown_ = blocks;
  } else {
    addStretch({nullptr, 0, blocks});
  }
}

KvCache::~KvCache() = default;

std::int64_t KvCache::freeAmong(const PrefixNode* node, std::int64_t blocks) const {
  std::int64_t free = 0;
  for (const auto& stretch : node->free_stretches) {
    free += std::max<std::int64_t>(0, std::min(stretch->to, blocks) - stretch->from);
  }
  return free;
}

KvCache::Hit KvCache::find(const workloads::Request& request, const KvHold& hold, std::int64_t tokens) const {
  Hit hit;
  if (!caching_ || (!hasText(request) && hold.private_node == nullptr)) return hit;
  const Text text(request);
  const PrefixNode* parent = nullptr;
  std::int64_t offset = 0;
  std::int64_t room = tokens > 0 ? (tokens - 1) / block_size_ : 0;
  for (std::size_t i = 0; i < text.size() && room > 0; ++i) {
    const PrefixNode* node = tree_->find(parent, offset, text.id(i));
    if (node == nullptr) break;
    const std::int64_t whole = blocksIn(offset, text.tokens(i));
    const std::int64_t blocks = std::min({node->resident, whole, room});
    hit.blocks += blocks;
    hit.revived += freeAmong(node, blocks);
    room -= blocks;
    if (blocks < whole) break;
    offset += text.tokens(i);
    parent = node;
  }
  return hit;
}

void KvCache::take(const workloads::Request& request, KvHold& hold, const Hit& hit) {
  CHECK(hold.blocks == 0, "a sequence takes a prefix before anything else");
  const Text text(request);
  PrefixNode* parent = nullptr;
  std::int64_t offset = 0;
  std::int64_t left = hit.blocks;
  for (std::size_t i = 0; left > 0; ++i) {
    PrefixNode* node = tree_->find(parent, offset, text.id(i));
    CHECK(node != nullptr, "a hit was found along the tree");
    const std::int64_t blocks = std::min(left, blocksIn(offset, text.tokens(i)));
    free_ -= revive(node, blocks);
    extendHold(hold, node, i, blocks);
    left -= blocks;
    offset += text.tokens(i);
    parent = node;
  }
  hold.blocks = hold.published = hit.blocks;
}

/// Takes the first `blocks` blocks of the node off the free list; how many were on it.
std::int64_t KvCache::revive(PrefixNode* node, std::int64_t blocks) {
  std::int64_t revived = 0;
  auto& stretches = node->free_stretches;
  const auto gone = [&](FreeList::iterator stretch) {
    const std::int64_t end = std::min(stretch->to, blocks);
    if (end <= stretch->from) return false;
    revived += end - stretch->from;
    stretch->from = end;
    if (stretch->from < stretch->to) return false;
    dropStretch(stretch);
    return true;
  };
  stretches.erase(std::remove_if(stretches.begin(), stretches.end(), gone), stretches.end());
  return revived;
}

void KvCache::extendHold(KvHold& hold, PrefixNode* node, std::size_t span, std::int64_t blocks) {
  if (!hold.path.empty() && hold.path.back().node == node) {
    removeHold(node, hold.path.back().blocks);
    hold.path.back().blocks = blocks;
  } else {
    hold.path.push_back({node, blocks, span});
  }
  auto& holds = node->holds;
  if (holds.empty() || holds.back().first < blocks) {
    holds.emplace_back(blocks, 1);
    return;
  }
  const auto at = std::lower_bound(holds.begin(), holds.end(), std::pair{blocks, 0});
  if (at->first == blocks) {
    ++at->second;
  } else {
    holds.insert(at, {blocks, 1});
  }
}

bool KvCache::reserve(KvHold& hold, std::int64_t tokens) {
  const std::int64_t needed = blocksFor(tokens) - hold.blocks;
  if (needed > free_) return false;
  if (needed <= 0) return true;
  use(needed);
  claim(hold, hold.blocks + needed);
  return true;
}

void KvCache::claim(KvHold& hold, std::int64_t blocks) {
  hold.own += blocks - hold.blocks;
  hold.blocks = blocks;
}

void KvCache::shrink(KvHold& hold, std::int64_t tokens) {
  const std::int64_t beyond = hold.blocks - blocksFor(tokens);
  if (beyond <= 0) return;
  CHECK(hold.own >= beyond, "only blocks of its own are given back");
  hold.own -= beyond;
  hold.blocks -= beyond;
  giveBack(beyond);
}

/// What the blocks held is forgotten.
void KvCache::use(std::int64_t blocks) {
  free_ -= blocks;
  const std::int64_t unknown = std::min(unknown_, blocks);
  unknown_ -= unknown;
  blocks -= unknown;
  while (blocks > 0) {
    const auto stretch = free_list_.begin();
    const std::int64_t count = std::min(blocks, stretch->to - stretch->from);
    blocks -= count;
    stretch->to -= count;
    PrefixNode* node = stretch->node;
    if (node != nullptr) node->resident = stretch->to;
    if (stretch->to > stretch->from) continue;
    if (node != nullptr) {
      auto& stretches = node->free_stretches;
      stretches.erase(std::find(stretches.begin(), stretches.end(), stretch));
    }
    dropStretch(stretch);
    if (node != nullptr) tree_->removeIfDead(node);
  }
}

void KvCache::publish(const workloads::Request& request, KvHold& hold, std::int64_t tokens) {
  if (caching_ && hasText(request)) publishText(Text(request), hold, tokens, false);
}

void KvCache::publishText(const Text& text, KvHold& hold, std::int64_t tokens, bool with_private) {
  if (!with_private) tokens = std::min(tokens, text.publicTokens());
  const std::int64_t full = std::min(tokens / block_size_, hold.blocks);
  PrefixNode* parent = nullptr;
  std::int64_t offset = 0;
  std::size_t i = 0;
  if (!hold.path.empty()) {  // what stands before the last shared span has been offered
    const KvHold::Shared& last = hold.path.back();
    parent = last.node->parent;
    offset = last.node->offset;
    i = last.span;
  }
  for (; i < text.size() && hold.published < full; ++i) {
    const std::int64_t span = std::min(text.tokens(i), tokens - offset);
    const std::int64_t first = offset / block_size_;  // blocks before this span's
    const std::int64_t wanted = std::min(blocksIn(offset, span), full - first);
    const std::int64_t already = std::max<std::int64_t>(0, hold.published - first);
    PrefixNode* node = tree_->findOrMake(parent, offset, text.id(i));
    if (text.isPrivate(i)) {
      node->is_private = true;
      hold.private_node = node;
    }
    if (wanted > already) adopt(hold, node, i, wanted, already);
    offset += text.tokens(i);
    parent = node;
  }
}

/// The sequence's blocks [already, wanted) of the node's text: those that are not in the tree yet become the node's.
void KvCache::adopt(KvHold& hold, PrefixNode* node, std::size_t span, std::int64_t wanted, std::int64_t already) {
  hold.published += wanted - already;
  const bool keeps_copies = reuse_ == Reuse::oldest_first;
  if (keeps_copies && node->resident >= wanted) return;  // equal blocks are there: its own stay beside them
  const std::int64_t held = hold.path.empty() || hold.path.back().node != node ? 0 : hold.path.back().blocks;
  free_ -= revive(node, wanted);
  const std::int64_t copies = std::min(std::max(node->resident, held), wanted) - held;
  node->resident = std::max(node->resident, wanted);
  extendHold(hold, node, span, wanted);
  hold.own -= wanted - held;
  giveBack(copies);
}

void KvCache::release(const workloads::Request& request, KvHold& hold, std::int64_t tokens, bool comes_back) {
  if (caching_ && (comes_back || hasText(request))) publishText(Text(request), hold, tokens, comes_back);
  giveBack(hold.own);
  for (auto shared = hold.path.rbegin(); shared != hold.path.rend(); ++shared) dropHold(shared->node, shared->blocks);
  if (!comes_back) forgetPrivate(hold);
  PrefixNode* private_node = comes_back ? hold.private_node : nullptr;
  hold = KvHold();
  hold.private_node = private_node;
}

/// At the end of the free list.
KvCache::FreeList::iterator KvCache::addStretch(const Stretch& stretch) {
  if (spare_.empty()) return free_list_.insert(free_list_.end(), stretch);
  free_list_.splice(free_list_.end(), spare_, spare_.begin());
  const auto added = std::prev(free_list_.end());
  *added = stretch;
  return added;
}

void KvCache::giveBack(std::int64_t blocks) {
  if (blocks == 0) return;
  free_ += blocks;
  if (reuse_ == Reuse::unknown_first) {
    unknown_ += blocks;
  } else if (!free_list_.empty() && free_list_.back().node == nullptr) {
    free_list_.back().to += blocks;
  } else {
    addStretch({nullptr, 0, blocks});
  }
}

void KvCache::removeHold(PrefixNode* node, std::int64_t blocks) {
  auto& holds = node->holds;
  auto at = holds.end();
  if (!holds.empty() && holds.back().first == blocks) {
    --at;
  } else {
    at = std::lower_bound(holds.begin(), holds.end(), std::pair{blocks, 0});
  }
  CHECK(at != holds.end() && at->first == blocks, "a hold is dropped as it was taken");
  if (--at->second == 0) holds.erase(at);
}

/// One sequence no longer holds the node's first `blocks`: what nobody else holds is free.
void KvCache::dropHold(PrefixNode* node, std::int64_t blocks) {
  removeHold(node, blocks);
  const std::int64_t held = node->held();
  if (held < blocks) {
    free_ += blocks - held;
    const auto stretch = addStretch({node, held, blocks});
    auto& stretches = node->free_stretches;
    if (stretches.empty()) {
      stretches.push_back(stretch);
    } else {
      stretches.insert(stretches.begin(), stretch);
    }
  }
  tree_->removeIfDead(node);
}

/// Text that never comes back: its free blocks stay where they are in the list, without a name.
void KvCache::forgetPrivate(KvHold& hold) {
  PrefixNode* node = hold.private_node;
  if (node == nullptr) return;
  for (const auto& stretch : node->free_stretches) {
    stretch->node = nullptr;
    if (reuse_ == Reuse::unknown_first) {
      unknown_ += stretch->to - stretch->from;
      dropStretch(stretch);
    } else {
      stretch->to -= stretch->from;
      stretch->from = 0;
    }
  }
  node->free_stretches.clear();
  node->resident = 0;
  node->is_private = false;
  tree_->removeIfDead(node);
  hold.private_node = nullptr;
}

}  // namespace headroom::sim
