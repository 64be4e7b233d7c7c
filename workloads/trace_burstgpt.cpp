// BurstGPT (HPMLL/BurstGPT, v1 and v2): Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type; newer
// files add Session ID and Elapsed time, and columns come in any order. Arrivals count from the first row, since later
// files begin months after second 0. A class is a Model. Response tokens of 0 mark a failed request, which is kept.
#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "models/base/ticks.h"
#include "workloads/line_trace.h"
#include "workloads/trace_formats.h"

namespace headroom::workloads {
namespace {

class BurstGptTrace : public CsvTrace {
 public:
  explicit BurstGptTrace(const std::filesystem::path& file)
      : CsvTrace(file),
        time_(required("Timestamp")),
        model_(optional("Model")),
        prompt_(required("Request tokens")),
        output_(required("Response tokens")),
        session_(optional("Session ID")) {
    for (const char* told_by_others : {"Total tokens", "Log Type", "Elapsed time"}) optional(told_by_others);
    finishColumns();
  }

 private:
  void parseFields(TraceRow& row) override {
    const std::string_view text_of_time = columns_.field(time_);
    double time = 0;
    const auto parsed = std::from_chars(text_of_time.data(), text_of_time.data() + text_of_time.size(), time);
    if (parsed.ec != std::errc() || parsed.ptr != text_of_time.data() + text_of_time.size() || !(time >= 0)) {
      fail(fmt::format("Timestamp: \"{}\" is not a number of seconds", text_of_time));
    }
    if (!start_) start_ = time;
    if (Seconds(time - *start_) > kLongestRun) {
      fail("more than 100 days after the first row", "the simulator's clock ends there");
    }
    row.arrival = toTicks(Seconds(time - *start_));
    row.prompt_tokens = tokens(columns_.field(prompt_), "Request tokens");
    row.output_tokens = tokens(columns_.field(output_), "Response tokens");
    row.failed = row.output_tokens == 0;
    row.class_name = text(model_);
    row.session = text(session_);
  }

  std::size_t time_, model_, prompt_, output_, session_;
  std::optional<double> start_;
};

}  // namespace

std::unique_ptr<TraceReader> openBurstGptTrace(const std::filesystem::path& file, const TraceOptions&) {
  return std::make_unique<BurstGptTrace>(file);
}

}  // namespace headroom::workloads
