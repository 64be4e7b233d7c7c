#include "models/cost/compile.h"

#include <algorithm>
#include <numeric>

#include "models/cost/compiled_tables.h"
#include "models/cost/step_kernels.h"

namespace headroom::models {
namespace {

/// Time of a set of kernels.
struct Sum {
  Seconds time;
  void operator()(const char*, const KernelTime& part) { time += part.time; }
};

std::vector<Ticks> sampleTokens(const StepKernels& kernels, int max_tokens) {
  std::vector<Ticks> ticks(static_cast<std::size_t>(max_tokens) + 1, 0);
  int computed_for = 0;
  for (int tokens = 1; tokens <= max_tokens; ++tokens) {
    const int padded = kernels.paddedTokens(tokens);
    Ticks& here = ticks[static_cast<std::size_t>(tokens)];
    if (padded == computed_for) {
      here = ticks[static_cast<std::size_t>(tokens) - 1];
      continue;
    }
    Sum sum{kernels.attentionLaunch()};
    kernels.tokenwise(tokens, [&](const char* name, const KernelTime& part) { sum(name, part); });
    here = std::max<Ticks>(1, toTicks(sum.time));
    computed_for = padded;
  }
  return ticks;
}

std::vector<Ticks> sampleSequences(const StepKernels& kernels, int max_sequences) {
  std::vector<Ticks> ticks(static_cast<std::size_t>(max_sequences) + 1, 0);
  for (int sequences = 1; sequences <= max_sequences; ++sequences) {
    Sum sum;
    kernels.perSequence(sequences, [&](const char* name, const KernelTime& part) { sum(name, part); });
    ticks[static_cast<std::size_t>(sequences)] = toTicks(sum.time);
  }
  return ticks;
}

/// Knots from 0 to the first at or beyond `last`.
template <class Knots>
std::vector<std::int64_t> knotsTo(std::int64_t last) {
  std::vector<std::int64_t> knots;
  for (std::size_t j = 0; knots.empty() || knots.back() < last; ++j) knots.push_back(Knots::at(j));
  return knots;
}

double inTicks(const KernelTime& part) {
  return part.time.value() * kTicksPerSecond;
}

void sampleDecode(const StepKernels& kernels, const StepRequest& request, CompiledTables::Rows& rows) {
  const auto means = knotsTo<CompiledTables::ContextKnots>(request.max_model_len);
  rows.decode_knots = means.size();
  std::vector<std::int64_t> sums(means.size());
  std::vector<double> wanted(means.size());
  for (int n = 1; n <= request.max_num_seqs; ++n) {
    for (std::size_t j = 0; j < means.size(); ++j) {
      sums[j] = n * means[j];
      wanted[j] = inTicks(kernels.decodeAttention(n, static_cast<double>(std::max<std::int64_t>(1, means[j]))));
    }
    const std::vector<Piece> pieces = sampleLine(sums, wanted, 1);
    rows.decode.insert(rows.decode.end(), pieces.begin(), pieces.end());
  }
}

void samplePrefill(const StepKernels& kernels, const StepRequest& request, CompiledTables::Rows& rows) {
  const auto chunks = knotsTo<CompiledTables::ChunkKnots>(request.max_num_batched_tokens + 1);
  const auto priors = knotsTo<CompiledTables::PriorKnots>(request.max_model_len);
  rows.prior_knots = priors.size();
  std::vector<double> wanted(priors.size());
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const auto chunk = static_cast<double>(std::max<std::int64_t>(1, chunks[i]));
    for (std::size_t j = 0; j < priors.size(); ++j) {
      wanted[j] = inTicks(kernels.prefillAttention(chunk, static_cast<double>(priors[j])));
    }
    // Interpolation between rows divides by their distance: multiples of it divide without a rest.
    const Ticks distance = CompiledTables::ChunkKnots::at(i + 1) - chunks[i];
    const std::vector<Piece> pieces = sampleLine(priors, wanted, distance);
    rows.prefill.insert(rows.prefill.end(), pieces.begin(), pieces.end());
  }
}

/// 64 decoding sequences of 1024 tokens and one 512-token chunk, as far as the limits allow.
StepShape typicalStep(const StepRequest& request) {
  const int sequences = std::min(64, request.max_num_seqs);
  const std::int64_t context = std::min<std::int64_t>(1024, request.max_model_len);
  return {.decode_sequences = sequences,
          .decode_context_sum = sequences * context,
          .chunks = {{std::min(512, request.max_num_batched_tokens), 0}},
          .emitting_sequences = sequences};
}

std::array<double, kTiers> tierShare(const std::vector<StepPart>& parts) {
  std::array<double, kTiers> share{};
  for (const StepPart& part : parts) share[static_cast<std::size_t>(part.tier)] += part.time.value();
  const double total = std::accumulate(share.begin(), share.end(), 0.0);
  for (double& one : share) one /= total;
  return share;
}

}  // namespace

CompiledStepTimes compileStepTimes(const Profile& profile, const Accelerator& accelerator, const Model& model,
                                   const StepRequest& request) {
  checkCostable(profile, accelerator, model, request);
  const StepKernels kernels(profile, model, request);
  CompiledTables::Rows rows;
  rows.tokens = sampleTokens(kernels, request.max_num_batched_tokens);
  rows.sequences = sampleSequences(kernels, request.max_num_seqs);
  sampleDecode(kernels, request, rows);
  samplePrefill(kernels, request, rows);
  CompiledStepTimes compiled;
  compiled.tables = std::make_unique<CompiledTables>(std::move(rows));
  compiled.tier_share = tierShare(stepParts(profile, accelerator, model, request, typicalStep(request)));
  return compiled;
}

std::vector<StepPart> stepParts(const Profile& profile, const Accelerator& accelerator, const Model& model,
                                const StepRequest& request, const StepShape& shape) {
  checkCostable(profile, accelerator, model, request);
  const StepKernels kernels(profile, model, request);
  std::vector<StepPart> parts;
  const auto add = [&](const char* name, const KernelTime& part) {
    parts.push_back({name, part.time, part.speed_of_light, part.tier});
  };
  int tokens = shape.decode_sequences;
  for (const auto& [chunk, prior] : shape.chunks) tokens += chunk;
  if (tokens > 0) kernels.tokenwise(tokens, add);
  const std::size_t attention = parts.size();
  if (shape.decode_sequences > 0) {
    const double mean = static_cast<double>(shape.decode_context_sum) / shape.decode_sequences;
    add("decode attention", kernels.decodeAttention(shape.decode_sequences, std::max(1.0, mean)));
  }
  for (const auto& [chunk, prior] : shape.chunks) {
    add("prefill attention", kernels.prefillAttention(chunk, static_cast<double>(prior)));
  }
  if (parts.size() > attention) parts[attention].time += kernels.attentionLaunch();  // one launch for all of them
  kernels.perSequence(shape.emitting_sequences, add);
  return parts;
}

}  // namespace headroom::models
