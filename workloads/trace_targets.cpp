#include "workloads/trace_targets.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <nlohmann/json.hpp>

#include "models/base/error.h"
#include "models/base/files.h"
#include "workloads/request_details.h"
#include "workloads/text_sink.h"

namespace headroom::workloads {
namespace {

constexpr std::size_t kChunk = 1 << 16;
constexpr std::int64_t kTicksPerNanosecond = 1024;
constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

std::int64_t nanoseconds(Ticks ticks) {
  return (ticks + kTicksPerNanosecond / 2) / kTicksPerNanosecond;
}

/// `ns` in units of `unit` ns, with as many decimals as it has.
void appendDecimal(std::int64_t ns, std::int64_t unit, std::string& text) {
  fmt::format_to(std::back_inserter(text), "{}", ns / unit);
  std::int64_t rest = ns % unit;
  if (rest == 0) return;
  text += '.';
  for (; rest > 0; rest %= unit) {
    unit /= 10;
    text += static_cast<char>('0' + rest / unit);
  }
}

void appendField(const std::string& value, std::string& text) {
  if (value.find_first_of(",\"\r\n") != std::string::npos) {
    throw InputError(fmt::format("\"{}\" cannot be written to CSV: it holds a comma, a quote or a line break", value));
  }
  text += ',';
  text += value;
}

class CsvLines final : public TraceLines {
 public:
  std::string header() const override {
    return "arrival_s,prompt_tokens,output_tokens,class,session,prefix_group,prefix_tokens\n";
  }
  void append(const TraceRow& row, std::string& text) override {
    appendDecimal(nanoseconds(row.arrival), kNanosecondsPerSecond, text);
    fmt::format_to(std::back_inserter(text), ",{},{}", row.prompt_tokens, row.output_tokens);
    for (const std::string* value : {&row.class_name, &row.session, &row.prefix_group}) appendField(*value, text);
    text += ',';
    if (row.prefix_tokens > 0) fmt::format_to(std::back_inserter(text), "{}", row.prefix_tokens);
  }
  Carries carries() const override { return {.classes = true, .sessions = true, .prefix_groups = true}; }
};

/// Azure's traces give the time of day; the first row stands at midnight of the day of Azure's own trace of 2023.
class AzureLines final : public TraceLines {
 public:
  std::string header() const override { return "TIMESTAMP,ContextTokens,GeneratedTokens\n"; }
  void append(const TraceRow& row, std::string& text) override {
    using namespace std::chrono;
    const std::int64_t ns = nanoseconds(row.arrival);
    const std::int64_t second = ns / kNanosecondsPerSecond;
    const sys_days first = year(2023) / November / 16;
    const year_month_day date(first + days(second / 86400));
    fmt::format_to(std::back_inserter(text), "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:09},{},{}",
                   static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                   static_cast<unsigned>(date.day()), second / 3600 % 24, second / 60 % 60, second % 60,
                   ns % kNanosecondsPerSecond, row.prompt_tokens, row.output_tokens);
  }
  Carries carries() const override { return {.start = false}; }
};

class BurstGptLines final : public TraceLines {
 public:
  std::string header() const override {
    return "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n";
  }
  void append(const TraceRow& row, std::string& text) override {
    appendDecimal(nanoseconds(row.arrival), kNanosecondsPerSecond, text);
    appendField(row.session, text);
    text += ',';
    appendField(row.class_name, text);
    const std::int32_t output = row.failed ? 0 : row.output_tokens;
    fmt::format_to(std::back_inserter(text), ",{},{},{},{}", row.prompt_tokens, output,
                   std::int64_t{row.prompt_tokens} + output, row.session.empty() ? "API log" : "Conversation log");
  }
  bool keepsFailed() const override { return true; }
  Carries carries() const override { return {.classes = true, .sessions = true, .start = false}; }
};

class SplitwiseLines final : public TraceLines {
 public:
  std::string header() const override {
    return "request_id,request_type,application_id,arrival_timestamp,batch_size,prompt_size,token_size\n";
  }
  void append(const TraceRow& row, std::string& text) override {
    fmt::format_to(std::back_inserter(text), "{},0", rows_++);
    appendField(row.class_name.empty() ? "0" : row.class_name, text);
    text += ',';
    appendDecimal(nanoseconds(row.arrival), kNanosecondsPerSecond, text);
    fmt::format_to(std::back_inserter(text), ",1,{},{}", row.prompt_tokens, row.output_tokens);
  }
  Carries carries() const override { return {.classes = true}; }

