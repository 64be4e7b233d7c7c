// From measured kernel times to a profile: thinned grids of ln(time / (S + t0)), t0 what the shortest call takes beyond
// S. Times below the speed of light (small GEMMs whose weights sat in L2) are lifted to it. Points that were not
// measured are interpolated from neighbours on both sides, or hold the efficiency of the nearest one and are listed as
// filled.
#pragma once

#include <functional>
#include <vector>

#include "models/cost/profile.h"
#include "models/cost/raw_tables.h"
#include "models/hardware/accelerator.h"

namespace headroom::models {

/// Of every axis: the first and last point and every `..._step`-th between them; of rows and tokens also each power of
/// two; of mixed attention powers of two alone.
struct Thinning {
  int rows_step = 3;
  int features_step = 1;
  int prefill_batch_step = 2;
  int decode_batch_step = 2;
  int length_step = 1;
  bool powers_only = true;  ///< of mixed attention
  /// Head sizes kept, and of all but the most common (128) and of sliding windows the KV head counts kept; one KV head
  /// per query head is kept always. The rest is what AttentionKernel transfers.
  std::vector<int> head_dims = {64, 128, 256};
  std::vector<int> rare_kv_heads = {1, 8};
  /// Experts: loads that are kept, and the largest groups that share each expert and all of them.
  std::vector<ExpertLoad> loads = {ExpertLoad::power_law_1_01, ExpertLoad::power_law_1_2};
  int largest_moe_tp = 8;
  int largest_moe_ep = 64;
};

struct FitRequest {
  Accelerator accelerator;
  std::string engine;
  std::string engine_version;
  std::string origin;
  std::string date;
  std::string licence;
  Thinning thinning;
  /// Samples to leave out of the fit; empty: none.
  std::function<bool(const Sample&)> leave_out;
};

/// Throws InputError if nothing is left to fit.
Profile fitProfile(const RawTables& raw, const FitRequest& request);
/// The same from a folder in the layout of readRawTables, for the engine of the request.
Profile fitProfile(const std::filesystem::path& folder, const FitRequest& request);

}  // namespace headroom::models
