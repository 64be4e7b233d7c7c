// The same engine as SteppingReplica, in time per request instead of time per token.
// Between two changes of the batch (an arrival admitted, a prompt finished, a sequence finishing, KV blocks running
// out) every decoding sequence advances by one token a step. So decoding sequences are kept as sums: their number, the
// sum of their contexts, and how many cross a block boundary at which step; a run of such steps is one event, whose
// duration is an integer series (step_series.h). Design and proof obligations: docs/engine.md.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "sim/engine/kv_cache.h"
#include "sim/engine/replica.h"
#include "sim/engine/step_cost.h"
#include "sim/engine/step_series.h"

namespace headroom::sim {

class FastReplica final : public Replica {
 public:
  /// vLLM's plain case: one rank, first come first served, one prompt in progress at a time.
  static bool covers(const EngineConfig& config);
  /// CHECKs that it covers the configuration.
  FastReplica(ReplicaId id, const EngineConfig& config, const models::StepTimes& times, ReplicaObserver& observer);

  void submit(Ticks now, const workloads::Request& request) override;
  void submitComputed(Ticks now, const workloads::Request& request) override;
  void onKvMoved(Ticks now, std::uint64_t request) override;
  void withdraw(Ticks now, std::uint64_t request) override;
  Ticks nextEvent() const override { return flying_ == 0 ? kNever : run_.end; }
  void onEvent(Ticks now) override;
  std::vector<LostRequest> fail(Ticks now) override;
  void setStepTimes(Ticks now, const models::StepTimes& times) override;
  bool idle() const override { return flying_ == 0 && waiting_.empty() && inbox_.empty(); }
  std::int64_t waiting() const override { return static_cast<std::int64_t>(waiting_.size() + inbox_.size()); }

 private:
  using Slot = std::uint32_t;  // index into pool_
  static constexpr Slot kNone = UINT32_MAX;
  enum class State : std::uint32_t { unused, waiting, prefilling, decoding, finishing };

  /// What only some sequences have: those that were preempted, or share text.
  struct Rare {
    std::int32_t preemptions = 0;
    std::int32_t generated = 0;  // tokens made before this admission
    std::int64_t cached_tokens = 0;
    Ticks preempted_early = 0, preempted_late = 0, recomputed = 0;
    Ticks interference = 0;      // before this admission
    Ticks last_token = 0;        // set when it is preempted
    Ticks preempted_at = -1;     // while it waits after a preemption
    Ticks recompute_from = -1;   // while it computes again what a preemption lost
    std::optional<KvHold> hold;  // if it shares text with others, or with itself before a preemption
  };
  /// Two cache lines: at a thousand replicas each event finds another one's sequences, which no cache holds.
  struct alignas(64) Sequence {
    workloads::Request request;
    Ticks queued = 0;
    Ticks scheduled = -1;
    Ticks first_token = 0;
    Ticks interference_from = 0;  // interference_ when it began to decode
    std::int64_t computed = 0;    // of a decoding one less decided_
    std::uint64_t finish = 0;     // the step that makes its last token
    std::unique_ptr<Rare> rare;
    Slot before = kNone, after = kNone;  // neighbours in the order of admission
    std::uint32_t admitted = 0;          // number of its last admission
    std::uint32_t epoch : 28 = 0;        // changes when a heap entry of it becomes void
    std::uint32_t wasted_row : 1 = 0;    // the step behind its last token has a row of it: nobody knows that it stops
    State state : 3 = State::unused;

    std::int32_t generated() const { return rare ? rare->generated : 0; }
    std::int64_t target() const { return std::int64_t{request.prompt_tokens} + generated(); }
    /// The last step that has a row of it.
    std::uint64_t stop() const { return finish + wasted_row; }
    KvHold* hold() const { return rare && rare->hold ? &*rare->hold : nullptr; }
    Rare& makeRare() {
      if (!rare) rare = std::make_unique<Rare>();
      return *rare;
    }
  };
  static_assert(sizeof(Sequence) == 128);
  struct HeapEntry {
    std::uint64_t stop;
    Slot slot;
    std::uint32_t epoch;
    bool operator>(const HeapEntry& other) const { return stop > other.stop; }
  };
  struct LongEntry {
    std::int64_t base;
    Slot slot;
    std::uint32_t epoch;
    bool operator<(const LongEntry& other) const { return base < other.base; }
  };
  struct Batch {
    Ticks time = 0;
    Ticks interference = 0;  // of it, because of prompts beside decoding sequences
    std::int64_t emitting = 0;
    std::int64_t cached_tokens = 0;
    std::int64_t prompt_tokens = 0;
    std::int64_t attended = 0;
    std::vector<Slot> completing;  // sequences whose prompt ends in this step
  };
  /// Steps decided in advance; see planRun().
  struct Run {
    static constexpr int kPieces = 8;
    std::int64_t steps = 0;  // decisions made in advance
    std::array<SeriesPiece, kPieces> pieces;
    int piece_count = 0;
    int chunk = 0;       // of the prompt in progress, 0 if none
    bool admits = true;  // an arrival could change the next batch
    Ticks end = kNever;  // when the next boundary is handled
  };