 private:
  std::int64_t rows_ = 0;
};

/// The text of a prompt as one id for each block of `block` tokens. Text that comes in such blocks keeps its ids; other
/// text gets one that stands for all of it up to the block's end, so equal beginnings stay equal.
class BlockIds {
 public:
  BlockIds(std::int32_t block, bool with_partial) : block_(block), with_partial_(with_partial) {}
  /// Those of all blocks, or of all full ones; none if nothing is known of the text.
  const std::vector<std::uint64_t>& of(const TraceRow& row) {
    ids_.clear();
    const bool in_blocks = comesInBlocks(row);
    std::uint64_t chained = hashBytes("");
    std::int64_t begin = 0, end = block_;  // of the span, of the block
    for (const ContentSpan& span : row.content) {
      const bool own = span.id == kUnsharedText;
      if (own && in_blocks && span.tokens < block_) break;  // readers know it as the block without an id
      const std::uint64_t id = own ? contentId(hashBytes("unshared"), unshared_++) : span.id;
      const std::int64_t span_end = begin + span.tokens;
      const auto add = [&](std::int64_t upto) { ids_.push_back(in_blocks ? id : textUpTo(chained, id, upto)); };
      for (; end <= span_end; end += block_) add(end);
      if (with_partial_ && span_end == row.prompt_tokens && span_end > end - block_) add(span_end);
      chained = textUpTo(chained, id, span_end);
      begin = span_end;
    }
    return ids_;
  }

 private:
  bool comesInBlocks(const TraceRow& row) const {
    if (!row.prefix_group.empty() || row.content.empty() || row.content.back().tokens > block_) return false;
    return std::all_of(row.content.begin(), row.content.end() - 1,
                       [&](const ContentSpan& span) { return span.tokens == block_ && span.id != kUnsharedText; });
  }
  /// Below 10^18, which every reader takes.
  static std::uint64_t textUpTo(std::uint64_t chained, std::uint64_t id, std::int64_t end) {
    const std::uint64_t words[] = {id, static_cast<std::uint64_t>(end)};
    return hashBytes({reinterpret_cast<const char*>(words), sizeof words}, chained) >> 5;
  }
  std::int32_t block_;
  bool with_partial_;
  std::uint64_t unshared_ = 0;
  std::vector<std::uint64_t> ids_;
};

class MooncakeLines final : public TraceLines {
 public:
  std::string header() const override { return {}; }
  void append(const TraceRow& row, std::string& text) override {
    text += "{\"timestamp\": ";
    appendDecimal(nanoseconds(row.arrival), 1'000'000, text);
    fmt::format_to(std::back_inserter(text), ", \"input_length\": {}, \"output_length\": {}", row.prompt_tokens,
                   row.output_tokens);
    const std::vector<std::uint64_t>& ids = blocks_.of(row);
    if (!ids.empty()) {
      fmt::format_to(std::back_inserter(text), ", \"hash_ids\": [{}]", fmt::join(ids, ", "));
    }
    text += '}';
  }
  Carries carries() const override { return {.text = true}; }

 private:
  static constexpr std::int32_t kBlock = 512;
  BlockIds blocks_{kBlock, true};
};

class LlmServingSimLines final : public TraceLines {
 public:
  std::string header() const override { return {}; }
  void append(const TraceRow& row, std::string& text) override {
    text += "{\"arrival_s\": ";
    appendDecimal(nanoseconds(row.arrival), kNanosecondsPerSecond, text);
    fmt::format_to(std::back_inserter(text), ", \"input_toks\": {}, \"output_toks\": {}", row.prompt_tokens,
                   row.output_tokens);
    if (!row.session.empty()) text += ", \"session_id\": " + nlohmann::json(row.session).dump();
    const std::vector<std::uint64_t>& ids = blocks_.of(row);
    if (!ids.empty()) {
      fmt::format_to(std::back_inserter(text), ", \"hash_ids\": [{}]", fmt::join(ids, ", "));
    }
    text += '}';
  }
  Carries carries() const override { return {.sessions = true, .text = true}; }

