// Measured kernel times as published: folders of CSV (or .csv.gz) files.
//   NVIDIA AIConfigurator  <system>/<table>.csv.gz, alt/<engine>/<system>/..., MANIFEST.csv: ms (DeepEP: microseconds)
//   LLMServingSim          <organisation>/<model>/<format>/tp<N>/<table>.csv.gz: microseconds a layer
//   our own                <operation>.csv, the columns of the operation's key and axes: ms; what import_tables.h
//   writes
// AIConfigurator's columns serve for users' own tables too: message sizes in elements of 2 bytes. Rows that are wrong,
// or that no engine runs, are left out by name (defects.h).
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "models/base/quantity.h"
#include "models/cost/defects.h"
#include "models/cost/operation.h"

namespace headroom::models {

struct Sample {
  TableKey key;
  GridPoint at{1, 1, 1, 1};
  Seconds time;
  int origin = 0;  ///< index into RawTables::origins
};

struct RawTables {
  std::vector<Sample> samples;
  std::vector<std::string> origins = {""};  ///< "": measured as asked; else whose times these are
  std::map<std::string, int> skipped;       ///< reason -> rows

  void skip(Defect defect) { ++skipped[textOf(defect)]; }
};

/// `engine`: of a folder with a manifest next to it only that engine's tables, those of libraries, and those that are
/// borrowed for it by name; empty: everything in the folder.
/// Throws InputError: no table in the folder, a column missing, a broken or non-positive number (file and line).
RawTables readRawTables(const std::filesystem::path& folder, const std::string& engine = {});

}  // namespace headroom::models
