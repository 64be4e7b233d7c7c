// One reader for each kind of published table.
#pragma once

#include <string>
#include <string_view>

#include "models/cost/raw_csv.h"
#include "models/cost/raw_tables.h"

namespace headroom::models {

/// What a file is read for.
struct RawSource {
  std::string system;         ///< folder name, e.g. h100_sxm
  int origin = 0;             ///< of its samples
  bool eager_blocks = false;  ///< fp8_block GEMM is to be left out as Defect::eager_fp8_block_gemm
  bool blocks_only = false;   ///< nothing but fp8_block GEMM or experts are wanted,
  std::string kernel = {};    ///< and only experts of this kernel
};

/// `bfloat16`, `fp8`, `fp8_block`, `nvfp4`, `int4_wo`, `w4a16_mxfp4`: what AIConfigurator calls them.
std::optional<Precision> rawPrecision(std::string_view name);

using RawReader = void (*)(RawCsv&, const RawSource&, RawTables&);
void readGemm(RawCsv& csv, const RawSource& source, RawTables& raw);
void readPrefillAttention(RawCsv& csv, const RawSource& source, RawTables& raw);
void readDecodeAttention(RawCsv& csv, const RawSource& source, RawTables& raw);
void readDynamicQuantisation(RawCsv& csv, const RawSource& source, RawTables& raw);
void readStaticQuantisation(RawCsv& csv, const RawSource& source, RawTables& raw);
void readCustomAllReduce(RawCsv& csv, const RawSource& source, RawTables& raw);
void readNccl(RawCsv& csv, const RawSource& source, RawTables& raw);
void readMoe(RawCsv& csv, const RawSource& source, RawTables& raw);
void readDeepEp(RawCsv& csv, const RawSource& source, RawTables& raw);
void readDeepEpLowLatency(RawCsv& csv, const RawSource& source, RawTables& raw);
void readNvlinkExchange(RawCsv& csv, const RawSource& source, RawTables& raw);
void readMlaPrefill(RawCsv& csv, const RawSource& source, RawTables& raw);
void readMlaDecode(RawCsv& csv, const RawSource& source, RawTables& raw);
void readMlaAbsorption(RawCsv& csv, const RawSource& source, RawTables& raw);
void readMlaPrefillBlock(RawCsv& csv, const RawSource& source, RawTables& raw);
void readMlaDecodeBlock(RawCsv& csv, const RawSource& source, RawTables& raw);
void readDsaPrefillBlock(RawCsv& csv, const RawSource& source, RawTables& raw);
void readDsaDecodeBlock(RawCsv& csv, const RawSource& source, RawTables& raw);
void readDeltaNet(RawCsv& csv, const RawSource& source, RawTables& raw);

/// The reader of a table that AIConfigurator publishes under this name ("gemm", "context_attention"); null: none.
RawReader readerOfPublished(const std::string& table);

/// A table under the name of an operation, in the columns of its key and axes as profiles name them, and `latency` in
/// milliseconds; columns of optional fields may be absent. False: no operation has that name, or AIConfigurator has a
/// table of the same name and these are its columns. Throws InputError: a missing column, an unknown format, load or
/// layer, a broken number.
bool readOwnTable(RawCsv& csv, const std::string& table, RawTables& raw);

/// The tables of Vidur's profiler, told apart by their columns: mlp.csv, attention.csv, all_reduce.csv, send_recv.csv.
/// False: the file is none of them.
bool readVidurTable(RawCsv& csv, RawTables& raw);

/// Layers of the models below a folder in LLMServingSim's layout; false if there are none.
bool readLayerTables(const std::filesystem::path& folder, RawTables& raw);

}  // namespace headroom::models
