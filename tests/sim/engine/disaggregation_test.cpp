// A prefill and a decode replica with a link of one fixed speed between them: rules by hand, and skipped steps against
// every step.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <queue>
#include <tuple>

#include "tests/sim/engine/replica_harness.h"

namespace headroom::sim {
namespace {

/// 100 ticks a step, 10 a prompt token.
class PlainStepTimes final : public models::StepTimes {
 public:
  Ticks tokenwise(int) const override { return 100; }
  Ticks perSequence(int) const override { return 0; }
  models::Segment decodeAttention(int, std::int64_t) const override { return {0, 0, 0, INT64_MAX}; }
  models::Segment prefillAttention(int chunk, std::int64_t) const override {
    return {10 * std::int64_t{chunk}, 0, 0, INT64_MAX};
  }
  int maxTokens() const override { return 1 << 20; }
};

const PlainStepTimes kTimes;

/// Prefill, transfer at `per_token` behind each other, decode.
template <class ReplicaType>
class Pair {
 public:
  Pair(EngineConfig config, const models::StepTimes& times, Ticks per_token)
      : prefill_(ReplicaId(0), as(config, Role::prefill), times, from_),
        decode_(ReplicaId(1), as(config, Role::decode), times, to_),
        per_token_(per_token) {
    to_.pair = this;
  }

  void play(const std::vector<workloads::Request>& requests) {
    for (const workloads::Request& r : requests) actions_.emplace(r.arrival, order_++, 0, r.id);
    for (const workloads::Request& r : requests) requests_[r.id] = r;
    for (;;) {
      const Ticks action = actions_.empty() ? kNever : std::get<0>(actions_.top());
      const Ticks step = std::min(prefill_.nextEvent(), decode_.nextEvent());
      if (step == kNever && action == kNever) break;
      if (step <= action) {  // steps end before what else happens at that time
        Replica& next = prefill_.nextEvent() == step ? static_cast<Replica&>(prefill_) : decode_;
        next.onEvent(step);
        handOver(step);
      } else {
        act();
      }
    }
    EXPECT_TRUE(prefill_.idle() && decode_.idle());
    from_.sort();
    to_.sort();
  }
  const Recorded& prefilled() const { return from_; }
  const Recorded& decoded() const { return to_; }

 private:
  struct Decoding : Recorded {
    Pair* pair = nullptr;
    void onKvWanted(ReplicaId, std::uint64_t request, std::int64_t missing, Ticks at) override {
      pair->link_free_ = std::max(pair->link_free_, at) + 1 + missing * pair->per_token_;
      pair->actions_.emplace(pair->link_free_, pair->order_++, 2, request);
    }
  };
  static EngineConfig as(EngineConfig config, Role role) {
    config.role = role;
    return config;
  }
  void handOver(Ticks now) {
    for (; handed_over_ < from_.finished.size(); ++handed_over_) {
      actions_.emplace(now, order_++, 1, from_.finished[handed_over_].request.id);
    }
  }
  void act() {
    const auto [at, order, what, id] = actions_.top();
    actions_.pop();
    workloads::Request request = requests_[id];
    if (what == 0) {
      request.output_tokens = request.max_tokens = 1;
      prefill_.submit(at, request);
    } else if (what == 1) {
      decode_.submitComputed(at, request);
    } else {
      prefill_.onKvMoved(at, id);
      decode_.onKvMoved(at, id);
    }
    handOver(at);
  }

