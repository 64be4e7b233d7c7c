// The only file that sees CLI11 (15 s to compile): it knows how options are spelled, and nothing else.
#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <functional>
#include <memory>

#include "cli/report_errors.h"
#include "cli/scenario_options.h"
#include "cli/streams.h"
#include "cli/verbs.h"
#include "models/base/error.h"
#include "sim/version.h"

namespace headroom::cli {
namespace {

/// What to do once the command line has been read.
using Action = std::function<int()>;

/// Binds `verb` to fresh options; `declare` spells them.
template <class Options>
void bind(CLI::App& app, Action& chosen, int (*verb)(const Options&), void (*declare)(CLI::App&, Options&)) {
  auto options = std::make_shared<Options>();
  declare(app, *options);
  app.callback([options, verb, &chosen] { chosen = [options, verb] { return verb(*options); }; });
}

CLI::App* subverb(CLI::App& app, const char* name, const char* summary) {
  CLI::App* sub = app.add_subcommand(name, summary);
  sub->allow_extras();
  return sub;
}

/// A whole number in [min, max]; CLI11's own check prints doubles, and its conversion wraps -1.
CLI::Validator wholeNumber(std::int64_t min, std::int64_t max = INT64_MAX) {
  return CLI::Validator(
      [min, max](const std::string& text) -> std::string {
        std::int64_t value = 0;
        const char* end = text.data() + text.size();
        const auto parsed = std::from_chars(text.data(), end, value);
        if (parsed.ec == std::errc() && parsed.ptr == end && value >= min && value <= max) return {};
        return max == INT64_MAX ? fmt::format("\"{}\" is not a whole number of at least {}", text, min)
                                : fmt::format("\"{}\" is not a whole number from {} to {}", text, min, max);
      },
      "");
}

/// An empty name is a shell variable that was not set.
CLI::Validator notEmpty() {
  return CLI::Validator([](const std::string& text) { return std::string(text.empty() ? "the name is empty" : ""); },
                        "");
}

void addFormat(CLI::App& app, Format& format) {
  app.add_option_function<std::string>(
         "--format", [&format](const std::string& text) { format = text == "json" ? Format::json : Format::table; },
         "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->type_name("NAME");
}
void addOverwrite(CLI::App& app, bool& overwrite) {
  app.add_flag("--overwrite", overwrite, "replace what is there");
}

void declareSimulate(CLI::App& app, SimulateOptions& o) {
  app.footer(
      "A scenario file, or the short form:\n"
      "  headroom simulate chat.yaml --set deployments/0/pools/0/replicas=4\n"
      "  headroom simulate --model llama-3.1-8b --accelerator h100-sxm --replicas 2 --trace azure:conv.csv.gz\n"
      "Exit code: 0 ok, 2 wrong input, 3 it does not fit (the reason is on stderr), 130 interrupted.");
  app.add_option("SCENARIO", o.scenario, "YAML or JSON file");
  app.add_option("--set", o.set, "override one key of the scenario, may be repeated")
      ->type_name("PATH=VALUE")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--seed", o.seed, "of every random stream")->type_name("N")->check(wholeNumber(0));
  addFormat(app, o.format);
  app.add_option("--out", o.out, "folder for result, per-request table, timeline and metrics")
      ->type_name("DIR")
      ->check(notEmpty());
  addOverwrite(app, o.overwrite);
  app.add_flag("--exact-steps", o.exact_steps, "run every engine step: slow, the same result");
  app.add_flag("--no-load-estimate", o.no_load_estimate, "leave out offered_load and regime");
  app.add_option("--timeline-requests", o.timeline_requests, "requests in timeline.json (20000)")
      ->type_name("N")
      ->check(wholeNumber(0));
  for (const ShortOption& option : shortOptions()) {
    const std::string name = option.name;
    app.add_option_function<std::string>(
           name, [&o, name](const std::string& value) { o.short_form[name] = value; }, option.summary)
        ->type_name(option.value)
        ->group("Short form");
  }
}

void declareExplain(CLI::App& app, ExplainOptions& o) {
  app.add_option("RUN", o.run, "folder of simulate --out")->required()->check(notEmpty());
  app.add_option("--percentile", o.percentile, "the slowest from here on (99)")
      ->type_name("P")
      ->check(CLI::Range(0.0, 100.0));
  app.add_option("--request", o.request, "one request by its id")->type_name("ID")->check(wholeNumber(0));
  addFormat(app, o.format);
}

void declarePlan(CLI::App& app, PlanOptions& o) {
  app.add_option("STUDY", o.study, "YAML or JSON file")->required();
  app.add_option("--set", o.set, "override one key of the study, may be repeated")
      ->type_name("PATH=VALUE")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--workers", o.workers, "worker processes (one per core)")
      ->type_name("N")
      ->check(wholeNumber(1, 1024));
  addFormat(app, o.format);
  app.add_option("--out", o.out, "folder for plan.json and recommended.yaml")->type_name("DIR")->check(notEmpty());
  addOverwrite(app, o.overwrite);
}
void declareGui(CLI::App& app, GuiOptions& o) {
  app.add_option("FILE", o.file, "scenario, study, trace, run folder or result; without it, an example");
}
void declareWorker(CLI::App&, WorkerOptions&) {}

void declareList(CLI::App& app, ListOptions& o) {
  app.add_option("KIND", o.kind,
                 "accelerators, nodes, fabrics, models, engines, policies, profiles, scenarios, trace-formats")
      ->required();
  addFormat(app, o.format);
}

void declareTopology(CLI::App& app, TopologyOptions& o) {
  app.add_option("SCENARIO", o.scenario, "YAML or JSON file with sites, or the name of a shipped scenario")->required();
  app.add_option("--set", o.set, "override one key of the scenario, may be repeated")
      ->type_name("PATH=VALUE")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--svg", o.svg, "draw it")->type_name("FILE")->check(notEmpty());
  addFormat(app, o.format);
}

void declareSchema(CLI::App& app, SchemaOptions& o) {
  app.add_option("KIND", o.kind, "scenario, study, result")->required();
}

void declareModelImport(CLI::App& app, ModelImportOptions& o) {
  app.add_option("CONFIG", o.config, "a Hugging Face config.json")->required();
  app.add_option("--name", o.name, "catalogue name (from the file's name)")->type_name("NAME");
  app.add_option("--out", o.out, "file to write (stdout)")->type_name("FILE")->check(notEmpty());
  addOverwrite(app, o.overwrite);
}

void addModel(CLI::App& app, Action& chosen) {
  bind(*subverb(app, "import", "a Hugging Face config.json as a catalogue entry"), chosen, modelImport,
       declareModelImport);
}

void declareProfileImport(CLI::App& app, ProfileImportOptions& o) {
  app.footer(
      "Reads the tables of Vidur, LLMServingSim and AIConfigurator (docs/profiler.md) and writes one CSV file an\n"
      "operation, for `profile fit` and `profile check`:\n"
      "  headroom profile import data/profiling/compute/a100 data/profiling/network/a100_dgx --out a100");
  app.add_option("SOURCE", o.sources, "files, and folders that are searched for them")->required();
  app.add_option("--out", o.out, "folder to write")->type_name("DIR")->check(notEmpty())->required();
  addFormat(app, o.format);
  addOverwrite(app, o.overwrite);
}

void declareProfileFit(CLI::App& app, ProfileFitOptions& o) {
  app.add_option("DIR", o.folder, "folder of measured kernel times (CSV)")->required();
  app.add_option("--accelerator", o.accelerator, "catalogue name")->type_name("NAME")->required();
  app.add_option("--engine", o.engine, "whose kernels these are (vllm)")->type_name("NAME");
  app.add_option("--engine-version", o.engine_version, "its version")->type_name("V")->required();
  app.add_option("--origin", o.origin, "who measured what, where it was published")->type_name("TEXT");
  app.add_option("--date", o.date, "of the publication")->type_name("YYYY-MM-DD");
  app.add_option("--licence", o.licence, "of the data")->type_name("TEXT");
  app.add_option("--out", o.out, "file to write (stdout)")->type_name("FILE")->check(notEmpty());
  addOverwrite(app, o.overwrite);
}

void declareProfileFitPower(CLI::App& app, ProfileFitPowerOptions& o) {
  app.footer("RUNS has a row a run at constant load: docs/power.md names the columns.");
  app.add_option("RUNS", o.runs, "CSV file")->required();
  app.add_option("--accelerator", o.accelerator, "catalogue name")->type_name("NAME")->required();
  app.add_option("--idle", o.idle, "what it draws without work, e.g. '70 W'")->type_name("POWER")->required();
  app.add_option("--source", o.source, "whose measurements these are")->type_name("TEXT");
  app.add_option("--out", o.out, "file to write (stdout)")->type_name("FILE")->check(notEmpty());
  addOverwrite(app, o.overwrite);
}

void declareProfileCalibrate(CLI::App& app, ProfileCalibrateOptions& o) {
  app.footer(
      "SCENARIO says what was benchmarked (its workload is not used), each RESULT holds one load, as JSON of\n"
      "`vllm bench serve --save-result` or inference-perf's stage_N_lifecycle_metrics.json. With four results and "
      "more\n"
      "half of them are kept out of the fit and judge it.");
  app.add_option("SCENARIO", o.scenario, "YAML or JSON file of one deployment")->required();
  app.add_option("RESULT", o.results, "JSON files")->required();
  app.add_option("--set", o.set, "override one key of the scenario, may be repeated")
      ->type_name("PATH=VALUE")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--out", o.out, "file to write (stdout)")->type_name("FILE")->check(notEmpty());
  addOverwrite(app, o.overwrite);
}

void declareProfileShow(CLI::App& app, ProfileShowOptions& o) {
  app.add_option("PROFILE", o.profile, "a name of `headroom list profiles`, or a file")->required();
  app.add_option("--model", o.model, "show the parts of one decode and one prefill step of it")->type_name("NAME");
  app.add_option("--tp", o.tp, "tensor parallelism (1)")->type_name("N")->check(wholeNumber(1, 1024));
  app.add_option("--weights", o.weights, "number format (the model's own)")->type_name("FORMAT");
  app.add_option("--kv-cache", o.kv_cache, "number format (bf16)")->type_name("FORMAT");
  app.add_option("--sequences", o.decode_sequences, "in the decode step (64)")
      ->type_name("N")
      ->check(wholeNumber(1, 65536));
  app.add_option("--context", o.context, "tokens each of them attends to (1024)")
      ->type_name("N")
      ->check(wholeNumber(1, 1 << 24));
  app.add_option("--prompt-tokens", o.prompt_tokens, "in the prefill step (2048)")
      ->type_name("N")
      ->check(wholeNumber(1, 8192));
  addFormat(app, o.format);
}

void declareProfileCheck(CLI::App& app, ProfileCheckOptions& o) {
  app.add_option("PROFILE", o.profile, "a name of `headroom list profiles`, or a file")->required();
  app.add_option("DIR", o.folder, "folder of measured kernel times (CSV)")->required();
  app.add_option("--held-out", o.held_out, "fit again without this share of the points and report on those alone")
      ->type_name("SHARE")
      ->check(CLI::Range(0.0, 0.9));
  app.add_option("--seed", o.seed, "of the choice of held-out points (1)")->type_name("N")->check(wholeNumber(0));
  addFormat(app, o.format);
}

void addProfile(CLI::App& app, Action& chosen) {
  bind(*subverb(app, "import", "other tools' kernel times as tables to fit"), chosen, profileImport,
       declareProfileImport);
  bind(*subverb(app, "fit", "measured kernel times as a profile"), chosen, profileFit, declareProfileFit);
  bind(*subverb(app, "fit-power", "measured watts as a power model"), chosen, profileFitPower, declareProfileFitPower);
  bind(*subverb(app, "calibrate", "engine constants from your own load tests"), chosen, profileCalibrate,
       declareProfileCalibrate);
  bind(*subverb(app, "show", "what a profile holds, and what it says of a model"), chosen, profileShow,
       declareProfileShow);
  bind(*subverb(app, "check", "errors of a profile against measured kernel times"), chosen, profileCheck,
       declareProfileCheck);
}

void declareValidate(CLI::App& app, ValidateOptions& o) {
  app.footer("Without an option: every rung. The measurements are not part of Headroom; docs name their sources.");
  app.add_flag("--kernels", o.kernels, "kernel times kept out of the fit, per accelerator, engine and operation");
  app.add_flag("--steps", o.steps, "single engine steps");
  app.add_flag("--runs", o.runs, "recorded runs replayed request by request, with and without engine constants");
  app.add_flag("--power", o.power, "watts per accelerator");
  app.add_option("--data", o.data, "folder of the measurements (../shared/data)")->type_name("DIR")->check(notEmpty());
  app.add_option("--points", o.points, "CSV file to write: every point of the load sweeps, measured and simulated")
      ->type_name("FILE")
      ->check(notEmpty());
  addOverwrite(app, o.overwrite);
  addFormat(app, o.format);
}

void declareTraceInspect(CLI::App& app, TraceInspectOptions& o) {
  app.add_option("FORMAT:FILE", o.trace, "e.g. azure:conv.csv.gz; `headroom list trace-formats`")->required();
  app.add_option("--rate-scale", o.rate_scale, "divides the gaps")->type_name("X");
  addFormat(app, o.format);
}

void declareTraceGenerate(CLI::App& app, TraceGenerateOptions& o) {
  app.add_option("MODEL", o.model, "a trace model, as `trace fit` writes it")->required();
  app.add_option("--out", o.out, "CSV file to write, compressed if it ends in .gz or .zst")
      ->type_name("FILE")
      ->check(notEmpty())
      ->required();
  app.add_option("--seed", o.seed, "(1)")->type_name("N")->check(wholeNumber(0));
  app.add_option("--duration", o.duration, "no arrival after it, e.g. '10 min'")->type_name("TIME");
  app.add_option("--requests", o.requests, "stop after so many (as many as the original had)")
      ->type_name("N")
      ->check(wholeNumber(1));
  addOverwrite(app, o.overwrite);
}

void declareTraceFit(CLI::App& app, TraceFitOptions& o) {
  app.add_option("FORMAT:FILE", o.trace, "e.g. azure:conv.csv.gz")->required();
  app.add_option("--out", o.out, "trace model to write (YAML)")->type_name("FILE")->check(notEmpty())->required();
  app.add_option("--name", o.name, "(from the file's name)")->type_name("NAME");
  app.add_option("--source", o.source, "whose statistics these are, with licence")->type_name("TEXT");
  addFormat(app, o.format);
  addOverwrite(app, o.overwrite);
}

void declareTraceConvert(CLI::App& app, TraceConvertOptions& o) {
  app.add_option("FORMAT:FILE", o.trace, "e.g. azure:conv.csv.gz")->required();
  app.add_option("--to", o.to, "csv, azure, burstgpt, mooncake, splitwise, llmservingsim")
      ->type_name("FORMAT")
      ->required();
  app.add_option("--out", o.out, "file to write, compressed if it ends in .gz or .zst")
      ->type_name("FILE")
      ->check(notEmpty())
      ->required();
  app.add_option("--rate-scale", o.rate_scale, "divides the gaps")->type_name("X");
  addOverwrite(app, o.overwrite);
  app.footer("What the format has no place for is left out and counted on stderr.");
}

void addTrace(CLI::App& app, Action& chosen) {
  bind(*subverb(app, "inspect", "rate, burstiness and lengths of a trace"), chosen, traceInspect, declareTraceInspect);
  bind(*subverb(app, "generate", "a synthetic trace from a trace model"), chosen, traceGenerate, declareTraceGenerate);
  bind(*subverb(app, "convert", "a trace in another format"), chosen, traceConvert, declareTraceConvert);
  bind(*subverb(app, "fit", "the statistics of a trace as a trace model"), chosen, traceFit, declareTraceFit);
}

struct Verb {
  const char* name;
  const char* summary;
  void (*add)(CLI::App&, Action&);
};
/// The verbs, in the order of --help. A new one is a struct and a function in verbs.h and a line here.
constexpr Verb kVerbs[] = {
    {"simulate", "one run of a scenario",
     [](CLI::App& app, Action& chosen) { bind(app, chosen, simulate, declareSimulate); }},
    {"explain", "where the time of a run's slowest requests went",
     [](CLI::App& app, Action& chosen) { bind(app, chosen, explain, declareExplain); }},
    {"plan", "the cheapest fleet that meets the SLOs of a study",
     [](CLI::App& app, Action& chosen) { bind(app, chosen, plan, declarePlan); }},
    {"topology", "the network of a scenario, and where its replicas stand",
     [](CLI::App& app, Action& chosen) { bind(app, chosen, topology, declareTopology); }},
    {"list", "what the catalogues hold", [](CLI::App& app, Action& chosen) { bind(app, chosen, list, declareList); }},
    {"schema", "JSON Schema of a file kind",
     [](CLI::App& app, Action& chosen) { bind(app, chosen, schema, declareSchema); }},
    {"trace", "recorded and synthetic traces", addTrace},
    {"profile", "kernel times", addProfile},
    {"model", "LLM architectures", addModel},
    {"validate", "errors of the models against measurements",
     [](CLI::App& app, Action& chosen) { bind(app, chosen, validate, declareValidate); }},
    {"gui", "opens the desktop program", [](CLI::App& app, Action& chosen) { bind(app, chosen, gui, declareGui); }},
    {"worker", "runs jobs for plan and the desktop program, one JSON line each",
     [](CLI::App& app, Action& chosen) { bind(app, chosen, worker, declareWorker); }},
};

/// The verb that was named, as deep as it goes.
const CLI::App& innermost(const CLI::App& app) {
  const CLI::App* shown = &app;
  while (!shown->get_subcommands().empty()) shown = shown->get_subcommands().front();
  return *shown;
}

std::string helpText(const CLI::App& app) {
  std::string before;
  for (const CLI::App* parent = app.get_parent(); parent != nullptr; parent = parent->get_parent()) {
    before = parent->get_name() + (before.empty() ? "" : " " + before);
  }
  return app.help(before);
}

/// Answers what nobody asked for with the nearest name; CLI11 would only say that it was not expected.
void refuseUnknown(const CLI::App& app) {
  for (const CLI::App* sub : app.get_subcommands()) refuseUnknown(*sub);
  const std::vector<std::string> extras = app.remaining();
  if (extras.empty()) return;
  std::vector<std::string> known;
  const bool option = extras.front().starts_with("-");
  if (option) {
    for (const CLI::Option* o : app.get_options()) {
      for (const std::string& name : o->get_lnames()) known.push_back("--" + name);
    }
  } else {
    for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
      known.push_back(sub->get_name());
  }
  const char* kind = option ? "option" : known.empty() ? "argument" : "verb";
  const std::string where = app.get_parent() == nullptr ? "" : app.get_name() + ": ";
  throw InputError(fmt::format("{}unknown {} \"{}\"", where, kind, extras.front()),
                   known.empty() ? "" : suggestion(extras.front(), known));
}

int parseAndRun(int argc, char** argv) {
  CLI::App app("Headroom: how much burst a GPU fleet takes, what breaks first, and which policies to run.", "headroom");
  app.set_version_flag("--version", fmt::format("headroom {}", sim::kVersion));
  app.footer("`headroom VERB --help` explains a verb; docs/cli.md has examples.");
  Action chosen;
  app.allow_extras();
  for (const Verb& verb : kVerbs) {
    CLI::App* sub = app.add_subcommand(verb.name, verb.summary);
    sub->allow_extras();
    verb.add(*sub, chosen);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForVersion& version) {
    printResult(std::string(version.what()) + "\n");
    return kExitOk;
  } catch (const CLI::Success&) {
    printResult(helpText(innermost(app)));
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    refuseUnknown(app);
    throw InputError({.file = innermost(app).get_name(), .line = 0, .path = ""}, error.what());
  }
  refuseUnknown(app);
  if (chosen) return chosen();
  printResult(helpText(innermost(app)));
  return kExitOk;
}

}  // namespace

int runCommandLine(int argc, char** argv) {
  return reportErrors([&] { return parseAndRun(argc, argv); });
}

}  // namespace headroom::cli
