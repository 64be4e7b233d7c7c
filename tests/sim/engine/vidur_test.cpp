// The research engines against runs of Vidur: with its arrivals, its KV blocks and its own times, every step must hold
// the same sequences and tokens, and every stamp must be the same. Semantics: the README beside the runs.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "models/cost/raw_csv.h"
#include "sim/validation/csv_numbers.h"
#include "tests/sim/engine/replica_harness.h"

namespace headroom::sim {
namespace {

namespace fs = std::filesystem;

/// One row of batches.csv, or what a step here holds; its times by stage.
struct RecordedBatch {
  std::int64_t sequences = 0, tokens = 0, prompts = 0, prompt_tokens = 0, decodes = 0;
  std::int64_t decode_context = 0;
  std::vector<Ticks> stages;
  bool sameRows(const RecordedBatch& o) const {
    return sequences == o.sequences && tokens == o.tokens && prompts == o.prompts && prompt_tokens == o.prompt_tokens &&
           decodes == o.decodes && decode_context == o.decode_context;
  }
};

struct Run {
  std::vector<workloads::Request> requests;
  std::vector<std::array<Ticks, 3>> stamps;  ///< scheduled, first token, finished
  std::vector<RecordedBatch> batches;
};

fs::path folderOf(const std::string& name) {
  return fs::path("../shared/data/reference_runs/vidur") / name;
}

void readBatches(const fs::path& file, Run& run) {
  models::RawCsv csv(file);
  const auto at = [&](const char* column) { return csv.column(column); };
  while (csv.next()) {
    const auto id = static_cast<std::size_t>(csv.count(at("batch_id"), 0));
    if (id >= run.batches.size()) run.batches.resize(id + 1);
    RecordedBatch& batch = run.batches[id];
    batch.sequences = csv.count(at("num_requests"));
    batch.tokens = csv.count(at("num_tokens"));
    batch.prompts = csv.count(at("num_prefill_reqs"), 0);
    batch.prompt_tokens = csv.count(at("num_prefill_tokens"), 0);
    batch.decodes = csv.count(at("num_decode_reqs"), 0);
    batch.decode_context = std::llround(numberIn(csv, at("mean_decode_kv")) * static_cast<double>(batch.decodes));
    const auto stage = static_cast<std::size_t>(csv.count(at("stage"), 0));
    if (stage >= batch.stages.size()) batch.stages.resize(stage + 1);
    batch.stages[stage] = secondsIn(csv, at("exec_s"));
  }
}

Run readRun(const fs::path& folder) {
  Run run;
  models::RawCsv requests(folder / "requests.csv.gz");
  while (requests.next()) {
    run.requests.push_back(request(static_cast<std::uint64_t>(requests.count(requests.column("request_id"), 0)),
                                   secondsIn(requests, requests.column("arrived_at")),
                                   requests.number(requests.column("num_prefill_tokens")),
                                   requests.number(requests.column("num_decode_tokens"))));
  }
  models::RawCsv outputs(folder / "outputs.csv.gz");
  while (outputs.next()) {
    const auto stamp = [&](const char* column) { return secondsIn(outputs, outputs.column(column)); };
    run.stamps.push_back({stamp("scheduled_at"), stamp("prefill_completed_at"), stamp("completed_at")});
  }
  readBatches(folder / "batches.csv.gz", run);
  return run;
}

/// Takes the recorded times, step by step, and counts the steps that hold something else.
class ReplayedReplica final : public SteppingReplica {
 public:
  ReplayedReplica(const Run& run, const EngineConfig& config, ReplicaObserver& observer)
      : SteppingReplica(ReplicaId(0), config, kNoTimes, observer), run_(run) {}
  std::size_t steps() const { return steps_; }
  std::size_t differing() const { return differing_; }
  std::size_t firstDiffering() const { return first_differing_; }

