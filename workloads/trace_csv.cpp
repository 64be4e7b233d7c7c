// The plain format: arrival_s,prompt_tokens,output_tokens[,class,session,prefix_group], columns in any order, others
// ignored. arrival_s counts from the start of the trace, which may lie before its first row.
#include <fmt/format.h>

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
        class_(columns_.find("class")),
        session_(columns_.find("session")),
        prefix_group_(columns_.find("prefix_group")) {}

 private:
  void parseFields(TraceRow& row) override {
    const std::string_view arrival = columns_.field(arrival_);
    if (!parseSeconds(arrival, row.arrival)) {
      fail(fmt::format("arrival_s: \"{}\" is not a number of seconds from 0 to 100 days", arrival),
           "times count from the start of the trace");
    }
    row.prompt_tokens = tokens(columns_.field(prompt_), "prompt_tokens");
    row.output_tokens = tokens(columns_.field(output_), "output_tokens");
    assign(row.class_name, class_);
    assign(row.session, session_);
    assign(row.prefix_group, prefix_group_);
  }

  void assign(std::string& text, std::size_t column) const {
    if (column == CsvColumns::npos) {
      text.clear();
    } else {
      text = columns_.field(column);
    }
  }

  std::size_t arrival_, prompt_, output_, class_, session_, prefix_group_;
};

}  // namespace

std::unique_ptr<TraceReader> openCsvTrace(const std::filesystem::path& file) {
  return std::make_unique<PlainCsvTrace>(file);
}

}  // namespace headroom::workloads
