// The KV cache against vLLM's block pool written block by block, and its bookkeeping under every kind of sharing.
#include "sim/engine/kv_cache.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <deque>
#include <map>
#include <set>

#include "tests/sim/engine/replica_harness.h"

namespace headroom::sim {
namespace {

using Text = std::vector<workloads::ContentSpan>;

workloads::Request requestOf(std::uint64_t id, const Text& text, bool answer_is_shared = false) {
  workloads::RequestDetails details;
  details.content = text;
  details.answer_is_shared = answer_is_shared;
  std::int64_t tokens = 0;
  for (const workloads::ContentSpan& span : text) tokens += span.tokens;
  workloads::Request made = request(id, 0, static_cast<int>(tokens), 1);
  made.details = std::make_shared<workloads::RequestDetails>(std::move(details));
  return made;
}

/// vLLM's pool: one entry a block, a queue of free ones, a map from the hash of all text up to a block's end.
class BlockByBlock {
 public:
  BlockByBlock(int blocks, int block_size)
      : hash_(static_cast<std::size_t>(blocks)), uses_(hash_.size()), size_(block_size) {
    for (int b = 0; b < blocks; ++b) free_.push_back(b);
  }
  std::int64_t freeBlocks() const { return static_cast<std::int64_t>(free_.size()); }
  std::vector<int> hit(const std::vector<std::string>& hashes, std::int64_t tokens) const {
    std::vector<int> blocks;
    for (std::int64_t i = 0; i < (tokens - 1) / size_; ++i) {
      const auto found = cached_.find(hashes[static_cast<std::size_t>(i)]);
      if (found == cached_.end()) break;
      blocks.push_back(found->second);
    }
    return blocks;
  }
  void hold(const std::vector<int>& blocks) {
    for (const int b : blocks) {
      if (uses_[static_cast<std::size_t>(b)]++ == 0) free_.erase(std::find(free_.begin(), free_.end(), b));
    }
  }
  int allocate() {
    const int b = free_.front();
    free_.pop_front();
    std::string& old = hash_[static_cast<std::size_t>(b)];
    if (!old.empty()) cached_.erase(old);
    old.clear();
    uses_[static_cast<std::size_t>(b)] = 1;
    return b;
  }
  void name(int b, const std::string& hash) {
    if (cached_.contains(hash) || !hash_[static_cast<std::size_t>(b)].empty()) return;
    cached_[hash] = b;
    hash_[static_cast<std::size_t>(b)] = hash;
  }
  void release(const std::vector<int>& blocks) {
    for (auto b = blocks.rbegin(); b != blocks.rend(); ++b) {
      if (--uses_[static_cast<std::size_t>(*b)] == 0) free_.push_back(*b);
    }
  }

