// splitwise-sim traces (Mutinifni/splitwise-sim): request_id,request_type,application_id,arrival_timestamp,batch_size,
// prompt_size,token_size. arrival_timestamp is in seconds from the start of the trace. A class is an application_id
// other than 0.
#include <fmt/format.h>

#include "workloads/line_trace.h"
#include "workloads/trace_formats.h"

namespace headroom::workloads {
namespace {

class SplitwiseTrace : public CsvTrace {
 public:
  explicit SplitwiseTrace(const std::filesystem::path& file)
      : CsvTrace(file),
        time_(required("arrival_timestamp")),
        prompt_(required("prompt_size")),
        output_(required("token_size")),
        application_(optional("application_id")),
        batch_(optional("batch_size")) {
    for (const char* without_meaning_here : {"request_id", "request_type"}) optional(without_meaning_here);
    finishColumns();
  }

 private:
  void parseFields(TraceRow& row) override {
    row.arrival = seconds(columns_.field(time_), "arrival_timestamp");
    row.prompt_tokens = tokens(columns_.field(prompt_), "prompt_size");
    row.output_tokens = tokens(columns_.field(output_), "token_size");
    if (const std::string_view application = text(application_); application != "0") row.class_name = application;
    if (const std::string_view batch = text(batch_); !batch.empty() && batch != "1") {
      fail(fmt::format("batch_size: \"{}\" is not 1", batch), "write one row per request");
    }
  }

  std::size_t time_, prompt_, output_, application_, batch_;
};

}  // namespace

std::unique_ptr<TraceReader> openSplitwiseTrace(const std::filesystem::path& file, const TraceOptions&) {
  return std::make_unique<SplitwiseTrace>(file);
}

}  // namespace headroom::workloads
