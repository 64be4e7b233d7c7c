// Speculative decoding: what is drafted, accepted, emitted and kept, by hand, by theory and on random cases.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <numeric>

#include "sim/engine/acceptance.h"
#include "tests/sim/engine/replica_harness.h"

namespace headroom::sim {
namespace {

const models::LinearStepTimes kTimes({.step = 1000, .token = 10}, 4096);

EngineConfig config(int drafts, double rate, EngineKind kind = EngineKind::vllm, int depth = 1) {
  EngineConfig c;
  c.kind = kind;
  c.max_num_batched_tokens = 512;
  c.sglang.chunked_prefill_size = 512;
  c.max_num_seqs = 8;
  c.num_gpu_blocks = 1001;
  c.max_model_len = 4000;
  c.pipeline_depth = depth;
  c.speculation.tokens = drafts;
  c.speculation.acceptance_rates = geometricRates(drafts, rate);
  return c;
}

constexpr EngineKind kEngines[] = {EngineKind::vllm, EngineKind::sglang, EngineKind::trtllm};

TEST(Acceptance, GeometricRatesHaveTheMeanThatWasAskedFor) {
  for (const double mean : {0.0, 0.1, 0.5, 0.83, 1.0}) {
    const std::vector<double> rates = geometricRates(4, mean);
    EXPECT_NEAR(std::accumulate(rates.begin(), rates.end(), 0.0) / 4, mean, 1e-12);
    EXPECT_TRUE(std::is_sorted(rates.rbegin(), rates.rend()));
    EXPECT_NEAR(rates[1], rates[0] * rates[0], 1e-9);
  }
}

TEST(Acceptance, DrawsHaveTheRatesOfEveryPosition) {
  const Speculation s{.tokens = 3, .acceptance_rates = {0.8, 0.5, 0.1}};
  const Acceptance acceptance(s);
  std::vector<int> at_least(3);
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    const int accepted = acceptance.accepted(static_cast<std::uint64_t>(i / 100), i % 100, 3);
    for (int j = 0; j < accepted; ++j) ++at_least[static_cast<std::size_t>(j)];
  }
  for (std::size_t j = 0; j < 3; ++j) EXPECT_NEAR(1.0 * at_least[j] / kDraws, s.acceptance_rates[j], 0.006);
}

TEST(Acceptance, ADrawDependsOnSeedRequestAndVerificationOnly) {
  Speculation s{.tokens = 5, .acceptance_rates = geometricRates(5, 0.5)};
  const Acceptance one(s);
  Speculation other = s;
  other.seed = 2;
  const Acceptance two(other);
  int differs = 0;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(one.accepted(7, i, 5), Acceptance(s).accepted(7, i, 5));
    EXPECT_EQ(std::min(2, one.accepted(7, i, 5)), one.accepted(7, i, 2)) << "fewer drafts cut the same draw";
    differs += one.accepted(7, i, 5) != two.accepted(7, i, 5) ? 1 : 0;
  }
  EXPECT_GT(differs, 20);
}

TEST(Acceptance, DeterministicAcceptanceIsAsEvenAsCanBe) {
  const Speculation s{.tokens = 3, .acceptance_rates = {0.9, 0.4, 0.2}, .deterministic = true};  // 1.5 a step
  const Acceptance acceptance(s);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(acceptance.accepted(3, i, 3), i % 2 == 0 ? 1 : 2);
}

TEST(Speculation, WithEverythingAcceptedAnAnswerTakesOneStepInEveryKPlusOneTokens) {
  for (const EngineKind kind : kEngines) {
    for (const int out : {1, 2, 5, 6, 7, 100}) {
      for (const int k : {1, 3, 4}) {
        const auto r = play<SteppingReplica>({request(0, 0, 50, out)}, config(k, 1, kind), kTimes);
        EXPECT_EQ(r.steps, 1 + (out - 1 + k) / (k + 1)) << "k " << k << " out " << out;
        EXPECT_EQ(r.tokens + 1, out);
      }
    }
  }
}

