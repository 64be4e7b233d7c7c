#include "models/cost/raw_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <optional>
#include <string_view>

#include "models/base/error.h"
#include "models/base/files.h"

namespace headroom::models {
namespace {

namespace fs = std::filesystem;

/// A CSV file whose columns are found by name.
class Csv {
 public:
  explicit Csv(const fs::path& file) : lines_(file) {
    std::string_view line;
    if (!lines_.next(line)) fail("is empty");
    split(line);
    for (const std::string_view name : cells_) columns_.emplace_back(name);
  }

  bool next() {
    std::string_view line;
    while (lines_.next(line)) {
      if (line.empty()) continue;
      split(line);
      if (cells_.size() != columns_.size()) {
        fail(fmt::format("{} columns, the header has {}", cells_.size(), columns_.size()));
      }
      return true;
    }
    return false;
  }

  std::optional<std::size_t> find(const std::string& name) const {
    const auto at = std::find(columns_.begin(), columns_.end(), name);
    if (at == columns_.end()) return std::nullopt;
    return static_cast<std::size_t>(at - columns_.begin());
  }
  std::size_t column(const std::string& name) const {
    const auto at = find(name);
    if (!at) throw InputError({.file = lines_.file(), .line = 1, .path = ""}, fmt::format("no column \"{}\"", name));
    return *at;
  }
  std::string_view text(std::size_t column) const { return cells_[column]; }
  /// A whole number of at least `min`.
  std::int64_t count(std::size_t column, std::int64_t min = 1) const {
    std::int64_t value = 0;
    const std::string_view cell = cells_[column];
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc() || end != cell.data() + cell.size() || value < min) {
      fail(fmt::format("{}: \"{}\" is not a whole number of at least {}", columns_[column], cell, min));
    }
    return value;
  }
  Seconds milliseconds(std::size_t column) const {
    double value = 0;
    const std::string_view cell = cells_[column];
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc() || end != cell.data() + cell.size() || !std::isfinite(value) || value <= 0) {
      fail(fmt::format("{}: \"{}\" is not a time greater than zero", columns_[column], cell));
    }
    return Seconds(value * 1e-3);
  }
  [[noreturn]] void fail(const std::string& message) const {
    throw InputError({.file = lines_.file(), .line = lines_.lineNumber(), .path = ""}, message);
  }

 private:
  void split(std::string_view line) {
    cells_.clear();
    for (std::size_t begin = 0;;) {
      const std::size_t comma = line.find(',', begin);
      cells_.push_back(line.substr(begin, comma == std::string_view::npos ? comma : comma - begin));
      if (comma == std::string_view::npos) return;
      begin = comma + 1;
    }
  }

  LineReader lines_;
  std::vector<std::string> columns_;
  std::vector<std::string_view> cells_;
};

/// `bfloat16`, `fp8`: what AIConfigurator calls them.
std::optional<Precision> precisionOf(std::string_view name) {
  if (name == "bfloat16") return Precision::bf16;
  if (name == "fp8") return Precision::fp8;
  return std::nullopt;
}

void readGemm(Csv& csv, RawTables& raw) {
  const std::size_t dtype = csv.column("gemm_dtype"), m = csv.column("m"), n = csv.column("n"), k = csv.column("k");
  const std::size_t latency = csv.column("latency");
  while (csv.next()) {
    const auto precision = precisionOf(csv.text(dtype));
    if (!precision) {
      const bool eager = csv.text(dtype) == "fp8_block";
      ++raw.skipped[fmt::format(
          "gemm {}: {}", csv.text(dtype),
          eager ? "timed without CUDA graphs, a launch floor of 55 us and more" : "format not read")];
      continue;
    }
    raw.samples.push_back(
        {{.operation = Operation::gemm, .precision = *precision},
         {static_cast<double>(csv.count(m)), static_cast<double>(csv.count(n)), static_cast<double>(csv.count(k))},
         csv.milliseconds(latency)});
  }
}

