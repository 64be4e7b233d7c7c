// Engines that compute prompts and decoding sequences in one call of attention (vLLM's FlashAttention 2 on consumer and
// workstation cards): where a profile has measured that call (`mixed_attention`), a step with both takes its time from
// there instead of the sum of two calls. Several prompts of one step count as one, at their mean prior context.
#pragma once

#include <memory>
#include <optional>

#include "models/cost/operation.h"
#include "models/cost/profile.h"
#include "models/cost/table.h"

namespace headroom::models {

class FusedAttention {
 public:
  /// None if the profile has no such table of these heads that covers decoding sequences. Keeps a copy of the table.
  static std::optional<FusedAttention> find(const Profile& profile, TableKey heads, int layers);

  /// Of all layers, above the launch floor; all counts > 0 but `prior`; `mean_context` includes the newest token.
  Seconds time(double new_tokens, double prior, double decodes, double mean_context) const;

 private:
  FusedAttention(const Table& table, const Peaks& peaks, int layers);
  std::shared_ptr<const Table> table_;
  TableReader reader_;
  Peaks peaks_;
  int layers_;
};

}  // namespace headroom::models