TEST(Speculation, WithNothingAcceptedItIsPlainDecodingOfWiderSteps) {
  for (const EngineKind kind : kEngines) {
    const std::vector<workloads::Request> requests{request(0, 0, 50, 20), request(1, 0, 70, 30)};
    EngineConfig plain = config(3, 0, kind);
    plain.speculation = Speculation();
    const auto without = play<SteppingReplica>(requests, plain, kTimes);
    const auto with = play<SteppingReplica>(requests, config(3, 0, kind), kTimes);
    EXPECT_EQ(with.steps, without.steps);
    EXPECT_EQ(with.tokens, without.tokens);
    EXPECT_EQ(with.cached, without.cached) << "rejected tokens stay in no cache";
    EXPECT_EQ(with.accepted_tokens, 0);
    // TensorRT-LLM's last three verifications are cut at the client's limit here.
    EXPECT_EQ(with.draft_tokens, 3 * (19 + 29) - (kind == EngineKind::trtllm ? 2 * (1 + 2 + 3) : 0));
    EXPECT_EQ(with.busy, without.busy + 10 * with.draft_tokens);
  }
}

TEST(Speculation, AChunkCarriesItsTokensAtOneGapAndTheLastStopsAtTheLength) {
  const auto r = play<SteppingReplica>({request(0, 0, 50, 8)}, config(3, 1), kTimes);
  // 1500 for the prompt and the first token; then chunks of 4 and 3, the last of which drafted one too many.
  EXPECT_EQ(r.finished[0].finished, 1500 + 2 * 1040);
  EXPECT_EQ(r.gaps.count(), 2);
  EXPECT_EQ(r.gaps.max(), 1040);
  EXPECT_EQ(r.tokens, 7);
  EXPECT_EQ(r.accepted_tokens, 6);
}

TEST(Speculation, AtDepthTwoAStepIsDecidedBeforeTheDraftsOfTheLastAreVerified) {
  const auto play_one = [](int output) {
    return play<SteppingReplica>({request(0, 0, 50, output), request(1, 0, 50, 30)}, config(3, 1, EngineKind::vllm, 2),
                                 kTimes);
  };
  // 0 ends in its first verification, but the next step was decided when that began, with a row of it: four tokens too
  // many beside the prompt of 1.
  const auto drafted = play_one(5);
  EXPECT_EQ(drafted.finished[0].finished, 1500 + 1040);
  EXPECT_EQ(drafted.finished[1].first_token, 2540 + 1000 + 10 * (50 + 4));
  EXPECT_EQ(drafted.finished[1].finished, drafted.finished[1].first_token + 8 * 1040);
  // With one token missing it is known to end, whatever is accepted.
  EXPECT_EQ(play_one(2).finished[1].first_token, 2540 + 1000 + 10 * 50);
}

TEST(Speculation, DraftsNeverReachBeyondTheContext) {
  for (const int depth : {1, 2}) {
    EngineConfig c = config(7, 0.9, EngineKind::vllm, depth);
    c.max_model_len = 64;
    c.num_gpu_blocks = 5;  // exactly one longest sequence
    c.speculation.lookahead = 7;
    const auto r = play<SteppingReplica>({request(0, 0, 10, 54), request(1, 0, 30, 34)}, c, kTimes);
    EXPECT_EQ(r.tokens + 2 + static_cast<std::int64_t>(r.late_tokens.size()), 54 + 34);
    EXPECT_LE(r.max_blocks, 4);
  }
}

TEST(Speculation, TheTokenBudgetCutsDrafts) {
  EngineConfig c = config(3, 1);
  c.max_num_batched_tokens = 10;
  const auto r = play<SteppingReplica>({request(0, 0, 2, 30), request(1, 0, 2, 30), request(2, 0, 2, 30)}, c, kTimes);
  EXPECT_LE(r.step_tokens.rbegin()->first, 10);
  EXPECT_GT(r.step_tokens.at(10), 5) << "two whole rows and one of a token and a draft";
}

TEST(Speculation, LookaheadTakesBlocksForTheNextDrafts) {
  EngineConfig c = config(3, 0);
  const std::vector<workloads::Request> requests{request(0, 0, 10, 2)};  // verifies 4 tokens behind 10: one block
  EXPECT_EQ(play<SteppingReplica>(requests, c, kTimes).max_blocks, 1);
  c.speculation.lookahead = 3;
  EXPECT_EQ(play<SteppingReplica>(requests, c, kTimes).max_blocks, 2);
}

