// Against measurements outside this repository (../shared): kernels (rung 0) and single engine steps (rung 1).
// The limits are the gates of docs/cost.md; the tests print what they find.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <sstream>

#include "models/base/files.h"
#include "models/cost/check.h"
#include "models/cost/compile.h"
#include "tests/models/cost/cost_fixtures.h"

namespace headroom::models {
namespace {

namespace fs = std::filesystem;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

struct Step {
  bool general = false;  ///< experiment `general`; else `codegen`
  bool decode_only = false;
  int sequences = 0;
  Seconds measured;
  Seconds kernels;
};

/// Kernel sums of the measured steps: Llama-2-70B, four H100.
std::vector<Step> measuredSteps(const fs::path& file) {
  const Accelerator accelerator = findAccelerator("h100-sxm");
  const Profile profile = findProfile(accelerator, "vllm", "").profile;
  StepRequest request;
  request.parallelism.tp = 4;
  request.max_num_seqs = 256;
  request.graph_sizes = vllmGraphSizes();
  const auto compiled = compileStepTimes(profile, accelerator, llama70b(), request);
  const StepTimes& times = *compiled.tables;
  LineReader lines(file);
  std::string_view line;
  lines.next(line);
  std::vector<Step> steps;
  while (lines.next(line)) {
    std::vector<std::string> cell;
    std::stringstream stream{std::string(line)};
    for (std::string text; std::getline(stream, text, ',');) cell.push_back(text);
    const int prompts = std::stoi(cell[8]);
    const int decodes = std::stoi(cell[9]);
    if (std::stod(cell[19]) != 1 || prompts + decodes == 0) continue;
    const double cached = std::stod(cell[15]) * std::stod(cell[16]) * 16;  // usage x blocks x tokens a block
    const int prompt_tokens = static_cast<int>(std::stod(cell[11]));
    Ticks sum = times.tokenwise(decodes + prompt_tokens) + times.perSequence(decodes + prompts);
    if (decodes > 0) {
      const auto context = static_cast<std::int64_t>(std::max(1.0, cached / (decodes + prompts)) * decodes);
      sum += times.decodeAttention(decodes, context).at(context);
    }
    if (prompts > 0) sum += prompts * times.prefillAttention(std::max(1, prompt_tokens / prompts), 0).at(0);
    steps.push_back({cell[0].ends_with("general"), prompts == 0, decodes + prompts, Seconds(std::stod(cell[20]) * 1e-6),
                     toSeconds(sum)});
  }
  return steps;
}

/// Median of |(kernels + constant) / measured - 1| over the steps that `keep` keeps.
template <class Keep>
double medianError(const std::vector<Step>& steps, Seconds constant, Keep keep) {
  std::vector<double> errors;
  for (const Step& step : steps) {
    if (keep(step)) errors.push_back(std::abs((step.kernels + constant) / step.measured - 1));
  }
  return median(errors);
}

/// The constant with the least mean error over decode-only steps of `general`.
Seconds fittedConstant(const std::vector<Step>& steps) {
  Seconds best;
  double best_error = 1e9;
  for (int tens_of_us = -200; tens_of_us <= 400; ++tens_of_us) {
    const Seconds constant(tens_of_us * 10e-6);
    double error = 0;
    for (const Step& step : steps) {
      if (step.general && step.decode_only) error += std::abs((step.kernels + constant) / step.measured - 1);
    }
    if (error >= best_error) continue;
    best_error = error;
    best = constant;
  }
  return best;
}

void printBins(const std::vector<Step>& steps, Seconds constant) {
  const int edges[] = {1, 8, 16, 32, 48, 64, 96, 128, 1 << 20};
  for (std::size_t i = 0; i + 1 < std::size(edges); ++i) {
    std::vector<double> ratios;
    std::vector<double> measured;
    for (const Step& step : steps) {
      if (!step.decode_only || step.sequences < edges[i] || step.sequences >= edges[i + 1]) continue;
      ratios.push_back((step.kernels + constant) / step.measured);
      measured.push_back(step.measured.value() * 1e3);
    }
    if (ratios.empty()) continue;
    std::printf("  batch %3d up: %3zu steps, measured %5.2f ms, predicted/measured %.3f\n", edges[i], ratios.size(),
                median(measured), median(ratios));
  }
}

TEST(MeasuredSteps, DecodeStepsOfLlama70bOnFourH100AreWithinTheGates) {
  const fs::path file = sharedData() / "measured" / "engine_steps_h100.csv";
  if (!fs::exists(file)) GTEST_SKIP() << "measurements not here: " << file;
  const std::vector<Step> steps = measuredSteps(file);
  const Seconds constant = fittedConstant(steps);
  std::printf("constant fitted on `general`: %.2f ms a step\n", constant.value() * 1e3);
  for (const bool decode : {true, false}) {
    for (const bool general : {true, false}) {
      const auto keep = [&](const Step& s) { return s.decode_only == decode && s.general == general; };
      std::printf("%s, %s: median error %.2f %% without, %.2f %% with the constant\n", decode ? "decode only" : "mixed",
                  general ? "general" : "codegen", 100 * medianError(steps, Seconds(0), keep),
                  100 * medianError(steps, constant, keep));
    }
  }
  printBins(steps, Seconds(0));
  const auto decode_codegen = [](const Step& s) { return s.decode_only && !s.general; };
  const auto mixed_codegen = [](const Step& s) { return !s.decode_only && !s.general; };
  EXPECT_LT(medianError(steps, Seconds(0), [](const Step& s) { return s.decode_only; }), 0.055);
  EXPECT_LT(medianError(steps, constant, decode_codegen), 0.025);
  EXPECT_LT(medianError(steps, constant, mixed_codegen), 0.07);
}

struct Gate {
  const char* operation;
  const char* points;
  double mean;
  double median;
};

/// Whole accelerators in one go: a random fifth of the points and of the (n,k) sites is kept out of an unthinned fit.
void expectGates(const std::string& folder, const std::string& accelerator, const std::vector<Gate>& gates) {
  const fs::path tables = sharedData() / "kernels" / "aiconfigurator" / folder;
  if (!fs::exists(tables)) GTEST_SKIP() << "measurements not here: " << tables;
  FitRequest request;
  request.accelerator = findAccelerator(accelerator);
  request.thinning.rows_step = 1;
  request.thinning.prefill_batch_step = 1;
  request.thinning.decode_batch_step = 1;
  const auto errors = checkHeldOut(readRawTables(tables), request, 0.2, 1);
  for (const KernelErrors& e : errors) {
    std::printf("%-8s %-24s %-24s %5d points: mean %5.2f %%, median %5.2f %%, bias %+5.2f %%\n", folder.c_str(),
                e.operation.c_str(), e.points.c_str(), e.count, 100 * e.mean, 100 * e.median, 100 * e.bias);
  }
  for (const Gate& gate : gates) {
    const auto found = std::find_if(errors.begin(), errors.end(), [&](const KernelErrors& e) {
      return e.operation == gate.operation && e.points == gate.points;
    });
    ASSERT_NE(found, errors.end()) << gate.operation << " " << gate.points;
    EXPECT_LT(found->mean, gate.mean) << gate.operation << " " << gate.points;
    EXPECT_LT(found->median, gate.median) << gate.operation << " " << gate.points;
  }
}

TEST(MeasuredKernels, HeldOutPointsOfTheH100AreWithinTheGates) {
  expectGates("h100_sxm", "h100-sxm",
              {{"gemm bf16", "left out", 0.05, 0.03},
               {"gemm fp8", "left out", 0.05, 0.03},
               {"gemm bf16", "unseen (n,k)", 0.045, 0.03},
               {"gemm fp8", "unseen (n,k)", 0.045, 0.03},
               {"decode_attention bf16", "left out", 0.05, 0.035},
               {"decode_attention fp8", "left out", 0.05, 0.035},
               {"prefill_attention bf16", "left out", 0.055, 0.035},
               {"moe bf16", "unseen shape", 0.17, 0.10},
               {"moe mxfp4", "unseen shape", 0.18, 0.11},
               {"collectives", "left out", 0.07, 0.07}});
}

TEST(MeasuredKernels, HeldOutPointsOfTheH200AreWithinTheGates) {
  expectGates("h200_sxm", "h200-sxm",
              {{"gemm bf16", "left out", 0.05, 0.03},
               {"gemm fp8", "left out", 0.05, 0.03},
               {"gemm bf16", "unseen (n,k)", 0.045, 0.03},
               {"decode_attention bf16", "left out", 0.05, 0.035},
               {"prefill_attention bf16", "left out", 0.055, 0.035}});
}

TEST(MeasuredKernels, HeldOutPointsOfTheSparserA100AreWithinTwoPointsOfTheGates) {
  expectGates("a100_sxm", "a100-sxm",
              {{"gemm bf16", "left out", 0.065, 0.045},
               {"gemm bf16", "unseen (n,k)", 0.065, 0.045},
               {"decode_attention bf16", "left out", 0.05, 0.035},
               {"prefill_attention bf16", "left out", 0.07, 0.035}});
}

TEST(MeasuredKernels, TheShippedProfilesStillDescribeTheTablesTheyWereFittedTo) {
  const fs::path root = sharedData() / "kernels" / "aiconfigurator";
  if (!fs::exists(root)) GTEST_SKIP() << "measurements not here: " << root;
  const std::pair<const char*, const char*> accelerators[] = {
      {"h100_sxm", "h100-sxm"}, {"h200_sxm", "h200-sxm"}, {"a100_sxm", "a100-sxm"}};
  for (const auto& [folder, name] : accelerators) {
    const Profile profile = findProfile(findAccelerator(name), "vllm", "").profile;
    for (const KernelErrors& e : checkProfile(profile, readRawTables(root / folder))) {
      std::printf("%-8s %-24s %-14s %5d points: mean %5.2f %%, median %5.2f %%\n", folder, e.operation.c_str(),
                  e.points.c_str(), e.count, 100 * e.mean, 100 * e.median);
      const double limit = e.points == "fitted" ? 0.02 : e.points == "thinned out" ? 0.15 : 0.35;
      EXPECT_LT(e.mean, limit) << name << " " << e.operation << " " << e.points;
    }
  }
}

}  // namespace
}  // namespace headroom::models
