// Fast-forward equals step-by-step simulation, bit for bit, on random workloads, step times and limits.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "tests/sim/engine/replica_harness.h"

namespace headroom::sim {
namespace {

/// Piecewise linear and convex-concave: segments end often, so that runs cross them.
class JaggedStepTimes final : public models::StepTimes {
 public:
  JaggedStepTimes(std::int64_t knot, Ticks base, Ticks uneven = 0) : knot_(knot), base_(base), uneven_(uneven) {}
  Ticks tokenwise(int tokens) const override { return base_ + 13 * ((tokens + 7) / 8); }
  Ticks perSequence(int sequences) const override { return 3 * sequences; }
  models::Segment decodeAttention(int n, std::int64_t x) const override { return segment(x, knot_ * n); }
  models::Segment prefillAttention(int chunk, std::int64_t x) const override { return segment(x, knot_ + chunk); }
  int maxTokens() const override { return 1 << 20; }
  bool knowsUnevenContexts() const override { return uneven_ > 0; }
  Ticks unevenAttention(int n, std::int64_t excess) const override { return uneven_ * excess / n; }

 private:
  static models::Segment segment(std::int64_t x, std::int64_t width) {
    const std::int64_t k = x / width;  // slopes 0, 1, 2, 0, 1, 2, ...
    const Ticks at = width * (k / 3 * 3 + (k % 3 == 2 ? 1 : 0));
    return {at, k % 3, k * width, (k + 1) * width};
  }
  std::int64_t knot_;
  Ticks base_;
  Ticks uneven_;
};

struct Case {
  EngineConfig config;
  std::vector<workloads::Request> requests;
  std::int64_t knot = 1;
  Ticks base = 1;
  Ticks uneven = 0;
  JaggedStepTimes times() const { return {knot, base, uneven}; }
};

/// A beginning that few texts have, and text of the request's own; an answer that goes on with it now and then.
std::shared_ptr<workloads::RequestDetails> randomDetails(const workloads::Request& request) {
  using rc::gen::inRange;
  auto details = std::make_shared<workloads::RequestDetails>();
  const int first = *inRange(1, request.prompt_tokens + 1);
  details->content.push_back({static_cast<std::uint64_t>(*inRange(1, 4)), first});
  if (first < request.prompt_tokens) details->content.push_back({request.id + 10, request.prompt_tokens - first});
  details->answer_is_shared = *inRange(0, 4) == 0;
  details->priority = *inRange(0, 3);
  details->tenant = static_cast<std::uint32_t>(*inRange(0, 3));
  details->deadline = *inRange<Ticks>(0, 5000);
  return details;
}

Case randomCase() {
  using rc::gen::inRange;
  Case c;
  EngineConfig& e = c.config;
  e.pipeline_depth = *inRange(1, 3);
  e.max_num_seqs = *inRange(1, 12);
  e.max_num_batched_tokens = e.max_num_seqs + *inRange(0, 90);
  e.block_size = *rc::gen::element(1, 4, 16);
  e.enable_chunked_prefill = true;
  e.enable_prefix_caching = *rc::gen::arbitrary<bool>();
  e.scheduler_reserve_full_isl = *rc::gen::arbitrary<bool>();
  e.max_model_len = *inRange(20, 300);
  const std::int64_t least = e.blocksFor(e.max_model_len) + 1;
  e.num_gpu_blocks = least + *inRange<std::int64_t>(0, 3 * least);  // tight: preemption is common
  e.overhead = {.host = *inRange(0, 400),
                .host_per_sequence = *inRange(0, 20),
                .host_per_prompt_token = *inRange(0, 3),
                .launches = *rc::gen::element<Ticks>(0, 0, 200, 2000),
                .residue = *inRange(0, 50)};
  c.knot = *inRange(1, 60);
  c.base = *inRange(1, 500);
  c.uneven = *rc::gen::element<Ticks>(0, 1, 30);
  const Ticks spread = *rc::gen::element<Ticks>(1, 300, 3000, 60'000);
  const int count = *inRange(1, 40);
  Ticks now = 0;
  for (int i = 0; i < count; ++i) {
    now += *inRange<Ticks>(0, spread);
    const int prompt = *inRange(1, static_cast<int>(e.max_model_len));
    const int output = *inRange(1, static_cast<int>(e.max_model_len) - prompt + 1);
    const int slack = *rc::gen::element(0, 0, 5);
    c.requests.push_back(request(static_cast<std::uint64_t>(i), now, prompt, output, output + slack));
    if (e.enable_prefix_caching && *inRange(0, 3) > 0) c.requests.back().details = randomDetails(c.requests.back());
  }
  return c;
}

/// Conservative and generous admission, with and without chunks.
void makeSglang(EngineConfig& e) {
  using rc::gen::inRange;
  e.kind = EngineKind::sglang;
  e.kv_tiers.clear();
  SglangRules& r = e.sglang;
  r.chunked_prefill_size = *rc::gen::element(0, 1, 2) * (e.block_size + *inRange(0, 60));
  r.max_prefill_tokens = *inRange(10, 200);
  r.init_new_token_ratio = *inRange<std::int64_t>(0, 1'000'000'000);
  r.min_new_token_ratio = r.init_new_token_ratio / *inRange(1, 10);
  r.new_token_ratio_decay_steps = *inRange(1, 40);
  r.clip_max_new_tokens = *rc::gen::element(4, 50, 4096);
  r.mixed_chunk = *inRange(0, 3) == 0;
  r.recv_interval = *rc::gen::element(1, 1, 3, 30);
  r.longest_prefix_first = e.order == RequestOrder::fcfs && e.enable_prefix_caching && *rc::gen::arbitrary<bool>();
}

/// Both capacity policies; without chunks every prompt, also one computed again, fits into a step.
void makeTrtllm(EngineConfig& e) {
  using rc::gen::inRange;
  e.kind = EngineKind::trtllm;
  e.kv_tiers.clear();
  e.trtllm.capacity_policy = *rc::gen::element(CapacityPolicy::guaranteed_no_evict, CapacityPolicy::max_utilization);
  e.trtllm.budget_counts_cached = *rc::gen::arbitrary<bool>();
  e.trtllm.balance = *rc::gen::arbitrary<bool>();
  e.trtllm.balance_timeout_iters = *inRange(1, 20);
  e.trtllm.balance_batching_wait_iters = *inRange(0, 4);
  e.enable_chunked_prefill = *rc::gen::arbitrary<bool>();
  e.max_num_batched_tokens = *inRange(e.block_size, e.block_size + 90);  // also below one token a sequence
  if (!e.enable_chunked_prefill) e.max_num_batched_tokens += static_cast<int>(e.max_model_len);
}

/// Ranks, request orders and several prompts in progress on top of a random case.
Case randomFeatureCase() {
  using rc::gen::inRange;
  Case c = randomCase();
  EngineConfig& e = c.config;
  e.data_parallel = *inRange(1, 4);
  e.order = static_cast<RequestOrder>(*inRange(0, 5));
  e.long_prefill_token_threshold = *rc::gen::element(0, 0, 7);
  if (e.enable_prefix_caching && *rc::gen::arbitrary<bool>()) {
    e.kv_tiers.push_back({"host", *inRange(1, 60), *inRange(1, 100), *inRange(0, 500)});
    e.kv_tiers.push_back({"nvme", *inRange(60, 300), *inRange(1, 400), *inRange(0, 2000)});
  }
  return c;
}

/// The same for any of the serving engines.
Case randomServingCase() {
  Case c = randomFeatureCase();
  const int engine = *rc::gen::element(0, 0, 1, 2);
  if (engine == 1) makeSglang(c.config);
  if (engine == 2) makeTrtllm(c.config);
  return c;
}

/// On ten times as many random cases as rapidcheck takes, so that the rare ones come up every time.
template <class Property>
bool holds(const Property& property) {
  return rc::check([&] {
    for (int i = 0; i < 10; ++i) property();
  });
}

void expectEqual(const Recorded& exact, const Recorded& fast) {
  RC_ASSERT(exact.finished.size() == fast.finished.size());
  for (std::size_t i = 0; i < exact.finished.size(); ++i) {
    RC_ASSERT(sameLife(exact.finished[i], fast.finished[i]));
  }
  RC_ASSERT(exact.gaps == fast.gaps);
  RC_ASSERT(exact.late_tokens == fast.late_tokens);
  RC_ASSERT(exact.preemptions == fast.preemptions);
  RC_ASSERT(exact.steps == fast.steps);
  RC_ASSERT(exact.tokens == fast.tokens);
  RC_ASSERT(exact.prompt_tokens == fast.prompt_tokens);
  RC_ASSERT(exact.max_blocks == fast.max_blocks);
  RC_ASSERT(exact.busy == fast.busy);
  RC_ASSERT(exact.cached_time == fast.cached_time);
  RC_ASSERT(exact.cached == fast.cached);
  RC_ASSERT(exact.attended == fast.attended);
  RC_ASSERT(exact.step_tokens == fast.step_tokens);
}

TEST(FastForward, EqualsStepByStepOnRandomWorkloads) {
  std::int64_t preemptions = 0, cached = 0, requests = 0;
  EXPECT_TRUE(holds([&] {
    const Case c = randomCase();
    const JaggedStepTimes times = c.times();
    const Recorded exact = play<SteppingReplica>(c.requests, c.config, times);
    const Recorded fast = play<FastReplica>(c.requests, c.config, times);
    RC_ASSERT(exact.finished.size() == c.requests.size());
    expectEqual(exact, fast);
    expectEqual(exact, play<SkippingReplica>(c.requests, c.config, times));
    preemptions += static_cast<std::int64_t>(exact.preemptions.size());
    requests += static_cast<std::int64_t>(c.requests.size());
    for (const FinishedRequest& life : exact.finished) cached += life.cached_tokens > 0 ? 1 : 0;
  }));
  EXPECT_GT(preemptions, requests / 100) << "the cases must exhaust the KV cache now and then";
  EXPECT_GT(cached, requests / 40) << "prefixes must be found now and then";
}

TEST(FastForward, SkippingEqualsStepByStepWithEveryFeatureOn) {
  std::int64_t preemptions = 0, cached = 0, fetched = 0, requests = 0;
  EXPECT_TRUE(holds([&] {
    const Case c = randomServingCase();
    const JaggedStepTimes times = c.times();
    const Recorded exact = play<SteppingReplica>(c.requests, c.config, times);
    RC_ASSERT(exact.finished.size() == c.requests.size());
    expectEqual(exact, play<SkippingReplica>(c.requests, c.config, times));
    preemptions += static_cast<std::int64_t>(exact.preemptions.size());
    requests += static_cast<std::int64_t>(c.requests.size());
    for (const FinishedRequest& life : exact.finished) {
      cached += life.cached_tokens > 0 ? 1 : 0;
      fetched += life.fetched_tokens > 0 ? 1 : 0;
    }
  }));
  EXPECT_GT(preemptions, requests / 100);
  EXPECT_GT(fetched, 0) << "tiers must be read now and then";
  EXPECT_GT(cached, requests / 40) << "prefixes must be found now and then";
}

/// Any engine, on one or several pipeline stages.
Case randomEngineCase() {
  using rc::gen::inRange;
  Case c = randomFeatureCase();
  EngineConfig& e = c.config;
  e.kind = *rc::gen::element(EngineKind::vllm, EngineKind::vllm_v0, EngineKind::orca, EngineKind::sarathi,
                             EngineKind::static_batch, EngineKind::lightllm, EngineKind::trtllm, EngineKind::sglang);
  const bool one_stage = e.kind == EngineKind::static_batch || e.kind == EngineKind::lightllm;
  e.pipeline_parallel = one_stage ? 1 : *rc::gen::element(1, 1, 2, 4);
  e.slowest_stage_share = 0.1 * *inRange(1, 11);
  if (e.kind == EngineKind::vllm) return c;
  if (e.kind == EngineKind::trtllm || e.kind == EngineKind::sglang) {
    e.kind == EngineKind::trtllm ? makeTrtllm(e) : makeSglang(e);
    return c;
  }
  e.pipeline_depth = 1;
  e.enable_prefix_caching = false;
  e.max_waiting_iters = *inRange(0, 6);
  if (e.kind != EngineKind::sarathi) e.max_num_batched_tokens = static_cast<int>(e.max_model_len) + *inRange(0, 90);
  if (e.kind == EngineKind::lightllm) e.num_gpu_blocks *= e.block_size, e.block_size = 1;
  if (e.kind == EngineKind::sarathi || e.kind == EngineKind::vllm_v0) {
    e.watermark = 0.01 * *inRange(0, 20);
    e.num_gpu_blocks += e.num_gpu_blocks / 2;
  }
  return c;
}

TEST(FastForward, SkippingEqualsStepByStepOnEveryEngineAndAnyStages) {
  std::int64_t preemptions = 0, requests = 0;
  EXPECT_TRUE(holds([&] {
    const Case c = randomEngineCase();
    const JaggedStepTimes times = c.times();
    const Recorded exact = play<SteppingReplica>(c.requests, c.config, times);
    RC_ASSERT(exact.finished.size() == c.requests.size());
    expectEqual(exact, play<SkippingReplica>(c.requests, c.config, times));
    std::int64_t output = 0;
    for (const auto& r : c.requests) output += r.output_tokens;
    RC_ASSERT(exact.tokens + static_cast<std::int64_t>(exact.late_tokens.size() + c.requests.size()) == output);
    for (const FinishedRequest& life : exact.finished) {
      RC_ASSERT(life.request.arrival <= life.queued && life.queued <= life.scheduled);
      RC_ASSERT(life.scheduled < life.first_token && life.first_token <= life.finished);
    }
    const bool no_evict =
        c.config.kind == EngineKind::trtllm && c.config.trtllm.capacity_policy == CapacityPolicy::guaranteed_no_evict;
    const bool never_preempts = c.config.kind == EngineKind::orca || c.config.kind == EngineKind::static_batch ||
                                c.config.kind == EngineKind::lightllm || no_evict;
    RC_ASSERT(!never_preempts || exact.preemptions.empty());
    preemptions += static_cast<std::int64_t>(exact.preemptions.size());
    requests += static_cast<std::int64_t>(c.requests.size());
  }));
  EXPECT_GT(preemptions, requests / 200);
}

/// Every request sent is lost or has ended, and every token was made for one of them.
void expectAllAccountedFor(const Case& c, Ticks death, const Recorded& recorded, const std::vector<LostRequest>& lost) {
  std::set<std::uint64_t> ids;
  std::int64_t made = 0;
  for (const FinishedRequest& life : recorded.finished) {
    RC_ASSERT(ids.insert(life.request.id).second);
    made += life.request.output_tokens - 1;  // the first of a request is reported as part of its life
  }
  for (const LostRequest& request : lost) {
    RC_ASSERT(ids.insert(request.request.id).second);
    RC_ASSERT(request.generated <= request.request.output_tokens);
    made += std::max(0, request.generated - 1);
  }
  const auto sent =
      std::count_if(c.requests.begin(), c.requests.end(), [&](const auto& r) { return r.arrival < death; });
  RC_ASSERT(ids.size() == static_cast<std::size_t>(sent));
  RC_ASSERT(recorded.tokens + static_cast<std::int64_t>(recorded.late_tokens.size()) == made);
}

TEST(FastForward, EqualsStepByStepWhenReplicasSlowDownAndDie) {
  std::int64_t lost_requests = 0, with_tokens = 0, slowed = 0, requests = 0;
  EXPECT_TRUE(holds([&] {
    using rc::gen::inRange;
    const bool plain = *rc::gen::arbitrary<bool>();
    const Case c = plain ? randomCase() : *inRange(0, 2) == 0 ? randomServingCase() : randomEngineCase();
    const JaggedStepTimes times(c.knot, c.base), slower(std::max<std::int64_t>(1, c.knot / 2), 3 * c.base);
    const Ticks span = 1 + 2 * c.requests.back().arrival + 5 * c.base;
    Mishaps mishaps;
    for (int i = 0, n = *inRange(0, 4); i < n; ++i) {
      const Ticks before = mishaps.slow_downs.empty() ? 0 : mishaps.slow_downs.back().at;
      mishaps.slow_downs.push_back({before + *inRange<Ticks>(0, span), i % 2 == 0 ? &slower : &times});
    }
    if (*inRange(0, 4) > 0) mishaps.death = *inRange<Ticks>(0, span);
    const auto [exact, lost] = playWith<SteppingReplica>(mishaps, c.requests, c.config, times);
    const auto [skipped, lost_skipping] = playWith<SkippingReplica>(mishaps, c.requests, c.config, times);
    expectEqual(exact, skipped);
    RC_ASSERT(lost == lost_skipping);
    if (plain) {
      const auto [fast, lost_fast] = playWith<FastReplica>(mishaps, c.requests, c.config, times);
      expectEqual(exact, fast);
      RC_ASSERT(lost == lost_fast);
    }
    expectAllAccountedFor(c, mishaps.death, exact, lost);
    lost_requests += static_cast<std::int64_t>(lost.size());
    for (const LostRequest& request : lost) with_tokens += request.generated > 0 ? 1 : 0;
    slowed += static_cast<std::int64_t>(mishaps.slow_downs.size());
    requests += static_cast<std::int64_t>(c.requests.size());
  }));
  EXPECT_GT(lost_requests, requests / 20);
  EXPECT_GT(with_tokens, requests / 200);
  EXPECT_GT(slowed, 100);
}

TEST(FastForward, EveryTokenComesOnce) {
  EXPECT_TRUE(holds([] {
    const Case c = randomCase();
    const Recorded fast = play<FastReplica>(c.requests, c.config, c.times());
    std::int64_t output = 0, prompt = 0;
    for (const auto& r : c.requests) output += r.output_tokens, prompt += r.prompt_tokens;
    RC_ASSERT(fast.tokens + static_cast<std::int64_t>(fast.late_tokens.size() + c.requests.size()) == output);
    for (const FinishedRequest& life : fast.finished) prompt -= life.cached_tokens;
    RC_ASSERT(fast.prompt_tokens >= prompt);
    RC_ASSERT(!fast.preemptions.empty() || fast.prompt_tokens == prompt);
  }));
}

}  // namespace
}  // namespace headroom::sim
