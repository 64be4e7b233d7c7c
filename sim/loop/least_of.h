// The least of some numbers that change often, by scanning: blocks of 32 of them, and the least of each block. Below
// some thousand numbers of which each look changes many, that is faster than a heap.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

namespace headroom::sim {

class LeastOf {
 public:
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();

  void clear() {
    std::fill_n(numbers_.begin(), size_, kInfinity);
    size_ = 0;
  }
  void add(double number) {
    if (size_ == numbers_.size()) {
      numbers_.resize(size_ + kBlock, kInfinity);
      blocks_.push_back({});
    }
    set(size_++, number);
  }
  void set(std::size_t at, double number) {
    numbers_[at] = number;
    blocks_[at / kBlock].changed = true;
  }
  double operator[](std::size_t at) const { return numbers_[at]; }
  /// Where the least is, the first if several; infinities where there is nothing.
  std::size_t find() {
    std::size_t best = 0;
    for (std::size_t b = 0; b * kBlock < size_; ++b) {
      if (blocks_[b].changed) blocks_[b] = {leastOf(&numbers_[b * kBlock]), false};
      if (blocks_[b].least < blocks_[best].least) best = b;
    }
    std::size_t at = best * kBlock;
    while (numbers_[at] != blocks_[best].least) ++at;
    return at;
  }

 private:
  static constexpr std::size_t kBlock = 32;
  struct Block {
    double least = kInfinity;
    bool changed = false;
  };
  static double leastOf(const double* from) {
    double least[4] = {from[0], from[1], from[2], from[3]};  // four chains, so that one does not wait for the other
    for (std::size_t i = 4; i < kBlock; i += 4) {
      for (std::size_t lane = 0; lane < 4; ++lane)
        least[lane] = from[i + lane] < least[lane] ? from[i + lane] : least[lane];
    }
    return std::min(std::min(least[0], least[1]), std::min(least[2], least[3]));
  }

  std::vector<double> numbers_;
  std::vector<Block> blocks_;
  std::size_t size_ = 0;
};

}  // namespace headroom::sim
