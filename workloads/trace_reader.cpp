#include "workloads/trace_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/base/error.h"
#include "workloads/trace_formats.h"

namespace headroom::workloads {
namespace {

const TraceFormat kTraceFormats[] = {
    {"azure", "Azure LLM inference trace, CSV: TIMESTAMP,ContextTokens,GeneratedTokens", openAzureTrace},
    {"burstgpt", "BurstGPT, CSV: Timestamp,Model,Request tokens,Response tokens,...", openBurstGptTrace},
    {"mooncake", "Mooncake, JSONL: timestamp (ms), input_length, output_length, hash_ids", openMooncakeTrace},
    {"servegen", "ServeGen, a folder of clients: chunk-N-trace.csv and chunk-N-dataset.json", openServeGenTrace},
    {"splitwise", "splitwise-sim, CSV: arrival_timestamp,prompt_size,token_size,...", openSplitwiseTrace},
    {"llmservingsim", "LLMServingSim, JSONL: arrival_s or arrival_time_ns, input_toks, output_toks, hash_ids",
     openLlmServingSimTrace},
    {"csv", "plain CSV: arrival_s,prompt_tokens,output_tokens[,class,session,prefix_group,prefix_tokens]",
     openCsvTrace},
};

class ScaledTrace : public TraceFilter {
 public:
  ScaledTrace(std::unique_ptr<TraceReader> trace, double scale) : TraceFilter(std::move(trace)), scale_(scale) {}
  bool next(TraceRow& row) override {
    if (!trace_->next(row)) return false;
    const double scaled = std::floor(static_cast<double>(row.arrival) / scale_ + 0.5);
    if (scaled > kLongestRun.value() * kTicksPerSecond) {
      throw InputError(fmt::format("rate_scale {} stretches the trace beyond 100 days", scale_));
    }
    row.arrival = static_cast<Ticks>(scaled);
    return true;
  }

 private:
  double scale_;
};

}  // namespace

std::span<const TraceFormat> traceFormats() {
  return kTraceFormats;
}

const TraceFormat& findTraceFormat(const std::string& format) {
  std::vector<std::string> names;
  for (const TraceFormat& known : kTraceFormats) {
    if (known.name == format) return known;
    names.push_back(known.name);
  }
  throw InputError(fmt::format("unknown trace format \"{}\"", format), suggestion(format, names));
}

std::unique_ptr<TraceReader> openTrace(const std::string& format, const std::filesystem::path& file,
                                       const TraceOptions& options) {
  return findTraceFormat(format).open(file, options);
}

std::unique_ptr<TraceReader> scaleRate(std::unique_ptr<TraceReader> trace, double rate_scale) {
  if (!std::isfinite(rate_scale) || rate_scale <= 0) {
    throw InputError(fmt::format("rate_scale must be above 0, not {}", rate_scale));
  }
  if (rate_scale == 1) return trace;
  return std::make_unique<ScaledTrace>(std::move(trace), rate_scale);
}

std::vector<TraceRow> readAll(TraceReader& trace) {
  std::vector<TraceRow> rows;
  for (TraceRow row; trace.next(row);) rows.push_back(row);
  return rows;
}

}  // namespace headroom::workloads
