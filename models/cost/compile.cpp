#include "models/cost/compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "models/cost/compiled_tables.h"
#include "models/cost/step_kernels.h"

namespace headroom::models {
namespace {

/// Knots from 0 to the first at or beyond `last`.
template <class Knots>
std::vector<std::int64_t> knotsTo(std::int64_t last) {
  std::vector<std::int64_t> knots;
  for (std::size_t j = 0; knots.empty() || knots.back() < last; ++j) knots.push_back(Knots::at(j));
  return knots;
}

double inTicks(double seconds) {
  return seconds * kTicksPerSecond;
}

/// Ticks of all kernels that depend on the tokens, at each number of rows a step can run with; 64 an octave beyond
/// 1024.
class RowTimes {
 public:
  RowTimes(const StepKernels& kernels, int max_tokens) : kernels_(kernels) {
    const int last = kernels.paddedTokens(max_tokens);
    for (int tokens = 1; tokens <= last; ++tokens) {
      const int rows = kernels.paddedTokens(tokens);
      if (!rows_.empty() && rows == rows_.back()) continue;
      if (!isKnot(rows) && rows != last) continue;
      rows_.push_back(rows);
      ticks_.push_back(measure(rows));
    }
  }

  /// Between knots a line; `rows` as paddedTokens gives them.
  double at(int rows) const {
    const auto above = std::lower_bound(rows_.begin(), rows_.end(), rows) - rows_.begin();
    const auto high = static_cast<std::size_t>(above);
    if (rows_[high] == rows) return ticks_[high];
    const double weight = static_cast<double>(rows - rows_[high - 1]) / (rows_[high] - rows_[high - 1]);
    return ticks_[high - 1] + weight * (ticks_[high] - ticks_[high - 1]);
  }

 private:
  static bool isKnot(int rows) {
    const auto x = static_cast<std::uint64_t>(rows);
    return rows <= 1024 || Knots<6>::at(Knots<6>::indexOf(x)) == rows;
  }
  double measure(int rows) const {
    double seconds = kernels_.attentionLaunch().value();
    kernels_.tokenwise(rows, [&](const char*, const KernelTime& part) { seconds += part.time.value(); });
    return inTicks(seconds);
  }

