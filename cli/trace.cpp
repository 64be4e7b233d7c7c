// headroom trace inspect, generate, convert, fit.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/interrupt.h"
#include "cli/numbers.h"
#include "cli/progress_bar.h"
#include "cli/report_errors.h"
#include "cli/scenario_options.h"
#include "cli/streams.h"
#include "cli/text_table.h"
#include "cli/verbs.h"
#include "models/base/files.h"
#include "models/base/output_directory.h"
#include "workloads/trace_generator.h"
#include "workloads/trace_model.h"
#include "workloads/trace_statistics.h"
#include "workloads/trace_targets.h"
#include "workloads/trace_writer.h"

namespace headroom::cli {
namespace {

using Json = nlohmann::ordered_json;
using workloads::TraceReader;
using workloads::TraceStatistics;

/// A trace with a progress bar that Ctrl-C ends.
class WatchedTrace final : public workloads::TraceFilter {
 public:
  WatchedTrace(std::unique_ptr<TraceReader> trace, const std::string& verb)
      : TraceFilter(std::move(trace)), bar_(verb, "rows") {}
  bool next(workloads::TraceRow& row) override {
    if (++rows_ % 4096 == 0) {
      throwIfInterrupted();
      bar_.update(rows_, 0);
    }
    return trace_->next(row);
  }

