// Recorded request traces, row by row: memory does not grow with the trace. Plain or gzipped text.
// A format is one file and one line of the table in trace_reader.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/base/ticks.h"

namespace headroom::workloads {

/// One request of a trace.
struct TraceRow {
  Ticks arrival = 0;               ///< since the start of the trace; never less than in the row before
  std::int32_t prompt_tokens = 0;  ///< >= 1
  std::int32_t output_tokens = 0;  ///< >= 1
  std::string class_name{};        ///< empty where the format or the row has none
  std::string session{};
  std::string prefix_group{};
  bool operator==(const TraceRow&) const = default;
};

class TraceReader {
 public:
  virtual ~TraceReader() = default;
  /// False at the end. Throws InputError with file, line and what is wrong on a broken row, on a prompt or output of
  /// 0 tokens, on a time before that of the row above, and on a trace without any row.
  virtual bool next(TraceRow& row) = 0;
};

struct TraceFormat {
  std::string name;                                                         ///< as in `arrivals: {format: ...}`
  std::string summary;                                                      ///< one line for `list` and errors
  std::unique_ptr<TraceReader> (*open)(const std::filesystem::path& file);  ///< nullptr: not supported yet
};

/// Every format there is, built or not.
std::span<const TraceFormat> traceFormats();

/// Throws InputError if the format is unknown (with a suggestion) or not supported yet.
void checkTraceFormat(const std::string& format);

/// Throws InputError as checkTraceFormat, or if the file cannot be read or has no proper header.
std::unique_ptr<TraceReader> openTrace(const std::string& format, const std::filesystem::path& file);

/// Divides every time by `rate_scale` > 0: twice the scale, twice the rate.
std::unique_ptr<TraceReader> scaleRate(std::unique_ptr<TraceReader> trace, double rate_scale);

/// The whole trace in memory.
std::vector<TraceRow> readAll(TraceReader& trace);

}  // namespace headroom::workloads
