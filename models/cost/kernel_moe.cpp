#include "models/cost/kernel_moe.h"

#include <cmath>

namespace headroom::models {
namespace {

/// Assignments of one token to one expert, on average.
double density(const TableKey& key) {
  return static_cast<double>(key.topk) / key.experts;
}

TableKernel expertTable(const Profile& profile, const TableKey& key) {
  const Table* table = profile.find(key);
  return {table, profile.header.peaks, table == nullptr ? Tier::spec : Tier::measured};
}

TableKernel routedTable(const Profile& profile, const TableKey& key) {
  return nearestTable(profile, Operation::routed_experts, [&](const TableKey& have) {
    const bool same = key.precision == have.precision && key.hidden == have.hidden && key.topk == have.topk &&
                      key.inter == have.inter * key.moe_tp;
    return same ? 0.0 : kTooFar;
  });
}

}  // namespace

ExpertLoad expertLoadOf(const Model& model) {
  return model.mla ? ExpertLoad::power_law_1_01 : ExpertLoad::power_law_1_2;
}

MoeKernel::MoeKernel(const Profile& profile, const ExpertShape& shape)
    : peaks_(profile.header.peaks),
      key_{.operation = Operation::moe,
           .precision = shape.weights,
           .hidden = shape.hidden,
           .inter = shape.inter,
           .topk = shape.topk,
           .experts = shape.experts,
           .moe_tp = shape.tp,
           .moe_ep = shape.ep,
           .load = shape.load},
      routed_(routedTable(profile, key_)),
      table_(expertTable(profile, key_)) {
  if (!table_.measured()) similar_.emplace(profile, key_);
}

KernelTime MoeKernel::time(double tokens) const {
  if (routed_.measured()) return byReach(tokens);
  if (similar_ && similar_->any()) return similar_->time(tokens);
  return table_.at({tokens}, expertsSpeedOfLight(peaks_, key_, tokens, reachedExperts(key_, tokens)));
}

KernelTime MoeKernel::byReach(double tokens) const {
  // A rank of an expert-parallel group sees its share of the assignments, so its share of tokens and experts.
  const double reached = key_.experts * (1 - std::pow(1 - density(key_), tokens)) / key_.moe_ep;
  const double on_rank = std::max(1.0, tokens / key_.moe_ep);
  return routed_.at({on_rank, std::max(1.0, reached)}, expertsSpeedOfLight(peaks_, key_, tokens, reached));
}

}  // namespace headroom::models
