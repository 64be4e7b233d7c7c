// The replicas of all deployments, their routers and the arrivals, on one event loop.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "sim/cluster/arrivals.h"
#include "sim/cluster/attempts.h"
#include "sim/cluster/client_traffic.h"
#include "sim/cluster/cold_starts.h"
#include "sim/cluster/disaggregation.h"
#include "sim/cluster/event_targets.h"
#include "sim/cluster/fleet.h"
#include "sim/cluster/front_ends.h"
#include "sim/cluster/load_estimate.h"
#include "sim/cluster/outages.h"
#include "sim/cluster/run_network.h"
#include "sim/cluster/simulation.h"
#include "sim/engine/replica.h"
#include "sim/engine/scaled_step_times.h"
#include "sim/loop/event_loop.h"
#include "sim/metrics/recorder.h"
#include "sim/orchestration/router.h"

namespace headroom::sim {

class Cluster final : public EventHandler, public ReplicaObserver, public OutageHandler, public PairObserver {
 public:
  /// `network`: whose loop `loop` then is; null if nothing is sent. `faults`: those of the scenario.
  Cluster(const Scenario& scenario, const std::vector<DeploymentPlan>& plans, const SimulationOptions& options,
          EventLoop& loop, FaultStream faults, RunNetwork* network = nullptr);
  /// Until every request has left. Throws Interrupted.
  void run();

  /// null without a network.
  const ColdStarts* coldStarts() const { return cold_starts_.get(); }
  const Recorder& recorder() const { return recorder_; }
  const RequestSample& sample(std::size_t deployment) const { return deployments_[deployment].sample; }
  /// What the request streams left out or assumed.
  std::vector<std::string> streamWarnings() const { return arrivals_.warnings(); }
  /// Answers that end where the context does.
  std::int64_t cutAnswers() const { return cut_answers_; }
  bool hasClosedLoop(std::size_t deployment) const { return deployments_[deployment].closed_loop; }

  /// Null without faults.
  const Outages* outages() const { return outages_.get(); }

  void onEvent(const Event& event) override;
  void onSteps(ReplicaId replica, const StepRun& run) override;
  void onLateToken(ReplicaId, Ticks at, Ticks gap) override { recorder_.lateToken(at, gap); }
  void onFinished(const FinishedRequest& finished) override;
  void onPreempted(ReplicaId replica, Ticks) override { recorder_.preempted(poolOf(replica)); }
  void onBlocksUsed(ReplicaId replica, std::int64_t blocks) override { recorder_.blocksUsed(poolOf(replica), blocks); }
  void onPromptStarted(ReplicaId, std::uint64_t request, Ticks) override { disaggregation_->onPromptStarted(request); }
  void onKvWanted(ReplicaId, std::uint64_t request, std::int64_t tokens, Ticks at) override;

  // cluster_faults.cpp
  void onDown(std::uint32_t replica) override;
  bool onStart(std::uint32_t replica) override;
  void onWeightsLost(std::uint32_t replica, bool was_starting) override;
  void onAvailable(std::uint32_t replica, bool available) override;
  void onSpeed(std::uint32_t replica, double step_time_factor) override;
  void onLink(FabricLinkId link, double bandwidth_left) override;
  void onFailed(std::uint64_t attempt) override;
  void onGone(const LostRequest& attempt) override;
  void onTakenOver(std::uint32_t replica) override { recorder_.countRequest(fleet_[replica].pool); }

 private:
  static constexpr std::uint32_t kArrivalTarget = event_target::kArrivals;
  static constexpr std::uint32_t kFrontEndTarget = event_target::kFrontEnds;
  struct DeploymentState {
    std::unique_ptr<Router> router;  // of the unified replicas; null if there are none
    std::uint32_t first_replica = 0;
    std::array<int, 3> there{};                               // replicas that can be sent to, by role
    std::deque<std::pair<workloads::Request, bool>> waiting;  // for one; is it measured?
    std::vector<std::uint32_t> unified;  // replicas beside prefill and decode ones; empty: all, in order
    bool closed_loop = false;
    bool waits = true;                        // for a replica, if none is there and one may come
    const EngineConfig* strictest = nullptr;  // of its pools, by max_model_len
    RequestSample sample{20'000};
  };

