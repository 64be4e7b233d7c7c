// What a decode batch of unequal contexts takes longer than one of equal contexts of the same sum. A kernel that does
// not split a sequence's context among processors ends with the longest one, walked by one processor while the others
// have nothing left:   extra = pace x max(0, longest - max(mean, prior of the prompt beside it))   in every layer.
// FlashAttention-2 splits a batch of single tokens while sequences x KV heads < 0.8 x 2 x processors (its own rule);
// then nothing is lost, and beside a prompt it never splits. Measured as `uneven_attention`; two lengths in a batch, so
// a batch with many lengths is approximate.
#pragma once

#include <memory>
#include <optional>

#include "models/cost/operation.h"
#include "models/cost/profile.h"
#include "models/cost/table.h"

namespace headroom::models {

/// Tokens by which the longest context exceeds the mean that a time of `uneven_attention` is of.
inline constexpr double kUnevenTokens = 1024;

class UnevenContexts {
 public:
  /// None if the profile has no such table of these heads. Keeps a copy of the table.
  static std::optional<UnevenContexts> find(const Profile& profile, TableKey heads, int layers);

  /// Of all layers, for each token by which the longest of `sequences` >= 1 exceeds their mean; `chunk` new tokens of
  /// prompts in the same call, 0: none.
  Seconds pace(double chunk, double sequences) const;
  /// The batch is decoded in pieces of contexts.
  bool splits(double sequences) const;

 private:
  UnevenContexts(const Table& table, const Profile& profile, int layers);
  std::shared_ptr<const Table> table_;
  TableReader reader_;
  int layers_;
  int processors_;
  double whole_from_ = 0;  ///< the fewest sequences on the grid that are not split
};

}  // namespace headroom::models