 private:
  std::vector<std::string> hash_;
  std::vector<int> uses_;
  std::map<std::string, int> cached_;
  std::deque<int> free_;
  std::int64_t size_;
};

/// Names all text up to the end of each full block.
std::vector<std::string> hashesOf(const Text& text, int block_size) {
  std::vector<std::string> hashes;
  std::string so_far;
  std::int64_t at = 0;
  for (const workloads::ContentSpan& span : text) {
    for (int t = 0; t < span.tokens; ++t) {
      so_far += std::to_string(span.id) + ".";
      if (++at % block_size == 0) hashes.push_back(so_far);
    }
  }
  return hashes;
}

Text randomText() {
  using rc::gen::inRange;
  Text text;
  const int spans = *inRange(1, 4);
  for (int i = 0; i < spans; ++i) {
    text.push_back({static_cast<std::uint64_t>(10 * i + *inRange(0, 3)), *rc::gen::element(2, 4, 5, 8, 12)});
    if (text.back().tokens != 8) break;  // a span that others can stand behind has one length, as in traces
  }
  return text;
}

TEST(KvCache, HitsAndFreeBlocksEqualTheBlockPoolsBlockByBlock) {
  std::int64_t hits = 0;
  EXPECT_TRUE(rc::check([&] {
    const int block_size = *rc::gen::element(1, 2, 4);
    const int blocks = *rc::gen::inRange(40, 90);
    KvCache cache(blocks, block_size, true);
    BlockByBlock pool(blocks, block_size);
    struct Live {
      workloads::Request request;
      KvHold hold;
      std::vector<int> blocks;
    };
    std::deque<Live> live;
    for (std::uint64_t id = 1; id < 60; ++id) {
      const Text text = randomText();
      const workloads::Request asked = requestOf(id, text);
      const std::int64_t tokens = asked.prompt_tokens;
      const auto hashes = hashesOf(text, block_size);
      KvHold hold;
      const KvCache::Hit hit = cache.find(asked, hold, tokens);
      std::vector<int> held = pool.hit(hashes, tokens);
      RC_ASSERT(hit.blocks == static_cast<std::int64_t>(held.size()));
      hits += hit.blocks;
      const std::int64_t answer = *rc::gen::inRange(0, 9);
      if (cache.blocksFor(tokens + answer) - hit.blocks + hit.revived <= cache.freeBlocks()) {
        cache.take(asked, hold, hit);
        pool.hold(held);
        RC_ASSERT(cache.reserve(hold, tokens));
        while (static_cast<std::int64_t>(held.size()) < cache.blocksFor(tokens)) held.push_back(pool.allocate());
        cache.publish(asked, hold, tokens);
        for (std::size_t i = 0; i < hashes.size(); ++i) pool.name(held[i], hashes[i]);
        RC_ASSERT(cache.reserve(hold, tokens + answer));
        while (static_cast<std::int64_t>(held.size()) < cache.blocksFor(tokens + answer))
          held.push_back(pool.allocate());
        live.push_back({asked, hold, held});
      }
      while (live.size() > 4 || (!live.empty() && *rc::gen::inRange(0, 3) == 0)) {
        const auto at = live.begin() + *rc::gen::inRange<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(live.size()));
        cache.release(at->request, at->hold, at->request.prompt_tokens, false);
        pool.release(at->blocks);
        live.erase(at);
      }
      RC_ASSERT(cache.freeBlocks() == pool.freeBlocks());
    }
  }));
  EXPECT_GT(hits, 1000);
}

TEST(KvCache, EveryBlockComesBackUnderAnyMixOfSharingPreemptionAndSessions) {
  EXPECT_TRUE(rc::check([] {
    const auto reuse = *rc::gen::element(KvCache::Reuse::oldest_first, KvCache::Reuse::unknown_first);
    KvCache cache(60, *rc::gen::element(1, 4), true, reuse);
    struct Live {
      workloads::Request request;
      KvHold hold;
      std::int64_t tokens = 0;
    };
    std::vector<Live> all;
    for (std::uint64_t id = 1; id < 12; ++id) all.push_back({requestOf(id, randomText(), id % 2 == 0), {}, 0});
    all.push_back({request(99, 0, 17, 1), {}, 0});  // text of its own
    for (int i = 0; i < 150; ++i) {
      Live& one = all[*rc::gen::inRange<std::size_t>(0, all.size())];
      if (one.tokens == 0) {
        const KvCache::Hit hit = cache.find(one.request, one.hold, one.request.prompt_tokens);
        if (hit.revived > cache.freeBlocks()) continue;
        cache.take(one.request, one.hold, hit);
        one.tokens = hit.blocks * cache.blockSize();
      }
      const std::int64_t more = *rc::gen::inRange(1, 12);
      if (*rc::gen::inRange(0, 4) > 0 && cache.reserve(one.hold, one.tokens + more)) {
        one.tokens += more;
        cache.publish(one.request, one.hold, one.tokens);
      } else {
        cache.release(one.request, one.hold, one.tokens, *rc::gen::arbitrary<bool>());
        one.tokens = 0;
      }
      RC_ASSERT(cache.freeBlocks() >= 0);
    }
    for (Live& one : all) cache.release(one.request, one.hold, one.tokens, false);
    RC_ASSERT(cache.freeBlocks() == 60);
    KvHold all_of_it;
    RC_ASSERT(cache.reserve(all_of_it, 60 * cache.blockSize()));
    RC_ASSERT(cache.freeBlocks() == 0);
  }));
}

TEST(KvCache, APreemptedRequestFindsItsOwnBlocksAgainUntilTheyAreReused) {
  KvCache cache(10, 16, true);
  const workloads::Request alone = request(1, 0, 80, 5);
  KvHold hold;
  ASSERT_TRUE(cache.reserve(hold, 80));
  cache.release(alone, hold, 80, true);
  EXPECT_EQ(cache.find(alone, hold, 81).blocks, 5);
  EXPECT_EQ(cache.find(alone, hold, 80).blocks, 4) << "the last token is computed again";
  KvHold other;
  ASSERT_TRUE(cache.reserve(other, 7 * 16));  // 5 never used, then 2 from the tail
  EXPECT_EQ(cache.find(alone, hold, 81).blocks, 3);
  cache.release(alone, hold, 0, false);
  EXPECT_EQ(cache.freeBlocks(), 3);
}

TEST(KvCache, ASessionsNextTurnFindsPromptAndAnswerOfTheLast) {
  KvCache cache(100, 16, true);
  const workloads::Request first = requestOf(1, {{7, 40}}, true);
  KvHold hold;
  ASSERT_TRUE(cache.reserve(hold, 40 + 30));
  cache.release(first, hold, 70, false);
  const workloads::Request second = requestOf(2, {{7, 100}}, true);
  EXPECT_EQ(cache.find(second, KvHold(), 100).blocks, 4);  // 64 of 70 tokens are in full blocks
}

}  // namespace
}  // namespace headroom::sim
