#include "models/cost/import_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "models/base/error.h"
#include "models/cost/raw_readers.h"

namespace headroom::models {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWhatIsRead =
    "read are Vidur's mlp, attention and all_reduce tables, AIConfigurator's under their names (gemm_perf.txt, "
    "context_attention.csv, ...), LLMServingSim's by the folder above <organisation>/<model>/<format>/tp<N>, and "
    "our own (docs/profiler.md)";

/// "gemm" of gemm_perf.txt, gemm.csv and gemm.csv.gz.
std::string tableName(const fs::path& file) {
  std::string name = file.filename().string();
  for (const char* ending : {".gz", ".csv", ".txt", "_perf"}) {
    if (name.ends_with(ending)) name.resize(name.size() - std::string_view(ending).size());
  }
  return name;
}

bool readTable(const fs::path& file, RawTables& raw) {
  RawCsv csv(file);
  if (readVidurTable(csv, raw)) return true;
  const std::string name = tableName(file);
  if (readOwnTable(csv, name, raw)) return true;
  const RawReader published = readerOfPublished(name);
  if (published == nullptr) return false;
  published(csv, {.system = file.parent_path().filename().string()}, raw);
  return true;
}

bool mayBeTable(const fs::path& file) {
  const std::string name = file.filename().string();
  return name.ends_with(".csv") || name.ends_with(".csv.gz") || name.ends_with("_perf.txt");
}

void readFolder(const fs::path& folder, ImportedTables& imported) {
  if (readLayerTables(folder, imported.raw)) return;
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && mayBeTable(entry.path())) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  const std::size_t before = imported.raw.samples.size();
  for (const fs::path& file : files) {
    if (!readTable(file, imported.raw)) imported.unread.push_back(file);
  }
  if (imported.raw.samples.size() > before) return;
  throw InputError({.file = folder.string(), .line = 0, .path = ""}, "no kernel table in this folder", kWhatIsRead);
}

std::string headerOf(const OperationInfo& operation) {
  std::string text;
  for (const KeyField& field : fieldsOf(operation.key)) text += fmt::format("{},", field.name);
  for (std::size_t d = 0; d < operation.dimensions(); ++d) text += fmt::format("{},", operation.axes[d].name);
  return text + "latency\n";
}

void appendRow(const Sample& sample, const OperationInfo& operation, std::string& text) {
  for (const KeyField& field : fieldsOf(operation.key)) text += valueText(sample.key, field) + ",";
  for (std::size_t d = 0; d < operation.dimensions(); ++d) {
    fmt::format_to(std::back_inserter(text), "{},", static_cast<std::int64_t>(sample.at[d]));
  }
  fmt::format_to(std::back_inserter(text), "{:.9g}\n", sample.time.value() * 1e3);
}

}  // namespace

ImportedTables importTables(const std::vector<fs::path>& sources) {
  ImportedTables imported;
  for (const fs::path& source : sources) {
    if (fs::is_directory(source)) {
      readFolder(source, imported);
    } else if (!readTable(source, imported.raw)) {
      throw InputError({.file = source.string(), .line = 1, .path = ""}, "not a table of kernel times known here",
                       kWhatIsRead);
    }
  }
  return imported;
}

std::map<std::string, std::string> operationCsvs(const RawTables& raw) {
  std::map<std::string, std::string> files;
  for (const Sample& sample : raw.samples) {
    const OperationInfo& operation = infoOf(sample.key.operation);
    std::string& text = files[fmt::format("{}.csv", operation.name)];
    if (text.empty()) text = headerOf(operation);
    appendRow(sample, operation, text);
  }
  return files;
}

}  // namespace headroom::models