  const StepKernels& kernels_;
  std::vector<int> rows_;
  std::vector<double> ticks_;
};

/// As the tables say, also where a kernel is faster for more tokens.
std::vector<Ticks> sampleTokens(const StepKernels& kernels, int max_tokens) {
  const RowTimes times(kernels, max_tokens);
  std::vector<Ticks> ticks(static_cast<std::size_t>(max_tokens) + 1, 0);
  for (int tokens = 1; tokens <= max_tokens; ++tokens) {
    ticks[static_cast<std::size_t>(tokens)] = std::max<Ticks>(1, std::llround(times.at(kernels.paddedTokens(tokens))));
  }
  return ticks;
}

std::vector<Ticks> sampleSequences(const StepKernels& kernels, int max_sequences) {
  std::vector<Ticks> ticks(static_cast<std::size_t>(max_sequences) + 1, 0);
  for (int sequences = 1; sequences <= max_sequences; ++sequences) {
    double seconds = 0;
    kernels.perSequence(sequences, [&](const char*, const KernelTime& part) { seconds += part.time.value(); });
    ticks[static_cast<std::size_t>(sequences)] = std::llround(inTicks(seconds));
  }
  return ticks;
}

/// Between lines sampled at `low` and `high` sequences.
std::vector<double> lineBetween(const std::vector<double>& low, const std::vector<double>& high, double weight) {
  std::vector<double> line(low.size());
  for (std::size_t j = 0; j < low.size(); ++j) line[j] = low[j] + weight * (high[j] - low[j]);
  return line;
}

void sampleDecode(const StepKernels& kernels, const StepRequest& request, CompiledTables::Rows& rows) {
  const auto means = knotsTo<CompiledTables::ContextKnots>(request.max_model_len);
  const auto counts = knotsTo<Knots<5>>(request.max_num_seqs);
  rows.decode_knots = means.size();
  std::vector<std::int64_t> sums(means.size());
  std::vector<double> low(means.size(), 0), high = low;
  for (std::size_t i = 1; i < counts.size(); ++i) {
    std::swap(low, high);
    high = kernels.decodeLine(static_cast<double>(counts[i]), means);
    for (double& value : high) value = inTicks(value);
    for (std::int64_t n = counts[i - 1] + 1; n <= std::min<std::int64_t>(counts[i], request.max_num_seqs); ++n) {
      for (std::size_t j = 0; j < means.size(); ++j) sums[j] = n * means[j];
      const double weight = static_cast<double>(n - counts[i - 1]) / static_cast<double>(counts[i] - counts[i - 1]);
      const std::vector<Piece> pieces = sampleLine(sums, lineBetween(low, high, weight), 1);
      rows.decode.insert(rows.decode.end(), pieces.begin(), pieces.end());
    }
  }
}

void sampleUneven(const StepKernels& kernels, const StepRequest& request, CompiledTables::Rows& rows) {
  rows.uneven = kernels.unevenContexts();
  for (int n = 0; rows.uneven && n <= request.max_num_seqs; ++n) {
    rows.uneven_pace.push_back(n == 0 ? 0 : std::llround(inTicks(rows.uneven->pace(0, n).value())));
  }
}

/// Multiples of the distance from this knot to the next divide by it, and by that from the knot before, without a rest.
std::vector<Piece> sampleChunk(const StepKernels& kernels, std::int64_t chunk, std::size_t knot,
                               const std::vector<std::int64_t>& priors) {
  std::vector<double> wanted = kernels.prefillLine(static_cast<double>(std::max<std::int64_t>(1, chunk)), priors);
  for (double& value : wanted) value = inTicks(value);
  return sampleLine(priors, wanted, CompiledTables::ChunkKnots::at(knot + 1) - CompiledTables::ChunkKnots::at(knot));
}

void samplePrefill(const StepKernels& kernels, const StepRequest& request, CompiledTables::Rows& rows) {
  const auto chunks = knotsTo<CompiledTables::ChunkKnots>(request.max_num_batched_tokens);
  const auto priors = knotsTo<CompiledTables::PriorKnots>(request.max_model_len);
  rows.prior_knots = priors.size();
  std::vector<Piece> low, high = sampleChunk(kernels, chunks[0], 0, priors);
  for (std::size_t i = 0; i + 1 < chunks.size(); ++i) {
    low = kernels.isStair(chunks[i]) ? sampleChunk(kernels, chunks[i] + 1, i, priors) : std::move(high);
    high = sampleChunk(kernels, chunks[i + 1], i + 1, priors);
    for (std::size_t j = 0; j < priors.size(); ++j) rows.prefill.push_back({low[j], high[j]});
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

/// Adds to the part of the same name, or at the end.
void addPart(std::vector<StepPart>& parts, const std::string& name, const KernelTime& part) {
  const auto same = std::find_if(parts.begin(), parts.end(),
                                 [&](const StepPart& p) { return p.name == name && p.tier == part.tier; });
  if (same == parts.end()) {
    parts.push_back({name, part.time, part.speed_of_light, part.tier});
    return;
  }
  same->time += part.time;
  same->speed_of_light += part.speed_of_light;
}

std::string attentionName(const char* phase, AttentionKind kind) {
  const char* prefix = kind == AttentionKind::windowed ? "windowed " : kind == AttentionKind::linear ? "linear " : "";
  return fmt::format("{}{} attention", prefix, phase);
}

/// One launch for all parts of a step: the first carries the floor.
void addAttention(std::vector<StepPart>& parts, const StepKernels::Attention& attention, const StepShape& shape) {
  Seconds launch = attention.launch();
  const auto add = [&](const std::string& name, KernelTime part) {
    part.time += launch;
    launch = Seconds();
    addPart(parts, name, part);
  };
  if (shape.decode_sequences > 0) {
    const double mean = static_cast<double>(shape.decode_context_sum) / shape.decode_sequences;
    add(attentionName("decode", attention.kind), attention.decode(shape.decode_sequences, std::max(1.0, mean)));
  }
  for (const auto& [chunk, prior] : shape.chunks) {
    add(attentionName("prefill", attention.kind), attention.prefill(chunk, static_cast<double>(prior)));
  }
}

std::vector<StepPart> partsOf(const StepKernels& kernels, const StepShape& shape) {
  std::vector<StepPart> parts;
  const AddPart add = [&](const char* name, const KernelTime& part) { addPart(parts, name, part); };
  int tokens = shape.decode_sequences;
  for (const auto& [chunk, prior] : shape.chunks) tokens += chunk;
  if (tokens > 0) kernels.tokenwise(tokens, add);
  for (const StepKernels::Attention& attention : kernels.attentions()) addAttention(parts, attention, shape);
  kernels.perSequence(shape.emitting_sequences, add);
  return parts;
}

}  // namespace

CompiledStepTimes compileStepTimes(const Profile& profile, const Accelerator& accelerator, const Model& model,
                                   const StepRequest& request) {
  checkCostable(profile, accelerator, model, request);
  const StepKernels kernels(profile, accelerator, model, request);
  CompiledTables::Rows rows;
  rows.tokens = sampleTokens(kernels, request.max_num_batched_tokens);
  rows.sequences = sampleSequences(kernels, std::max(request.max_num_seqs, request.max_sampled_rows));
  sampleDecode(kernels, request, rows);
  samplePrefill(kernels, request, rows);
  rows.fused = kernels.fusedAttention();
  sampleUneven(kernels, request, rows);
  CompiledStepTimes compiled;
  compiled.tables = std::make_unique<CompiledTables>(std::move(rows));
  const StepShape typical = typicalStep(request);
  compiled.tier_share = tierShare(partsOf(kernels, typical));
  compiled.stages = request.parallelism.pp;
  compiled.slowest_stage_share = kernels.slowestStageShare(
      typical.decode_sequences, static_cast<double>(typical.decode_context_sum) / typical.decode_sequences);
  return compiled;
}

std::vector<StepPart> stepParts(const Profile& profile, const Accelerator& accelerator, const Model& model,
                                const StepRequest& request, const StepShape& shape) {
  checkCostable(profile, accelerator, model, request);
  const StepKernels kernels(profile, accelerator, model, request);
  return partsOf(kernels, shape);
}

}  // namespace headroom::models
