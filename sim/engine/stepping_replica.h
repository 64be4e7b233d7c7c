// An engine instance of any kind: its ranks' schedulers (scheduler.h) decide batches, which run one behind the other.
// With Mode::exact every step is an event: the oracle of all faster ways. With Mode::skip, steps that only repeat the
// last one are run through in closed form (skipped_steps.cpp), with the same results bit for bit.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "sim/engine/pipeline.h"
#include "sim/engine/rank_series.h"
#include "sim/engine/replica.h"
#include "sim/engine/scheduler.h"

namespace headroom::sim {

class SteppingReplica : public Replica {
 public:
  enum class Mode { exact, skip };
  SteppingReplica(ReplicaId id, const EngineConfig& config, const models::StepTimes& times, ReplicaObserver& observer,
                  Mode mode = Mode::exact);

  void submit(Ticks now, const workloads::Request& request) override;
  void submitComputed(Ticks now, const workloads::Request& request) override;
  void onKvMoved(Ticks now, std::uint64_t request) override;
  void withdraw(Ticks now, std::uint64_t request) override;
  Ticks nextEvent() const override { return steps_.empty() ? nextWake() : front_end_ + skip_.duration; }
  void onEvent(Ticks now) override;
  std::vector<LostRequest> fail(Ticks now) override;
  void setStepTimes(Ticks now, const models::StepTimes& times) override;
  bool idle() const override {
    return steps_.empty() && inbox_.empty() && kv_moved_.empty() && withdrawn_.empty() && allRanks(&Scheduler::idle);
  }
  std::int64_t waiting() const override {
    std::size_t count = inbox_.size();
    for (const auto& rank : ranks_) count += rank->waiting();
    return static_cast<std::int64_t>(count);
  }

 protected:
  /// How long a step, one batch a rank, takes in each pipeline stage. A test plays recorded times.
  virtual void timeStages(std::span<const Batch> ranks, std::vector<Ticks>& stages);

 private:
  /// One step of all ranks together.
  struct Step {
    std::vector<Batch> ranks;
    Ticks time = 0;          ///< from the end of the step before, or from its decision if none was under way
    Ticks interference = 0;  ///< because of prompts beside decoding sequences, through all stages
    bool empty() const;
  };
  struct Arrived {
    workloads::Request request;
    std::size_t rank;
    bool kv_elsewhere;
  };
  /// Boundaries between steps that can be passed without looking at them; see planSkip().
  struct Skip {
    std::int64_t boundaries = 0;
    Ticks duration = 0;  ///< from the end of the step in front to the boundary behind the skipped ones
    std::vector<SeriesPiece> pieces;
  };

  template <class Predicate>
  bool allRanks(Predicate predicate) const {
    for (const auto& rank : ranks_) {
      if (!((*rank).*predicate)()) return false;
    }
    return true;
  }
  void arrive(Ticks now, const workloads::Request& request, bool kv_elsewhere);
  void arrived(Ticks now);
  bool expectsArrival() const;
  std::size_t leastLoadedRank() const;
  Ticks nextWake() const;
  void drainInbox(Ticks now);
  bool receives(const Step& done);
  void fillPipeline(Ticks now);
  bool decide(Ticks now, Step& step);
  void balancePrompts();
  bool decidesOnArrival() const;
  void processOutputs(const Step& step, Ticks now);
  StepRun countTokens(const Step& step, Ticks end);
  void processRow(const Row& row, const Step& step, Ticks now, StepRun& run);
  static void takeBackRejected(const Row& row);
  void recycle(Sequence* sequence);
  Sequence* newSequence();

  // skipped_steps.cpp
  void planSkip();
  bool isSteady() const;
  Ticks durationOf(std::int64_t index) const;
  Ticks boundaryAfter(std::int64_t boundaries) const;
  std::int64_t boundariesBy(Ticks t) const;
  void skipTo(Ticks now);
  void applySkip(std::int64_t boundaries);
  void advanceBatches(std::size_t rank, std::int64_t boundaries);
  void reportSkipped(std::int64_t steps);

  ReplicaId id_;
  EngineConfig config_;
  StepCost cost_;
  ReplicaObserver& observer_;
  Mode mode_;
  std::vector<std::unique_ptr<Scheduler>> ranks_;
  std::vector<Arrived> inbox_;
  std::int64_t decode_steps_ = 0;         // since the input was looked at; below SglangRules::recv_interval
  std::vector<std::uint64_t> kv_moved_;   // since the last decision
  std::vector<std::uint64_t> withdrawn_;  // likewise
  std::deque<Step> steps_;                // front runs, the others are decided
  std::vector<Step> unused_;              // keeps their memory
  Ticks front_end_ = 0;
  Pipeline pipeline_;          // with several stages
  std::vector<Ticks> stages_;  // of the step that is decided
  Skip skip_;
  AttentionDpBalance balance_;
  std::deque<Sequence> pool_;
  std::vector<Sequence*> recycled_;
};

}  // namespace headroom::sim
