// How a chunk of a prompt spreads over the processors of an accelerator when the kernel does not split contexts:
//   one work item = 64 query rows of one head, which walks through its whole context on one processor
//   span = max(ceil(items / processors) (p + c/2), p + c)    context tokens on the busiest processor, c new on p prior
// So 16 new tokens on a long context take as long as a full wave of rows does. FlashAttention-2 with a paged cache
// works so (64 rows a block; only batches of single tokens are split), vLLM's choice but on Hopper and data-centre
// Blackwell.
#pragma once

#include <optional>

#include "models/cost/profile.h"

namespace headroom::models {

struct PrefillTiles {
  int processors = 0;  ///< streaming multiprocessors of the accelerator
  int rows = 64;       ///< query rows of one work item

  /// Whole waves of work items that `new_tokens` rows of `heads` heads make.
  double waves(double heads, double new_tokens) const;
  /// Context tokens on the busiest processor.
  double span(double heads, double new_tokens, double prior) const;
  /// The shortest prompt whose work items fill every processor often enough to hide its edges.
  double fullPrompt(double heads) const;
};

/// None where the engine's kernel splits contexts among processors, or nothing is known about it.
std::optional<PrefillTiles> prefillTilesOf(const ProfileHeader& header);

}  // namespace headroom::models
