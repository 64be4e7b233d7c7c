// Azure LLM inference traces (Azure/AzurePublicDataset, 2023 and 2024): TIMESTAMP,ContextTokens,GeneratedTokens.
// TIMESTAMP is `2023-11-16 18:15:46.6805900`, optionally with T for the blank and Z or +00:00 at the end; arrivals
// count from the first row and are exact: a nanosecond is 1024 ticks.
#include <fmt/format.h>

#include <chrono>
#include <optional>

#include "workloads/line_trace.h"
#include "workloads/trace_formats.h"

namespace headroom::workloads {
namespace {

constexpr std::int64_t kTicksPerNanosecond = 1024;
constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

/// `text[at, at + digits)` as a number, or nothing.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

/// What follows the seconds: up to nine decimals, then nothing, Z or +00:00. Nanoseconds, or nothing.
std::optional<std::int64_t> parseDecimals(std::string_view text) {
  std::int64_t nanoseconds = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    std::int64_t unit = kNanosecondsPerSecond / 10;
    std::size_t count = 0;
    for (; count < text.size() && text[count] >= '0' && text[count] <= '9'; ++count, unit /= 10) {
      nanoseconds += (text[count] - '0') * unit;
    }
    if (count == 0 || count > 9) return std::nullopt;
    text.remove_prefix(count);
  }
  if (!text.empty() && text != "Z" && text != "+00:00") return std::nullopt;
  return nanoseconds;
}

/// Nanoseconds since 1970, or nothing if this is not a time.
std::optional<std::int64_t> parseTimestamp(std::string_view text) {
  const auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  if (text[4] != '-' || text[7] != '-' || (text[10] != ' ' && text[10] != 'T') || text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  const auto decimals = parseDecimals(text.substr(19));
  if (!decimals) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return (days * 86400 + *hour * 3600 + *minute * 60 + *second) * kNanosecondsPerSecond + *decimals;
}

class AzureTrace : public CsvTrace {
 public:
  explicit AzureTrace(const std::filesystem::path& file)
      : CsvTrace(file),
        time_(required("TIMESTAMP")),
        prompt_(required("ContextTokens")),
        output_(required("GeneratedTokens")) {
    finishColumns();
  }

 private:
  void parseFields(TraceRow& row) override {
    const auto time = parseTimestamp(columns_.field(time_));
    if (!time) {
      fail(fmt::format("TIMESTAMP: \"{}\" is not a time", columns_.field(time_)),
           "such as 2023-11-16 18:15:46.6805900");
    }
    if (!start_) start_ = *time;
    const std::int64_t since_start = *time - *start_;
    if (Seconds(static_cast<double>(since_start) * 1e-9) > kLongestRun) {
      fail("more than 100 days after the first row", "the simulator's clock ends there");
    }
    row.arrival = since_start * kTicksPerNanosecond;
    row.prompt_tokens = tokens(columns_.field(prompt_), "ContextTokens");
    row.output_tokens = tokens(columns_.field(output_), "GeneratedTokens");
  }

  std::size_t time_, prompt_, output_;
  std::optional<std::int64_t> start_;  // nanoseconds since 1970
};

}  // namespace

std::unique_ptr<TraceReader> openAzureTrace(const std::filesystem::path& file, const TraceOptions&) {
  return std::make_unique<AzureTrace>(file);
}

}  // namespace headroom::workloads
