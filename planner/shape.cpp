#include "planner/shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace headroom::planner {
namespace {
constexpr double kBoundSlack = 0.9;
constexpr double kFirstGuessLoad = 0.75;
}  // namespace

double marginOf(const sim::Result& result) {
  double margin = 1;
  for (const sim::WorkloadOutcome& w : result.workloads) {
    if (w.attainment && w.target) margin = std::min(margin, *w.attainment - *w.target);
  }
  return margin;
}

void Shape::bound(double offered_per_s, double sustained_per_s) {
  if (offered_per_s <= 0 || sustained_per_s <= 0) return;
  const double replicas = offered_per_s / sustained_per_s;
  const auto atMost = [&](double n) { return static_cast<int>(std::min(n, 1e6)); };
  least_ = std::max(range_.min, atMost(std::ceil(kBoundSlack * replicas)));
  guess_ = std::clamp(atMost(std::ceil(replicas / kFirstGuessLoad)), range_.min, range_.max);
  if (least_ > range_.max) {
    close(LedgerEntry::Status::infeasible, "replicas",
          fmt::format("the mean load alone needs {} replicas, the study allows {}", least_, range_.max));
    entry_.replicas = range_.max;
  }
}

int Shape::next() const {
  const int low = leastReplicas();
  if (met_ > 0) return low + (met_ - 1 - low) / 2;
  if (failed_ == 0) return std::clamp(guess_, std::min(low, range_.max), range_.max);
  return std::min(range_.max, std::max(low, failed_ + (failed_ + 1) / 2));
}

void Shape::learn(int replicas, const sim::Result& result) {
  if (marginOf(result) >= 0) {
    met_ = replicas;
    entry_.result = result;
  } else if (replicas > failed_) {
    failed_ = replicas;
    failed_result_ = result;
  }
  settle();
}

void Shape::settle() {
  if (met_ > 0 && leastReplicas() >= met_) {
    entry_.replicas = met_;
    entry_.accelerators = acceleratorsOf(met_);
    entry_.cost_usd_per_h = costOf(met_);
    close(LedgerEntry::Status::feasible, "slo-met",
          fmt::format("{} replicas meet the SLO: {:.2f} % good", met_, 100 * entry_.result->slo->attainment));
  } else if (met_ == 0 && failed_ >= range_.max) {
    entry_.replicas = failed_;
    entry_.accelerators = acceleratorsOf(failed_);
    entry_.cost_usd_per_h = costOf(failed_);
    entry_.result = failed_result_;
    close(LedgerEntry::Status::infeasible, "slo",
          fmt::format("misses the SLO with all {} replicas: {:.2f} % good", failed_,
                      100 * failed_result_->slo->attainment));
  }
}

void Shape::close(LedgerEntry::Status status, std::string code, std::string reason) {
  entry_.status = status;
  entry_.code = std::move(code);
  entry_.reason = std::move(reason);
  open_ = false;
}

}  // namespace headroom::planner
