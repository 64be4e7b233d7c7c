// `headroom validate`: errors of the models against measurements, one row a set. Rungs that are not asked for are left
// out; with none asked for, all are run. A new rung is a flag in ValidateOptions and a line in kRungs.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/report_errors.h"
#include "cli/streams.h"
#include "cli/text_table.h"
#include "cli/verbs.h"
#include "models/base/files.h"
#include "models/base/output_directory.h"
#include "models/cost/validate_kernels.h"
#include "models/cost/validate_power.h"
#include "sim/validation/validation.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Rows = std::vector<models::ValidationRow>;

sim::Validation validateKernels(const fs::path& data) {
  return {.rows = models::validateKernels(data), .notes = {}, .skipped = {}, .points = {}};
}

sim::Validation validatePower(const fs::path& data) {
  models::PowerValidation validation = models::validatePower(data);
  return {.rows = std::move(validation.rows), .notes = {}, .skipped = std::move(validation.skipped), .points = {}};
}

struct Rung {
  bool ValidateOptions::*asked;
  sim::Validation (*run)(const fs::path& data);
};
constexpr Rung kRungs[] = {
    {&ValidateOptions::kernels, validateKernels},
    {&ValidateOptions::steps, sim::validateSteps},
    {&ValidateOptions::runs, sim::validateRuns},
    {&ValidateOptions::runs, sim::validateSweeps},
    {&ValidateOptions::runs, sim::validateDisaggregation},
    {&ValidateOptions::runs, sim::validatePdPoints},
    {&ValidateOptions::power, validatePower},
};

Json rowJson(const models::ValidationRow& row) {
  return Json{{"rung", row.rung},
              {"set", row.set},
              {"metric", row.metric},
              {"points", row.points},
              {"error_mean_pct", row.error_mean_pct},
              {"error_median_pct", row.error_median_pct},
              {"bias_pct", row.bias_pct},
              {"aim_pct", row.aim_pct ? Json(*row.aim_pct) : Json()},
              {"ok", row.ok()},
              {"calibrated", row.calibrated},
              {"rival_pct", row.rival.empty() ? Json() : Json(row.rival)}};
}

bool isJudged(const models::ValidationRow& row) {
  return row.aim_pct || row.aim_mean_pct;
}

/// How many of the rows that have an aim meet it, by rung and metric (its aim in brackets left out).
std::string summaryTable(const Rows& rows) {
  std::map<std::pair<std::string, std::string>, std::pair<int, int>> counts;  // met, judged
  for (const models::ValidationRow& row : rows) {
    if (!isJudged(row)) continue;
    auto& [met, judged] = counts[{row.rung, row.metric.substr(0, row.metric.find(" ("))}];
    met += row.ok() ? 1 : 0;
    ++judged;
  }
  TextTable table("llrr");
  table.add({"rung", "metric", "rows with an aim", "that meet it"});
  for (const auto& [key, count] : counts) {
    table.add({key.first, key.second, fmt::format("{}", count.second), fmt::format("{}", count.first)});
  }
  return table.text();
}

std::string rowTable(const Rows& rows) {
  TextTable table("lllrrrrrllr");
  table.add(
      {"rung", "set", "metric", "points", "mean %", "median %", "bias %", "aim %", "ok", "calibrated", "rival %"});
  for (const models::ValidationRow& row : rows) {
    table.add({row.rung, row.set, row.metric, fmt::format("{}", row.points), fmt::format("{:.1f}", row.error_mean_pct),
               fmt::format("{:.1f}", row.error_median_pct), fmt::format("{:+.1f}", row.bias_pct),
               row.aim_pct ? fmt::format("{:.1f}", *row.aim_pct) : "-",
               !isJudged(row) ? "-"
               : row.ok()     ? "yes"
                              : "no",
               row.calibrated ? "yes" : "no", row.rival.empty() ? "-" : row.rival});
  }
  return table.text() + "\n" + summaryTable(rows);
}

}  // namespace

int validate(const ValidateOptions& options) {
  const bool all = std::none_of(std::begin(kRungs), std::end(kRungs), [&](const Rung& r) { return options.*r.asked; });
  if (!options.points.empty()) checkMayWrite(options.points, options.overwrite);
  Rows rows;
  std::vector<sim::SweepPoint> sweep_points;
  for (const Rung& rung : kRungs) {
    if (!all && !(options.*rung.asked)) continue;
    const sim::Validation more = rung.run(options.data);
    rows.insert(rows.end(), more.rows.begin(), more.rows.end());
    sweep_points.insert(sweep_points.end(), more.points.begin(), more.points.end());
    for (const std::string& note : more.notes) printNote(note);
    for (const auto& [reason, points] : more.skipped) printNote(fmt::format("{} rows not used: {}", points, reason));
  }
  if (!options.points.empty()) writeFileAtomically(options.points, sim::pointsCsv(sweep_points));
  Json list = Json::array();
  for (const models::ValidationRow& row : rows) list.push_back(rowJson(row));
  printResult(options.format == Format::json ? Json{{"rows", list}}.dump(2) + "\n" : rowTable(rows));
  return kExitOk;
}

}  // namespace headroom::cli