  Recorded from_;
  Decoding to_;
  ReplicaType prefill_, decode_;
  Ticks per_token_, link_free_ = 0;
  std::uint64_t order_ = 0;
  std::size_t handed_over_ = 0;
  using Action = std::tuple<Ticks, std::uint64_t, int, std::uint64_t>;
  std::priority_queue<Action, std::vector<Action>, std::greater<>> actions_;
  std::map<std::uint64_t, workloads::Request> requests_;
};

EngineConfig smallEngine() {
  EngineConfig config;
  config.num_gpu_blocks = 11;  // 160 tokens and the null block
  config.max_model_len = 160;
  config.max_num_seqs = 8;
  config.max_num_batched_tokens = 200;
  return config;
}

TEST(Disaggregation, ARequestIsComputedMovedAndDecoded) {
  Pair<SteppingReplica> pair(smallEngine(), kTimes, 5);
  pair.play({request(0, 0, 40, 3)});
  const FinishedRequest& prompt = pair.prefilled().finished.at(0);
  EXPECT_EQ(prompt.first_token, 100 + 400);
  const FinishedRequest& answer = pair.decoded().finished.at(0);
  EXPECT_EQ(answer.kv_wanted, 500);
  EXPECT_EQ(answer.kv_arrived, 500 + 1 + 40 * 5);
  EXPECT_EQ(answer.first_token, 701 + 100 + 10) << "its last prompt token again, for the logits";
  EXPECT_EQ(answer.finished, 811 + 2 * 100);
  EXPECT_EQ(pair.decoded().prompt_tokens, 1);
}

TEST(Disaggregation, APrefillReplicaHoldsItsBlocksUntilTheyAreFetched) {
  // Each prompt takes 8 of the 10 blocks: the second starts when the first has been moved.
  Pair<SteppingReplica> pair(smallEngine(), kTimes, 20);
  pair.play({request(0, 0, 128, 1), request(1, 0, 128, 1)});
  const Ticks moved = 100 + 1280 + 1 + 128 * 20;
  EXPECT_EQ(pair.decoded().finished.at(0).kv_arrived, moved);
  EXPECT_EQ(pair.prefilled().finished.at(1).scheduled, moved);
}

TEST(Disaggregation, ADecodeReplicaFetchesWhenItHasRoom) {
  // The first answer holds 9 blocks to its end; the second prompt is computed meanwhile, and is fetched after it.
  Pair<SteppingReplica> pair(smallEngine(), kTimes, 1);
  pair.play({request(0, 0, 128, 16), request(1, 0, 64, 2)});
  const FinishedRequest& first = pair.decoded().finished.at(0);
  const FinishedRequest& second = pair.decoded().finished.at(1);
  EXPECT_LT(pair.prefilled().finished.at(1).finished, first.finished);
  EXPECT_EQ(second.kv_wanted, first.finished);
}

TEST(Disaggregation, SkippingEqualsStepByStep) {
  using rc::gen::inRange;
  std::int64_t preemptions = 0, waited = 0, requests = 0;
  EXPECT_TRUE(rc::check([&] {
    EngineConfig config;
    config.pipeline_depth = *inRange(1, 3);
    config.max_num_seqs = *inRange(1, 8);
    config.max_num_batched_tokens = config.max_num_seqs + *inRange(0, 90);
    config.block_size = *rc::gen::element(1, 4, 16);
    config.enable_prefix_caching = *rc::gen::arbitrary<bool>();
    config.scheduler_reserve_full_isl = *rc::gen::arbitrary<bool>();
    config.data_parallel = *inRange(1, 3);
    config.max_model_len = *inRange(20, 200);
    const std::int64_t least = config.blocksFor(config.max_model_len) + 1;
    config.num_gpu_blocks = least + *inRange<std::int64_t>(0, 2 * least);
    std::vector<workloads::Request> offered;
    Ticks now = 0;
    const Ticks spread = *rc::gen::element<Ticks>(1, 300, 3000);
    for (int i = 0, n = *inRange(1, 30); i < n; ++i) {
      now += *inRange<Ticks>(0, spread);
      const int prompt = *inRange(1, static_cast<int>(config.max_model_len));
      const int output = *inRange(1, static_cast<int>(config.max_model_len) - prompt + 1);
      offered.push_back(request(static_cast<std::uint64_t>(i), now, prompt, output, output + *rc::gen::element(0, 5)));
      if (*inRange(0, 2) == 0) {
        auto details = std::make_shared<workloads::RequestDetails>();
        details->content.push_back({static_cast<std::uint64_t>(*inRange(1, 4)), prompt});
        offered.back().details = details;
      }
    }
    const Ticks per_token = *inRange<Ticks>(0, 40);
    Pair<SteppingReplica> exact(config, kTimes, per_token);
    Pair<SkippingReplica> skipping(config, kTimes, per_token);
    exact.play(offered);
    skipping.play(offered);
    RC_ASSERT(exact.decoded().finished.size() == offered.size());
    RC_ASSERT(exact.decoded().steps == skipping.decoded().steps);
    RC_ASSERT(exact.decoded().gaps == skipping.decoded().gaps);
    RC_ASSERT(exact.decoded().preemptions == skipping.decoded().preemptions);
    for (std::size_t i = 0; i < offered.size(); ++i) {
      const FinishedRequest& life = exact.decoded().finished[i];
      RC_ASSERT(sameLife(exact.prefilled().finished[i], skipping.prefilled().finished[i]));
      RC_ASSERT(sameLife(life, skipping.decoded().finished[i]));
      RC_ASSERT(life.queued <= life.kv_wanted && life.kv_wanted <= life.kv_arrived);
      RC_ASSERT(life.kv_arrived <= life.scheduled && life.scheduled < life.first_token);
      waited += life.kv_wanted > life.queued ? 1 : 0;
    }
    preemptions += static_cast<std::int64_t>(exact.decoded().preemptions.size());
    requests += static_cast<std::int64_t>(offered.size());
  }));
  EXPECT_GT(preemptions, requests / 200);
  EXPECT_GT(waited, requests / 50) << "decode replicas must be full now and then";
}

}  // namespace
}  // namespace headroom::sim
