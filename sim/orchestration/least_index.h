// The index with the least load, in O(log n) a change: a tournament tree. Ties go to the lowest index.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace headroom::sim {

class LeastIndex {
 public:
  explicit LeastIndex(std::size_t size)
      : leaves_(std::bit_ceil(size)), load_(leaves_, INT64_MAX), winner_(2 * leaves_) {
    for (std::size_t i = 0; i < size; ++i) load_[i] = 0;
    for (std::size_t i = 0; i < leaves_; ++i) winner_[leaves_ + i] = static_cast<std::uint32_t>(i);
    for (std::size_t i = leaves_ - 1; i > 0; --i) replay(i);
  }
  std::size_t least() const { return winner_[1]; }
  std::int64_t load(std::size_t index) const { return load_[index]; }
  /// A load so great that it is only chosen if all are away.
  static constexpr std::int64_t kAway = INT64_MAX / 4;
  void setAway(std::size_t index, bool away) { add(index, away ? kAway : -kAway); }
  void add(std::size_t index, std::int64_t amount) {
    load_[index] += amount;
    for (std::size_t i = (leaves_ + index) / 2; i > 0; i /= 2) replay(i);
  }

 private:
  void replay(std::size_t node) {
    const std::uint32_t left = winner_[2 * node], right = winner_[2 * node + 1];
    winner_[node] = load_[right] < load_[left] ? right : left;
  }
  std::size_t leaves_;
  std::vector<std::int64_t> load_;
  std::vector<std::uint32_t> winner_;
};

}  // namespace headroom::sim
