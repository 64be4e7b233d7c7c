#include "sim/draft_plan.h"

#include <fmt/format.h>

#include "models/base/error.h"

namespace headroom::sim {

std::string DraftPlan::problem() const {
  const std::string layout_problem = models::layoutProblem(model, layout);
  return layout_problem.empty() ? "" : fmt::format("draft model {}: {}", model.name, layout_problem);
}

void DraftPlan::addTo(models::MemoryRequest& request) const {
  request.added_weights += models::weightsOfRank(model, layout, weights, !shares_tables);
  request.added_kv_per_token += models::kvBytesPerToken(model, request.kv_cache, layout.tp);
}

std::shared_ptr<const models::StepTimes> DraftPlan::compile(const models::Profile& profile,
                                                            const models::Accelerator& accelerator,
                                                            models::StepRequest request) const {
  request.parallelism = layout;
  request.weights = weights;
  request.max_sampled_rows = 0;
  return models::compileStepTimes(profile, accelerator, model, request).tables;
}

std::optional<DraftPlan> planDraft(const std::optional<SpeculationOptions>& options, const models::Model& target,
                                   models::Precision weights, const models::Parallelism& layout) {
  if (!options) return std::nullopt;
  std::optional<models::Model> model = draftModelOf(*options, target);
  if (!model) return std::nullopt;
  const bool whole = options->method == DraftMethod::draft_model;
  if (model->vocab != target.vocab) {
    throw InputError(fmt::format("draft model {} has a vocabulary of {} and {} one of {}", model->name, model->vocab,
                                 target.name, target.vocab),
                     "a draft needs the target's tokens");
  }
  DraftPlan plan;
  plan.layout = layout;
  if (!model->moe) plan.layout.ep = false;
  if (whole) plan.weights = model->native_precision;
  if (options->method == DraftMethod::mtp) plan.weights = weights;
  plan.shares_tables = !whole;
  plan.model = std::move(*model);
  return plan;
}

}  // namespace headroom::sim
