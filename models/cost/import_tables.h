// Kernel times in the columns of other tools, turned into our own: one CSV file an operation, in the columns of its key
// and axes and `latency` in milliseconds (docs/profiler.md), which `readRawTables` reads.
//   Vidur          mlp.csv, attention.csv, all_reduce.csv, recognised by their columns
//   LLMServingSim  a folder with <organisation>/<model>/<format>/tp<N>/dense.csv below it
//   AIConfigurator gemm_perf.txt, context_attention_perf.txt, ... or .csv, recognised by their names
//   our own        <operation>.csv, to bring several folders together
// Left out: what no table of a profile holds; named in `RawTables::skipped` or `ImportedTables::unread`.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "models/cost/raw_tables.h"

namespace headroom::models {

struct ImportedTables {
  RawTables raw;
  std::vector<std::filesystem::path> unread;  ///< CSV files below a folder whose columns nobody knows here
};

/// `sources`: files, and folders that are searched. Throws InputError: a named file that is none of these tables, a
/// folder without any, a broken row (file and line).
ImportedTables importTables(const std::vector<std::filesystem::path>& sources);

/// The name of each operation's file ("gemm.csv") and its content, rows in the order of `raw`.
std::map<std::string, std::string> operationCsvs(const RawTables& raw);

}  // namespace headroom::models
