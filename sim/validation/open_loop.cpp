#include "sim/validation/open_loop.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/validation/csv_numbers.h"

namespace headroom::sim {
namespace {

/// Not recorded; the runs are of spring 2025.
constexpr const char* kVersion = "0.8.5";

bool startsAnother(const OpenLoopRun& run, std::string_view system, std::string_view workload, std::string_view rate) {
  return run.system != system || run.workload != workload || run.rate != rate;
}

}  // namespace

std::vector<OpenLoopRun> readOpenLoopRuns(const std::filesystem::path& file) {
  models::RawCsv csv(file);
  const std::size_t system = csv.column("system"), workload = csv.column("scenario"), rate = csv.column("qps"),
                    launch = csv.column("launch_s"), prompt = csv.column("prompt_tokens"),
                    output = csv.column("generation_tokens"), ttft = csv.column("ttft_s"),
                    generation = csv.column("generation_time_s");
  std::vector<OpenLoopRun> runs;
  while (csv.next()) {
    if (!csv.text(system).starts_with("vllm-")) continue;
    if (runs.empty() || startsAnother(runs.back(), csv.text(system), csv.text(workload), csv.text(rate))) {
      runs.push_back({std::string(csv.text(system)),
                      std::string(csv.text(workload)),
                      std::string(csv.text(rate)),
                      csv.text(system).ends_with("-2replicas") ? 2 : 1,
                      {}});
    }
    RequestStamps request;
    request.arrival = secondsIn(csv, launch);
    request.first_token = request.arrival + secondsIn(csv, ttft);
    request.finished = request.first_token + secondsIn(csv, generation);
    request.prompt_tokens = std::max(1, static_cast<int>(numberIn(csv, prompt)));
    request.output_tokens = std::max(1, static_cast<int>(numberIn(csv, output)));
    runs.back().requests.push_back(request);
  }
  for (OpenLoopRun& run : runs) {
    std::stable_sort(run.requests.begin(), run.requests.end(),
                     [](const RequestStamps& a, const RequestStamps& b) { return a.arrival < b.arrival; });
  }
  return runs;
}

std::string openLoopTrace(const OpenLoopRun& run) {
  std::string text = "arrival_s,prompt_tokens,output_tokens\n";
  for (const RequestStamps& r : run.requests) {
    text += fmt::format("{:.6f},{},{}\n", toSeconds(r.arrival).value(), r.prompt_tokens, r.output_tokens);
  }
  return text;
}

PlannedScenario planOpenLoop(const OpenLoopRun& run, const std::filesystem::path& trace) {
  ScenarioParts parts;
  parts.model = "llama-3.1-70b";
  parts.engine = {{"name", "vllm"}, {"version", kVersion}, {"max_model_len", 16384}};
  parts.pool = {{"accelerator", "a100-sxm"}, {"tp", 2}, {"replicas", run.replicas}};
  parts.workload = {{"arrivals", {{"type", "trace"}, {"format", "csv"}, {"file", trace.string()}}}};
  return planMeasured(parts);
}

}  // namespace headroom::sim
