// headroom profile fit, check.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/find_profile.h"
#include "cli/numbers.h"
#include "cli/output_directory.h"
#include "cli/report_errors.h"
#include "cli/streams.h"
#include "cli/text_table.h"
#include "cli/verbs.h"
#include "models/base/files.h"
#include "models/cost/check.h"
#include "models/cost/fit.h"

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

}  // namespace

int profileFit(const ProfileFitOptions& options) {
  if (!options.out.empty()) checkMayWrite(options.out, options.overwrite);
  const models::Profile profile = models::fitProfile(options.folder, fitRequest(options));
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
