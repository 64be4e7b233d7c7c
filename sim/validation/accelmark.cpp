#include "sim/validation/accelmark.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/validation/csv_numbers.h"
#include "workloads/rng.h"

namespace headroom::sim {
namespace {

using Kind = AccelMarkRun::Kind;
constexpr int kAtOnce = 100, kOnlineRequests = 300, kMostOutput = 512;
constexpr double kAlone = 60;  // seconds between requests that never meet
constexpr double kGolden = 0.6180339887498949;

std::optional<Kind> kindOf(std::string_view scenario) {
  if (scenario == "offline") return Kind::offline;
  if (scenario == "online") return Kind::online;
  if (scenario == "interactive") return Kind::interactive;
  return std::nullopt;
}

/// "" if none of ours.
std::string acceleratorOf(std::string_view gpu) {
  if (gpu == "NVIDIA A100-SXM4-80GB") return "a100-sxm";
  if (gpu == "NVIDIA GeForce RTX 4090") return "rtx-4090";
  if (gpu == "NVIDIA L4") return "l4";
  return "";
}

/// "" if it is not one of ours.
std::string weightsOf(std::string_view precision) {
  if (precision == "BF16") return "bf16";
  if (precision == "FP8") return "fp8";
  if (precision == "W4A16") return "int4";
  return "";
}

std::string engineOf(std::string_view framework) {
  return framework == "vLLM" ? "vllm" : framework == "SGLang" ? "sglang" : "";
}

/// Llama 3 has the architecture of Llama 3.1; quantised copies that of the original.
std::string modelOf(std::string_view name) {
  if (name.find("Llama-3-8B") != std::string_view::npos || name.find("3.1-8B") != std::string_view::npos) {
    return "llama-3.1-8b";
  }
  return std::string(name);
}

std::vector<int> readPrompts(const std::filesystem::path& file) {
  models::RawCsv csv(file);
  const std::size_t tokens = csv.column("input_tokens");
  std::vector<int> prompts;
  while (csv.next()) prompts.push_back(csv.number(tokens));
  if (prompts.empty()) csv.fail("no request");
  return prompts;
}

/// Why the row is not used, or nothing.
const char* reasonAgainst(const NamedCells& row) {
  if (acceleratorOf(row.text("gpu")).empty()) return "accelerator not in the catalogue";
  if (engineOf(row.text("framework")).empty()) return "another engine";
  if (!kindOf(row.text("scenario"))) return "scenario without a counterpart";
  if (row.text("suite") == "suite_D") return "lengths of the long-context suite are not recorded";
  if (row.text("tp") != "1") return "several accelerators";
  if (weightsOf(row.text("precision")).empty()) return "number format without a counterpart";
  return nullptr;
}

AccelMarkRun runOf(const NamedCells& row) {
  AccelMarkRun run;
  run.engine = engineOf(row.text("framework"));
  run.version = leadingNumbers(row.text("version"));
  run.model = modelOf(row.text("model"));
  run.accelerator = acceleratorOf(row.text("gpu"));
  run.weights = weightsOf(row.text("precision"));
  run.kind = *kindOf(row.text("scenario"));
  run.rate = row.numberIfAny("load").value_or(0);
  run.output_tokens_per_s = row.numberIfAny("output_tok_s");
  run.ttft_p50_ms = row.numberIfAny("ttft_ms_p50");
  run.tpot_p50_ms = row.numberIfAny("tpot_ms_p50");
  return run;
}

std::string seriesOf(const AccelMarkRun& run) {
  return run.engine + run.version + run.model + run.accelerator + run.weights;
}

}  // namespace

AccelMark readAccelMark(const std::filesystem::path& folder) {
  models::RawCsv csv(folder / "accelmark.csv");
  const NamedCells row(csv);
  AccelMark result;
  result.prompts = readPrompts(folder / "accelmark_dataset_lengths.csv");
  std::map<std::string, double> mean_outputs;
  while (csv.next()) {
    if (const char* reason = reasonAgainst(row)) {
      ++result.skipped[fmt::format("accelmark: {}", reason)];
      continue;
    }
    const AccelMarkRun& run = result.runs.emplace_back(runOf(row));
    const std::optional<double> elapsed = row.numberIfAny("elapsed_s");
    if (run.kind == Kind::offline && run.output_tokens_per_s && elapsed) {
      mean_outputs[seriesOf(run)] = std::min<double>(kMostOutput, *run.output_tokens_per_s * *elapsed / kAtOnce);
    }
  }
  for (AccelMarkRun& run : result.runs) run.mean_output = mean_outputs[seriesOf(run)];
  const auto unknown = std::erase_if(result.runs, [](const AccelMarkRun& run) { return run.mean_output <= 0; });
  if (unknown > 0)
    result.skipped["accelmark: no offline run tells the length of the answers"] = static_cast<int>(unknown);
  return result;
}

std::string accelMarkTrace(const AccelMarkRun& run, const std::vector<int>& prompts) {
  const int count = run.kind == Kind::online ? kOnlineRequests : kAtOnce;
  const double shortest = std::max(1.0, 2 * run.mean_output - kMostOutput);
  const double longest = 2 * run.mean_output - shortest;
  workloads::Rng rng(1, "arrivals/accelmark");
  std::string text = "arrival_s,prompt_tokens,output_tokens\n";
  double arrival = 0;
  for (int i = 0; i < count; ++i) {
    const double share = std::fmod(kGolden * (i + 1), 1.0);
    text += fmt::format("{:.6f},{},{}\n", arrival, prompts[static_cast<std::size_t>(i) % prompts.size()],
                        std::lround(shortest + share * (longest - shortest)));
    if (run.kind == Kind::online) arrival += rng.exponential() / run.rate;
    if (run.kind == Kind::interactive) arrival += kAlone;
  }
  return text;
}

PlannedScenario planAccelMark(const AccelMarkRun& run, const std::filesystem::path& trace) {
  ScenarioParts parts;
  parts.model = run.model;
  parts.engine = {{"name", run.engine}, {"version", run.version}, {"max_model_len", 8192}};
  parts.precision["weights"] = run.weights;
  parts.pool = {{"accelerator", run.accelerator}};
  parts.workload = {{"arrivals", {{"type", "trace"}, {"format", "csv"}, {"file", trace.string()}}}};
  return planMeasured(parts);
}

}  // namespace headroom::sim
