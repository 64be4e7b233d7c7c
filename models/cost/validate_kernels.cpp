#include "models/cost/validate_kernels.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <thread>

#include "models/base/error.h"

namespace headroom::models {
namespace {

namespace fs = std::filesystem;

constexpr double kHeldOutShare = 0.2;
constexpr double kFittedShareOfAxes = 0.75;
constexpr std::uint64_t kSeed = 1;

/// The whole grid: thinning is judged by `headroom profile check`.
Thinning unthinned() {
  Thinning all;
  all.rows_step = 1;
  all.prefill_batch_step = 1;
  all.decode_batch_step = 1;
  all.loads = {ExpertLoad::balanced, ExpertLoad::power_law_1_01, ExpertLoad::power_law_1_2};
  all.largest_moe_tp = 1 << 20;
  all.largest_moe_ep = 1 << 20;
  return all;
}

ValidationRow rowOf(const KernelErrors& errors, const KernelSource& source) {
  const KernelGate gate = gateOf(errors, source.accelerator);
  return {.rung = "kernels",
          .set = fmt::format("{}/{}-{} {}", source.accelerator, source.engine, source.engine_version, errors.operation),
          .metric =
              "time, " + errors.points + (gate.mean_pct ? fmt::format(" (aim of the mean {} %)", *gate.mean_pct) : ""),
          .points = errors.count,
          .error_mean_pct = 100 * errors.mean,
          .error_median_pct = 100 * errors.median,
          .bias_pct = 100 * std::expm1(errors.bias),
          .aim_pct = gate.median_pct,
          .calibrated = false,
          .aim_mean_pct = gate.mean_pct};
}

std::vector<ValidationRow> validateSource(const fs::path& folder, const KernelSource& source) {
  FitRequest request;
  request.accelerator = findAccelerator(source.accelerator);
  request.engine = source.engine;
  request.engine_version = source.engine_version;
  request.thinning = unthinned();
  const RawTables raw = readRawTables(folder, source.engine);
  std::vector<ValidationRow> rows;
  for (const KernelErrors& e : checkHeldOut(raw, request, kHeldOutShare, kSeed)) rows.push_back(rowOf(e, source));
  for (const KernelErrors& e : checkBeyondGrid(raw, request, kFittedShareOfAxes)) rows.push_back(rowOf(e, source));
  return rows;
}

/// Calls task(i) for i < count on all cores; rethrows the first error.
template <class Task>
void onAllCores(std::size_t count, Task task) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::exception_ptr> errors(count);
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < std::max(1U, std::thread::hardware_concurrency()); ++t) {
      threads.emplace_back([&] {
        for (std::size_t i = next++; i < count; i = next++) {
          try {
            task(i);
          } catch (...) {
            errors[i] = std::current_exception();
          }
        }
      });
    }
  }
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace

const std::vector<KernelSource>& kernelSources() {
  static const std::vector<KernelSource> sources = {
      {"aiconfigurator/a100_sxm", "a100-sxm", "vllm", "0.14.0"},
      {"aiconfigurator/a100_sxm", "a100-sxm", "sglang", "0.5.10"},
      {"aiconfigurator/a100_sxm", "a100-sxm", "trtllm", "1.0.0"},
      {"aiconfigurator/h100_sxm", "h100-sxm", "vllm", "0.24.0"},
      {"aiconfigurator/h100_sxm", "h100-sxm", "sglang", "0.5.14"},
      {"aiconfigurator/h100_sxm", "h100-sxm", "trtllm", "1.3.0rc20"},
      {"aiconfigurator/h200_sxm", "h200-sxm", "vllm", "0.24.0"},
      {"aiconfigurator/h200_sxm", "h200-sxm", "sglang", "0.5.14"},
      {"aiconfigurator/h200_sxm", "h200-sxm", "trtllm", "1.3.0rc20"},
      {"aiconfigurator/b200_sxm", "b200-sxm", "vllm", "0.24.0"},
      {"aiconfigurator/b200_sxm", "b200-sxm", "sglang", "0.5.14"},
      {"aiconfigurator/b200_sxm", "b200-sxm", "trtllm", "1.3.0rc20"},
      {"aiconfigurator/b300_sxm", "b300-sxm", "vllm", "0.24.0"},
      {"aiconfigurator/b300_sxm", "b300-sxm", "sglang", "0.5.14"},
      {"aiconfigurator/gb200", "gb200", "vllm", "0.24.0"},
      {"aiconfigurator/gb200", "gb200", "sglang", "0.5.14"},
      {"aiconfigurator/gb200", "gb200", "trtllm", "1.3.0rc20"},
      {"aiconfigurator/gb300", "gb300", "vllm", "0.24.0"},
      {"aiconfigurator/gb300", "gb300", "sglang", "0.5.14"},
      {"aiconfigurator/l40s", "l40s", "vllm", "0.24.0"},
      {"aiconfigurator/l40s", "l40s", "sglang", "0.5.14"},
      {"aiconfigurator/rtx_pro_6000_server", "rtx-pro-6000", "vllm", "0.24.0"},
      {"aiconfigurator/rtx_pro_6000_server", "rtx-pro-6000", "sglang", "0.5.14"},
      {"aiconfigurator/b60", "b60", "vllm", "0.20.0"},
      {"llmservingsim/RTX4090", "rtx-4090", "vllm", "0.19.0"},
      {"llmservingsim/RTXPRO6000", "rtx-pro-6000", "vllm", "0.19.0"},
  };
  return sources;
}

KernelGate gateOf(const KernelErrors& errors, const std::string& accelerator) {
  const auto is = [&](const char* name) { return errors.operation.find(name) != std::string::npos; };
  const bool l40s = accelerator == "l40s";
  if (errors.points == "beyond the grid") return {std::nullopt, 10};
  if (errors.points == "unseen shape") return {17, 10};
  if (errors.points == "unseen (n,k)") return {l40s ? 7.0 : errors.operation == "gemm fp8" ? 3.0 : 4.5, 3};
  if (errors.points != "left out") return {};
  if (is("gemm") || is("moe") || is("routed_experts")) return {5, 3};
  if (is("prefill_attention") || is("prefill_block")) return {l40s ? 8.5 : 5, 3};
  if (is("decode_attention") || is("decode_block") || is("mixed_attention")) {
    return {l40s ? 9.5 : accelerator == "b200-sxm" ? 6 : 5, 3.5};
  }
  if (is("collectives") || is("deepep") || is("nvlink")) return {7, std::nullopt};
  return {};
}

std::vector<ValidationRow> validateKernels(const fs::path& data) {
  const fs::path root = data / "kernels";
  std::vector<KernelSource> present;
  for (const KernelSource& source : kernelSources()) {
    if (fs::is_directory(root / source.folder)) present.push_back(source);
  }
  if (present.empty()) {
    throw InputError({.file = root.string(), .line = 0, .path = ""}, "no kernel measurements here",
                     "expected folders like aiconfigurator/h100_sxm");
  }
  std::vector<std::vector<ValidationRow>> parts(present.size());
  onAllCores(present.size(), [&](std::size_t i) { parts[i] = validateSource(root / present[i].folder, present[i]); });
  std::vector<ValidationRow> rows;
  for (auto& part : parts) rows.insert(rows.end(), part.begin(), part.end());
  return rows;
}

}  // namespace headroom::models
