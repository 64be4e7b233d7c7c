// Writes a trace in a format that other tools read (`headroom trace convert`), row by row. What a format has no place
// for is left out and counted. Times are rounded to the nanosecond. A format is one class and one line of the table.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "workloads/trace_reader.h"

namespace headroom::workloads {

/// Makes lines of rows.
class TraceLines {
 public:
  virtual ~TraceLines() = default;
  /// The first line with its end; empty if the format has none.
  virtual std::string header() const = 0;
  /// Appends the row's line, without its end. InputError if a text cannot be written.
  virtual void append(const TraceRow& row, std::string& text) = 0;
  /// The format says of a row that it failed.
  virtual bool keepsFailed() const { return false; }
  /// What the format carries beside times and lengths.
  struct Carries {
    bool classes = false, sessions = false, prefix_groups = false, text = false;
    bool start = true;  ///< the time before the first row
  };
  virtual Carries carries() const = 0;
};

struct TraceTarget {
  std::string name;     ///< of the trace format
  std::string summary;  ///< what it keeps
  std::unique_ptr<TraceLines> (*make)();
};
std::span<const TraceTarget> traceTargets();
/// Throws InputError if the format is unknown or cannot be written (with a suggestion).
const TraceTarget& findTraceTarget(const std::string& format);

struct ConvertedTrace {
  std::int64_t rows = 0;              ///< written
  std::vector<std::string> left_out;  ///< what the format cannot carry, with counts of rows
};
/// Reads `trace` to its end and writes it to `file` (.gz, .zst: compressed); a whole file or none.
ConvertedTrace convertTrace(TraceReader& trace, const TraceTarget& target, const std::filesystem::path& file);

}  // namespace headroom::workloads
