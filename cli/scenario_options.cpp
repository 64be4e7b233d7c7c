#include "cli/scenario_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "models/base/document_nodes.h"
#include "models/base/files.h"
#include "workloads/trace_reader.h"

namespace headroom::cli {
namespace {

using Values = std::map<std::string, std::string>;

constexpr const char* kShortForm = "short form";

constexpr ShortOption kShortOptions[] = {
    {"--model", "NAME", "catalogue name, Hugging Face id or path to a config.json", "deployments/0/model"},
    {"--accelerator", "NAME", "catalogue name, e.g. h100-sxm", "deployments/0/pools/0/accelerator"},
    {"--tp", "N", "tensor parallelism (1)", "deployments/0/pools/0/tp"},
    {"--replicas", "N", "engine instances (1)", "deployments/0/pools/0/replicas"},
    {"--profile", "FILE", "your own kernel profile", "deployments/0/pools/0/profile"},
    {"--engine-version", "V", "of vLLM (0.24.0)", "deployments/0/engine/version"},
    {"--weights", "FORMAT", "bf16, fp8, ... (the model's own)", "deployments/0/precision/weights"},
    {"--kv-cache", "FORMAT", "bf16, fp8 (bf16)", "deployments/0/precision/kv_cache"},
    {"--max-num-seqs", "N", "sequences running at once", "deployments/0/engine/max_num_seqs"},
    {"--max-num-batched-tokens", "N", "token budget of a step", "deployments/0/engine/max_num_batched_tokens"},
    {"--max-model-len", "N", "longest prompt and answer together", "deployments/0/engine/max_model_len"},
    {"--num-gpu-blocks", "N", "KV blocks a replica (from the memory plan)", "deployments/0/engine/num_gpu_blocks"},
    {"--router", "POLICY", "`headroom list policies` (round-robin)", "deployments/0/router/policy"},
    {"--trace", "FORMAT:FILE", "arrivals and lengths from a recorded trace", "workloads/0/arrivals/file"},
    {"--trace-model", "FILE", "arrivals and lengths from a fitted trace model", "workloads/0/arrivals/file"},
    {"--rate-scale", "X", "divides the gaps of the trace", "workloads/0/arrivals/rate_scale"},
    {"--rate", "'R /s'", "arrivals at random at this rate, e.g. '6.5 /s'", "workloads/0/arrivals/rate"},
    {"--cv", "X", "burstiness of --rate: standard deviation over mean of the gaps (1)", "workloads/0/arrivals/cv"},
    {"--concurrency", "N", "clients that wait for their answers", "workloads/0/arrivals/concurrency"},
    {"--requests", "N", "stop after so many", "workloads/0/requests"},
    {"--prompt-tokens", "N|A:B", "prompt length, fixed or uniform", "workloads/0/prompt_tokens"},
    {"--output-tokens", "N|A:B", "answer length, fixed or uniform", "workloads/0/output_tokens"},
    {"--duration", "'T min'", "no arrival after this time", "duration"},
    {"--warmup", "'T s'", "not measured", "warmup"},
    {"--ttft", "'T ms'", "SLO: time to first token", "slos/0/ttft"},
    {"--tpot", "'T ms'", "SLO: time per output token", "slos/0/tpot"},
    {"--attainment", "SHARE", "share of requests that must meet the SLO (0.99)", "slos/0/attainment"},
};

/// Creates what is missing on the way; a step that is a number is an index of a list.
DocumentNode& place(DocumentNode& root, std::string_view path) {
  DocumentNode* node = &root;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string step(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (step.front() >= '0' && step.front() <= '9') {
      node->kind = DocumentNode::Kind::list;
      const auto index = static_cast<std::size_t>(std::stoul(step));
      if (index >= node->items.size()) node->items.resize(index + 1);
      node = &node->items[index];
      continue;
    }
    node->kind = DocumentNode::Kind::map;
    const auto found = std::find_if(node->members.begin(), node->members.end(),
                                    [&](const auto& member) { return member.key == step; });
    node = found != node->members.end() ? &found->value : &node->members.emplace_back(step, DocumentNode{}).value;
  }
  return *node;
}

void put(DocumentNode& root, std::string_view path, const std::string& text) {
  place(root, path) = scalarNode(text);
}

/// "512" is fixed, "100:1000" uniform.
void putLength(DocumentNode& root, const std::string& path, const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return put(root, path + "/fixed", text);
  put(root, path + "/uniform/0", text.substr(0, colon));
  put(root, path + "/uniform/1", text.substr(colon + 1));
}

[[noreturn]] void refuse(const std::string& option, const std::string& message, const std::string& hint = {}) {
  throw InputError({.file = option, .line = 0, .path = ""}, message, hint);
}

/// The options given that say what arrives: one, if the combination is sound.
std::vector<std::string> arrivalOptions(const Values& values) {
  std::vector<std::string> given;
  for (const char* option : {"--trace", "--trace-model", "--rate", "--concurrency"}) {
    if (values.contains(option)) given.emplace_back(option);
  }
  return given;
}

void checkCombination(const Values& values) {
  const auto has = [&](const char* option) { return values.contains(option); };
  for (const char* needed : {"--model", "--accelerator"}) {
    if (!has(needed)) {
      throw InputError(fmt::format("a scenario file, or {}, is needed", needed),
                       "headroom simulate --model llama-3.1-8b --accelerator h100-sxm --rate '4 /s' --requests 1000 "
                       "--prompt-tokens 512 --output-tokens 128");
    }
  }
  const std::vector<std::string> sources = arrivalOptions(values);
  if (sources.empty()) throw InputError("nothing arrives", "give --trace, --trace-model, --rate or --concurrency");
  if (sources.size() > 1) refuse(sources[1], "cannot be combined with " + sources[0]);
  const bool recorded = has("--trace") || has("--trace-model");
  if (has("--rate-scale") && !recorded) refuse("--rate-scale", "scales a trace", "give --trace or --trace-model");
  if (has("--cv") && !has("--rate")) refuse("--cv", "goes with --rate");
  for (const char* length : {"--prompt-tokens", "--output-tokens"}) {
    if (!recorded && !has(length)) refuse(sources[0], fmt::format("has no lengths: give {}", length));
  }
  if (!has("--trace") && !has("--requests") && !has("--duration")) {
    refuse(sources[0], "never ends", "give --requests or --duration");
  }
  if (has("--attainment") && !has("--ttft") && !has("--tpot")) refuse("--attainment", "goes with --ttft or --tpot");
}

void putArrivalType(DocumentNode& root, const Values& values) {
  const std::string path = "workloads/0/arrivals/";
  if (values.contains("--trace")) {
    put(root, path + "type", "trace");
    put(root, path + "format", parseTraceName(values.at("--trace"), "--trace").format);
    put(root, path + "file", parseTraceName(values.at("--trace"), "--trace").file);
  } else if (values.contains("--trace-model")) {
    put(root, path + "type", "trace-model");
  } else if (values.contains("--concurrency")) {
    put(root, path + "type", "closed-loop");
  } else {
    put(root, path + "type", values.contains("--cv") ? "gamma" : "poisson");
  }
}

DocumentNode shortFormDocument(const Values& values) {
  checkCombination(values);
  DocumentNode root;
  put(root, "schema", sim::kScenarioSchema);
  put(root, "deployments/0/name", "main");
  for (const ShortOption& option : kShortOptions) {
    const auto given = values.find(option.name);
    if (given == values.end()) continue;
    const std::string name = option.name;
    if (name == "--prompt-tokens" || name == "--output-tokens") {
      putLength(root, option.path, given->second);
    } else if (name != "--trace") {
      put(root, option.path, given->second);
    }
  }
  putArrivalType(root, values);
  return root;
}

/// The option that wrote the place `path`, or the short form itself.
std::string optionAt(const std::string& path, const Values& values) {
  for (const ShortOption& option : kShortOptions) {
    const std::string place = "/" + std::string(option.path);
    if (values.contains(option.name) && (path == place || path.starts_with(place + "/"))) return option.name;
  }
  if (path.starts_with("/workloads/0/arrivals")) return arrivalOptions(values).front();
  return path.empty() ? kShortForm : std::string(kShortForm) + ": " + path;
}

sim::Scenario readShortForm(Document& document, const Values& values) {
  try {
    return sim::readScenario(document);
  } catch (const InputError& error) {
    if (error.where().file != kShortForm) throw;
    refuse(optionAt(error.where().path, values), error.message(), error.hint());
  }
}

/// A file there is, else a shipped scenario of that name, else `name`, which then fails as a missing file.
std::filesystem::path scenarioFile(const std::string& name) {
  std::error_code ec;
  if (std::filesystem::exists(name, ec)) return name;
  for (const std::filesystem::path& shipped : shippedScenarios()) {
    if (shipped.stem() == name) return shipped;
  }
  return name;
}

Document openDocument(const std::string& file, const Values& short_form) {
  if (file.empty()) return Document::parse(toYaml(shortFormDocument(short_form)), kShortForm);
  if (!short_form.empty()) {
    const std::string option = short_form.begin()->first;
    const auto* row = std::find_if(std::begin(kShortOptions), std::end(kShortOptions),
                                   [&](const ShortOption& o) { return option == o.name; });
    refuse(option, "belongs to the short form, without a scenario file",
           fmt::format("with a file, use --set {}=VALUE", row->path));
  }
  return Document::load(scenarioFile(file));
}

}  // namespace

std::span<const ShortOption> shortOptions() {
  return kShortOptions;
}

std::vector<std::filesystem::path> shippedScenarios() {
  std::vector<std::filesystem::path> files;
  const std::filesystem::path folder = datasetsRoot() / "scenarios";
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ec)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

TraceName parseTraceName(const std::string& text, const std::string& option) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size()) {
    std::vector<std::string> formats;
    for (const workloads::TraceFormat& format : workloads::traceFormats()) formats.push_back(format.name);
    refuse(option, fmt::format("\"{}\" is not FORMAT:FILE", text),
           fmt::format("formats: {}", fmt::join(formats, ", ")));
  }
  return {text.substr(0, colon), text.substr(colon + 1)};
}

sim::Scenario readScenarioOptions(const std::string& file, const Values& short_form,
                                  const std::vector<std::string>& set, std::optional<std::uint64_t> seed) {
  Document document = openDocument(file, short_form);
  for (const std::string& assignment : set) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos) refuse("--set " + assignment, "is not path=value", "e.g. --set seed=2");
    document.set(assignment.substr(0, equals), assignment.substr(equals + 1));
  }
  if (seed) document.set("seed", std::to_string(*seed));
  return file.empty() ? readShortForm(document, short_form) : sim::readScenario(document);
}

}  // namespace headroom::cli
