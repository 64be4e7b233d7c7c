#include "models/cost/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "models/cost/step_kernels.h"
#include "tests/models/cost/cost_fixtures.h"

namespace headroom::models {
namespace {

using testing::HasSubstr;

/// Llama-2-70B on four H100, compiled once.
struct Compiled {
  Accelerator accelerator = findAccelerator("h100-sxm");
  Profile profile = findProfile(accelerator, "vllm", "0.24.0").profile;
  Model model = llama70b();
  StepRequest request;
  CompiledStepTimes compiled;

  Compiled() {
    request.parallelism.tp = 4;
    request.max_num_seqs = 512;
    request.graph_sizes = vllmGraphSizes();
    compiled = compileStepTimes(profile, accelerator, model, request);
  }
  const StepTimes& tables() const { return *compiled.tables; }
  Seconds uncompiled(const StepShape& shape) const {
    Seconds sum;
    for (const StepPart& part : stepParts(profile, accelerator, model, request, shape)) sum += part.time;
    return sum;
  }
  Seconds speedOfLightOf(const StepShape& shape) const {
    Seconds sum;
    for (const StepPart& part : stepParts(profile, accelerator, model, request, shape)) sum += part.speed_of_light;
    return sum;
  }
  Ticks time(const StepShape& shape) const {
    int tokens = shape.decode_sequences;
    Ticks sum = tables().perSequence(shape.emitting_sequences);
    for (const auto& [chunk, prior] : shape.chunks) {
      tokens += chunk;
      sum += tables().prefillAttention(chunk, prior).at(prior);
    }
    if (shape.decode_sequences > 0) {
      sum += tables().decodeAttention(shape.decode_sequences, shape.decode_context_sum).at(shape.decode_context_sum);
    }
    return sum + tables().tokenwise(tokens);
  }
};

const Compiled& llama() {
  static const Compiled compiled;
  return compiled;
}

std::int64_t anyContext() {
  const int octave = *rc::gen::inRange(0, 17);
  return (std::int64_t{1} << octave) + *rc::gen::inRange(0, 1 << octave);
}

StepShape anyStep() {
  StepShape shape;
  shape.decode_sequences = *rc::gen::inRange(0, 513);
  for (int i = 0; i < shape.decode_sequences; i += 64) {
    shape.decode_context_sum += std::min(64, shape.decode_sequences - i) * anyContext();
  }
  shape.emitting_sequences = shape.decode_sequences;
  const int chunks = *rc::gen::inRange(shape.decode_sequences == 0 ? 1 : 0, 4);
  for (int i = 0; i < chunks; ++i) shape.chunks.emplace_back(*rc::gen::inRange(1, 2500), anyContext() - 1);
  return shape;
}

RC_GTEST_PROP(StepTimes, NoStepIsFasterThanTheSpeedOfLight, ()) {
  const StepShape shape = anyStep();
  const Seconds least = llama().speedOfLightOf(shape);
  RC_ASSERT(toSeconds(llama().time(shape)).value() >= 0.999 * least.value());  // re-sampling
}

RC_GTEST_PROP(StepTimes, CompiledStepsAreWithinHalfAPercentOfTheKernels, ()) {
  const StepShape shape = anyStep();
  RC_ASSERT(std::abs(toSeconds(llama().time(shape)) / llama().uncompiled(shape) - 1) < 0.005);
}

RC_GTEST_PROP(StepTimes, DecodeSegmentsAreContinuousAndRise, ()) {
  const int n = *rc::gen::inRange(1, 513);
  std::int64_t sum = 0;
  Ticks before = -1;
  for (;;) {
    const Segment segment = llama().tables().decodeAttention(n, sum);
    RC_ASSERT(segment.x0 == sum);
    RC_ASSERT(segment.slope >= 0);
    if (before >= 0) RC_ASSERT(segment.at_x0 == before);
    if (segment.x_end == INT64_MAX) break;
    const Segment last = llama().tables().decodeAttention(n, segment.x_end - 1);
    RC_ASSERT(last.x0 == segment.x0 && last.at_x0 == segment.at_x0 && last.slope == segment.slope);
    before = segment.at(segment.x_end);
    sum = segment.x_end;
  }
}

RC_GTEST_PROP(StepTimes, PrefillSegmentsAreContinuousAndRise, ()) {
  const int chunk = *rc::gen::inRange(1, 8193);
  std::int64_t prior = 0;
  Ticks before = -1;
  for (;;) {
    const Segment segment = llama().tables().prefillAttention(chunk, prior);
    RC_ASSERT(segment.x0 == prior);
    RC_ASSERT(segment.slope >= 0);
    if (before >= 0) RC_ASSERT(segment.at_x0 == before);
    if (segment.x_end == INT64_MAX) break;
    before = segment.at(segment.x_end);
    prior = segment.x_end;
  }
}

TEST(StepTimes, DecodeLinesFollowTheKernelsWithinAQuarterOfAPercent) {
  const StepKernels kernels(llama().profile, llama().accelerator, llama().model, llama().request);
  const StepKernels::Attention& attention = kernels.attentions().front();
  for (const int n : {1, 16, 37, 256}) {
    double highest = 0;
    for (double mean = 1; mean < 130000; mean = std::ceil(mean * 1.003)) {
      highest = std::max(highest, attention.decode(n, mean).time.value());  // a line never falls; noise does
      const auto sum = static_cast<std::int64_t>(n * mean);
      const double line = toSeconds(llama().tables().decodeAttention(n, sum).at(sum)).value();
      const double launch = 80 * 11e-6;
      ASSERT_NEAR((line + launch) / (highest + launch), 1.0, 0.0025) << n << " x " << mean;
    }
  }
}

TEST(StepTimes, ChunkLinesFollowTheKernelsWithinThreeTenthsOfAPercent) {
  const StepKernels kernels(llama().profile, llama().accelerator, llama().model, llama().request);
  const StepKernels::Attention& attention = kernels.attentions().front();
  for (const int chunk : {1, 16, 100, 512, 777, 2048, 5000, 8192}) {
    double highest = 0;
    for (std::int64_t prior = 0; prior < 130000; prior = prior + 1 + prior / 333) {
      highest = std::max(highest, attention.prefill(chunk, static_cast<double>(prior)).time.value());
      const double line = toSeconds(llama().tables().prefillAttention(chunk, prior).at(prior)).value();
      const double launch = 80 * 11e-6;
      ASSERT_NEAR((line + launch) / (highest + launch), 1.0, 0.003) << chunk << " on " << prior;
    }
  }
}

TEST(StepTimes, TokensArePaddedToTheGraphSizesAndNotBeyond) {
  const StepTimes& tables = llama().tables();
  EXPECT_EQ(tables.tokenwise(9), tables.tokenwise(16));
  EXPECT_EQ(tables.tokenwise(497), tables.tokenwise(512));
  EXPECT_LT(tables.tokenwise(512), tables.tokenwise(513));
  EXPECT_EQ(tables.tokenwise(513), tables.tokenwise(528));  // whole tiles of 16 rows
}

TEST(StepTimes, ManyChunksShareOneLaunch) {
  // 64 chunks of one token cost far less than 64 launches of 10 us in 80 layers
  const StepTimes& tables = llama().tables();
  const Ticks one = tables.prefillAttention(1, 0).at(0);
  EXPECT_LT(toMilliseconds(64 * one), 0.1 * 64 * 80 * 0.010);
}

TEST(StepTimes, TierSharesSumToOne) {
  const auto& share = llama().compiled.tier_share;
  EXPECT_NEAR(std::accumulate(share.begin(), share.end(), 0.0), 1.0, 1e-12);
  EXPECT_LT(share[static_cast<std::size_t>(Tier::spec)], 0.15);
}

TEST(StepTimes, AStepWithoutTablesIsAllSpecAndMoreThanNothing) {
  const Accelerator accelerator = roundAccelerator();
  StepRequest request;
  request.max_model_len = 8192;
  const auto compiled = compileStepTimes(emptyProfile(), accelerator, smallModel(), request);
  EXPECT_DOUBLE_EQ(compiled.tier_share[static_cast<std::size_t>(Tier::spec)], 1.0);
  EXPECT_GT(compiled.tables->tokenwise(1), 0);
  EXPECT_EQ(compiled.tables->perSequence(0), 0);
}

TEST(StepTimes, MoreRanksMeanLessWorkEachAndReplicatedKvHeads) {
  StepRequest request = llama().request;
  StepShape shape;
  shape.decode_sequences = 16;
  shape.decode_context_sum = 16;
  const auto gemms = [&](int tp) {
    request.parallelism.tp = tp;
    Seconds sum;
    for (const StepPart& part : stepParts(llama().profile, llama().accelerator, llama().model, request, shape)) {
      if (part.name.starts_with("gemm")) sum += part.speed_of_light;
    }
    return sum;
  };
  EXPECT_NEAR(gemms(4) / gemms(8), 2.0, 0.02);
}

TEST(StepTimes, WhatCannotBeCostedIsRefusedWithWhatWouldWork) {
  const Accelerator accelerator = roundAccelerator();
  const auto refusal = [&](auto change) {
    Model model = smallModel();
    StepRequest request;
    change(model, request);
    return inputErrorOf([&] { compileStepTimes(emptyProfile(), accelerator, model, request); });
  };
  EXPECT_THAT(refusal([](Model& m, StepRequest&) { m.linear_attention_layers = 2; }),
              HasSubstr("gated delta nets work"));
  EXPECT_THAT(refusal([](Model&, StepRequest& r) { r.parallelism.tp = 3; }),
              HasSubstr("tp 3 does not divide 16 attention heads"));
  EXPECT_THAT(refusal([](Model&, StepRequest& r) { r.weights = Precision::nvfp4; }), HasSubstr("no fp4 arithmetic"));
  EXPECT_THAT(inputErrorOf([&] { compileStepTimes(emptyProfile(), findAccelerator("h100-sxm"), smallModel(), {}); }),
              HasSubstr("profile round/test-1 is of round, not of h100-sxm"));
}

TEST(StepTimes, StepsBeyondTheCompiledLimitsAreOurBug) {
  EXPECT_THROW(llama().tables().tokenwise(0), BugError);
  EXPECT_THROW(llama().tables().tokenwise(8193), BugError);
  EXPECT_THROW(llama().tables().decodeAttention(513, 1000), BugError);
  EXPECT_THROW(llama().tables().prefillAttention(8193, 0), BugError);
  EXPECT_THROW(llama().tables().perSequence(513), BugError);
}

}  // namespace
}  // namespace headroom::models
