// Speeds of light: S = max(F / peak, B / bandwidth) of every operation.
#include <algorithm>
#include <cmath>

#include "models/base/error.h"
#include "models/cost/operation.h"

namespace headroom::models {
namespace {

constexpr double kActivationBytes = 2;  // bf16 between kernels

Seconds limit(const Peaks& peaks, FlopsPerSecond peak, double flops, double bytes) {
  return std::max(Flops(flops) / peak, Bytes(bytes) / peaks.memory);
}

/// Pairs of a query and a key that `c` new tokens on `p` prior ones look at; each looks back `window` tokens (0: all).
double causalPairs(double c, double p, double window) {
  if (window <= 0 || p + c <= window) return c * p + c * c / 2;
  const double growing = std::max(0.0, window - p);  // the first of them still see everything
  return growing * p + growing * growing / 2 + (c - growing) * window;
}

/// Sizes of one latent-attention layer. DeepSeek V3 and Kimi K2; GLM-5 (datasets/llms).
struct LatentSizes {
  double query_rank, kv_rank, nope, rope, value, index_heads;
};
LatentSizes latentSizes(int hidden) {
  constexpr int kGlm5Hidden = 6144;
  if (hidden == kGlm5Hidden) return {2048, 512, 192, 64, 256, 32};
  return {1536, 512, 128, 64, 128, 64};
}
constexpr double kIndexHeadDim = 128;
constexpr double kSparseTokens = 2048;  ///< that the indexer lets through

bool isDecode(Operation operation) {
  return operation == Operation::mla_decode_attention || operation == Operation::mla_decode_block ||
         operation == Operation::dsa_decode_block;
}

Seconds absorptionSpeedOfLight(const Peaks& peaks, const TableKey& key, double tokens) {
  const LatentSizes s = latentSizes(0);
  const double inner = key.operation == Operation::mla_absorb_query ? s.nope : s.value;
  const double weights = key.heads * inner * s.kv_rank;
  const double element = bytesPerElement(key.precision).value();
  return limit(peaks, peakFor(peaks, key.precision), 2 * tokens * weights,
               weights * element + tokens * key.heads * (inner + s.kv_rank) * element);
}

/// F and B of the projections around latent attention.
void addProjections(const TableKey& key, const LatentSizes& s, double tokens, bool sparse, double& flops,
                    double& bytes) {
  double weights = key.hidden * (s.query_rank + s.kv_rank + s.rope) + s.query_rank * key.heads * (s.nope + s.rope) +
                   s.kv_rank * key.heads * (s.nope + s.value) + key.heads * s.value * key.hidden;
  if (sparse) weights += s.query_rank * s.index_heads * kIndexHeadDim + key.hidden * kIndexHeadDim;
  flops += 2 * tokens * weights;
  bytes += weights * bytesPerElement(key.precision).value() + 2 * tokens * key.hidden * kActivationBytes;
}

/// What a layer reads and writes for each row: bf16, or float32 logits of the sampler.
Seconds layerSpeedOfLight(const Peaks& peaks, const TableKey& key, double rows) {
  const double per_element = key.layer == Layer::sampler ? kActivationBytes : 2 * kActivationBytes;
  return Bytes(rows * key.hidden * per_element) / peaks.memory;
}

Seconds mixedSpeedOfLight(const Peaks& peaks, const TableKey& key, const GridPoint& at) {
  const Seconds chunk = at[0] > 0 ? attentionSpeedOfLight(peaks, key, 1, at[0], at[1]) : Seconds(0);
  if (at[2] <= 0) return chunk;
  return chunk + attentionSpeedOfLight(peaks, key, at[2], 1, std::max(0.0, at[3] - 1));
}

}  // namespace

Seconds gemmSpeedOfLight(const Peaks& peaks, Precision weights, double m, double n, double k) {
  const FlopsPerSecond peak = peakFor(peaks, weights);
  // Where the arithmetic is narrower than bf16 the input is too; weight-only formats read bf16 activations.
  const double input = peak > peaks.bf16 ? bytesPerElement(weights).value() : kActivationBytes;
  const double moved = m * k * input + n * k * bytesPerElement(weights).value() + m * n * kActivationBytes;
  return limit(peaks, peak, 2 * m * n * k, moved);
}

Seconds attentionSpeedOfLight(const Peaks& peaks, const TableKey& heads, double batch, double new_tokens,
                              double prior_tokens) {
  const double c = new_tokens;
  const double p = prior_tokens;
  const double seen = heads.window > 0 ? std::min(p + c, heads.window + c - 1.0) : p + c;
  const double flops = 4.0 * heads.heads * heads.head_dim * batch * causalPairs(c, p, heads.window);
  const double kv_bytes = bytesPerElement(heads.precision).value();
  const double moved =
      batch * heads.head_dim * (2.0 * heads.kv_heads * kv_bytes * seen + 2.0 * heads.heads * kActivationBytes * c);
  return limit(peaks, peakFor(peaks, heads.arithmetic), flops, moved);
}

Seconds collectiveSpeedOfLight(const Peaks& peaks, double bytes) {
  // In-network reduction lets each device send and receive the message once: the lower bound for every algorithm.
  if (peaks.scale_up.value() <= 0) return Seconds(0);
  return Bytes(bytes) / peaks.scale_up;
}

double reachedExperts(const TableKey& key, double tokens) {
  return std::min(static_cast<double>(key.experts), tokens * key.topk) / key.moe_ep;
}

Seconds expertsSpeedOfLight(const Peaks& peaks, const TableKey& key, double tokens, double reached) {
  const double matrices = 3.0 * key.hidden * key.inter / key.moe_tp;  // gate, up, down
  const FlopsPerSecond peak = std::max(peakFor(peaks, key.precision), peakFor(peaks, key.arithmetic));
  return limit(peaks, peak, 2 * tokens * key.topk / key.moe_ep * matrices,
               reached * matrices * bytesPerElement(key.precision).value());
}

Seconds latentSpeedOfLight(const Peaks& peaks, const TableKey& key, double batch, double new_tokens,
                           double prior_tokens) {
  const bool block = infoOf(key.operation).key == KeyKind::latent_block;
  const bool sparse = key.operation == Operation::dsa_prefill_block || key.operation == Operation::dsa_decode_block;
  const LatentSizes s = latentSizes(key.hidden);
  const double c = new_tokens;
  const double p = prior_tokens;
  const double pairs = batch * causalPairs(c, p, sparse ? kSparseTokens : 0);
  const double latent = bytesPerElement(block ? key.kv_cache : key.precision).value() * (s.kv_rank + s.rope);
  // Absorbed: a query looks at the latent vector itself. Prompts are expanded to heads of ordinary size.
  const double per_pair = isDecode(key.operation) ? 2 * (2 * s.kv_rank + s.rope) : 2 * (s.nope + s.rope + s.value);
  double flops = per_pair * key.heads * pairs;
  double bytes = batch * (sparse ? std::min(p + c, kSparseTokens) : p + c) * latent;
  if (block) addProjections(key, s, batch * c, sparse, flops, bytes);
  const FlopsPerSecond peak =
      std::max(block ? peakFor(peaks, key.precision) : peaks.bf16, peakFor(peaks, key.arithmetic));
  return limit(peaks, peak, flops, bytes);
}

Seconds deltaNetSpeedOfLight(const Peaks& peaks, const TableKey& key, double batch, double new_tokens) {
  constexpr double kHeadDim = 128;
  constexpr double kConvTaps = 4;
  const double tokens = batch * new_tokens;
  const double channels = (2.0 * key.heads + key.kv_heads) * kHeadDim;
  const bool conv = key.operation == Operation::delta_conv_prefill || key.operation == Operation::delta_conv_decode;
  if (conv) {
    return limit(peaks, peaks.bf16, 2 * kConvTaps * channels * tokens, 2 * kActivationBytes * channels * tokens);
  }
  const double state = batch * key.kv_heads * kHeadDim * kHeadDim;
  return limit(peaks, peaks.bf16, 4 * state * new_tokens,
               2 * kActivationBytes * state + kActivationBytes * tokens * (channels + key.kv_heads * kHeadDim));
}

Seconds exchangeSpeedOfLight(const Peaks& peaks, const TableKey& key, double tokens) {
  if (key.operation == Operation::nvlink_prepare) return Seconds(0);
  const bool to_experts = key.operation == Operation::deepep_dispatch ||
                          key.operation == Operation::deepep_low_latency_dispatch ||
                          key.operation == Operation::nvlink_dispatch;
  const double element = to_experts                                       ? bytesPerElement(key.precision).value()
                         : key.operation == Operation::nvlink_combine_fp8 ? 1
                                                                          : kActivationBytes;
  // Other devices that a token goes to, if its experts are anywhere with equal chance.
  const double others = (key.devices - 1) * (1 - std::pow(1 - 1.0 / key.devices, key.topk));
  return collectiveSpeedOfLight(peaks, tokens * key.hidden * element * others);
}

Seconds speedOfLight(const Peaks& peaks, const TableKey& key, const GridPoint& at) {
  switch (infoOf(key.operation).key) {
    case KeyKind::weights:
      if (key.operation == Operation::gemm) return gemmSpeedOfLight(peaks, key.precision, at[0], at[1], at[2]);
      if (key.operation == Operation::quantise_dynamic_extra) return Seconds(0);  // a difference of two kernels
      return Bytes(at[0] * at[1] * (kActivationBytes + 1)) / peaks.memory;
    case KeyKind::heads:
      if (key.operation == Operation::mixed_attention) return mixedSpeedOfLight(peaks, key, at);
      if (key.operation == Operation::uneven_attention) return Seconds(0);  // a difference of two calls
      return key.operation == Operation::decode_attention ? attentionSpeedOfLight(peaks, key, at[0], 1, at[1] - 1)
                                                          : attentionSpeedOfLight(peaks, key, at[0], at[1], 0);
    case KeyKind::devices: {
      const bool reduces = key.operation == Operation::custom_all_reduce || key.operation == Operation::nccl_all_reduce;
      return collectiveSpeedOfLight(peaks, at[0] * (reduces ? 1.0 : 1.0 - 1.0 / key.devices));
    }
    case KeyKind::experts:
      return expertsSpeedOfLight(peaks, key, at[0],
                                 key.operation == Operation::moe ? reachedExperts(key, at[0]) : at[1]);
    case KeyKind::latent:
    case KeyKind::latent_block: {
      const bool absorbs =
          key.operation == Operation::mla_absorb_query || key.operation == Operation::mla_absorb_output;
      if (absorbs) return absorptionSpeedOfLight(peaks, key, at[0]);
      return isDecode(key.operation) ? latentSpeedOfLight(peaks, key, at[0], 1, at[1] - 1)
                                     : latentSpeedOfLight(peaks, key, at[0], at[1], 0);
    }
    case KeyKind::delta_net: {
      const bool prefill =
          key.operation == Operation::delta_conv_prefill || key.operation == Operation::delta_rule_prefill;
      return deltaNetSpeedOfLight(peaks, key, at[0], prefill ? at[1] : 1);
    }
    case KeyKind::exchange:
      return exchangeSpeedOfLight(peaks, key, at[0]);
    case KeyKind::elementwise:
      return layerSpeedOfLight(peaks, key, at[0]);
  }
  CHECK(false, "an operation has no speed of light");
}

}  // namespace headroom::models
