// What the readers of line-based traces share: reading lines, the rules every row must obey, numbers without regex.
// A format derives, reads its header in the constructor if it has one, and parses one line into one row.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/files.h"
#include "workloads/trace_reader.h"

namespace headroom::workloads {

class LineTrace : public TraceReader {
 public:
  bool next(TraceRow& row) final;
  std::vector<std::string> warnings() const override;

 protected:
  explicit LineTrace(const std::filesystem::path& file) : lines_(file) {}
  /// Fills what the line says into a row at its defaults. `line` is not blank.
  virtual void parse(std::string_view line, TraceRow& row) = 0;

  /// The next line that is not blank, without a byte order mark; false at the end.
  bool readLine(std::string_view& line);
  /// A whole number of tokens of column `name`.
  std::int32_t tokens(std::string_view text, std::string_view name) const;
  /// Throws InputError with file and line.
  [[noreturn]] void fail(const std::string& message, const std::string& hint = {}) const;
  /// The same for columns or keys nobody knows: one that reads like a missing known one is refused, the others are
  /// ignored with a warning.
  void ignoreUnknown(const std::vector<std::string>& unknown, const std::vector<std::string>& missing);
  /// `text` "12.5" of column `name` as ticks since the start of the trace.
  Ticks seconds(std::string_view text, std::string_view name) const;
  const std::string& file() const { return lines_.file(); }

 private:
  void check(const TraceRow& row) const;

  LineReader lines_;
  Ticks last_arrival_ = 0;
  bool any_row_ = false;
  std::set<std::string> ignored_;
};

/// The columns of a comma-separated file by name, and the fields of its current row. Quotes are not understood.
class CsvColumns {
 public:
  void readHeader(std::string_view line);
  /// Index of column `name`, or npos.
  std::size_t find(std::string_view name) const;
  /// "a, b, c", for messages.
  std::string names() const;
  /// Splits a row; false if it has another number of fields than the header.
  bool split(std::string_view line);
  std::string_view field(std::size_t column) const { return fields_[column]; }
  std::size_t fieldCount() const { return fields_.size(); }
  std::size_t columnCount() const { return names_.size(); }
  const std::vector<std::string>& list() const { return names_; }

  static constexpr std::size_t npos = SIZE_MAX;

 private:
  std::vector<std::string> names_;
  std::vector<std::string_view> fields_;
};

/// A CSV trace: LineTrace whose lines are split by the columns of its header.
class CsvTrace : public LineTrace {
 protected:
  explicit CsvTrace(const std::filesystem::path& file);
  void parse(std::string_view line, TraceRow& row) final;
  virtual void parseFields(TraceRow& row) = 0;

  /// Index of a column that must be there.
  std::size_t required(const std::string& name);
  /// Index of a column that may be there, else CsvColumns::npos.
  std::size_t optional(const std::string& name);
  /// After the last of these: what to do with the columns nobody asked for.
  void finishColumns();
  /// The field, or "" if the file has no such column.
  std::string_view text(std::size_t column) const {
    return column == CsvColumns::npos ? std::string_view() : columns_.field(column);
  }
  CsvColumns columns_;

 private:
  std::vector<std::string> asked_;
};

/// All of `text`, blanks around it aside, as a finite number; nothing otherwise.
std::optional<double> parseNumber(std::string_view text);

/// Decimal seconds ("12.5", "3e-2") to ticks, exact to the nearest tick up to 12 decimals; false if not a number
/// from 0 to 100 days.
bool parseSeconds(std::string_view text, Ticks& ticks);

}  // namespace headroom::workloads
