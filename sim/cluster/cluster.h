// The replicas of all deployments, their routers and the arrivals, on one event loop.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "sim/cluster/arrivals.h"
#include "sim/cluster/front_ends.h"
#include "sim/cluster/load_estimate.h"
#include "sim/cluster/simulation.h"
#include "sim/engine/replica.h"
#include "sim/loop/event_loop.h"
#include "sim/metrics/recorder.h"
#include "sim/orchestration/router.h"

namespace headroom::sim {

class Cluster final : public EventHandler, public ReplicaObserver {
 public:
  Cluster(const Scenario& scenario, const std::vector<DeploymentPlan>& plans, const SimulationOptions& options,
          EventLoop& loop);
  /// Until every request has left. Throws Interrupted.
  void run();

  const Recorder& recorder() const { return recorder_; }
  const RequestSample& sample(std::size_t deployment) const { return deployments_[deployment].sample; }
  /// What the request streams left out or assumed.
  std::vector<std::string> streamWarnings() const { return arrivals_.warnings(); }
  bool hasClosedLoop(std::size_t deployment) const { return deployments_[deployment].closed_loop; }

  void onEvent(const Event& event) override;
  void onSteps(ReplicaId replica, const StepRun& run) override { recorder_.steps(poolOf(replica), run); }
  void onLateToken(ReplicaId, Ticks at, Ticks gap) override { recorder_.lateToken(at, gap); }
  void onFinished(const FinishedRequest& finished) override;
  void onPreempted(ReplicaId replica, Ticks) override { recorder_.preempted(poolOf(replica)); }
  void onBlocksUsed(ReplicaId replica, std::int64_t blocks) override { recorder_.blocksUsed(poolOf(replica), blocks); }

 private:
  static constexpr std::uint32_t kArrivalTarget = UINT32_MAX;
  static constexpr std::uint32_t kFrontEndTarget = UINT32_MAX - 1;
  struct ReplicaState {
    std::unique_ptr<Replica> replica;
    std::uint32_t deployment = 0;
    std::uint32_t pool = 0;   // over all deployments
    std::uint32_t stamp = 0;  // of the event that counts
    Ticks scheduled = kNever;
    const EngineConfig* config = nullptr;
  };
  struct DeploymentState {
    std::unique_ptr<Router> router;
    std::uint32_t first_replica = 0;
    bool closed_loop = false;
    std::int64_t shortest_context = INT64_MAX;  // max_model_len of its strictest pool
    RequestSample sample{20'000};
  };

  std::size_t poolOf(ReplicaId replica) const { return replicas_[replica.value()].pool; }
  void addDeployment(const DeploymentPlan& plan, std::uint64_t seed, bool exact_steps);
  void reschedule(std::uint32_t replica);
  void scheduleArrival();
  void handleArrivals(Ticks now);
  void arrive(workloads::Request& request, bool measured);
  void submit(std::uint32_t replica, Ticks now, const workloads::Request& request);
  void leave(const RequestRecord& record);
  void reportInOrder(const RequestRecord& record);
  void lookUp();

  const SimulationOptions& options_;
  EventLoop& loop_;
  Recorder recorder_;
  Arrivals arrivals_;
  FrontEnds front_ends_;
  Ticks warmup_;
  std::vector<ReplicaState> replicas_;
  std::vector<DeploymentState> deployments_;
  std::vector<std::uint32_t> deployment_of_workload_;
  Ticks arrival_scheduled_ = kNever;
  std::uint32_t arrival_stamp_ = 0;
  std::int64_t expected_ = 0;
  std::uint64_t events_seen_ = 0;
  struct Pending {
    RequestRecord record;
    bool ready = false;
  };
  std::deque<Pending> unreported_;  // from the oldest request still in the system
  std::uint64_t first_unreported_ = 0;
};

}  // namespace headroom::sim
