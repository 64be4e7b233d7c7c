// Recorded request traces, row by row: memory does not grow with the trace. Plain or gzipped text.
// A format is one file and one line of the table in trace_reader.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/base/ticks.h"
#include "workloads/request.h"

namespace headroom::workloads {

/// Id of a span of text that no other row has.
inline constexpr std::uint64_t kUnsharedText = UINT64_MAX;

/// One request of a trace.
struct TraceRow {
  Ticks arrival = 0;               ///< since the start of the trace; never less than in the row before
  std::int32_t prompt_tokens = 0;  ///< >= 1
  std::int32_t output_tokens = 0;  ///< >= 1
  bool failed = false;             ///< the recorded system gave no answer: both lengths may be 0
  std::string class_name{};        ///< empty where the format or the row has none
  std::string session{};
  std::string prefix_group{};          ///< its rows begin with the same text
  std::int32_t prefix_tokens = 0;      ///< length of that text, <= prompt_tokens
  std::vector<ContentSpan> content{};  ///< of the prompt; ids within this trace; empty: nothing known
  bool operator==(const TraceRow&) const = default;
};

class TraceReader {
 public:
  virtual ~TraceReader() = default;
  /// False at the end. Throws InputError with file, line and what is wrong on a broken row, on a prompt or output of
  /// 0 tokens (but for failed requests where the format has them), on a time before that of the row above, and on a
  /// trace without any row.
  virtual bool next(TraceRow& row) = 0;
  /// What was left out or had to be assumed in the rows read so far, with counts.
  virtual std::vector<std::string> warnings() const { return {}; }
};

/// A trace that passes on another one's rows, changed.
class TraceFilter : public TraceReader {
 public:
  explicit TraceFilter(std::unique_ptr<TraceReader> trace) : trace_(std::move(trace)) {}
  std::vector<std::string> warnings() const override { return trace_->warnings(); }

 protected:
  std::unique_ptr<TraceReader> trace_;
};

struct TraceOptions {
  std::optional<std::int32_t> hash_block_tokens{};  ///< tokens of a block of `hash_ids`; unset: the format's own
  std::uint64_t seed = 1;                           ///< of formats that draw their rows (servegen)
  std::string name = "trace";                       ///< of their random streams
};

struct TraceFormat {
  std::string name;     ///< as in `arrivals: {format: ...}`
  std::string summary;  ///< one line for `list` and errors
  std::unique_ptr<TraceReader> (*open)(const std::filesystem::path& file, const TraceOptions& options);
};

std::span<const TraceFormat> traceFormats();

/// Throws InputError if the format is unknown (with a suggestion).
const TraceFormat& findTraceFormat(const std::string& format);

/// Throws InputError as findTraceFormat, or if the file cannot be read or has no proper header.
std::unique_ptr<TraceReader> openTrace(const std::string& format, const std::filesystem::path& file,
                                       const TraceOptions& options = {});

/// Divides every time by `rate_scale` > 0: twice the scale, twice the rate.
std::unique_ptr<TraceReader> scaleRate(std::unique_ptr<TraceReader> trace, double rate_scale);

/// The whole trace in memory.
std::vector<TraceRow> readAll(TraceReader& trace);

}  // namespace headroom::workloads
