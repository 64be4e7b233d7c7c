// Experts of a shape that nobody measured, by the shapes that were: t0 + S x slowdown, with the slowdown (t - t0) / S a
// weighted mean over the nearest shapes at equal tokens per expert, in logarithms. Near means: the same format first,
// then the ranks that share the experts (a skewed load burdens the slowest of more ranks more), features an expert has
// on its rank, local experts, hidden size, experts a token reaches, and load. Tier: transferred.
// Left out: kernels that an engine picks by shape.
#pragma once

#include <vector>

#include "models/cost/profile.h"
#include "models/cost/table.h"

namespace headroom::models {

class SimilarExperts {
 public:
  /// `key.operation` is moe. Keeps a reference to `profile`.
  SimilarExperts(const Profile& profile, const TableKey& key);
  /// False: the profile has no experts at all.
  bool any() const { return !similar_.empty(); }
  /// `tokens` of the whole expert-parallel group, before each goes to its top-k experts.
  KernelTime time(double tokens) const;

 private:
  struct Similar {
    TableReader table;
    double weight = 0;
    double tokens_scale = 1;  ///< to equal tokens per expert
  };
  Peaks peaks_;
  TableKey key_;
  std::vector<Similar> similar_;
};

/// How unlike two expert layers are: 0 for the same key.
double unlikeness(const TableKey& wanted, const TableKey& have, const Peaks& peaks);

}  // namespace headroom::models