TEST(Speculation, SglangGivesThePagesOfRejectedTokensBack) {
  EngineConfig c = config(3, 0, EngineKind::sglang);
  c.block_size = 1;
  c.max_model_len = 500;
  const auto r = play<SteppingReplica>({request(0, 0, 10, 5)}, c, kTimes);
  EXPECT_EQ(r.max_blocks, 10 + 3 + 4) << "three tokens kept, four being verified";
}

TEST(Speculation, DraftPassesTakeTheirTimeInEveryStep) {
  const auto target =
      std::make_shared<models::LinearStepTimes>(models::LinearStepTimes::Rates{.step = 1000, .token = 10}, 4096);
  const auto draft =
      std::make_shared<models::LinearStepTimes>(models::LinearStepTimes::Rates{.step = 100, .token = 1}, 4096);
  EngineConfig c = config(3, 1);
  c.speculation.draft_overhead = 7;
  const auto r = play<SteppingReplica>({request(0, 0, 50, 5)}, c, models::WithDraft(target, draft));
  // First pass over the step's tokens, then two over one row.
  EXPECT_EQ(r.finished[0].first_token, 1500 + (107 + 50) + 2 * (107 + 1));
  EXPECT_EQ(r.finished[0].finished - r.finished[0].first_token, 1040 + (107 + 4) + 2 * (107 + 1));
}

TEST(Speculation, VerificationReadsTheCacheOnceAndComputesEveryPair) {
  const models::LinearStepTimes memory_bound({.decode_context = 4, .prefill_context = 1024}, 4096);  // 1 a pair
  const auto slow = play<SteppingReplica>({request(0, 0, 100, 2)}, config(1, 0), memory_bound);
  EXPECT_EQ(slow.finished[0].finished - slow.finished[0].first_token, 4 * 102) << "two queries of 101 and 102 pairs";
  const models::LinearStepTimes compute_bound({.decode_context = 1, .prefill_context = 1024}, 4096);
  const auto r = play<SteppingReplica>({request(0, 0, 100, 2)}, config(1, 0), compute_bound);
  EXPECT_EQ(r.finished[0].finished - r.finished[0].first_token, 101 + 102);
}

struct Case {
  EngineConfig config;
  std::vector<workloads::Request> requests;
};