  // fast_replica.cpp: boundaries between steps
  void boundary(Ticks now);
  void shortenRun(Ticks now);
  std::int32_t generatedBy(const Sequence& s, std::uint64_t step) const;
  void drainInbox(Ticks now);
  void enqueue(const workloads::Request& request, Ticks queued);
  void fillPipeline(Ticks now);
  void start(const Batch& batch, Ticks begin);
  void retire(Ticks now);
  void finish(Slot slot, Ticks now);
  FinishedRequest lifeOf(const Sequence& s, Ticks now) const;
  void freeBlocks(Sequence& s, bool comes_back);

  // fast_scheduler.cpp: one scheduling decision
  bool decide(Ticks now, Batch& batch);
  void allocateOrPreempt(Ticks now, bool& preempted);
  bool preemptUntil(std::int64_t needed, Slot self, Ticks now);
  void admitWaiting(Ticks now, int budget);
  struct Admission {
    int tokens = 0;  // new ones; 0: it has to wait
    KvCache::Hit hit;
  };
  Admission admissionOfHead(int budget) const;
  void addChunk(Slot slot, int tokens);
  void settle(Batch& batch);
  std::int64_t longestContext();
  void joinDecode(Slot slot);
  void leaveDecode(Slot slot);
  void preempt(Slot victim, Ticks now);
  void link(Slot slot);
  void unlink(Slot slot);

  // fast_run.cpp: runs of equal steps
  void planRun();
  std::int64_t stepsWithinBlocks(std::int64_t limit, int chunk) const;
  std::int64_t blocksForRun(std::int64_t steps, int chunk) const;
  Ticks endOfRun(std::int64_t steps) const;
  std::pair<std::int64_t, Ticks> firstBoundaryAfter(Ticks t) const;
  void applyRun();
  std::pair<Ticks, Ticks> decodeAlone(std::int64_t steps, std::int64_t count);

  bool synchronous() const { return config_.pipeline_depth == 1; }
  std::size_t residue(std::int64_t tokens) const {
    const std::int64_t r = tokens % config_.block_size;
    return static_cast<std::size_t>(r < 0 ? r + config_.block_size : r);
  }
  /// Blocks that decoding sequences take in the `ahead`-th decision from now, 1 being the next.
  std::int64_t decodeBlocks(std::int64_t ahead) const {
    return residues_[residue(-(static_cast<std::int64_t>(decided_) + ahead - 1))];
  }
  std::int64_t blocksHeld(const Sequence& s) const {
    return config_.blocksFor(s.state == State::decoding ? s.computed + static_cast<std::int64_t>(decided_)
                                                        : s.computed);
  }

  ReplicaId id_;
  EngineConfig config_;
  StepCost cost_;
  const models::StepTimes* next_times_ = nullptr;  // of the steps decided from the next boundary on
  ReplicaObserver& observer_;

  std::vector<Sequence> pool_;
  std::vector<Slot> unused_;
  std::vector<workloads::Request> inbox_;
  std::deque<Slot> waiting_;
  Slot oldest_ = kNone, newest_ = kNone;  // ends of the running list
  int running_ = 0;                       // sequences in it

  int decoding_ = 0;                    // rows of the next decision
  std::int64_t context_sum_ = 0;        // of those rows in the next decision
  std::vector<std::int32_t> residues_;  // decoding sequences by `computed` modulo block size
  std::vector<HeapEntry> stops_;        // min-heap
  std::vector<LongEntry> longest_;      // max-heap of decoding sequences by base, with void entries; if it matters
  std::vector<Slot> finishing_;         // last row decided, last token on its way
  Slot prefilling_ = kNone;             // the one prompt in progress, always the newest running
  std::int64_t cached_tokens_ = 0;      // computed by the decided steps, of running sequences
  KvCache kv_;
  std::uint32_t admissions_ = 0;
  std::vector<Slot> ended_;    // at the boundary being handled
  std::uint64_t decided_ = 0;  // number of the last decided step

  BatchShape shape_;               // of the decision being made
  std::vector<Slot> chunk_slots_;  // owners of shape_.chunks
  std::array<Batch, 2> flight_;    // [0] runs, [1] is decided
  int flying_ = 0;
  Ticks front_end_ = 0;
  Run run_;
  Ticks interference_ = 0;  // summed over the steps that have begun
};

}  // namespace headroom::sim
