#include "models/cost/measured_power.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "models/base/error.h"
#include "models/base/files.h"

namespace headroom::models {
namespace {

namespace fs = std::filesystem;

/// One row of a CSV file, its cells by column name.
class Row {
 public:
  Row(const LineReader& lines, const std::map<std::string, std::string>& cells) : lines_(lines), cells_(cells) {}
  const std::string& text(const std::string& column) const {
    const auto found = cells_.find(column);
    if (found == cells_.end()) fail(fmt::format("no column \"{}\"", column));
    return found->second;
  }
  /// Greater than zero.
  double number(const std::string& column) const {
    const std::string& cell = text(column);
    double value = 0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc() || end != cell.data() + cell.size() || !std::isfinite(value) || value <= 0) {
      fail(fmt::format("{}: \"{}\" is not a number greater than zero", column, cell));
    }
    return value;
  }

  InputError::Where where() const { return {.file = lines_.file(), .line = lines_.lineNumber(), .path = ""}; }
  [[noreturn]] void fail(const std::string& message, const std::string& hint = {}) const {
    throw InputError(where(), message, hint);
  }

 private:
  const LineReader& lines_;
  const std::map<std::string, std::string>& cells_;
};

std::vector<std::string> split(std::string_view line) {
  std::vector<std::string> cells(1);
  for (const char c : line) {
    if (c == ',') {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

template <class Use>
void forEachRow(const fs::path& file, Use use) {
  LineReader lines(file);
  std::string_view line;
  if (!lines.next(line)) throw InputError({.file = file.string(), .line = 0, .path = ""}, "is empty");
  const std::vector<std::string> columns = split(line);
  while (lines.next(line)) {
    const std::vector<std::string> cells = split(line);
    std::map<std::string, std::string> named;
    for (std::size_t i = 0; i < std::min(cells.size(), columns.size()); ++i) named[columns[i]] = cells[i];
    use(Row(lines, named));
  }
}

/// `Qwen/Qwen3-235B-A22B-Instruct-2507-FP8` is the catalogue's qwen3-235b-a22b; Llama 3 8B has the sizes of 3.1.
std::string catalogueName(const std::string& hf_id) {
  std::string name = hf_id.substr(hf_id.find('/') + 1);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  if (name.starts_with("meta-")) name = name.substr(5);
  for (const std::string ending : {"-hf", "-fp8", "-2507", "-instruct", "-thinking"}) {
    if (name.ends_with(ending)) name.resize(name.size() - ending.size());
  }
  return name == "llama-3-8b" ? "llama-3.1-8b" : name;
}

class Catalogue {
 public:
  Catalogue() {
    for (Model& model : listModels()) models_.emplace(model.name, std::move(model));
  }
  /// Null if the catalogue has no such model.
  const Model* find(const std::string& hf_id) const {
    const auto found = models_.find(catalogueName(hf_id));
    return found == models_.end() ? nullptr : &found->second;
  }

 private:
  std::map<std::string, Model> models_;
};

PowerSample sampleOf(const StepTotals& totals, const StepWork& work, const Accelerator& accelerator, const Model& model,
                     Watts power) {
  const Work total = work.total(totals);
  const Seconds time = totals.busy * work.accelerators();
  return {accelerator.name, model.name, total.compute / time, total.memory / time, power};
}

Precision weightsOf(const std::string& name) {
  return name == "fp8" ? Precision::fp8 : name == "mxfp4" ? Precision::mxfp4 : Precision::bf16;
}

/// One second of a closed loop in which prompts are spread evenly over the steps.
StepTotals closedLoopSecond(double batch, double tokens_per_s, double output, double prompt) {
  const double steps = tokens_per_s / batch;
  const double context = prompt + output / 2;
  const int in_step = static_cast<int>(std::lround(batch * (1 + prompt / output)));
  StepTotals totals;
  totals.wall = totals.busy = Seconds(1);
  totals.steps = {{in_step, steps}};
  totals.emitted = tokens_per_s;
  totals.cached = steps * batch * context;
  totals.attended = tokens_per_s * context + tokens_per_s / output * prompt * prompt / 2;
  return totals;
}

/// A batch of `batch` requests, `running` at a time, each `length` tokens in and out.
StepTotals staticBatch(double batch, double running, double length, Seconds latency) {
  const double waves = batch / running;
  const double decode_steps = length - 1;
  const double contexts = running * decode_steps * 1.5 * length;  // from length to 2 length
  StepTotals totals;
  totals.wall = totals.busy = latency;
  totals.steps = {{static_cast<int>(running * length), waves}, {static_cast<int>(running), waves * decode_steps}};
  totals.emitted = batch * length;
  totals.cached = waves * (running * length + contexts);
  totals.attended = waves * (running * length * length / 2 + contexts);
  return totals;
}

/// Requests of 2 x length tokens whose KV cache fits beside the weights.
double fittingRequests(const Model& model, Bytes memory, double length) {
  const Bytes weights = countParameters(model).total() * bytesPerElement(Precision::bf16);
  const Bytes request = 2 * length * kvBytesPerToken(model, Precision::bf16, 1);
  return std::max(1.0, std::floor((0.9 * memory - weights) / request));
}

WorkRequest layoutOf(const Row& row, const Model& model) {
  WorkRequest request;
  const std::string& weights = row.text("weights");
  const auto precision = precisionFromName(weights);
  if (!precision) row.fail(fmt::format("unknown number format \"{}\"", weights), suggestion(weights, precisionNames()));
  request.weights = *precision;
  request.parallelism.tp = static_cast<int>(row.number("accelerators"));
  if (const std::string problem = layoutProblem(model, request.parallelism); !problem.empty()) row.fail(problem);
  return request;
}

}  // namespace

PowerSamples readMlEnergy(const fs::path& file, double assumed_prompt) {
  const Accelerator accelerator = findAccelerator("h100-sxm");
  const Catalogue catalogue;
  PowerSamples read;
  forEachRow(file, [&](const Row& row) {
    const std::string& task = row.text("task");
    if (task != "lm-arena-chat" && task != "gpqa") {
      ++read.skipped[fmt::format("mlenergy: task {}", task)];
      return;
    }
    const Model* model = catalogue.find(row.text("model_id"));
    if (model == nullptr) {
      ++read.skipped[fmt::format("mlenergy: {} is not in the catalogue", row.text("model_id"))];
      return;
    }
    const double accelerators = row.number("num_gpus");
    WorkRequest request;
    request.parallelism.tp = static_cast<int>(accelerators);
    request.weights = weightsOf(row.text("weight_precision"));
    const StepTotals second =
        closedLoopSecond(row.number("avg_batch_size"), row.number("output_throughput_tokens_per_sec"),
                         row.number("avg_output_len"), assumed_prompt);
    const Watts power(row.number("avg_power_watts") / accelerators);
    read.samples.push_back(sampleOf(second, StepWork(accelerator, *model, request), accelerator, *model, power));
  });
  return read;
}

PowerSamples readArgonnePower(const fs::path& file) {
  // Argonne's A100 nodes have the 40 GB version; joules per byte are taken to be those of the 80 GB one.
  const std::map<std::string, std::pair<std::string, Bytes>> hardware = {
      {"Nvidia A100 GPU", {"a100-sxm", Bytes(40e9)}}, {"Nvidia H100 GPU", {"h100-sxm", Bytes(80e9)}}};
  const Catalogue catalogue;
  PowerSamples read;
  forEachRow(file, [&](const Row& row) {
    const auto known = hardware.find(row.text("hardware"));
    if (known == hardware.end()) {
      ++read.skipped[fmt::format("argonne: {} is not in the catalogue", row.text("hardware"))];
      return;
    }
    const Model* model = catalogue.find(row.text("model"));
    if (model == nullptr) {
      ++read.skipped[fmt::format("argonne: {} is not in the catalogue", row.text("model"))];
      return;
    }
    const Accelerator accelerator = findAccelerator(known->second.first);
    const double length = row.number("isl_osl");
    const double batch = row.number("batch");
    const double running = std::min(batch, fittingRequests(*model, known->second.second, length));
    const StepTotals totals = staticBatch(batch, running, length, Seconds(row.number("latency_s")));
    const Watts power(row.number("avg_power_mw") * 1e-3);
    read.samples.push_back(sampleOf(totals, StepWork(accelerator, *model, {}), accelerator, *model, power));
  });
  return read;
}

std::vector<PowerSample> readPowerRuns(const fs::path& file, const Accelerator& accelerator) {
  std::vector<PowerSample> samples;
  forEachRow(file, [&](const Row& row) {
    const Model model = findModel(row.text("model"), {}, row.where());
    const WorkRequest request = layoutOf(row, model);
    const StepTotals second = closedLoopSecond(row.number("running"), row.number("output_tokens_per_s"),
                                               row.number("output_tokens"), row.number("prompt_tokens"));
    const StepWork work(accelerator, model, request);
    samples.push_back(sampleOf(second, work, accelerator, model, Watts(row.number("watts"))));
  });
  return samples;
}

}  // namespace headroom::models