Case randomCase() {
  using rc::gen::inRange;
  Case c;
  EngineConfig& e = c.config;
  e.kind = *rc::gen::element(EngineKind::vllm, EngineKind::vllm, EngineKind::sglang, EngineKind::trtllm);
  e.pipeline_depth = e.kind == EngineKind::sglang ? 1 : *inRange(1, 3);
  e.max_num_seqs = *inRange(1, 12);
  e.max_num_batched_tokens = e.max_num_seqs + *inRange(8, 90);
  e.block_size = *rc::gen::element(1, 4, 16);
  e.enable_prefix_caching = *rc::gen::arbitrary<bool>();
  e.scheduler_reserve_full_isl = *rc::gen::arbitrary<bool>();
  e.max_model_len = *inRange(20, 300);
  const std::int64_t least = e.blocksFor(e.max_model_len) + 1;
  e.num_gpu_blocks = least + *inRange<std::int64_t>(0, 3 * least);  // tight: preemption is common
  e.order = static_cast<RequestOrder>(*inRange(0, 5));
  e.data_parallel = *rc::gen::element(1, 1, 2);
  Speculation& s = e.speculation;
  s.tokens = *inRange(1, 7);
  s.acceptance_rates = geometricRates(s.tokens, 0.1 * *inRange(0, 11));
  s.deterministic = *rc::gen::arbitrary<bool>();
  s.lookahead = e.kind == EngineKind::vllm ? *rc::gen::element(0, s.tokens) : 0;
  if (e.kind == EngineKind::vllm && e.enable_prefix_caching && *rc::gen::arbitrary<bool>()) {
    e.kv_tiers.push_back({"host", *inRange(1, 60), *inRange(1, 100), *inRange(0, 500)});
  }
  if (e.kind == EngineKind::sglang) e.sglang.chunked_prefill_size = e.block_size + *inRange(0, 60);
  if (e.kind == EngineKind::trtllm) {
    e.trtllm.capacity_policy = *rc::gen::element(CapacityPolicy::guaranteed_no_evict, CapacityPolicy::max_utilization);
    e.max_num_batched_tokens = *inRange(std::max(e.block_size, s.tokens + 1), e.block_size + 90);
  }
  const Ticks spread = *rc::gen::element<Ticks>(1, 3000, 60'000);
  const int count = *inRange(1, 25);
  Ticks now = 0;
  for (int i = 0; i < count; ++i) {
    now += *inRange<Ticks>(0, spread);
    const int prompt = *inRange(1, static_cast<int>(e.max_model_len));
    const int output = *inRange(1, static_cast<int>(e.max_model_len) - prompt + 1);
    auto r = request(static_cast<std::uint64_t>(i), now, prompt, output, output + *rc::gen::element(0, 0, 5));
    if (e.enable_prefix_caching && *inRange(0, 2) == 0) {
      auto details = std::make_shared<workloads::RequestDetails>();
      details->content.push_back({static_cast<std::uint64_t>(*inRange(1, 4)), prompt});
      details->answer_is_shared = *rc::gen::arbitrary<bool>();
      r.details = std::move(details);
    }
    c.requests.push_back(std::move(r));
  }
  return c;
}

TEST(Speculation, EveryTokenComesOnceAndBothModesAgree) {
  std::int64_t preemptions = 0, cached = 0, requests = 0, accepted = 0;
  EXPECT_TRUE(rc::check([&] {
    for (int i = 0; i < 3; ++i) {
      const Case c = randomCase();
      const auto exact = play<SteppingReplica>(c.requests, c.config, kTimes);
      const auto skip = play<SkippingReplica>(c.requests, c.config, kTimes);
      RC_ASSERT(exact.finished.size() == c.requests.size());
      RC_ASSERT(exact.steps == skip.steps);
      RC_ASSERT(exact.busy == skip.busy);
      RC_ASSERT(exact.gaps == skip.gaps);
      std::int64_t output = 0;
      for (std::size_t j = 0; j < exact.finished.size(); ++j) {
        const FinishedRequest& life = exact.finished[j];
        RC_ASSERT(sameLife(life, skip.finished[j]));
        output += life.request.output_tokens;
        RC_ASSERT(life.request.arrival <= life.queued && life.queued <= life.scheduled);
        RC_ASSERT(life.scheduled < life.first_token && life.first_token <= life.finished);
        cached += life.cached_tokens > 0 ? 1 : 0;
      }
      const auto late = static_cast<std::int64_t>(exact.late_tokens.size());
      RC_ASSERT(exact.tokens + late + static_cast<std::int64_t>(c.requests.size()) == output);
      RC_ASSERT(exact.accepted_tokens <= exact.draft_tokens);
      RC_ASSERT(exact.draft_tokens <= c.config.speculation.tokens * exact.verifications);
      preemptions += static_cast<std::int64_t>(exact.preemptions.size());
      requests += static_cast<std::int64_t>(c.requests.size());
      accepted += exact.accepted_tokens;
    }
  }));
  EXPECT_GT(preemptions, requests / 100) << "the cases must exhaust the KV cache now and then";
  EXPECT_GT(cached, requests / 40) << "prefixes must be found now and then";
  EXPECT_GT(accepted, requests);
}

TEST(Speculation, AnswersAreAcceptedAtTheRateThatWasAskedFor) {
  for (const EngineKind kind : kEngines) {
    for (const bool deterministic : {false, true}) {
      EngineConfig c = config(3, 0.6, kind);
      c.speculation.deterministic = deterministic;
      std::vector<workloads::Request> requests;
      for (std::uint64_t i = 0; i < 20; ++i) requests.push_back(request(i, 0, 20, 900));
      const auto r = play<SteppingReplica>(requests, c, kTimes);
      EXPECT_NEAR(static_cast<double>(r.accepted_tokens) / static_cast<double>(r.draft_tokens), 0.6, 0.01);
    }
  }
}

}  // namespace
}  // namespace headroom::sim
