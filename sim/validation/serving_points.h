// Points of published load sweeps: N clients in a closed loop, means of TTFT and TPOT over 10 N requests.
// Source: serving_points.csv (AIConfigurator's collection, mostly InferenceX); one row a run, repeats of a
// configuration become one point at their medians.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::sim {

struct ServingPoint {
  std::string release;          ///< the version as recorded, 1.2.0rc6.post3
  std::string engine, version;  ///< version as numbers (1.2.0 of 1.2.0rc6.post3); empty if it is not recorded
  std::string model, accelerator;
  std::string weights;                       ///< empty: the format the model is published in
  int prompt_tokens = 0, output_tokens = 0;  ///< nominal; lengths are uniform in [0.8, 1] x nominal
  int concurrency = 0;                       ///< N
  bool equal_lengths = false;  ///< every request has the nominal lengths; else uniform in [0.8, 1] of them
  int tp = 1, pp = 1, dp = 1, moe_tp = 1, moe_ep = 1;
  double ttft_ms = 0, tpot_ms = 0;
  int runs = 0;  ///< repeats behind the medians
};

struct ServingPoints {
  std::vector<ServingPoint> points;    ///< in a fixed order
  std::map<std::string, int> skipped;  ///< reason -> rows
};

/// The catalogue's name of an accelerator as the file writes it.
std::string acceleratorOf(std::string_view system);
/// The precision of the weights; empty: the format that the model is published in.
std::string weightsOf(std::string_view quantisation, std::string_view model);
/// Published recipes for Blackwell keep the KV cache of quantised models in fp8; in bf16 it would not hold the requests
/// that these runs served without queueing.
bool hasFp8Cache(const std::string& accelerator, const std::string& weights);

/// The aggregated ones; pd_points.h has the others. Throws InputError if the file is missing or broken.
ServingPoints readServingPoints(const std::filesystem::path& file);

}  // namespace headroom::sim
