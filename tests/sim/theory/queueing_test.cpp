// A degenerate replica is a textbook queue: one sequence at a time, synchronous, a constant step.
// Waits against theory: M/D/1 and M/M/1 at rho 0.5, mean within 1 % and theory inside the 99 % interval of the run.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "tests/sim/engine/replica_harness.h"
#include "workloads/rng.h"

namespace headroom::sim {
namespace {

constexpr std::int64_t kCustomers = 3'000'000;
constexpr int kBatches = 100;

struct Waits final : ReplicaObserver {
  std::vector<double> batch_sums = std::vector<double>(kBatches);
  std::int64_t served = 0;
  void onSteps(ReplicaId, const StepRun&) override {}
  void onLateToken(ReplicaId, Ticks, Ticks) override {}
  void onPreempted(ReplicaId, Ticks) override {}
  void onBlocksUsed(ReplicaId, std::int64_t) override {}
  void onFinished(const FinishedRequest& f) override {
    const auto batch = static_cast<std::size_t>(f.request.id / (kCustomers / kBatches));
    batch_sums[batch] += static_cast<double>(f.scheduled - f.request.arrival);
    ++served;
  }
};

struct Interval {
  double mean = 0, half_width = 0;
};

/// Mean wait over kCustomers customers in units of the mean service time, with its 99 % interval from batch means.
Interval meanWait(Ticks step, double mean_steps, const std::function<int(workloads::Rng&)>& draw_steps) {
  EngineConfig config;
  config.max_num_seqs = 1;
  config.max_num_batched_tokens = 64;
  config.num_gpu_blocks = 4'000'001;
  config.max_model_len = 1'000'000;
  config.pipeline_depth = 1;
  const models::LinearStepTimes times({.step = step}, 64);
  Waits waits;
  FastReplica replica(ReplicaId(0), config, times, waits);
  workloads::Rng arrivals(7, "arrivals/theory"), lengths(7, "lengths/theory");
  const double mean_gap = 2 * mean_steps * static_cast<double>(step);  // rho 0.5
  double now = 0;
  for (std::int64_t i = 0; i < kCustomers; ++i) {
    now += arrivals.exponential() * mean_gap;
    const auto arrival = static_cast<Ticks>(std::llround(now));
    while (replica.nextEvent() <= arrival) replica.onEvent(replica.nextEvent());
    replica.submit(arrival, request(static_cast<std::uint64_t>(i), arrival, 1, draw_steps(lengths)));
  }
  while (replica.nextEvent() != kNever) replica.onEvent(replica.nextEvent());
  EXPECT_EQ(waits.served, kCustomers);

  const double service = mean_steps * static_cast<double>(step);
  const double per_batch = static_cast<double>(kCustomers / kBatches);
  double mean = 0, squares = 0;
  for (const double sum : waits.batch_sums) mean += sum / per_batch / service / kBatches;
  for (const double sum : waits.batch_sums) squares += std::pow(sum / per_batch / service - mean, 2);
  constexpr double kStudent99With99Degrees = 2.626;
  return {mean, kStudent99With99Degrees * std::sqrt(squares / (kBatches - 1) / kBatches)};
}

TEST(QueueingTheory, AReplicaWithConstantServiceIsAnMD1Queue) {
  const Interval wait = meanWait(1'000'000, 1, [](workloads::Rng&) { return 1; });
  constexpr double kTheory = 0.5;  // rho / (2 (1 - rho))
  EXPECT_NEAR(wait.mean, kTheory, 0.01 * kTheory);
  EXPECT_LT(std::abs(wait.mean - kTheory), wait.half_width);
  EXPECT_LT(wait.half_width, 0.01 * kTheory) << "the run is long enough to tell";
}

TEST(QueueingTheory, AReplicaWithExponentialServiceIsAnMM1Queue) {
  // Answers of ceil(exponential) tokens: geometric, so in fine steps the service is exponential.
  constexpr double kMeanSteps = 2000;
  const Interval wait = meanWait(1000, kMeanSteps + 0.5, [](workloads::Rng& rng) {
    return static_cast<int>(std::ceil(rng.exponential() * kMeanSteps + 1e-12));
  });
  constexpr double kTheory = 1.0;  // rho / (1 - rho)
  EXPECT_NEAR(wait.mean, kTheory, 0.01 * kTheory);
  EXPECT_LT(std::abs(wait.mean - kTheory), wait.half_width);
}

}  // namespace
}  // namespace headroom::sim
