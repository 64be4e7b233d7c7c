#include "sim/validation/replay.h"

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "models/base/error.h"
#include "sim/cluster/simulation.h"

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

class Stamps final : public RequestSink {
 public:
  void onRequest(const RequestRecord& r) override {
    CHECK(r.status == RequestStatus::completed, "a measured request fits the model");
    run.requests.push_back({r.request.arrival, r.queued, r.scheduled, r.first_token, r.finished,
                            r.request.prompt_tokens, r.request.output_tokens});
    run.preemptions += r.preemptions;
  }
  SimulatedRun run;
};

}  // namespace

Replay::Replay(const fs::path& data, const ReplaySource& source)
    : measured_(readMeasuredRun(data / "measured" / "llmservingsim", source.name)),
      file_(fs::temp_directory_path() / fmt::format("headroom-replay-{}-{}", ::getpid(), source.name)),
      format_(writeReplayTrace(measured_, data / "traces" / "llmservingsim_sharegpt" / source.trace, file_)) {
  try {
    planned_ = planMeasured(partsOf(measured_, source, format_, file_));
  } catch (const InputError& error) {
    problem_ = error.what();
  }
}

Replay::~Replay() {
  std::error_code ignored;
  fs::remove(file_, ignored);
}

SimulatedRun Replay::run(const PlannedScenario& planned) const {
  Stamps stamps;
  SimulationOptions options;
  options.estimate_load = false;
  options.requests = &stamps;
  simulate(planned.scenario, planned.plans, options);
  return stamps.run;
}

}  // namespace headroom::sim
