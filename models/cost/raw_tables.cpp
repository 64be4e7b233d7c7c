#include "models/cost/raw_tables.h"

#include <fmt/format.h>

#include <optional>
#include <set>

#include "models/base/error.h"
#include "models/cost/raw_readers.h"

namespace headroom::models {
namespace {

namespace fs = std::filesystem;

struct PublishedTable {
  const char* name;
  RawReader read;
};

constexpr PublishedTable kTables[] = {
    {"gemm", readGemm},
    {"context_attention", readPrefillAttention},
    {"generation_attention", readDecodeAttention},
    {"custom_allreduce", readCustomAllReduce},
    {"nccl", readNccl},
    {"oneccl", readNccl},
    {"moe", readMoe},
    {"context_mla", readMlaPrefill},
    {"generation_mla", readMlaDecode},
    {"mla_bmm", readMlaAbsorption},
    {"mla_context_module", readMlaPrefillBlock},
    {"mla_generation_module", readMlaDecodeBlock},
    {"dsa_context_module", readDsaPrefillBlock},
    {"dsa_generation_module", readDsaDecodeBlock},
    {"gdn", readDeltaNet},
    {"computescale", readDynamicQuantisation},
    {"scale_matrix", readStaticQuantisation},
    {"deepep_normal", readDeepEp},
    {"deepep_ll", readDeepEpLowLatency},
    {"trtllm_alltoall", readNvlinkExchange},
};

/// Which engine each table of a system was measured with.
struct Manifest {
  struct Entry {
    std::string framework;
    std::string version;
  };
  std::map<std::pair<std::string, std::string>, Entry> entries;  ///< (system, table)

  const Entry* find(const std::string& system, const std::string& table) const {
    const auto at = entries.find({system, table});
    return at == entries.end() ? nullptr : &at->second;
  }
};

Manifest readManifest(const fs::path& file) {
  Manifest manifest;
  if (!fs::exists(file)) return manifest;
  RawCsv csv(file);
  const std::size_t table = csv.column("table"), system = csv.column("system");
  const std::size_t framework = csv.column("framework"), version = csv.column("version");
  while (csv.next()) {
    manifest.entries[{std::string(csv.text(system)), std::string(csv.text(table))}] = {std::string(csv.text(framework)),
                                                                                       std::string(csv.text(version))};
  }
  return manifest;
}

int originOf(RawTables& raw, const std::string& name) {
  raw.origins.push_back(name);
  return static_cast<int>(raw.origins.size()) - 1;
}

bool isLibrary(const std::string& framework) {
  return framework == "nccl" || framework == "oneccl";
}

bool isPrimary(const std::string& engine) {
  return engine == "vllm";
}

/// Reads what the folder holds of one table; false if there is nothing for this engine.
bool readOwn(const PublishedTable& table, const fs::path& folder, const std::string& engine, const Manifest& manifest,
             RawTables& raw) {
  const auto file = csvIn(folder, table.name);
  if (!file) return false;
  RawSource source{.system = folder.filename().string()};
  if (const auto* entry = manifest.find(source.system, table.name); entry != nullptr && !engine.empty()) {
    const bool own = entry->framework == engine;
    if (!own && !isPrimary(engine)) return false;  // findProfile borrows from the primary engine's profile
    // The primary engine's profile also holds what only others have: expert exchanges and libraries.
    if (!own && !isLibrary(entry->framework)) source.origin = originOf(raw, entry->framework + "-" + entry->version);
  }
  RawCsv csv(*file);
  if (readOwnTable(csv, table.name, raw)) return true;
  source.eager_blocks = engine.empty() || isPrimary(engine);
  table.read(csv, source, raw);
  return true;
}

/// Tables under the names of operations that nobody else publishes under.
void readOperationTables(const fs::path& folder, RawTables& raw) {
  for (const OperationInfo& operation : operations()) {
    const auto file = csvIn(folder, operation.name);
    if (!file || readerOfPublished(operation.name) != nullptr) continue;
    RawCsv csv(*file);
    readOwnTable(csv, operation.name, raw);
  }
}

/// SGLang's fp8_block GEMM for an engine whose own was timed eagerly.
void borrowBlockGemm(const fs::path& folder, RawTables& raw) {
  const fs::path root = folder.parent_path() / "alt";
  const std::string system = folder.filename().string();
  const auto file = csvIn(root / "sglang" / system, "gemm");
  if (!file) return;
  RawCsv csv(*file);
  readGemm(csv, {.system = system, .origin = originOf(raw, "sglang"), .blocks_only = true}, raw);
}

/// TensorRT-LLM's own experts kernel for fp8_block on Blackwell, which SGLang ran: TensorRT-LLM was timed with
/// DeepGEMM, slower for few tokens and faster for many. Its recipes choose between the two (`moe_config.backend`).
void borrowBlockExperts(const fs::path& folder, RawTables& raw) {
  const std::string system = folder.filename().string();
  const auto file = csvIn(folder.parent_path() / "alt" / "sglang" / system, "moe");
  if (!file) return;
  RawCsv csv(*file);
  const int origin = originOf(raw, "sglang");
  readMoe(csv, {.system = system, .origin = origin, .blocks_only = true, .kernel = "sglang_flashinfer_trtllm_moe"},
          raw);
}

}  // namespace

RawReader readerOfPublished(const std::string& name) {
  for (const PublishedTable& table : kTables) {
    if (name == table.name) return table.read;
  }
  return nullptr;
}

RawTables readRawTables(const fs::path& asked, const std::string& engine) {
  RawTables raw;
  const fs::path folder = asked.filename().empty() ? asked.parent_path() : asked;  // "tables/" is "tables"
  const Manifest manifest = readManifest(folder.parent_path() / "MANIFEST.csv");
  const fs::path alternative = folder.parent_path() / "alt" / engine / folder.filename();
  for (const PublishedTable& table : kTables) {
    const bool has_alternative = !engine.empty() && csvIn(alternative, table.name);
    readOwn(table, has_alternative ? alternative : folder, engine, has_alternative ? Manifest{} : manifest, raw);
  }
  readOperationTables(folder, raw);
  if (isPrimary(engine)) borrowBlockGemm(folder, raw);
  if (engine == "trtllm") borrowBlockExperts(folder, raw);
  if (raw.samples.empty() && fs::is_directory(folder)) readLayerTables(folder, raw);
  if (raw.samples.empty()) {
    throw InputError({.file = folder.string(), .line = 0, .path = ""}, "no kernel table in this folder",
                     "expected gemm.csv, context_attention.csv, generation_attention.csv, ... (docs/profiler.md); "
                     "`headroom profile import` converts the tables of other tools");
  }
  return raw;
}

}  // namespace headroom::models
