#include "sim/validation/bench_result.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "models/base/error.h"
#include "models/base/files.h"
#include "sim/validation/error_summary.h"

namespace headroom::sim {
namespace {

using Json = nlohmann::ordered_json;
using workloads::LengthSpec;

/// Looks keys up by path and names the one that is missing or of another kind.
class Reader {
 public:
  Reader(const std::filesystem::path& file, const Json& json) : file_(file), json_(json) {}

  [[noreturn]] void fail(const std::string& path, const std::string& message) const {
    throw InputError({.file = file_.string(), .line = 0, .path = path}, message);
  }
  const Json* find(const std::string& path) const {
    const Json::json_pointer pointer(path);
    return json_.contains(pointer) && !json_.at(pointer).is_null() ? &json_.at(pointer) : nullptr;
  }
  std::optional<double> number(const std::string& path) const {
    const Json* value = find(path);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number()) fail(path, "is not a number");
    return value->get<double>();
  }
  double positive(const std::string& path) const {
    const std::optional<double> value = number(path);
    if (!value) fail(path, "is missing");
    if (!std::isfinite(*value) || *value <= 0) fail(path, "must be above 0");
    return *value;
  }

 private:
  const std::filesystem::path& file_;
  const Json& json_;
};

std::int32_t tokens(double value) {
  return std::max<std::int32_t>(1, static_cast<std::int32_t>(std::lround(value)));
}

/// Inverse CDF of a list at 21 points.
LengthSpec distribution(const std::vector<double>& lengths) {
  workloads::EmpiricalLength empirical;
  for (int i = 0; i <= 20; ++i) empirical.quantiles.emplace_back(i / 20.0, std::max(1.0, quantile(lengths, i / 20.0)));
  return empirical;
}

LengthSpec vllmLengths(const Reader& reader, const std::string& list, double mean_length) {
  const Json* lengths = reader.find(list);
  if (lengths == nullptr || !lengths->is_array() || lengths->empty()) {
    return workloads::FixedLength{tokens(mean_length)};
  }
  return distribution(lengths->get<std::vector<double>>());
}

/// From min, p10, median, p90 and max, or all at the mean.
LengthSpec summarizedLengths(const Reader& reader, const std::string& path) {
  workloads::EmpiricalLength empirical;
  for (const auto& [share, key] :
       {std::pair{0.0, "/min"}, {0.1, "/p10"}, {0.5, "/median"}, {0.9, "/p90"}, {1.0, "/max"}}) {
    if (const auto value = reader.number(path + key)) empirical.quantiles.emplace_back(share, std::max(1.0, *value));
  }
  const bool whole = empirical.quantiles.size() >= 2 && empirical.quantiles.front().first == 0 &&
                     empirical.quantiles.back().first == 1;
  return whole ? LengthSpec(empirical) : LengthSpec(workloads::FixedLength{tokens(reader.positive(path + "/mean"))});
}

BenchResult readVllm(const Reader& reader) {
  BenchResult result;
  const double completed = reader.positive("/completed");
  if (reader.number("/failed").value_or(0) > 0) reader.fail("/failed", "some requests failed");
  result.prompt_tokens = reader.positive("/total_input_tokens") / completed;
  result.ttft_ms = reader.positive("/mean_ttft_ms");
  result.tpot_ms = reader.positive("/mean_tpot_ms");
  workloads::WorkloadSpec& load = result.workload;
  load.requests = std::llround(completed);
  load.prompt_tokens = vllmLengths(reader, "/input_lens", result.prompt_tokens);
  load.output_tokens = vllmLengths(reader, "/output_lens", reader.positive("/total_output_tokens") / completed);
  const std::optional<double> concurrency = reader.number("/max_concurrency");
  const Json* rate = reader.find("/request_rate");
  const bool unlimited = rate == nullptr || (rate->is_string() && rate->get<std::string>() == "inf");
  if (concurrency && !unlimited) reader.fail("/max_concurrency", "a rate and a limit of concurrency: not supported");
  if (unlimited) {
    load.arrivals = workloads::ClosedLoop{tokens(std::min(completed, concurrency.value_or(completed))), Seconds()};
  } else {
    const double burstiness = reader.number("/burstiness").value_or(1);
    if (burstiness <= 0) reader.fail("/burstiness", "must be above 0");
    load.arrivals = workloads::GammaArrivals{PerSecond(reader.positive("/request_rate")), 1 / std::sqrt(burstiness)};
  }
  return result;
}

BenchResult readInferencePerf(const Reader& reader) {
  BenchResult result;
  if (reader.number("/failures/count").value_or(0) > 0) reader.fail("/failures/count", "some requests failed");
  result.prompt_tokens = reader.positive("/successes/prompt_len/mean");
  result.ttft_ms = 1e3 * reader.positive("/successes/latency/time_to_first_token/mean");
  result.tpot_ms = 1e3 * reader.positive("/successes/latency/time_per_output_token/mean");
  workloads::WorkloadSpec& load = result.workload;
  load.requests = std::llround(reader.positive("/successes/count"));
  load.prompt_tokens = summarizedLengths(reader, "/successes/prompt_len");
  load.output_tokens = summarizedLengths(reader, "/successes/output_len");
  if (const auto concurrency = reader.number("/load_summary/concurrency")) {
    load.arrivals = workloads::ClosedLoop{tokens(*concurrency), Seconds()};
  } else if (reader.find("/load_summary/requested_rate") != nullptr) {
    load.arrivals = workloads::PoissonArrivals{PerSecond(reader.positive("/load_summary/requested_rate"))};
  } else {
    reader.fail("/load_summary", "has neither requested_rate nor concurrency: give the file of one stage");
  }
  return result;
}

}  // namespace

BenchResult readBenchResult(const std::filesystem::path& file) {
  const Json json = Json::parse(readFile(file), nullptr, false);
  const Reader reader(file, json);
  if (!json.is_object()) reader.fail("", "is not a JSON object");
  const bool vllm = json.contains("mean_ttft_ms"), inference_perf = json.contains("successes");
  if (!vllm && !inference_perf) {
    reader.fail("", "is a result neither of vllm bench serve (mean_ttft_ms) nor of inference-perf (successes)");
  }
  BenchResult result = vllm ? readVllm(reader) : readInferencePerf(reader);
  result.name = file.filename().string();
  result.workload.name = "calibration";
  checkWorkload(result.workload);
  return result;
}

}  // namespace headroom::sim
