#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "planner/plan.h"

namespace headroom::planner {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json orNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json valuesJson(const Assignment& assignment) {
  Json json = Json::object();
  for (const auto& [path, value] : assignment) json[path] = value;
  return json;
}

Json entryJson(const LedgerEntry& entry) {
  Json json{{"candidate", valuesJson(entry.candidate)},
            {"status", nameOf(entry.status)},
            {"code", entry.code},
            {"reason", entry.reason},
            {"replicas", entry.replicas},
            {"accelerators", entry.accelerators},
            {"cost_usd_per_h", orNull(entry.cost_usd_per_h)}};
  const bool has_slo = entry.result && entry.result->slo;
  json["attainment"] = has_slo ? Json(entry.result->slo->attainment) : Json();
  return json;
}

Json recommendationJson(const Recommendation& r) {
  Json json{{"scenario", toYaml(sim::toDocument(r.scenario))},
            {"candidate", valuesJson(r.entry.candidate)},
            {"cost_usd_per_h", orNull(r.entry.cost_usd_per_h)},
            {"replicas", r.entry.replicas},
            {"accelerators", r.entry.accelerators},
            {"policies", {{"router", r.scenario.deployments.front().router}}},
            {"interval",
             {{"margin_mean", r.margin.mean},
              {"margin_low", r.margin.low},
              {"confidence", r.margin.confidence},
              {"seeds", r.margin.seeds}}},
            {"grade", Json()}};
  json["result"] = sim::toJson(*r.entry.result);
  return json;
}

/// Feasible entries that no other beats in both cost and attainment.
Json paretoJson(const std::vector<LedgerEntry>& ledger) {
  Json list = Json::array();
  for (const LedgerEntry& a : ledger) {
    if (a.status != LedgerEntry::Status::feasible) continue;
    bool beaten = false;
    for (const LedgerEntry& b : ledger) {
      if (b.status != LedgerEntry::Status::feasible) continue;
      const double cost_a = *a.cost_usd_per_h, cost_b = *b.cost_usd_per_h;
      const double good_a = a.result->slo->attainment, good_b = b.result->slo->attainment;
      beaten = beaten || (cost_b <= cost_a && good_b >= good_a && (cost_b < cost_a || good_b > good_a));
    }
    if (!beaten) list.push_back(entryJson(a));
  }
  return list;
}

}  // namespace

const char* nameOf(LedgerEntry::Status status) {
  switch (status) {
    case LedgerEntry::Status::feasible:
      return "feasible";
    case LedgerEntry::Status::infeasible:
      return "infeasible";
    case LedgerEntry::Status::dominated:
      return "dominated";
    case LedgerEntry::Status::failed:
      return "failed";
    case LedgerEntry::Status::timed_out:
      return "timed-out";
  }
  return "";
}

std::string shortName(const std::string& path) {
  return path.substr(path.find_last_of('/') + 1);
}

std::string describe(const Assignment& assignment) {
  std::string text;
  for (const auto& [path, value] : assignment) {
    const std::string name = shortName(path);
    const bool speaks_for_itself = name == "accelerator" || name == "policy" || name == "model";
    if (!text.empty()) text += ", ";
    text += speaks_for_itself ? value : fmt::format("{} {}", name, value);
  }
  return text;
}

Json toJson(const Plan& plan) {
  Json json{{"schema", "headroom.plan/1"}, {"study", plan.study}, {"complete", plan.complete}, {"runs", plan.runs}};
  json["recommendation"] = plan.recommendation ? recommendationJson(*plan.recommendation) : Json();
  json["runners_up"] = Json::array();
  for (const LedgerEntry& entry : plan.runners_up) json["runners_up"].push_back(entryJson(entry));
  json["lower_bound"] = !plan.lower_bound ? Json()
                                          : Json{{"cost_usd_per_h", plan.lower_bound->cost_usd_per_h},
                                                 {"accelerators", plan.lower_bound->accelerators}};
  json["burst_budget"] = Json();
  json["binding"] = Json();
  json["pareto"] = paretoJson(plan.ledger);
  json["ledger"] = Json::array();
  for (const LedgerEntry& entry : plan.ledger) json["ledger"].push_back(entryJson(entry));
  json["infeasible"] = plan.recommendation ? Json()
                                           : Json{{"constraint", plan.nearest ? plan.nearest->code : "memory"},
                                                  {"nearest", plan.nearest ? entryJson(*plan.nearest) : Json()}};
  return json;
}

}  // namespace headroom::planner
