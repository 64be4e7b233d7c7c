// headroom profile show: what a profile holds, and for a model the parts of one decode and one prefill step against the
// speed of light.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/find_profile.h"
#include "cli/numbers.h"
#include "cli/report_errors.h"
#include "cli/streams.h"
#include "cli/text_table.h"
#include "cli/verbs.h"
#include "models/cost/compile.h"

namespace headroom::cli {
namespace {

using Json = nlohmann::ordered_json;
using models::Profile;
using models::StepPart;

/// Points of a table, and how many of them nobody measured.
std::pair<std::int64_t, std::int64_t> pointsOf(const models::Table& table) {
  std::int64_t filled = 0;
  for (const auto& [first, count] : table.filled) filled += count;
  return {static_cast<std::int64_t>(table.values.size()), filled};
}

Json profileJson(const Profile& profile) {
  const models::ProfileHeader& h = profile.header;
  Json tables = Json::array();
  for (const models::Table& table : profile.tables) {
    const auto [points, filled] = pointsOf(table);
    tables.push_back({{"name", models::nameOf(table.key)},
                      {"points", points},
                      {"filled", filled},
                      {"launch_floor_us", table.launch_floor.value() * 1e6}});
  }
  return {{"name", h.name},       {"accelerator", h.accelerator},
          {"engine", h.engine},   {"engine_version", h.engine_version},
          {"origin", h.origin},   {"date", h.date},
          {"licence", h.licence}, {"tables", tables}};
}

std::string headerText(const Profile& profile) {
  const models::ProfileHeader& h = profile.header;
  TextTable table("ll");
  table.add({"profile", h.name});
  table.add({"origin", h.origin});
  table.add({"published", h.date});
  table.add({"licence", h.licence});
  table.add(
      {"peaks", fmt::format("{} TFLOP/s bf16, {} TFLOP/s fp8, {}/s memory, {}/s scale-up",
                            numberText(h.peaks.bf16.value() / 1e12), numberText(h.peaks.fp8.value() / 1e12),
                            bytesText(Bytes(h.peaks.memory.value())), bytesText(Bytes(h.peaks.scale_up.value())))});
  TextTable tables("lrrr");
  tables.add({"table", "points", "filled", "floor"});
  for (const models::Table& t : profile.tables) {
    const auto [points, filled] = pointsOf(t);
    tables.add({models::nameOf(t.key), countText(points), countText(filled),
                numberText(t.launch_floor.value() * 1e6) + " us"});
  }
  return table.text() + "\n" + tables.text();
}

models::Precision precisionOption(const std::string& option, const std::string& name) {
  if (const auto precision = models::precisionFromName(name)) return *precision;
  throw InputError({.file = option, .line = 0, .path = ""}, fmt::format("unknown number format \"{}\"", name),
                   suggestion(name, models::precisionNames()));
}

struct Step {
  std::string title;
  std::vector<StepPart> parts;
};

/// One decode step and one prefill step of the model.
std::vector<Step> stepsOf(const Profile& profile, const ProfileShowOptions& options) {
  const models::Model model = models::findModel(options.model, {}, {.file = "--model", .line = 0, .path = ""});
  const models::Accelerator accelerator = models::findAccelerator(profile.header.accelerator);
  models::StepRequest request;
  request.parallelism.tp = options.tp;
  if (const std::string problem = models::layoutProblem(model, request.parallelism); !problem.empty()) {
    throw InputError({.file = "--tp", .line = 0, .path = ""}, problem);
  }
  request.weights = options.weights.empty() ? model.native_precision : precisionOption("--weights", options.weights);
  request.kv_cache = precisionOption("--kv-cache", options.kv_cache);
  models::StepShape decode{.decode_sequences = options.decode_sequences,
                           .decode_context_sum = std::int64_t{options.decode_sequences} * options.context,
                           .chunks = {},
                           .emitting_sequences = options.decode_sequences};
  models::StepShape prefill{
      .decode_sequences = 0, .decode_context_sum = 0, .chunks = {{options.prompt_tokens, 0}}, .emitting_sequences = 1};
  return {{fmt::format("decode step: {} sequences of {} tokens", options.decode_sequences, options.context),
           models::stepParts(profile, accelerator, model, request, decode)},
          {fmt::format("prefill step: one prompt of {} tokens", options.prompt_tokens),
           models::stepParts(profile, accelerator, model, request, prefill)}};
}

std::string stepText(const Step& step) {
  TextTable table("lrrrl");
  table.add({step.title, "ms", "speed of light", "reached", "tier"});
  Seconds total, light;
  for (const StepPart& part : step.parts) {
    total += part.time;
    light += part.speed_of_light;
    table.add({part.name, fmt::format("{:.3f}", part.time.value() * 1e3),
               fmt::format("{:.3f}", part.speed_of_light.value() * 1e3),
               part.time > Seconds() ? fmt::format("{:.0f} %", part.speed_of_light / part.time * 100) : "-",
               models::nameOf(part.tier)});
  }
  table.add({"sum", fmt::format("{:.3f}", total.value() * 1e3), fmt::format("{:.3f}", light.value() * 1e3),
             total > Seconds() ? fmt::format("{:.0f} %", light / total * 100) : "-", ""});
  return "\n" + table.text();
}

Json stepJson(const Step& step) {
  Json parts = Json::array();
  for (const StepPart& part : step.parts) {
    parts.push_back({{"name", part.name},
                     {"time_ms", part.time.value() * 1e3},
                     {"speed_of_light_ms", part.speed_of_light.value() * 1e3},
                     {"tier", models::nameOf(part.tier)}});
  }
  return {{"step", step.title}, {"parts", parts}};
}

}  // namespace

int profileShow(const ProfileShowOptions& options) {
  const Profile profile = findProfileNamed(options.profile);
  const std::vector<Step> steps = options.model.empty() ? std::vector<Step>() : stepsOf(profile, options);
  if (options.format == Format::json) {
    Json json = profileJson(profile);
    for (const Step& step : steps) json["steps"].push_back(stepJson(step));
    printResult(json.dump(2) + "\n");
    return kExitOk;
  }
  std::string text = headerText(profile);
  for (const Step& step : steps) text += stepText(step);
  printResult(text);
  return kExitOk;
}

}  // namespace headroom::cli
