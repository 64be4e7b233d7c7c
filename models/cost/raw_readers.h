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
  bool blocks_only = false;   ///< nothing but fp8_block GEMM is wanted
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

/// Layers of the models below a folder in LLMServingSim's layout; false if there are none.
bool readLayerTables(const std::filesystem::path& folder, RawTables& raw);

}  // namespace headroom::models
