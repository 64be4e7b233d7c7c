// A replay of a run that the simulator itself made must find every stamp again.
#include "sim/validation/replay.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/base/error.h"
#include "sim/validation/simulated_requests.h"
#include "tests/workloads/test_files.h"

namespace headroom::sim {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr ReplaySource kSource{"made", "made.jsonl", "llama-3.1-8b", "rtx-4090"};
constexpr int kRequests = 40;

/// A folder as the measurements have it: 40 requests, more than the starved engine holds at once.
class MadeRun {
 public:
  MadeRun() {
    fs::create_directories(folder_ / "measured" / "llmservingsim");
    fs::create_directories(folder_ / "traces" / "llmservingsim_sharegpt");
    for (int i = 0; i < kRequests; ++i) {
      requests_.push_back({.arrival = toTicks(Seconds(0.05 * i)),
                           .queued = 0,
                           .scheduled = 0,
                           .first_token = 1,
                           .finished = 2,
                           .prompt_tokens = 200 + 7 * i,
                           .output_tokens = 100 + i});
    }
    write();
  }
  void write(int output_tokens_off = 0) const {
    folder_.write("measured/llmservingsim/made__meta.json",
                  R"({"vllm_version": ")" + engine_version + R"(", "kv_cache": {"num_gpu_blocks": 400}, "engine_kwargs":
                      {"max_num_seqs": 64, "max_num_batched_tokens": 2048, "max_model_len": 4096,
                       "tensor_parallel_size": 1, "data_parallel_size": 1, "enable_expert_parallel": false}})");
    std::string csv = "request_id,arrival_s,queued_s,scheduled_s,first_token_s,last_token_s,input_toks,output_toks\n";
    std::string trace;
    for (const RequestStamps& r : requests_) {
      const auto s = [](Ticks t) { return fmt::format("{:.9f}", toSeconds(t).value()); };
      csv += fmt::format("r,{},{},{},{},{},{},{}\n", s(r.arrival), s(r.queued), s(r.scheduled), s(r.first_token),
                         s(r.finished), r.prompt_tokens, r.output_tokens);
      std::string blocks;
      for (int b = 0; b < r.prompt_tokens / 16; ++b) blocks += fmt::format("{}{}", b > 0 ? ", " : "", id_++);
      trace += fmt::format(R"({{"arrival_s": 9, "input_toks": {}, "output_toks": {}, "hash_ids": [{}]}})"
                           "\n",
                           r.prompt_tokens, r.output_tokens + output_tokens_off, blocks);
    }
    folder_.write("measured/llmservingsim/made__requests.csv", csv);
    folder_.write("traces/llmservingsim_sharegpt/made.jsonl", trace);
  }
  fs::path path() const { return folder_ / ""; }
  std::vector<RequestStamps>& requests() { return requests_; }
  std::string engine_version = "0.19.0";

 private:
  workloads::TemporaryFolder folder_;
  std::vector<RequestStamps> requests_;
  mutable int id_ = 0;
};

TEST(Replay, FindsTheStampsOfARunThatTheSimulatorMade) {
  MadeRun made;
  {
    const Replay replay(made.path(), kSource);
    ASSERT_EQ(replay.problem(), "");
    made.requests() = simulateRequests(replay.planned()).requests;
  }
  made.write();
  const Replay replay(made.path(), kSource);
  EXPECT_EQ(replay.planned().pool().engine.config.num_gpu_blocks, 400);
  EXPECT_EQ(replay.planned().pool().engine.config.max_num_seqs, 64);
  const SimulatedRun again = simulateRequests(replay.planned());
  ASSERT_EQ(again.requests.size(), std::size_t{kRequests});
  for (int i = 0; i < kRequests; ++i) {
    const RequestStamps& was = replay.measured().requests[static_cast<std::size_t>(i)];
    const RequestStamps& is = again.requests[static_cast<std::size_t>(i)];
    EXPECT_NEAR(is.ttft(), was.ttft(), 1e-3) << i;
    EXPECT_NEAR(is.engineTtft(), was.engineTtft(), 1e-3) << i;
    EXPECT_NEAR(is.tpot(), was.tpot(), 1e-3) << i;
    EXPECT_NEAR(is.e2e(), was.e2e(), 1e-3) << i;
  }
  EXPECT_GT(again.requests.back().ttft(), again.requests.front().ttft());
}

TEST(Replay, SlowerStepsAreSlowerByThatFactorInAllButWaiting) {
  MadeRun made;
  made.requests().resize(1);
  made.write();
  const Replay replay(made.path(), kSource);
  const RequestStamps base = simulateRequests(replay.planned()).requests.front();
  const RequestStamps slow = simulateRequests(slowedDown(replay.planned(), 1.5)).requests.front();
  EXPECT_NEAR(slow.e2e() / base.e2e(), 1.5, 1e-6);
  EXPECT_NEAR(slow.tpot() / base.tpot(), 1.5, 1e-6);
  const RequestStamps bare = simulateRequests(withoutConstants(replay.planned())).requests.front();
  const double residue = toMilliseconds(replay.planned().pool().engine.config.overhead.residue);
  EXPECT_NEAR(base.tpot() - bare.tpot(), residue, 1e-6);
  EXPECT_GT(residue, 0);
}

TEST(Replay, RefusesATraceOfOtherRequests) {
  const MadeRun made;
  made.write(1);
  try {
    const Replay replay(made.path(), kSource);
    FAIL() << "not refused";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("made.jsonl:1: has other lengths"));
  }
}

TEST(Replay, SaysWhatTheSimulatorCannotDo) {
  MadeRun made;
  made.engine_version = "0.1.0";
  made.write();
  const Replay replay(made.path(), kSource);
  EXPECT_THAT(replay.problem(), HasSubstr("vLLM 0.1.0 has no rules here"));
}

}  // namespace
}  // namespace headroom::sim