 private:
  ProgressBar bar_;
  std::int64_t rows_ = 0;
};

std::unique_ptr<TraceReader> openNamed(const std::string& text, double rate_scale, const std::string& verb) {
  const TraceName name = parseTraceName(text, "trace");
  return std::make_unique<WatchedTrace>(workloads::scaleRate(workloads::openTrace(name.format, name.file), rate_scale),
                                        verb);
}

void printWarnings(const TraceReader& trace) {
  for (const std::string& warning : trace.warnings()) printNote("warning: " + warning);
}

std::string shareName(double share) {
  return share == 1 ? "max" : fmt::format("p{:g}", share * 100);
}

Json lengthsJson(const workloads::LengthStatistics& lengths) {
  Json json{{"mean", lengths.mean}};
  for (std::size_t i = 0; i < workloads::kLengthShares.size(); ++i) {
    json[shareName(workloads::kLengthShares[i])] = lengths.quantiles[i];
  }
  return json;
}

Json statisticsJson(const TraceStatistics& s) {
  return {{"rows", s.rows},
          {"failed", s.failed},
          {"span_s", s.span.value()},
          {"rate_per_s", s.rate_per_s},
          {"cv", s.cv},
          {"cv_10min", s.cv_10min},
          {"peak_to_mean", s.peak_to_mean},
          {"dispersion", s.dispersion},
          {"prompt_tokens", lengthsJson(s.prompt_tokens)},
          {"output_tokens", lengthsJson(s.output_tokens)},
          {"correlation", s.correlation},
          {"shared_prefix", s.shared_prefix}};
}

std::string statisticsTable(const TraceStatistics& s) {
  TextTable arrivals("lrl");
  arrivals.add({"requests", countText(s.rows), "over " + durationText(s.span.value())});
  arrivals.add({"rate", numberText(s.rate_per_s), "requests/s"});
  arrivals.add({"burstiness", numberText(s.cv), "cv of the gaps; 1 is Poisson"});
  arrivals.add({"", numberText(s.cv_10min), "cv within 10 minutes (median)"});
  arrivals.add({"peak", numberText(s.peak_to_mean), "busiest minute over the mean minute"});
  arrivals.add({"dispersion", numberText(s.dispersion), "variance over mean of the minute counts; 1 is Poisson"});
  arrivals.add({"correlation", numberText(s.correlation), "of prompt and output tokens"});
  if (s.failed > 0) arrivals.add({"failed", countText(s.failed), "when recorded: they have no lengths"});
  if (s.shared_prefix > 0) {
    arrivals.add({"shared", numberText(s.shared_prefix), "of prompt tokens, at the start of an earlier prompt too"});
  }
  TextTable lengths("lrrrrrrrrr");
  std::vector<std::string> header{"tokens", "mean"};
  for (const double share : workloads::kLengthShares) header.push_back(shareName(share));
  lengths.add(header);
  const auto row = [&](const char* name, const workloads::LengthStatistics& l) {
    std::vector<std::string> cells{name, numberText(l.mean)};
    for (const double tokens : l.quantiles) cells.push_back(numberText(tokens));
    lengths.add(std::move(cells));
  };
  row("prompt", s.prompt_tokens);
  row("output", s.output_tokens);
  return arrivals.text() + "\n" + lengths.text();
}

std::string comparisonTable(const std::vector<workloads::ComparedStatistic>& rows) {
  TextTable table("lrrr");
  table.add({"", "original", "synthetic", "difference"});
  for (const workloads::ComparedStatistic& row : rows) {
    table.add({row.name, numberText(row.original), numberText(row.synthetic),
               row.difference_pct ? fmt::format("{:+.1f} %", *row.difference_pct) : "-"});
  }
  return table.text();
}

Json comparisonJson(const std::vector<workloads::ComparedStatistic>& rows) {
  Json json = Json::array();
  for (const workloads::ComparedStatistic& row : rows) {
    json.push_back({{"name", row.name},
                    {"original", row.original},
                    {"synthetic", row.synthetic},
                    {"difference_pct", row.difference_pct ? Json(*row.difference_pct) : Json()}});
  }
  return json;
}

/// "Name.csv.gz" is "name".
std::string nameFromFile(const std::string& file) {
  std::string name = std::filesystem::path(file).filename().string();
  return name.substr(0, name.find('.'));
}

}  // namespace

int traceInspect(const TraceInspectOptions& options) {
  const auto trace = openNamed(options.trace, options.rate_scale, "trace inspect");
  const TraceStatistics statistics = workloads::measureTrace(*trace);
  printResult(options.format == Format::json ? statisticsJson(statistics).dump(2) + "\n" : statisticsTable(statistics));
  printWarnings(*trace);
  return kExitOk;
}

int traceGenerate(const TraceGenerateOptions& options) {
  checkMayWrite(options.out, options.overwrite);
  const workloads::TraceModel model = workloads::loadTraceModel(options.model);
  workloads::TraceLimit limit{.requests = options.requests};
  if (!options.duration.empty()) limit.duration = quantityFromText<Seconds>(options.duration, "--duration");
  if (!limit.requests && !limit.duration) limit.requests = model.requests;
  auto rows = workloads::limitTrace(workloads::openTraceModel(model, options.seed, model.name), limit);
  WatchedTrace trace(std::move(rows), "trace generate");
  const std::int64_t written = workloads::writeCsvTrace(trace, options.out);
  printNote(fmt::format("{} requests written to {}", countText(written), options.out));
  return kExitOk;
}

int traceConvert(const TraceConvertOptions& options) {
  const workloads::TraceTarget& target = workloads::findTraceTarget(options.to);
  checkMayWrite(options.out, options.overwrite);
  const auto trace = openNamed(options.trace, options.rate_scale, "trace convert");
  const workloads::ConvertedTrace converted = workloads::convertTrace(*trace, target, options.out);
  printWarnings(*trace);
  for (const std::string& message : converted.left_out) printNote("left out: " + message);
  printNote(fmt::format("{} requests written to {} as {}", countText(converted.rows), options.out, target.name));
  return kExitOk;
}

int traceFit(const TraceFitOptions& options) {
  checkMayWrite(options.out, options.overwrite);
  const TraceName name = parseTraceName(options.trace, "trace");
  const std::string model_name = options.name.empty() ? nameFromFile(name.file) : options.name;
  const std::string source = options.source.empty() ? "own trace " + nameFromFile(name.file) : options.source;
  const auto trace = openNamed(options.trace, 1, "trace fit");
  const workloads::TraceModel model = workloads::fitTraceModel(*trace, model_name, source);
  const TraceStatistics original = workloads::measureTrace(*openNamed(options.trace, 1, "trace fit"));
  const auto synthetic_rows = workloads::limitTrace(workloads::openTraceModel(model, 1, model.name),
                                                    {.requests = model.requests, .duration = {}});
  const TraceStatistics synthetic = workloads::measureTrace(*synthetic_rows);
  writeFileAtomically(options.out, toYaml(workloads::toDocument(model)));
  const auto compared = workloads::compareTraces(original, synthetic);
  printResult(options.format == Format::json ? comparisonJson(compared).dump(2) + "\n" : comparisonTable(compared));
  printWarnings(*trace);
  printNote("written to " + options.out);
  return kExitOk;
}

}  // namespace headroom::cli