 private:
  static constexpr std::int32_t kBlock = 16;
  BlockIds blocks_{kBlock, false};
};

template <class Lines>
std::unique_ptr<TraceLines> make() {
  return std::make_unique<Lines>();
}

const TraceTarget kTraceTargets[] = {
    {"csv", "class, session, prefix_group; no text", make<CsvLines>},
    {"azure", "times from the first row on, and lengths", make<AzureLines>},
    {"burstgpt", "class as Model, session, failed requests; no text", make<BurstGptLines>},
    {"mooncake", "text in blocks of 512 tokens", make<MooncakeLines>},
    {"splitwise", "class as application_id; no text", make<SplitwiseLines>},
    {"llmservingsim", "session, text in blocks of 16 tokens", make<LlmServingSimLines>},
};

/// Counts the rows that have something the format has no place for.
class LeftOut {
 public:
  LeftOut(const TraceTarget& target, const TraceLines& lines)
      : target_(target), carries_(lines.carries()), keeps_failed_(lines.keepsFailed()) {}

  /// False if the row itself is left out.
  bool count(const TraceRow& row) {
    if (row.failed && !keeps_failed_) return ++failed_, false;
    const bool any_text = !row.content.empty();
    const bool text_kept = carries_.text || (carries_.prefix_groups && !row.prefix_group.empty());
    if (rows_++ == 0 && !carries_.start && row.arrival > 0) start_ = row.arrival;
    if (!row.class_name.empty() && !carries_.classes) ++classes_;
    if (!row.session.empty() && !carries_.sessions) ++sessions_;
    if (!row.prefix_group.empty() && !carries_.prefix_groups && !(carries_.text && any_text)) ++groups_;
    if (any_text && !text_kept) ++texts_;
    return true;
  }
  std::vector<std::string> messages() const {
    std::vector<std::string> all;
    const auto tell = [&](std::int64_t rows, const char* what) {
      if (rows > 0) all.push_back(fmt::format("{} of {} rows have {}", rows, rows_, what));
    };
    tell(classes_, "a class");
    tell(sessions_, "a session");
    tell(groups_, "a prefix_group");
    tell(texts_, "text that others may share (hash_ids)");
    if (start_ > 0) all.push_back(fmt::format("the {:.6f} s before the first row", toSeconds(start_).value()));
    for (std::string& message : all) message += fmt::format(", for which {} has no place", target_.name);
    if (failed_ > 0) {
      all.push_back(
          fmt::format("{} failed requests are left out: {} would read them as answered", failed_, target_.name));
    }
    return all;
  }
  std::int64_t rows() const { return rows_; }

 private:
  const TraceTarget& target_;
  TraceLines::Carries carries_;
  bool keeps_failed_;
  std::int64_t rows_ = 0, failed_ = 0, classes_ = 0, sessions_ = 0, groups_ = 0, texts_ = 0;
  Ticks start_ = 0;
};

}  // namespace

std::span<const TraceTarget> traceTargets() {
  return kTraceTargets;
}

const TraceTarget& findTraceTarget(const std::string& format) {
  std::vector<std::string> names;
  for (const TraceTarget& known : kTraceTargets) {
    if (known.name == format) return known;
    names.push_back(known.name);
  }
  const auto formats = traceFormats();
  if (std::any_of(formats.begin(), formats.end(), [&](const TraceFormat& f) { return f.name == format; })) {
    throw InputError(fmt::format("{} is read only", format),
                     fmt::format("a trace is written as {}", fmt::join(names, ", ")));
  }
  throw InputError(fmt::format("unknown trace format \"{}\"", format), suggestion(format, names));
}

ConvertedTrace convertTrace(TraceReader& trace, const TraceTarget& target, const std::filesystem::path& file) {
  const std::unique_ptr<TraceLines> lines = target.make();
  const std::unique_ptr<TextSink> sink = openTextSink(file);
  LeftOut left_out(target, *lines);
  std::string text = lines->header();
  for (TraceRow row; trace.next(row);) {
    if (!left_out.count(row)) continue;
    lines->append(row, text);
    text += '\n';
    if (text.size() < kChunk) continue;
    sink->write(text);
    text.clear();
  }
  if (left_out.rows() == 0) throw InputError("no row is left to write", "every request of the trace failed");
  sink->write(text);
  sink->finish();
  return {left_out.rows(), left_out.messages()};
}

}  // namespace headroom::workloads
