#include "sim/metrics/request_table.h"

#include <charconv>
#include <optional>

#include "models/base/error.h"
#include "sim/metrics/request_log.h"

namespace headroom::sim {
namespace {

/// Cells of one line; quoted ones may hold commas and doubled quotes.
std::vector<std::string> cellsOf(std::string_view line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
      cells.back() += line[i++];
    } else if (line[i] == '"') {
      quoted = !quoted;
    } else if (line[i] == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += line[i];
    }
  }
  return cells;
}

/// "12.000345" with `digits` behind the point as a whole number of the last digit.
std::optional<std::int64_t> fixedPoint(const std::string& text, int digits) {
  std::string plain = text;
  if (digits > 0) {
    const std::size_t point = plain.find('.');
    if (point == std::string::npos || plain.size() - point - 1 != static_cast<std::size_t>(digits)) return std::nullopt;
    plain.erase(point, 1);
  }
  std::int64_t value = 0;
  const char* end = plain.data() + plain.size();
  const auto parsed = std::from_chars(plain.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return value;
}

enum Column {
  kId,
  kDeployment,
  kClass,
  kTenant,
  kArrival,
  kReplica,
  kStatus,
  kPrompt,
  kOutput,
  kCached,
  kQueueTime,
  kTtft,
  kTpot,
  kE2e,
  kPreemptions,
  kPrefillReplica,
  kFirstPart
};

}  // namespace

RequestTable::RequestTable(const std::filesystem::path& file) : lines_(file) {
  std::string_view header;
  if (!lines_.next(header) || header != RequestLog::columns()) {
    throw InputError({.file = lines_.file(), .line = 1, .path = ""}, "is not a request table of this version",
                     "run the scenario again with --out");
  }
}

void RequestTable::fail(const std::string& what) const {
  throw InputError({.file = lines_.file(), .line = lines_.lineNumber(), .path = ""}, what);
}

bool RequestTable::next(RequestRow& row) {
  std::string_view line;
  if (!lines_.next(line)) return false;
  const std::vector<std::string> cells = cellsOf(line);
  if (cells.size() != kFirstPart + kParts) fail("has another number of columns than the header");
  const auto number = [&](std::size_t column, int digits) {
    const auto value = fixedPoint(cells[column], digits);
    if (!value) fail("\"" + cells[column] + "\" is not a number");
    return *value;
  };
  row = RequestRow{};
  row.id = static_cast<std::uint64_t>(number(kId, 0));
  row.deployment = cells[kDeployment];
  row.request_class = cells[kClass];
  row.arrival = number(kArrival, 9);
  row.replica = static_cast<std::uint32_t>(number(kReplica, 0));
  row.completed = cells[kStatus] == "completed";
  row.prompt_tokens = number(kPrompt, 0);
  row.output_tokens = number(kOutput, 0);
  row.preemptions = number(kPreemptions, 0);
  if (!cells[kPrefillReplica].empty()) row.prefill_replica = static_cast<std::uint32_t>(number(kPrefillReplica, 0));
  if (!row.completed) return true;
  row.cached_tokens = number(kCached, 0);
  row.ttft = number(kTtft, 6);
  row.e2e = number(kE2e, 6);
  for (std::size_t p = 0; p < kParts; ++p) row.parts[p] = number(kFirstPart + p, 6);
  return true;
}

}  // namespace headroom::sim
