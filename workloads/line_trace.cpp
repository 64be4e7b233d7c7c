#include "workloads/line_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "models/base/error.h"
#include "workloads/lengths.h"

namespace headroom::workloads {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Digits only; false on anything else or more than 18 of them.
bool parseDigits(std::string_view text, std::int64_t& value) {
  if (text.empty() || text.size() > 18) return false;
  value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
  }
  return true;
}

bool parseFloat(std::string_view text, Ticks& ticks) {
  const std::optional<double> seconds = parseNumber(text);
  if (!seconds || !(*seconds >= 0) || Seconds(*seconds) > kLongestRun) return false;
  ticks = toTicks(Seconds(*seconds));
  return true;
}

}  // namespace

bool LineTrace::readLine(std::string_view& line) {
  while (lines_.next(line)) {
    if (lines_.lineNumber() == 1 && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
    if (!trimmed(line).empty()) return true;
  }
  return false;
}

bool LineTrace::next(TraceRow& row) {
  std::string_view line;
  if (!readLine(line)) {
    if (!any_row_) throw InputError({.file = lines_.file(), .line = 0, .path = ""}, "an empty trace: it has no rows");
    return false;
  }
  row.failed = false;
  row.class_name.clear();
  row.session.clear();
  row.prefix_group.clear();
  row.prefix_tokens = 0;
  row.content.clear();
  parse(line, row);
  check(row);
  last_arrival_ = row.arrival;
  any_row_ = true;
  return true;
}

void LineTrace::check(const TraceRow& row) const {
  if (row.prompt_tokens < 1 && !row.failed) fail("a prompt of 0 tokens", "leave such rows out");
  if (row.output_tokens < 1 && !row.failed) fail("an output of 0 tokens", "a failed request; leave such rows out");
  if (any_row_ && row.arrival < last_arrival_) {
    fail(fmt::format("arrives {:.6f} s before the row above it", toSeconds(last_arrival_ - row.arrival).value()),
         "sort the rows by time");
  }
}

std::int32_t LineTrace::tokens(std::string_view text, std::string_view name) const {
  std::int64_t value = 0;
  if (!parseDigits(trimmed(text), value)) fail(fmt::format("{}: \"{}\" is not a whole number of tokens", name, text));
  if (value > kLongestLength) fail(fmt::format("{}: {} tokens is beyond the {} believed", name, value, kLongestLength));
  return static_cast<std::int32_t>(value);
}

void LineTrace::fail(const std::string& message, const std::string& hint) const {
  throw InputError({.file = lines_.file(), .line = lines_.lineNumber(), .path = ""}, message, hint);
}

Ticks LineTrace::seconds(std::string_view text, std::string_view name) const {
  Ticks ticks = 0;
  if (!parseSeconds(text, ticks)) {
    fail(fmt::format("{}: \"{}\" is not a number of seconds from 0 to 100 days", name, text),
         "times count from the start of the trace");
  }
  return ticks;
}

void LineTrace::ignoreUnknown(const std::vector<std::string>& unknown, const std::vector<std::string>& missing) {
  for (const std::string& name : unknown) {
    if (const std::string meant = closestName(name, missing); !meant.empty()) {
      fail(fmt::format("unknown column \"{}\"", name), fmt::format("did you mean \"{}\"?", meant));
    }
    ignored_.insert(name);
  }
}

std::vector<std::string> LineTrace::warnings() const {
  if (ignored_.empty()) return {};
  return {fmt::format("{}: {} unknown {} ignored: {}", lines_.file(), ignored_.size(),
                      ignored_.size() == 1 ? "column" : "columns", fmt::join(ignored_, ", "))};
}

void CsvColumns::readHeader(std::string_view line) {
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t end = std::min(line.find(',', begin), line.size());
    names_.emplace_back(trimmed(line.substr(begin, end - begin)));
    begin = end + 1;
  }
}

std::size_t CsvColumns::find(std::string_view name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  return found == names_.end() ? npos : static_cast<std::size_t>(found - names_.begin());
}

std::string CsvColumns::names() const {
  return fmt::format("{}", fmt::join(names_, ", "));
}

bool CsvColumns::split(std::string_view line) {
  fields_.clear();
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t end = std::min(line.find(',', begin), line.size());
    fields_.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return fields_.size() == names_.size();
}

CsvTrace::CsvTrace(const std::filesystem::path& file) : LineTrace(file) {
  std::string_view line;
  if (!readLine(line))
    throw InputError({.file = file.string(), .line = 0, .path = ""}, "an empty file: it has no header");
  columns_.readHeader(line);
}

std::size_t CsvTrace::required(const std::string& name) {
  const std::size_t column = optional(name);
  if (column == CsvColumns::npos) {
    fail(fmt::format("no column \"{}\"", name), fmt::format("the header has: {}", columns_.names()));
  }
  return column;
}

std::size_t CsvTrace::optional(const std::string& name) {
  asked_.push_back(name);
  return columns_.find(name);
}

void CsvTrace::finishColumns() {
  std::vector<std::string> unknown, missing;
  for (const std::string& name : columns_.list()) {
    if (std::find(asked_.begin(), asked_.end(), name) == asked_.end()) unknown.push_back(name);
  }
  for (const std::string& name : asked_) {
    if (columns_.find(name) == CsvColumns::npos) missing.push_back(name);
  }
  ignoreUnknown(unknown, missing);
}

void CsvTrace::parse(std::string_view line, TraceRow& row) {
  if (!columns_.split(line)) {
    fail(fmt::format("{} fields where the header has {}", columns_.fieldCount(), columns_.columnCount()));
  }
  parseFields(row);
}

std::optional<double> parseNumber(std::string_view text) {
  text = trimmed(text);
  double value = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

bool parseSeconds(std::string_view text, Ticks& ticks) {
  text = trimmed(text);
  const std::size_t point = text.find('.');
  const std::string_view decimals = point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  std::int64_t whole = 0, fraction = 0;
  if (decimals.size() > 12 || !parseDigits(text.substr(0, point), whole) ||
      (!decimals.empty() && !parseDigits(decimals, fraction))) {
    return parseFloat(text, ticks);
  }
  if (Seconds(static_cast<double>(whole)) >= kLongestRun) return false;
  __extension__ using Wide = __int128;
  Wide unit = 1;
  for (std::size_t i = 0; i < decimals.size(); ++i) unit *= 10;
  constexpr std::int64_t kSecond = static_cast<std::int64_t>(kTicksPerSecond);
  ticks = whole * kSecond + static_cast<Ticks>((Wide(fraction) * kSecond * 2 + unit) / (2 * unit));
  return true;
}

}  // namespace headroom::workloads
