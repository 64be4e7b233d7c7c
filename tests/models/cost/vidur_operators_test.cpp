// Operators of iterations that Vidur simulated, from the tables that it was given: imported and fitted as a user would.
// Vidur asks a random forest, so equal inputs need not give equal times. Left out, because profiles hold no table of
// them: cache write, residual add, sends between stages.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <sstream>

#include "models/cost/fit.h"
#include "models/cost/import_tables.h"
#include "models/cost/kernel.h"
#include "models/cost/kernel_collective.h"
#include "models/cost/raw_csv.h"

namespace headroom::models {
namespace {

namespace fs = std::filesystem;

const fs::path kRuns = "../shared/data/reference_runs/vidur";

/// One rank's sizes, and the tables of its model.
struct Shard {
  std::string model;
  int heads, kv_heads, hidden, inter, ranks;
};

Profile profileOf(const std::string& model) {
  const fs::path folder = kRuns / "profiles";
  const RawTables raw =
      importTables({folder / ("mlp_a100_meta-llama_" + model + ".csv.gz"),
                    folder / ("attention_a100_meta-llama_" + model + ".csv.gz"), folder / "all_reduce_a100_dgx.csv.gz"})
          .raw;
  FitRequest request;
  request.accelerator = findAccelerator("a100-sxm");
  request.engine = "vllm";
  request.engine_version = "0.2";
  request.thinning.rows_step = request.thinning.prefill_batch_step = request.thinning.decode_batch_step = 1;
  request.thinning.powers_only = false;
  return fitProfile(raw, request);
}

/// What an iteration holds, rounded as Vidur rounds before it looks times up.
struct Iteration {
  int tokens = 0;  ///< rounded up to 8
  int decodes = 0, prompts = 0;
  double decode_cached = 0;      ///< mean, rounded up to 64
  double cached = 0, chunk = 0;  ///< of prompts: sum, rounded up to 64 each, and root of the sum of squares
};

double roundUp(double value, double unit) {
  return std::ceil(value / unit) * unit;
}

/// "P:<cached>:<new>;D:<cached>:1;..."
Iteration parse(const std::string& composition) {
  Iteration it;
  std::stringstream parts(composition);
  for (std::string part; std::getline(parts, part, ';');) {
    const std::size_t colon = part.find(':', 2);
    const double cached = std::stod(part.substr(2, colon - 2)), tokens = std::stod(part.substr(colon + 1));
    it.tokens += static_cast<int>(tokens);
    if (part.front() == 'D') {
      ++it.decodes;
      it.decode_cached += cached;
    } else {
      ++it.prompts;
      it.cached += roundUp(cached, 64);
      it.chunk += tokens * tokens;
    }
  }
  it.tokens = (it.tokens + 7) / 8 * 8;
  if (it.decodes > 0) it.decode_cached = roundUp(std::floor(it.decode_cached / it.decodes), 64);
  it.chunk = std::round(std::sqrt(it.chunk));
  return it;
}

/// Milliseconds by column of iter500.csv.
class Operators {
 public:
  Operators(const Profile& profile, const Shard& s)
      : profile_(profile),
        shard_(s),
        gemm_(profile, Precision::bf16),
        decode_(profile, Operation::decode_attention, heads()),
        prefill_(profile, Operation::prefill_attention, heads()) {}

