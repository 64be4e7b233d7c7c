// Loading a profile, compiling a deployment's step tables, and evaluating one step from them.
#include <benchmark/benchmark.h>

#include "models/cost/compile.h"

namespace headroom::models {
namespace {

StepRequest request() {
  StepRequest r;
  r.parallelism.tp = 4;
  r.max_num_seqs = 1024;
  return r;
}

CompiledStepTimes compiled() {
  const Accelerator h100 = findAccelerator("h100-sxm");
  return compileStepTimes(findProfile(h100, "vllm", "").profile, h100, findModel("llama-3.1-70b"), request());
}

void loadProfile(benchmark::State& state, const char* accelerator, const char* engine) {
  const Accelerator found = findAccelerator(accelerator);
  for (auto _ : state) benchmark::DoNotOptimize(findProfile(found, engine, "").profile.header.peaks);
}

void compileTables(benchmark::State& state, const char* accelerator) {
  const Accelerator found = findAccelerator(accelerator);
  const Profile profile = findProfile(found, "vllm", "").profile;
  const Model model = findModel("llama-3.1-70b");
  for (auto _ : state) benchmark::DoNotOptimize(compileStepTimes(profile, found, model, request()).tables);
}

/// A step of decoding sequences and `range(0)` chunks of 256 tokens.
void evaluateStep(benchmark::State& state) {
  const CompiledStepTimes c = compiled();
  const StepTimes& tables = *c.tables;
  int i = 0;
  for (auto _ : state) {
    ++i;
    const int n = 1 + (i & 255);
    const std::int64_t context = n * (1000 + (i & 1023));
    Ticks sum = tables.tokenwise(n) + tables.perSequence(n) + tables.decodeAttention(n, context).at(context);
    for (std::int64_t chunk = 0; chunk < state.range(0); ++chunk) {
      const std::int64_t prior = 300 * chunk + (i & 511);
      sum += tables.prefillAttention(256, prior).at(prior);
    }
    benchmark::DoNotOptimize(sum);
  }
}

BENCHMARK_CAPTURE(loadProfile, h100 vllm, "h100-sxm", "vllm")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(loadProfile, h100 sglang and what it borrows, "h100-sxm", "sglang")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(loadProfile, b200 trtllm and what it borrows, "b200-sxm", "trtllm")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(compileTables, llama - 3.1 - 70b tp 4 h100, "h100-sxm")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(compileTables, llama - 3.1 - 70b tp 4 a100, "a100-sxm")->Unit(benchmark::kMillisecond);
BENCHMARK(evaluateStep)->Name("one step, chunks")->Arg(0)->Arg(1)->Arg(2)->Arg(8);

}  // namespace
}  // namespace headroom::models
