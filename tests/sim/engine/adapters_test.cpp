// LoRA adapters: slots, loading and cost, by hand; fast-forward with them against step by step.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "models/cost/lora_cost.h"
#include "models/hardware/accelerator.h"
#include "models/llm/lora.h"
#include "tests/sim/engine/replica_harness.h"
#include "workloads/request_details.h"

namespace headroom::sim {
namespace {

const models::LinearStepTimes kTimes({.step = 1000, .token = 10}, 100);

/// Adapters that take nothing in kernels, 500 ticks to copy and 7000 to read.
EngineConfig config(int adapters, int slots, int in_host) {
  EngineConfig c;
  c.max_num_batched_tokens = 100;
  c.max_num_seqs = 8;
  c.num_gpu_blocks = 1001;
  c.max_model_len = 10'000;
  c.pipeline_depth = 1;
  c.lora.max_loras = slots;
  c.lora.in_host = in_host;
  c.lora.cost = std::make_shared<models::LoraCost>(models::Accelerator(), std::vector<models::LoraProjection>{}, 16);
  for (int i = 0; i < adapters; ++i) {
    c.lora.adapters.push_back({500, 7000});
    c.lora.of_name.push_back(i);
  }
  return c;
}

workloads::Request with(int adapter, workloads::Request request) {
  auto details = std::make_shared<workloads::RequestDetails>();
  details->adapter = adapter;
  request.details = std::move(details);
  return request;
}

TEST(Adapters, TheFirstStepWithOneWaitsForStorageAndHost) {
  const auto r = play<SteppingReplica>({with(0, request(0, 0, 50, 3)), with(0, request(1, 100'000, 50, 1))},
                                       config(1, 1, 1), kTimes);
  EXPECT_EQ(r.finished[0].first_token, 7000 + 500 + 1500);
  EXPECT_EQ(r.finished[0].finished, r.finished[0].first_token + 2 * 1010);
  EXPECT_EQ(r.finished[1].first_token, 100'000 + 1500) << "it is still there";
}

TEST(Adapters, AnotherTakesTheSlotAndTheFirstComesBackFromTheHost) {
  const std::vector<workloads::Request> requests{with(0, request(0, 0, 50, 1)), with(1, request(1, 100'000, 50, 1)),
                                                 with(0, request(2, 200'000, 50, 1))};
  EXPECT_EQ(play<SteppingReplica>(requests, config(2, 1, 2), kTimes).finished[2].first_token, 200'000 + 500 + 1500);
  EXPECT_EQ(play<SteppingReplica>(requests, config(2, 1, 1), kTimes).finished[2].first_token, 200'000 + 7500 + 1500);
  EXPECT_EQ(play<SteppingReplica>(requests, config(2, 2, 2), kTimes).finished[2].first_token, 200'000 + 1500);
}

TEST(Adapters, ARequestWithoutASlotIsOvertakenAndKeepsItsPlace) {
  // 0 holds the only slot until it ends; 1 needs another adapter; 2 shares the first and 3 the base model: they pass.
  const auto r =
      play<SteppingReplica>({with(0, request(0, 0, 10, 10)), with(1, request(1, 1, 10, 1)),
                             with(0, request(2, 2, 10, 1)), request(3, 3, 10, 1), with(1, request(4, 4, 10, 1))},
                            config(2, 1, 2), kTimes);
  EXPECT_LT(r.finished[2].scheduled, r.finished[0].finished);
  EXPECT_LT(r.finished[3].scheduled, r.finished[0].finished);
  EXPECT_EQ(r.finished[1].scheduled, r.finished[0].finished);
  EXPECT_EQ(r.finished[4].scheduled, r.finished[1].scheduled);
  EXPECT_EQ(r.finished[4].first_token, r.finished[1].first_token);
}

TEST(Adapters, OnesThatAreNotServedCostNothing) {
  EngineConfig c = config(1, 1, 1);
  c.lora.of_name = {-1};
  EXPECT_EQ(play<SteppingReplica>({with(0, request(0, 0, 50, 1))}, c, kTimes).finished[0].first_token, 1500);
}

TEST(Adapters, AStepPaysForItsAdapterTokensByTheRoofline) {
  models::Accelerator accelerator;
  accelerator.bf16 = FlopsPerSecond(1e12);
  accelerator.memory_bandwidth = BytesPerSecond(1e9);
  const models::LoraCost cost(accelerator, {{.in = 100, .out = 300, .slices = 3, .layers = 2}}, 8);
  const double elements = 8 * (3 * 100 + 300), row = 100 + 2 * 3 * 8 + 2 * 300;
  EXPECT_EQ(cost.step(0, 0), Seconds());
  EXPECT_DOUBLE_EQ(cost.step(1, 1).value(), 2 * (models::kLoraLaunch.value() + 2 * (elements + row) / 1e9));
  EXPECT_DOUBLE_EQ(cost.step(10, 4).value(), 2 * (models::kLoraLaunch.value() + 2 * (4 * elements + 10 * row) / 1e9));
  accelerator.memory_bandwidth = BytesPerSecond(1e18);
  const models::LoraCost computing(accelerator, {{.in = 100, .out = 300, .slices = 3, .layers = 1}}, 8);
  EXPECT_DOUBLE_EQ(computing.step(10, 4).value(), models::kLoraLaunch.value() + 2 * 10 * elements / 1e12);

  EngineConfig c = config(1, 1, 1);
  c.lora.adapters = {{0, 0}};
  c.lora.cost = std::make_shared<models::LoraCost>(cost);
  const auto r = play<SteppingReplica>({with(0, request(0, 0, 50, 2)), request(1, 1'000'000'000, 50, 2)}, c, kTimes);
  EXPECT_EQ(r.finished[0].first_token, 1500 + toTicks(cost.step(50, 1)));
  EXPECT_EQ(r.finished[0].finished, r.finished[0].first_token + 1010 + toTicks(cost.step(1, 1)));
  EXPECT_EQ(r.finished[1].finished, 1'000'000'000 + 1500 + 1010) << "the base model pays nothing";
}

TEST(Adapters, SizesFollowTheProjections) {
  models::Model model;  // Llama-3.1-8B
  model.layers = 32, model.hidden = 4096, model.heads = 32, model.kv_heads = 8, model.head_dim = 128;
  model.intermediate = 14336;
  const auto whole = models::loraProjections(model, 1);
  // peft's count of rank 16 on all seven projections: 41,943,040 parameters.
  EXPECT_DOUBLE_EQ(models::loraBytes(whole, 16).value(), 2.0 * 41'943'040);
  const double half = models::loraBytes(models::loraProjections(model, 2), 16).value();
  EXPECT_GT(half, 41'943'040) << "the narrow sides are not divided";
  EXPECT_LT(half, 2.0 * 41'943'040);
}

TEST(Adapters, PromptsOfDifferentOnesShareNoText) {
  const auto scope = [](std::int32_t adapter) {
    workloads::RequestMarks marks;
    marks.adapter = adapter;
    marks.text_of = "shared";
    return workloads::DetailsMaker(marks, "w" + std::to_string(adapter)).scope();
  };
  EXPECT_NE(scope(0), scope(1));
  EXPECT_NE(scope(0), scope(-1));
  EXPECT_EQ(scope(1), scope(1));
}

TEST(Adapters, SkippingEqualsStepByStep) {
  using rc::gen::inRange;
  std::int64_t requests = 0, overtaken = 0;
  EXPECT_TRUE(rc::check([&] {
    for (int i = 0; i < 3; ++i) {
      const int adapters = *inRange(1, 5);
      const int slots = *inRange(1, 4);
      EngineConfig c = config(adapters, slots, slots + *inRange(0, 3));
      models::Accelerator accelerator;
      accelerator.bf16 = FlopsPerSecond(1e12);
      accelerator.memory_bandwidth = BytesPerSecond(1e12);
      c.lora.cost = std::make_shared<models::LoraCost>(
          accelerator, std::vector<models::LoraProjection>{{.in = 64, .out = 64, .slices = 1, .layers = 1}}, 8);
      c.pipeline_depth = *inRange(1, 3);
      c.data_parallel = *rc::gen::element(1, 1, 2);
      c.order = static_cast<RequestOrder>(*inRange(0, 5));
      c.max_model_len = *inRange(20, 300);
      c.num_gpu_blocks = c.blocksFor(c.max_model_len) * *inRange(1, 4) + 1;
      std::vector<workloads::Request> all;
      Ticks now = 0;
      const int count = *inRange(1, 30);
      for (int j = 0; j < count; ++j) {
        now += *inRange<Ticks>(0, *rc::gen::element<Ticks>(1, 300'000'000));
        const int prompt = *inRange(1, static_cast<int>(c.max_model_len));
        const int output = *inRange(1, static_cast<int>(c.max_model_len) - prompt + 1);
        const auto one = request(static_cast<std::uint64_t>(j), now, prompt, output, output + *rc::gen::element(0, 5));
        all.push_back(*inRange(0, 4) == 0 ? one : with(*inRange(0, adapters), one));
      }
      const Recorded exact = play<SteppingReplica>(all, c, kTimes);
      const Recorded skip = play<SkippingReplica>(all, c, kTimes);
      RC_ASSERT(exact.finished.size() == all.size());
      RC_ASSERT(exact.busy == skip.busy);
      RC_ASSERT(exact.gaps == skip.gaps);
      RC_ASSERT(exact.cached_time == skip.cached_time);
      for (std::size_t j = 0; j < all.size(); ++j) RC_ASSERT(sameLife(exact.finished[j], skip.finished[j]));
      for (std::size_t j = 1; j < all.size(); ++j) {
        overtaken += exact.finished[j].scheduled < exact.finished[j - 1].scheduled ? 1 : 0;
      }
      requests += static_cast<std::int64_t>(all.size());
    }
  }));
  EXPECT_GT(overtaken, requests / 100);
}

}  // namespace
}  // namespace headroom::sim