void readAttention(Csv& csv, RawTables& raw, Operation operation) {
  const std::size_t batch = csv.column("batch_size"), isl = csv.column("isl"), step = csv.column("step");
  const std::size_t heads = csv.column("num_heads"), kv_heads = csv.column("num_key_value_heads");
  const std::size_t head_dim = csv.column("head_dim"), kv = csv.column("kv_cache_dtype");
  const std::size_t latency = csv.column("latency");
  const auto window = csv.find("window_size");  // older collections have full attention only
  while (csv.next()) {
    const auto precision = precisionOf(csv.text(kv));
    if (!precision || (window && csv.text(*window) != "0")) {
      ++raw.skipped[fmt::format("{}: {}", infoOf(operation).name, precision ? "sliding window" : "KV format not read")];
      continue;
    }
    const TableKey key{.operation = operation,
                       .precision = *precision,
                       .heads = static_cast<int>(csv.count(heads)),
                       .kv_heads = static_cast<int>(csv.count(kv_heads)),
                       .head_dim = static_cast<int>(csv.count(head_dim))};
    const auto length = static_cast<double>(csv.count(isl) + csv.count(step, 0));
    raw.samples.push_back({key, {static_cast<double>(csv.count(batch)), length, 1}, csv.milliseconds(latency)});
  }
}

void readCustomAllReduce(Csv& csv, RawTables& raw) {
  const std::size_t dtype = csv.column("allreduce_dtype"), devices = csv.column("num_gpus");
  const std::size_t size = csv.column("message_size"), latency = csv.column("latency"), backend = csv.column("backend");
  while (csv.next()) {
    if (csv.text(dtype) != "bfloat16" || !csv.text(backend).ends_with("_graph")) {
      ++raw.skipped["custom_allreduce: eager launches (engines replay CUDA graphs)"];
      continue;
    }
    const double bytes = 2.0 * static_cast<double>(csv.count(size));
    raw.samples.push_back(
        {{.operation = Operation::custom_all_reduce, .devices = static_cast<int>(csv.count(devices, 2))},
         {bytes, 1, 1},
         csv.milliseconds(latency)});
  }
}

void readNccl(Csv& csv, RawTables& raw) {
  const std::size_t op = csv.column("op_name"), dtype = csv.column("nccl_dtype"), devices = csv.column("num_gpus");
  const std::size_t size = csv.column("message_size"), latency = csv.column("latency");
  while (csv.next()) {
    const bool reduce = csv.text(op) == "all_reduce";
    if (csv.text(dtype) != "half" || (!reduce && csv.text(op) != "all_gather")) {
      ++raw.skipped["nccl: collectives other than all_reduce and all_gather of 2-byte elements"];
      continue;
    }
    raw.samples.push_back({{.operation = reduce ? Operation::nccl_all_reduce : Operation::nccl_all_gather,
                            .devices = static_cast<int>(csv.count(devices, 2))},
                           {2.0 * static_cast<double>(csv.count(size)), 1, 1},
                           csv.milliseconds(latency)});
  }
}

}  // namespace

RawTables readRawTables(const fs::path& folder) {
  using Read = std::function<void(Csv&, RawTables&)>;
  const std::pair<const char*, Read> tables[] = {
      {"gemm", readGemm},
      {"context_attention", [](Csv& csv, RawTables& raw) { readAttention(csv, raw, Operation::prefill_attention); }},
      {"generation_attention", [](Csv& csv, RawTables& raw) { readAttention(csv, raw, Operation::decode_attention); }},
      {"custom_allreduce", readCustomAllReduce},
      {"nccl", readNccl},
  };
  RawTables raw;
  for (const auto& [name, read] : tables) {
    for (const char* extension : {".csv.gz", ".csv"}) {
      const fs::path file = folder / (std::string(name) + extension);
      if (!fs::exists(file)) continue;
      Csv csv(file);
      read(csv, raw);
      break;
    }
  }
  if (raw.samples.empty()) {
    throw InputError({.file = folder.string(), .line = 0, .path = ""}, "no kernel table in this folder",
                     "expected gemm.csv.gz, context_attention.csv.gz, generation_attention.csv.gz, ...");
  }
  return raw;
}

}  // namespace headroom::models