  std::size_t poolOf(ReplicaId replica) const { return fleet_[replica].pool; }
  void addDeployment(const DeploymentPlan& plan, const Scenario& scenario, bool exact_steps);
  void scheduleArrival();
  void handleArrivals(Ticks now);
  void arrive(workloads::Request& request, bool measured);
  void dispatch(const workloads::Request& request, bool measured);
  void deliver(const workloads::Request& request, std::uint32_t replica, FrontEnds::Target target);
  void enterFrontEnd(const workloads::Request& request, FrontEnds::Target target);
  void leaveFrontEnd(std::uint32_t slot);
  void submit(const workloads::Request& request, FrontEnds::Target target);
  void wait(DeploymentState& deployment, const workloads::Request& request, bool measured);
  void settle(std::uint32_t replica);
  void serveWaiting(DeploymentState& deployment);
  bool mayCome() const { return starting_ > 0 || (outages_ && outages_->anyToCome()); }
  bool mayCome(std::uint32_t deployment, Role role) const;
  bool mayBeServed(const workloads::Request& request) const;
  void finish(RequestRecord record);
  void onReady(std::uint32_t replica);
  static std::size_t unifiedIndex(const DeploymentState& deployment, std::uint32_t replica);
  void complete(const RequestRecord& record);
  bool goesToPair(std::uint32_t deployment, const workloads::Request& request) const;
  void sendToPair(std::uint32_t deployment, const workloads::Request& request, bool measured);
  void reject(const workloads::Request& request, std::uint32_t replica, bool measured);
  void leave(const RequestRecord& record);
  // cluster_faults.cpp
  void dispatch(std::uint64_t attempt);
  void lose(std::uint32_t replica, const LostRequest& lost);
  void loseOnItsWay(const workloads::Request& request, FrontEnds::Target target);
  void handleTimer();
  void failAttempt(std::uint64_t attempt, Attempts::Reason reason);
  void giveUp(const Attempt& attempt, RequestStatus status);
  void giveUpWaiting();
  bool answered(RequestRecord& record);
  bool allDone() const;
  void reportInOrder(const RequestRecord& record);
  void lookUp();
  LiveFigures liveFigures() const;

  const SimulationOptions& options_;
  EventLoop& loop_;
  Recorder recorder_;
  Arrivals arrivals_;
  FrontEnds front_ends_;
  Ticks warmup_;
  std::deque<EngineConfig> configs_;  // by pool
  Fleet fleet_;
  std::unique_ptr<Disaggregation> disaggregation_;  // null without a network
  std::unique_ptr<ColdStarts> cold_starts_;         // likewise, as the next
  std::unique_ptr<ClientTraffic> clients_;
  RunNetwork* network_;
  std::int64_t in_system_ = 0;  // requests
  /// By replica. It is there, for requests to be sent to it, if it has started and no fault keeps it away.
  struct Presence {
    bool started = true, available = true, down = false, there = true;
  };
  std::vector<Presence> presence_;
  std::size_t starting_ = 0;  // replicas that have not started yet
  std::vector<DeploymentState> deployments_;
  std::vector<std::uint32_t> deployment_of_workload_;
  std::unique_ptr<Attempts> attempts_;  // null if nothing can go wrong
  std::unique_ptr<Outages> outages_;    // null without faults
  std::int64_t in_engines_ = 0;         // attempts, those that nobody waits for included
  std::map<std::pair<const models::StepTimes*, double>, ScaledStepTimes> slowed_;
  std::vector<const models::StepTimes*> times_now_;  // by replica
  std::vector<bool> link_down_;
  Ticks arrival_scheduled_ = kNever;
  std::uint32_t arrival_stamp_ = 0;
  std::int64_t expected_ = 0;
  std::uint64_t events_seen_ = 0;
  std::int64_t cut_answers_ = 0;
  struct Pending {
    RequestRecord record;
    bool ready = false;
  };
  std::deque<Pending> unreported_;  // from the oldest request still in the system
  std::uint64_t first_unreported_ = 0;
};

}  // namespace headroom::sim
