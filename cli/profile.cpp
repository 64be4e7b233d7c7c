// headroom profile import, fit, check.
#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/find_profile.h"
#include "cli/numbers.h"
#include "cli/report_errors.h"
#include "cli/streams.h"
#include "cli/text_table.h"
#include "cli/verbs.h"
#include "models/base/files.h"
#include "models/base/output_directory.h"
#include "models/cost/check.h"
#include "models/cost/fit.h"
#include "models/cost/import_tables.h"

namespace headroom::cli {
namespace {

using Json = nlohmann::ordered_json;

models::FitRequest fitRequest(const ProfileFitOptions& options) {
  models::FitRequest request;
  request.accelerator = models::findAccelerator(options.accelerator, {.file = "--accelerator", .line = 0, .path = ""});
  request.engine = options.engine;
  request.engine_version = options.engine_version;
  request.origin = options.origin;
  request.date = options.date;
  request.licence = options.licence;
  return request;
}

std::vector<models::KernelErrors> measureErrors(const ProfileCheckOptions& options) {
  const models::Profile profile = findProfileNamed(options.profile);
  const models::RawTables raw = models::readRawTables(options.folder, profile.header.engine);
  if (options.held_out <= 0) return models::checkProfile(profile, raw);
  models::FitRequest request;
  request.accelerator = models::findAccelerator(profile.header.accelerator);
  request.engine = profile.header.engine;
  request.engine_version = profile.header.engine_version;
  return models::checkHeldOut(raw, request, options.held_out, options.seed);
}

std::string errorTable(const std::vector<models::KernelErrors>& errors) {
  TextTable table("llrrrr");
  table.add({"operation", "points", "count", "mean error", "median error", "bias"});
  for (const models::KernelErrors& e : errors) {
    table.add({e.operation, e.points, countText(e.count), fmt::format("{:.1f} %", e.mean * 100),
               fmt::format("{:.1f} %", e.median * 100), fmt::format("{:+.1f} %", e.bias * 100)});
  }
  return table.text();
}

Json errorJson(const std::vector<models::KernelErrors>& errors) {
  Json json = Json::array();
  for (const models::KernelErrors& e : errors) {
    json.push_back({{"operation", e.operation},
                    {"points", e.points},
                    {"count", e.count},
                    {"mean_error", e.mean},
                    {"median_error", e.median},
                    {"bias", e.bias}});
  }
  return json;
}

std::map<std::string, int> rowsByOperation(const models::RawTables& raw) {
  std::map<std::string, int> rows;
  for (const models::Sample& sample : raw.samples) ++rows[models::infoOf(sample.key.operation).name];
  return rows;
}

void noteSkipped(const models::RawTables& raw) {
  for (const auto& [reason, rows] : raw.skipped) printNote(fmt::format("{} rows not used: {}", rows, reason));
}

void writeTables(const models::RawTables& raw, const ProfileImportOptions& options) {
  std::vector<std::string> names;
  for (const models::OperationInfo& operation : models::operations())
    names.push_back(fmt::format("{}.csv", operation.name));
  OutputDirectory folder(options.out, names, options.overwrite);
  try {
    for (const auto& [name, text] : models::operationCsvs(raw)) writeFileAtomically(folder.path(name), text);
    folder.commit();
  } catch (const InputError& error) {
    throw folder.inFinalTerms(error);
  }
}

}  // namespace

int profileImport(const ProfileImportOptions& options) {
  const models::ImportedTables imported = models::importTables({options.sources.begin(), options.sources.end()});
  noteSkipped(imported.raw);
  for (const auto& file : imported.unread) printNote(fmt::format("{}: not read, unknown columns", file.string()));
  writeTables(imported.raw, options);
  TextTable table("lr");
  Json json = Json::object();
  table.add({"operation", "rows"});
  for (const auto& [operation, rows] : rowsByOperation(imported.raw)) {
    table.add({operation, countText(rows)});
    json[operation] = rows;
  }
  printResult(options.format == Format::json ? json.dump(2) + "\n" : table.text());
  return kExitOk;
}

int profileFit(const ProfileFitOptions& options) {
  if (!options.out.empty()) checkMayWrite(options.out, options.overwrite);
  const models::FitRequest request = fitRequest(options);
  const models::RawTables raw = models::readRawTables(options.folder, options.engine);
  noteSkipped(raw);
  const models::Profile profile = models::fitProfile(raw, request);
  const std::string text = models::toJson(profile);
  if (options.out.empty()) {
    printResult(text);
  } else {
    writeFileAtomically(options.out, text);
  }
  printNote(fmt::format("{}: {} tables", profile.header.name, profile.tables.size()));
  return kExitOk;
}

int profileCheck(const ProfileCheckOptions& options) {
  const std::vector<models::KernelErrors> errors = measureErrors(options);
  printResult(options.format == Format::json ? errorJson(errors).dump(2) + "\n" : errorTable(errors));
  return kExitOk;
}

}  // namespace headroom::cli
