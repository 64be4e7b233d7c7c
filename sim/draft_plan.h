// The model that proposes tokens in speculative decoding, as a replica holds it: beside the target, on the same
// accelerators, without pipeline stages.
#pragma once

#include <memory>
#include <optional>

#include "models/cost/compile.h"
#include "models/llm/memory_plan.h"
#include "sim/engine/speculation_options.h"

namespace headroom::sim {

struct DraftPlan {
  models::Model model;
  models::Parallelism layout;
  models::Precision weights = models::Precision::bf16;
  bool shares_tables = false;  ///< embedding and LM head are the target's

  /// Why it cannot be laid out so, or "".
  std::string problem() const;
  /// Its weights, and its part of each KV block.
  void addTo(models::MemoryRequest& request) const;
  /// `request`: of the target.
  std::shared_ptr<const models::StepTimes> compile(const models::Profile& profile,
                                                   const models::Accelerator& accelerator,
                                                   models::StepRequest request) const;
};

/// Nothing where text is looked up. An MTP layer comes in the target's format `weights`, an EAGLE layer unquantised, a
/// draft model as it is published. Throws InputError if the models do not share a vocabulary.
std::optional<DraftPlan> planDraft(const std::optional<SpeculationOptions>& options, const models::Model& target,
                                   models::Precision weights, const models::Parallelism& layout);

}  // namespace headroom::sim
