// The KV blocks of one rank, and the prefix cache among them. A block that no sequence holds is free; if its text is
// known it can be hit until it is reused. The text of a sequence is the spans of its prompt (workloads/request.h) and
// its answer; the cache keeps stretches of whole spans, not single blocks: a tree whose node is one span behind
// another.
//
// Rules of vLLM's block pool: only full blocks match; free blocks are reused first in, first out, and a sequence
// returns its blocks tail first, so that its beginning survives longest. Left out: which of two equal blocks (a prompt
// that was cached to its last token and computed it again) is hit later.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <vector>

#include "workloads/request.h"

namespace headroom::sim {

struct PrefixNode;
class PrefixTree;

/// The blocks of one sequence: `own` ones and shared ones along a path of the tree.
struct KvHold {
  struct Shared {
    PrefixNode* node;
    std::int64_t blocks;  ///< of the node's, from its first
    std::size_t span;     ///< its number in the sequence's text
  };
  std::int64_t blocks = 0;     ///< in all
  std::int64_t own = 0;        ///< not in the tree
  std::int64_t published = 0;  ///< first blocks that were offered to the tree
  std::vector<Shared> path;
  PrefixNode* private_node = nullptr;  ///< of text that no other request has; outlives a preemption
};

/// The prompt begins with text that other requests may share.
inline bool hasText(const workloads::Request& request) {
  return request.details && !request.details->content.empty();
}

class KvCache {
 public:
  enum class Reuse {
    oldest_first,   ///< all free blocks in the order they became free (vLLM)
    unknown_first,  ///< blocks without known text first, then the oldest (SGLang, TensorRT-LLM)
  };
  /// `caching` false: nothing is ever hit.
  KvCache(std::int64_t blocks, int block_size, bool caching, Reuse reuse = Reuse::oldest_first);
  ~KvCache();

  std::int64_t freeBlocks() const { return free_; }
  std::int64_t usedBlocks() const { return total_ - free_; }
  std::int64_t blocksFor(std::int64_t tokens) const { return (tokens + block_size_ - 1) / block_size_; }
  int blockSize() const { return block_size_; }

  struct Hit {
    std::int64_t blocks = 0;
    std::int64_t revived = 0;  ///< of them free, so that holding them takes free blocks
  };
  /// The cached beginning of `request`'s first `tokens` tokens, in whole blocks; its last token never counts, it has to
  /// be computed for its logits.
  Hit find(const workloads::Request& request, const KvHold& hold, std::int64_t tokens) const;
  /// Holds what find() found; `hold` must be empty.
  void take(const workloads::Request& request, KvHold& hold, const Hit& hit);
  /// Grows the hold to `tokens` tokens; false, and nothing changed, if too few blocks are free.
  bool reserve(KvHold& hold, std::int64_t tokens);
  /// The same for many sequences at once, without saying which: claim() tells later. At most freeBlocks().
  void use(std::int64_t blocks);
  /// The hold has `blocks` blocks: those it lacks were taken by use().
  static void claim(KvHold& hold, std::int64_t blocks);
  /// Gives back blocks beyond `tokens` tokens, none of which was published.
  void shrink(KvHold& hold, std::int64_t tokens);
  /// Frees blocks of a sequence that shares nothing and comes back never.
  void giveBack(std::int64_t blocks);
  /// Lets others hit the full blocks among the first `tokens` tokens, as far as others can have that text.
  void publish(const workloads::Request& request, KvHold& hold, std::int64_t tokens);
  /// Frees everything. `tokens`: how many are in the blocks. The request comes back (a preemption) or never does.
  void release(const workloads::Request& request, KvHold& hold, std::int64_t tokens, bool comes_back);

 private:
  struct Stretch {  // free blocks [from, to) of a node, or `to` ones without text
    PrefixNode* node = nullptr;
    std::int64_t from = 0, to = 0;
  };
  using FreeList = std::list<Stretch>;
  friend struct PrefixNode;
  class Text;

  /// Whole blocks that end inside tokens (offset, offset + tokens].
  std::int64_t blocksIn(std::int64_t offset, std::int64_t tokens) const {
    return (offset + tokens) / block_size_ - offset / block_size_;
  }
  void publishText(const Text& text, KvHold& hold, std::int64_t tokens, bool with_private);
  void adopt(KvHold& hold, PrefixNode* node, std::size_t span, std::int64_t wanted, std::int64_t already);
  void extendHold(KvHold& hold, PrefixNode* node, std::size_t span, std::int64_t blocks);
  static void removeHold(PrefixNode* node, std::int64_t blocks);
  std::int64_t revive(PrefixNode* node, std::int64_t blocks);
  std::int64_t freeAmong(const PrefixNode* node, std::int64_t blocks) const;
  void dropHold(PrefixNode* node, std::int64_t blocks);
  FreeList::iterator addStretch(const Stretch& stretch);
  void dropStretch(FreeList::iterator stretch) { spare_.splice(spare_.end(), free_list_, stretch); }
  void forgetPrivate(KvHold& hold);

  std::int64_t total_;
  std::int64_t free_;
  int block_size_;
  bool caching_;
  Reuse reuse_;
  std::int64_t unknown_ = 0;  // free blocks without text, under Reuse::unknown_first
  FreeList free_list_;
  FreeList spare_;  // stretches come and go with every request: their memory
  std::unique_ptr<PrefixTree> tree_;
};

}  // namespace headroom::sim
