#include "cli/plan_table.h"

#include <fmt/format.h>

#include "cli/numbers.h"
#include "cli/result_table.h"
#include "cli/text_table.h"

namespace headroom::cli {
namespace {

using planner::LedgerEntry;

std::string accelerators(int count) {
  return fmt::format("{} accelerator{}", count, count == 1 ? "" : "s");
}
std::string usd(double per_hour) {
  return fmt::format("{:.2f} USD/h", per_hour);
}

std::string latencyText(const sim::Result& result) {
  std::string text;
  const auto add = [&](const char* name, const std::optional<sim::LatencySummary>& s) {
    if (s)
      text += fmt::format("{}{} p50 {} ms, p99 {} ms", text.empty() ? "" : "; ", name, numberText(s->p50),
                          numberText(s->p99));
  };
  add("ttft", result.latencies.ttft);
  add("tpot", result.latencies.tpot);
  return text;
}

std::string confidenceText(const planner::MarginInterval& margin) {
  if (margin.seeds < 2) return "one seed only: the budget ended before it could be confirmed";
  return fmt::format("holds over {} seeds: with {:.0f} % confidence at least {:+.2f} points from its target",
                     margin.seeds, 100 * margin.confidence, 100 * margin.low);
}

std::string recommendationText(const planner::Plan& plan) {
  const planner::Recommendation& r = *plan.recommendation;
  const sim::Result& result = *r.entry.result;
  std::string text =
      fmt::format("Recommended: {} replica{} of {} ({}), {}, {}\n", r.entry.replicas, r.entry.replicas == 1 ? "" : "s",
                  r.scenario.deployments.front().model, planner::describe(r.entry.candidate),
                  accelerators(r.entry.accelerators), usd(*r.entry.cost_usd_per_h));
  text += fmt::format("  good requests {:.2f} %; {}\n", 100 * result.slo->attainment, confidenceText(r.margin));
  text += fmt::format("  {}\n", latencyText(result));
  text += fmt::format("  {}\n", regimeSentence(result));
  if (plan.lower_bound) {
    text += fmt::format("  lower bound {} ({}): the cheapest fleet that sustains the mean load without any burst\n",
                        usd(plan.lower_bound->cost_usd_per_h), accelerators(plan.lower_bound->accelerators));
  }
  for (const sim::ProfileUse& profile : result.profiles) {
    text += fmt::format("  kernel times: {} ({})\n", profile.name, tierText(profile.tier_share));
  }
  return text;
}

std::string infeasibleText(const planner::Plan& plan) {
  std::string text = plan.complete ? "Infeasible: no combination meets the SLO.\n"
                                   : "No combination was found to meet the SLO before the budget ended.\n";
  if (plan.nearest) {
    text += fmt::format("  nearest: {}, {} replicas: {:.2f} % good\n", planner::describe(plan.nearest->candidate),
                        plan.nearest->replicas, 100 * plan.nearest->result->slo->attainment);
  }
  return text;
}

std::string runnersUpText(const planner::Plan& plan) {
  if (plan.runners_up.empty()) return {};
  TextTable table("llrrrrr");
  table.add({"", "candidate", "replicas", "accelerators", "USD/h", "good %", "p99 ttft ms"});
  for (const LedgerEntry& entry : plan.runners_up) {
    table.add({"", planner::describe(entry.candidate), countText(entry.replicas), countText(entry.accelerators),
               fmt::format("{:.2f}", *entry.cost_usd_per_h), fmt::format("{:.2f}", 100 * entry.result->slo->attainment),
               entry.result->latencies.ttft ? numberText(entry.result->latencies.ttft->p99) : "-"});
  }
  return "\nRunners-up\n" + table.text();
}

std::string rejectedText(const planner::Plan& plan) {
  TextTable table("llll");
  bool any = false;
  for (const LedgerEntry& entry : plan.ledger) {
    if (entry.status == LedgerEntry::Status::feasible) continue;
    any = true;
    table.add({"", planner::describe(entry.candidate), planner::nameOf(entry.status), entry.reason});
  }
  return any ? "\nNot chosen\n" + table.text() : "";
}

}  // namespace

std::string planTable(const planner::Study& study, const planner::Plan& plan) {
  std::string text =
      fmt::format("Study {}: least {}, {} combinations, {} runs\n\n", study.name.empty() ? "(unnamed)" : study.name,
                  study.objective, study.shapes(), plan.runs);
  text += plan.recommendation ? recommendationText(plan) : infeasibleText(plan);
  text += runnersUpText(plan);
  text += rejectedText(plan);
  return text;
}

}  // namespace headroom::cli
