// headroom profile fit-power: the constants of a power model from measured runs, and how far off it is.
#include <fmt/format.h>

#include "cli/report_errors.h"
#include "cli/streams.h"
#include "cli/text_table.h"
#include "cli/verbs.h"
#include "models/base/document.h"
#include "models/base/files.h"
#include "models/base/output_directory.h"
#include "models/cost/fit_power.h"

namespace headroom::cli {
namespace {

std::string errorTable(const models::PowerErrors& fitted, const models::PowerErrors& left_out) {
  TextTable table("lrrrr");
  table.add({"watts", "runs", "mean error", "median error", "bias"});
  const auto add = [&](const char* name, const models::PowerErrors& e) {
    table.add({name, fmt::format("{}", e.points), fmt::format("{:.1f} %", e.mean_pct),
               fmt::format("{:.1f} %", e.median_pct), fmt::format("{:+.1f} %", e.bias_pct)});
  };
  add("fitted", fitted);
  if (left_out.points > 0) add("models left out", left_out);
  return table.text();
}

/// Empty where leaving a model out leaves too little: one model, or very few runs.
models::PowerErrors leftOut(const std::vector<models::PowerSample>& runs, const models::PowerModel& model) {
  try {
    return models::heldOutErrors(runs, model.idle, model.limit);
  } catch (const InputError&) {
    return {};
  }
}

}  // namespace

int profileFitPower(const ProfileFitPowerOptions& options) {
  if (!options.out.empty()) checkMayWrite(options.out, options.overwrite);
  const models::Accelerator accelerator =
      models::findAccelerator(options.accelerator, {.file = "--accelerator", .line = 0, .path = ""});
  if (accelerator.power <= Watts()) {
    throw InputError({.file = "--accelerator", .line = 0, .path = ""},
                     fmt::format("the board power of {} is not published: its limit is unknown", accelerator.name));
  }
  const Watts idle = quantityFromText<Watts>(options.idle, "--idle");
  const std::vector<models::PowerSample> runs = models::readPowerRuns(options.runs, accelerator);
  models::PowerModel model = models::fitPower(runs, idle, accelerator.power);
  model.source = options.source;
  const std::string text = models::toPowerYaml(
      model, accelerator.name, fmt::format("{} runs, fitted by headroom profile fit-power", runs.size()));
  if (options.out.empty()) {
    printResult(text);
  } else {
    writeFileAtomically(options.out, text);
  }
  printNote(errorTable(models::powerErrors(model, runs), leftOut(runs, model)));
  return kExitOk;
}

}  // namespace headroom::cli
