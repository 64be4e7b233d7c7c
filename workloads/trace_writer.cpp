#include "workloads/trace_writer.h"

#include <fmt/format.h>

#include <iterator>

#include "models/base/error.h"
#include "workloads/text_sink.h"

namespace headroom::workloads {
namespace {

constexpr std::size_t kChunk = 1 << 16;

/// `ticks` as seconds with six decimals, rounded to the nearest; keeps the order of times.
void appendSeconds(Ticks ticks, std::string& text) {
  constexpr Ticks kMicrosecond = 1'024'000;
  const Ticks microseconds = (ticks + kMicrosecond / 2) / kMicrosecond;
  fmt::format_to(std::back_inserter(text), "{}.{:06}", microseconds / 1'000'000, microseconds % 1'000'000);
}

void appendText(const std::string& value, std::string& text) {
  if (value.find_first_of(",\"\r\n") != std::string::npos) {
    throw InputError(fmt::format("\"{}\" cannot be written to CSV: it holds a comma, a quote or a line break", value));
  }
  text += ',';
  text += value;
}

void appendRow(const TraceRow& row, TraceTexts texts, std::string& text) {
  appendSeconds(row.arrival, text);
  fmt::format_to(std::back_inserter(text), ",{},{}", row.prompt_tokens, row.output_tokens);
  if (texts == TraceTexts::keep) {
    for (const std::string* value : {&row.class_name, &row.session, &row.prefix_group}) appendText(*value, text);
  }
  text += '\n';
}

class RowsTrace : public TraceReader {
 public:
  explicit RowsTrace(const std::vector<TraceRow>& rows) : rows_(rows) {}
  bool next(TraceRow& row) override {
    if (at_ == rows_.size()) return false;
    row = rows_[at_++];
    return true;
  }

 private:
  const std::vector<TraceRow>& rows_;
  std::size_t at_ = 0;
};

}  // namespace

std::int64_t writeCsvTrace(TraceReader& trace, const std::filesystem::path& file, TraceTexts texts) {
  const std::unique_ptr<TextSink> sink = openTextSink(file);
  std::string text = "arrival_s,prompt_tokens,output_tokens";
  text += texts == TraceTexts::keep ? ",class,session,prefix_group\n" : "\n";
  std::int64_t rows = 0;
  for (TraceRow row; trace.next(row); ++rows) {
    appendRow(row, texts, text);
    if (text.size() < kChunk) continue;
    sink->write(text);
    text.clear();
  }
  sink->write(text);
  sink->finish();
  return rows;
}

std::unique_ptr<TraceReader> openRows(const std::vector<TraceRow>& rows) {
  return std::make_unique<RowsTrace>(rows);
}

}  // namespace headroom::workloads
