#include "sim/validation/measured_steps.h"

#include <algorithm>

#include "sim/validation/csv_numbers.h"

namespace headroom::sim {
namespace {

constexpr int kTokensPerBlock = 16;

BatchShape batchOf(int prompts, int decodes, int prompt_tokens, double cached_tokens) {
  BatchShape batch;
  batch.decode_rows = decodes;
  if (decodes > 0) {
    const double context = std::max(1.0, cached_tokens / (decodes + prompts));
    batch.decode_context_sum = static_cast<std::int64_t>(context * decodes);
  }
  batch.completed_prompts = prompts;
  for (int i = 0; i < prompts; ++i) {
    const int tokens = prompt_tokens / prompts + (i < prompt_tokens % prompts ? 1 : 0);
    batch.chunks.push_back({std::max(1, tokens), 0});
  }
  return batch;
}

}  // namespace

std::vector<MeasuredStep> readMeasuredSteps(const std::filesystem::path& file) {
  models::RawCsv csv(file);
  const std::size_t experiment = csv.column("experiment_id"), prompts = csv.column("batch.num_prefill_reqs"),
                    decodes = csv.column("batch.num_decode_reqs"), prompt_tokens = csv.column("batch.prefill_tokens"),
                    usage = csv.column("kv.usage_gpu_ratio"), blocks = csv.column("kv.blocks_total_gpu"),
                    gap = csv.column("steps_to_next_sample"), time = csv.column("mean_step_us_to_next_sample");
  std::vector<MeasuredStep> steps;
  while (csv.next()) {
    const int prompt_count = csv.number(prompts, 0), decode_count = csv.number(decodes, 0);
    if (numberIn(csv, gap) != 1 || prompt_count + decode_count == 0) continue;
    const double cached = numberIn(csv, usage) * numberIn(csv, blocks) * kTokensPerBlock;
    const std::string_view name = csv.text(experiment);
    steps.push_back({std::string(name.substr(name.rfind('-') + 1)),
                     batchOf(prompt_count, decode_count, csv.number(prompt_tokens, 0), cached),
                     csv.microseconds(time)});
  }
  return steps;
}

}  // namespace headroom::sim
