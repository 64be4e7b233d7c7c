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
    {"burstgpt", "BurstGPT, CSV: Timestamp,Model,Request tokens,Response tokens,...", nullptr},
    {"mooncake", "Mooncake, JSONL: timestamp (ms), input_length, output_length, hash_ids", nullptr},
    {"servegen", "ServeGen client folder: rate windows and length distributions", nullptr},
    {"splitwise", "splitwise-sim, CSV: arrival_timestamp,prompt_size,token_size,...", nullptr},
    {"llmservingsim", "LLMServingSim, JSONL: arrival_s, input_toks, output_toks, hash_ids", nullptr},
    {"csv", "plain CSV: arrival_s,prompt_tokens,output_tokens[,class,session,prefix_group]", openCsvTrace},
};

const TraceFormat& findFormat(const std::string& name) {
  std::vector<std::string> names;
  for (const TraceFormat& format : kTraceFormats) {
    if (format.name == name) return format;
    names.push_back(format.name);
  }
  throw InputError(fmt::format("unknown trace format \"{}\"", name), suggestion(name, names));
}

const TraceFormat& findBuiltFormat(const std::string& name) {
  const TraceFormat& format = findFormat(name);
  if (format.open == nullptr) throw InputError(fmt::format("trace format \"{}\" is not supported yet", name));
  return format;
}

class ScaledTrace : public TraceReader {
 public:
  ScaledTrace(std::unique_ptr<TraceReader> trace, double scale) : trace_(std::move(trace)), scale_(scale) {}
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
  std::unique_ptr<TraceReader> trace_;
  double scale_;
};

}  // namespace

std::span<const TraceFormat> traceFormats() {
  return kTraceFormats;
}

void checkTraceFormat(const std::string& format) {
  findBuiltFormat(format);
}

std::unique_ptr<TraceReader> openTrace(const std::string& format, const std::filesystem::path& file) {
  return findBuiltFormat(format).open(file);
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