 protected:
  void timeStages(std::span<const Batch> ranks, std::vector<Ticks>& stages) override {
    ASSERT_LT(steps_, run_.batches.size());
    const RecordedBatch& recorded = run_.batches[steps_];
    const BatchShape& shape = ranks.front().shape;
    const RecordedBatch here{.sequences = static_cast<std::int64_t>(ranks.front().rows.size()),
                             .tokens = shape.tokens(),
                             .prompts = static_cast<std::int64_t>(shape.chunks.size()),
                             .prompt_tokens = shape.promptTokens(),
                             .decodes = shape.decode_rows,
                             .decode_context = shape.decode_context_sum,
                             .stages = {}};
    if (!here.sameRows(recorded) && differing_++ == 0) first_differing_ = steps_;
    stages = recorded.stages;
    ++steps_;
  }

 private:
  static inline const models::LinearStepTimes kNoTimes{{}, 1 << 20};
  const Run& run_;
  std::size_t steps_ = 0, differing_ = 0, first_differing_ = 0;
};

void expectSameRun(const std::string& name, const EngineConfig& config, std::size_t preemptions = 0) {
  if (!fs::exists(folderOf(name))) GTEST_SKIP() << "no " << folderOf(name);
  const Run run = readRun(folderOf(name));
  ASSERT_EQ(run.requests.size(), 512U);
  Recorded recorded;
  ReplayedReplica replica(run, config, recorded);
  for (const workloads::Request& request : run.requests) {
    while (replica.nextEvent() <= request.arrival) replica.onEvent(replica.nextEvent());
    replica.submit(request.arrival, request);
  }
  while (replica.nextEvent() != kNever) replica.onEvent(replica.nextEvent());
  recorded.sort();
  EXPECT_EQ(replica.steps(), run.batches.size());
  EXPECT_EQ(replica.differing(), 0U) << "first at batch " << replica.firstDiffering();
  ASSERT_EQ(recorded.finished.size(), run.stamps.size());
  Ticks worst = 0;
  for (std::size_t i = 0; i < run.stamps.size(); ++i) {
    const FinishedRequest& life = recorded.finished[i];
    const std::array<Ticks, 3> here{life.scheduled, life.first_token, life.finished};
    for (std::size_t k = 0; k < here.size(); ++k) worst = std::max(worst, std::abs(here[k] - run.stamps[i][k]));
  }
  EXPECT_LT(toSeconds(worst).value(), 1e-6);
  EXPECT_EQ(recorded.preemptions.size(), preemptions);
  std::printf("%s: %zu batches, %zu differ; %zu stamps, worst %.2g s\n", name.c_str(), replica.steps(),
              replica.differing(), 3 * run.stamps.size(), toSeconds(worst).value());
}

EngineConfig vidurConfig(EngineKind kind, std::int64_t blocks) {
  EngineConfig c;
  c.kind = kind;
  c.num_gpu_blocks = blocks;
  c.max_num_seqs = 128;
  c.max_num_batched_tokens = 4096;
  c.max_model_len = 4096;
  c.pipeline_depth = 1;
  c.watermark = 0.01;
  return c;
}

TEST(Vidur, VllmBeforeV1HasTheSameBatchesAndStamps) {
  expectSameRun("ref02_llama2-7b_a100_tp1_vllm", vidurConfig(EngineKind::vllm_v0, 7424));
}

TEST(Vidur, OrcaHasTheSameBatchesAndStamps) {
  EngineConfig c = vidurConfig(EngineKind::orca, 3328);
  c.max_num_batched_tokens = 1 << 20;  // it has no limit
  expectSameRun("ref06_llama2-70b_a100_tp2_orca", c);
}

TEST(Vidur, SarathiOnTwoPipelineStagesHasTheSameBatchesAndStamps) {
  EngineConfig c = vidurConfig(EngineKind::sarathi, 32768);
  c.max_num_batched_tokens = 512;
  c.pipeline_parallel = 2;
  expectSameRun("ref10_llama2-70b_a100_tp2pp2_sarathi512", c);
}

TEST(Vidur, SarathiOutOfBlocksHasTheSameBatchesAndStamps) {
  EngineConfig c = vidurConfig(EngineKind::sarathi, 900);
  c.max_num_batched_tokens = 512;
  expectSameRun("ref13_llama2-70b_a100_tp2_sarathi512_kv900_preempt", c, 44);
}

}  // namespace
}  // namespace headroom::sim
