// The plain format: arrival_s,prompt_tokens,output_tokens[,class,session,prefix_group,prefix_tokens], columns in any
// order. arrival_s counts from the start of the trace, which may lie before its first row. Prompts of one prefix_group
// begin with the same prefix_tokens tokens; a group without a length shares nothing, with a warning.
#include <fmt/format.h>

#include "models/base/files.h"
#include "workloads/line_trace.h"
#include "workloads/trace_formats.h"

namespace headroom::workloads {
namespace {

class PlainCsvTrace : public CsvTrace {
 public:
  explicit PlainCsvTrace(const std::filesystem::path& file)
      : CsvTrace(file),
        arrival_(required("arrival_s")),
        prompt_(required("prompt_tokens")),
        output_(required("output_tokens")),
        class_(optional("class")),
        session_(optional("session")),
        prefix_group_(optional("prefix_group")),
        prefix_tokens_(optional("prefix_tokens")) {
    finishColumns();
  }

  std::vector<std::string> warnings() const override {
    std::vector<std::string> all = CsvTrace::warnings();
    if (groups_without_length_ > 0) {
      all.push_back(fmt::format("{}: {} rows name a prefix_group without prefix_tokens and share nothing", file(),
                                groups_without_length_));
    }
    return all;
  }

 private:
  void parseFields(TraceRow& row) override {
    row.arrival = seconds(columns_.field(arrival_), "arrival_s");
    row.prompt_tokens = tokens(columns_.field(prompt_), "prompt_tokens");
    row.output_tokens = tokens(columns_.field(output_), "output_tokens");
    row.class_name = text(class_);
    row.session = text(session_);
    row.prefix_group = text(prefix_group_);
    if (const std::string_view length = text(prefix_tokens_); !length.empty()) {
      row.prefix_tokens = tokens(length, "prefix_tokens");
    }
    parsePrefix(row);
  }

  void parsePrefix(TraceRow& row) {
    if (row.prefix_tokens > row.prompt_tokens) {
      fail(fmt::format("prefix_tokens: {} is more than the prompt of {}", row.prefix_tokens, row.prompt_tokens));
    }
    if (row.prefix_group.empty()) {
      if (row.prefix_tokens > 0) fail("prefix_tokens without a prefix_group", "name the group, or write 0");
      return;
    }
    if (row.prefix_tokens == 0) {
      ++groups_without_length_;
      return;
    }
    row.content.push_back({hashBytes(row.prefix_group), row.prefix_tokens});
    if (const std::int32_t rest = row.prompt_tokens - row.prefix_tokens; rest > 0) {
      row.content.push_back({kUnsharedText, rest});
    }
  }

  std::size_t arrival_, prompt_, output_, class_, session_, prefix_group_, prefix_tokens_;
  std::int64_t groups_without_length_ = 0;
};

}  // namespace

std::unique_ptr<TraceReader> openCsvTrace(const std::filesystem::path& file, const TraceOptions&) {
  return std::make_unique<PlainCsvTrace>(file);
}

}  // namespace headroom::workloads
