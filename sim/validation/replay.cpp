#include "sim/validation/replay.h"

#include <nlohmann/json.hpp>

#include "models/base/error.h"

namespace headroom::sim {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

ScenarioParts partsOf(const MeasuredRun& run, const ReplaySource& source, const std::string& format,
                      const fs::path& trace) {
  ScenarioParts parts;
  parts.model = source.model;
  parts.engine = {{"name", "vllm"},
                  {"version", run.engine_version},
                  {"max_num_seqs", run.max_num_seqs},
                  {"max_num_batched_tokens", run.max_num_batched_tokens}};
  // Its stamps are of the engine itself, in the process that sent the requests: no server, no tokenizer.
  for (const char* key : {"front_end", "front_end_per_prompt_token"}) parts.engine[key] = "0 ms";
  if (run.max_model_len) parts.engine["max_model_len"] = *run.max_model_len;
  if (run.num_gpu_blocks) parts.engine["num_gpu_blocks"] = *run.num_gpu_blocks;
  parts.optional_engine = {{"prefix_caching", true}};
  parts.precision = {{"weights", "bf16"}};
  parts.pool = {{"accelerator", source.accelerator}, {"tp", run.tp}};
  if (run.dp > 1) parts.pool["dp"] = run.dp;
  if (run.expert_parallel) parts.pool["ep"] = true;
  parts.workload = {{"arrivals", {{"type", "trace"}, {"format", format}, {"file", trace.string()}}}};
  return parts;
}

}  // namespace

Replay::Replay(const fs::path& data, const ReplaySource& source)
    : measured_(readMeasuredRun(data / "measured" / "llmservingsim", source.name)),
      trace_(replayTrace(measured_, data / "traces" / "llmservingsim_sharegpt" / source.trace)),
      file_(trace_.content) {
  try {
    planned_ = planMeasured(partsOf(measured_, source, trace_.format, file_.file()));
  } catch (const InputError& error) {
    problem_ = error.what();
  }
}

}  // namespace headroom::sim