  std::map<std::string, double> times(const Iteration& it) const {
    const int m = it.tokens, dim = shard_.hidden / shard_.heads;
    const int q = shard_.heads / shard_.ranks * dim, kv = shard_.kv_heads / shard_.ranks * dim;
    const int inter = shard_.inter / shard_.ranks, hidden = shard_.hidden;
    std::map<std::string, double> t;
    t["attention_layer_pre_proj_execution_time"] = ms(gemm_.time(m, q + 2 * kv, hidden).time);
    t["attention_layer_post_proj_execution_time"] = ms(gemm_.time(m, hidden, q).time);
    t["mlp_layer_up_proj_execution_time"] = ms(gemm_.time(m, 2 * inter, hidden).time);
    t["mlp_layer_down_proj_execution_time"] = ms(gemm_.time(m, hidden, inter).time);
    t["mlp_layer_act_execution_time"] = layer(Layer::activation, inter, m);
    t["attn_norm_time"] = t["mlp_norm_time"] = layer(Layer::layer_norm, hidden, m);
    t["attention_rope_execution_time"] = layer(Layer::rotary, q + kv, m);
    // Grouped heads: Vidur adds a tenth where several sequences share a call.
    const double several = shard_.kv_heads < shard_.heads ? 1.1 : 1;
    if (it.decodes > 0) {
      t["attention_decode_execution_time"] =
          ms(decode_.decode(it.decodes, it.decode_cached + 1).time) * (it.decodes > 1 ? several : 1);
    }
    if (it.prompts > 0) {
      t["attention_prefill_execution_time"] =
          ms(prefill_.prefill(it.chunk, it.cached).time) * (it.prompts > 1 ? several : 1);
    }
    if (shard_.ranks > 1) {  // and 20 us of the host for each
      const CollectiveKernel reduce(profile_, CollectiveKernel::Kind::all_reduce, shard_.ranks);
      t["tensor_parallel_communication_time"] = ms(reduce.time(2.0 * m * hidden).time) + 0.02;
    }
    return t;
  }

 private:
  static double ms(Seconds t) { return t.value() * 1e3; }
  AttentionHeads heads() const {
    return {.heads = shard_.heads / shard_.ranks,
            .kv_heads = shard_.kv_heads / shard_.ranks,
            .head_dim = shard_.hidden / shard_.heads};
  }
  double layer(Layer kind, int width, int rows) const {
    const TableKernel table = nearestTable(profile_, Operation::elementwise_layer, [&](const TableKey& key) {
      return key.layer == kind && key.hidden == width ? 0.0 : kTooFar;
    });
    const GridPoint at{static_cast<double>(rows)};
    return ms(table.at(at, speedOfLight(profile_.header.peaks, table.key(), at)).time);
  }

  const Profile& profile_;
  Shard shard_;
  GemmKernel gemm_;
  AttentionKernel decode_, prefill_;
};

/// Relative errors by operator of the run's 500 iterations.
std::map<std::string, std::vector<double>> errorsOf(const std::string& run, const Shard& shard) {
  const Profile profile = profileOf(shard.model);
  const Operators operators(profile, shard);
  std::map<std::string, std::vector<double>> errors;
  RawCsv csv(kRuns / run / "iter500.csv.gz");
  while (csv.next()) {
    const Iteration it = parse(std::string(csv.text(csv.column("composition"))));
    for (const auto& [name, here] : operators.times(it)) {
      const double there = std::stod(std::string(csv.text(csv.column(name + "_ms_per_layer"))));
      errors[name].push_back(std::abs(here / there - 1));
    }
  }
  return errors;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Over the iterations of all runs; the medians of each run are printed.
void expectMediansWithin5Percent(const std::vector<std::string>& runs, const Shard& shard) {
  if (!fs::exists(kRuns)) GTEST_SKIP() << "no " << kRuns;
  std::map<std::string, std::vector<double>> all;
  for (const std::string& run : runs) {
    for (const auto& [name, errors] : errorsOf(run, shard)) {
      std::printf("%.5s %-42s %4zu points, median %5.2f %%\n", run.c_str(), name.c_str(), errors.size(),
                  100 * median(errors));
      all[name].insert(all[name].end(), errors.begin(), errors.end());
    }
  }
  for (const auto& [name, errors] : all) EXPECT_LT(median(errors), 0.05) << name;
}

const Shard k7b{"Llama-2-7b-hf", 32, 32, 4096, 11008, 1};
const Shard k70b{"Llama-2-70b-hf", 64, 8, 8192, 28672, 2};

TEST(VidurOperators, OfLlama7bComeFromItsTables) {
  expectMediansWithin5Percent({"ref02_llama2-7b_a100_tp1_vllm"}, k7b);
}

TEST(VidurOperators, OfLlama70bOnTwoRanksComeFromItsTables) {
  expectMediansWithin5Percent({"ref06_llama2-70b_a100_tp2_orca", "ref10_llama2-70b_a100_tp2pp2_sarathi512",
                               "ref13_llama2-70b_a100_tp2_sarathi512_kv900_preempt"},
                              k70b);
}

}  // namespace
}  // namespace headroom::models
