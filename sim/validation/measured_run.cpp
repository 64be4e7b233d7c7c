#include "sim/validation/measured_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "models/base/error.h"
#include "models/base/files.h"
#include "sim/validation/csv_numbers.h"
#include "workloads/trace_reader.h"

namespace headroom::sim {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

template <class T>
std::optional<T> optionalAt(const Json& json, const char* key) {
  const auto at = json.find(key);
  return at == json.end() || at->is_null() ? std::nullopt : std::optional<T>(at->get<T>());
}

void readMeta(const fs::path& file, MeasuredRun& run) {
  try {
    const Json meta = Json::parse(readFile(file));
    const Json& options = meta.at("engine_kwargs");
    run.engine_version = meta.at("vllm_version");
    run.max_num_seqs = options.at("max_num_seqs");
    run.max_num_batched_tokens = options.at("max_num_batched_tokens");
    run.max_model_len = optionalAt<int>(options, "max_model_len");
    run.tp = options.at("tensor_parallel_size");
    run.dp = options.at("data_parallel_size");
    run.expert_parallel = options.at("enable_expert_parallel");
    if (const auto cache = meta.find("kv_cache"); cache != meta.end()) {
      run.num_gpu_blocks = optionalAt<std::int64_t>(*cache, "num_gpu_blocks");
    }
  } catch (const Json::exception& error) {
    throw InputError({.file = file.string(), .line = 0, .path = ""}, error.what());
  }
}

std::vector<RequestStamps> readRequests(const fs::path& file) {
  models::RawCsv csv(file);
  const std::size_t arrival = csv.column("arrival_s"), queued = csv.column("queued_s"),
                    scheduled = csv.column("scheduled_s"), first = csv.column("first_token_s"),
                    last = csv.column("last_token_s"), prompt = csv.column("input_toks"),
                    output = csv.column("output_toks");
  std::vector<RequestStamps> requests;
  while (csv.next()) {
    requests.push_back({secondsIn(csv, arrival), secondsIn(csv, queued), secondsIn(csv, scheduled),
                        secondsIn(csv, first), secondsIn(csv, last), csv.number(prompt), csv.number(output)});
  }
  if (requests.empty()) csv.fail("no request");
  return requests;
}

bool canRead(const std::string& format) {
  const auto formats = workloads::traceFormats();
  return std::any_of(formats.begin(), formats.end(),
                     [&](const workloads::TraceFormat& f) { return f.name == format && f.open != nullptr; });
}

/// `trace` with the arrival times of the run.
std::string withArrivals(const MeasuredRun& run, const fs::path& trace) {
  LineReader lines(trace);
  std::string_view line;
  std::string text;
  const auto fail = [&](const std::string& message) {
    throw InputError({.file = trace.string(), .line = lines.lineNumber(), .path = ""}, message);
  };
  for (const RequestStamps& request : run.requests) {
    if (!lines.next(line)) fail("has fewer requests than the run");
    Json row = Json::parse(line, nullptr, false);
    if (!row.is_object()) fail("is not a JSON object");
    if (row.value("input_toks", 0) != request.prompt_tokens || row.value("output_toks", 0) != request.output_tokens) {
      fail("has other lengths than the run's request of the same number");
    }
    row["arrival_s"] = toSeconds(request.arrival).value();
    text += row.dump() + "\n";
  }
  return text;
}

std::string plainRows(const MeasuredRun& run) {
  std::string text = "arrival_s,prompt_tokens,output_tokens\n";
  for (const RequestStamps& request : run.requests) {
    text +=
        fmt::format("{:.6f},{},{}\n", toSeconds(request.arrival).value(), request.prompt_tokens, request.output_tokens);
  }
  return text;
}

}  // namespace

MeasuredRun readMeasuredRun(const fs::path& folder, const std::string& name) {
  MeasuredRun run;
  readMeta(folder / (name + "__meta.json"), run);
  run.requests = readRequests(folder / (name + "__requests.csv"));
  return run;
}

ReplayTrace replayTrace(const MeasuredRun& run, const fs::path& trace) {
  std::string with_prefixes = withArrivals(run, trace);
  if (canRead("llmservingsim")) return {"llmservingsim", std::move(with_prefixes)};
  return {"csv", plainRows(run)};
}

}  // namespace headroom::sim
