#include "models/cost/kernel_latent.h"

#include <algorithm>

#include "models/cost/sampled_line.h"

namespace headroom::models {
namespace {

constexpr double kIndexKeyBytes = 132;  // 128 in fp8 and a float32 scale
constexpr double kActivationBytes = 2;
using RowKnots = Knots<5>;
constexpr std::int64_t kMostRows = 1 << 18;  ///< sampled; beyond, the kernels themselves

/// Tables of the same format first, then of the nearest number of heads.
double headsDistance(const TableKey& wanted, const TableKey& have) {
  return (wanted.precision == have.precision ? 0 : 5) + (wanted.kv_cache == have.kv_cache ? 0 : 2) +
         (have.arithmetic == wanted.arithmetic ? 0 : 1) + (wanted.hidden == have.hidden ? 0 : 3) +
         logDistance(wanted.heads, have.heads);
}

TableKernel tableOf(const Profile& profile, const TableKey& key) {
  return nearestTable(profile, key.operation, [&](const TableKey& have) { return headsDistance(key, have); });
}

TableKey blockKey(Operation operation, const LatentShape& shape) {
  return {.operation = operation,
          .precision = shape.weights,
          .heads = shape.heads,
          .kv_cache = shape.kv_cache,
          .hidden = shape.hidden};
}

TableKey kernelKey(Operation operation, const LatentShape& shape, Precision format) {
  return {.operation = operation, .precision = format, .heads = shape.heads};
}

}  // namespace

LatentKernel::LatentKernel(const Profile& profile, const LatentShape& shape)
    : peaks_(profile.header.peaks),
      shape_(shape),
      gemm_(profile, shape.weights),
      decode_block_(
          tableOf(profile, blockKey(shape.indexer ? Operation::dsa_decode_block : Operation::mla_decode_block, shape))),
      prefill_block_(tableOf(
          profile, blockKey(shape.indexer ? Operation::dsa_prefill_block : Operation::mla_prefill_block, shape))),
      block_gemm_(profile, decode_block_.measured() ? decode_block_.key().precision : shape.weights),
      decode_(tableOf(profile, kernelKey(Operation::mla_decode_attention, shape, shape.kv_cache))),
      prefill_(tableOf(profile, kernelKey(Operation::mla_prefill_attention, shape, shape.kv_cache))),
      absorb_query_(tableOf(profile, kernelKey(Operation::mla_absorb_query, shape, Precision::bf16))),
      absorb_output_(tableOf(profile, kernelKey(Operation::mla_absorb_output, shape, Precision::bf16))) {
  const bool own_kernels = decode_.isOwn() && prefill_.isOwn() && !shape.indexer;
  const bool blocks = decode_block_.measured() && prefill_block_.measured();
  by_block_ = blocks && (decode_block_.isOwn() || !own_kernels);
  for (std::size_t j = 0; by_block_ && RowKnots::at(j) <= kMostRows; ++j) {
    projected_.push_back(projections(std::max(1, static_cast<int>(RowKnots::at(j))), block_gemm_).time.value());
  }
  floor_ = std::min(decode(1, 1).time, prompt(1).time);
}

KernelTime LatentKernel::projections(int rows, const GemmKernel& gemm) const {
  const LatentAttention& s = shape_.sizes;
  const double query = static_cast<double>(shape_.heads) * (s.qk_nope_head_dim + s.qk_rope_head_dim);
  const double compressed = s.kv_lora_rank + s.qk_rope_head_dim;
  KernelTime sum = s.q_lora_rank > 0 ? gemm.time(rows, s.q_lora_rank + compressed, shape_.hidden) +
                                           gemm.time(rows, query, s.q_lora_rank)
                                     : gemm.time(rows, query + compressed, shape_.hidden);
  if (shape_.indexer) {
    const double query_in = s.q_lora_rank > 0 ? s.q_lora_rank : shape_.hidden;
    const double index_query = static_cast<double>(shape_.indexer->heads) * shape_.indexer->head_dim;
    sum = sum + gemm.time(rows, index_query, query_in) +
          gemm.time(rows, shape_.indexer->head_dim + shape_.indexer->heads, shape_.hidden);
  }
  return sum + gemm.time(rows, shape_.hidden, static_cast<double>(shape_.heads) * s.v_head_dim);
}

double LatentKernel::seen(double context) const {
  return shape_.indexer ? std::min<double>(context, shape_.indexer->top_k) : context;
}

Seconds LatentKernel::light(Work work) const {
  return std::max(Flops(work.flops) / peaks_.bf16, Bytes(work.bytes) / peaks_.memory);
}

LatentKernel::Work LatentKernel::decodeWork(double sequences, double context) const {
  const LatentAttention& s = shape_.sizes;
  const double latent = s.kv_lora_rank + s.qk_rope_head_dim;
  Work work;
  work.flops = 2.0 * shape_.heads * (s.kv_lora_rank + latent) * sequences * seen(context);
  work.bytes = sequences * (seen(context) * latent * bytesPerElement(shape_.kv_cache).value() +
                            shape_.heads * (latent + s.kv_lora_rank) * kActivationBytes);
  return work;
}

LatentKernel::Work LatentKernel::prefillWork(double new_tokens, double prior) const {
  const LatentAttention& s = shape_.sizes;
  const double latent = s.kv_lora_rank + s.qk_rope_head_dim;
  const double before = seen(prior);
  const double growing = shape_.indexer ? std::min(new_tokens, shape_.indexer->top_k - before) : new_tokens;
  const double pairs = growing * before + growing * growing / 2 + (new_tokens - growing) * seen(prior + new_tokens);
  const double read = before * latent * bytesPerElement(shape_.kv_cache).value();
  const double query = s.qk_nope_head_dim + s.qk_rope_head_dim + s.v_head_dim;
  const double per_pair = shape_.indexer ? 2.0 * (s.kv_lora_rank + latent) : 2.0 * query;
  const double expansion = shape_.indexer ? 0 : 2.0 * (prior + new_tokens) * s.kv_lora_rank * expandedHead();
  return {shape_.heads * (per_pair * pairs + expansion), read + new_tokens * shape_.heads * query * kActivationBytes};
}

double LatentKernel::expandedHead() const {
  return shape_.sizes.qk_nope_head_dim + shape_.sizes.v_head_dim;
}

LatentKernel::Work LatentKernel::indexWork(double pairs, double keys) const {
  if (!shape_.indexer) return {};
  const double flops = 2.0 * shape_.indexer->heads * shape_.indexer->head_dim * pairs;
  return {flops * (peaks_.bf16 / peakFor(peaks_, Precision::fp8)), keys * kIndexKeyBytes};
}

KernelTime LatentKernel::beyondProjections(const TableKernel& block, double batch, double length, int rows,
                                           Seconds least) const {
  // The block's own lower bound keeps the table's form; the projections are counted with the tokens of the step.
  TableKey key = block.key();
  key.heads = shape_.heads;
  const bool decodes = key.operation == Operation::mla_decode_block || key.operation == Operation::dsa_decode_block;
  const Seconds block_least = decodes ? latentSpeedOfLight(peaks_, key, batch, 1, length - 1)
                                      : latentSpeedOfLight(peaks_, key, batch, length, 0);
  const KernelTime whole = block.at({batch, length}, block_least);
  return {std::max(least, whole.time - projectedTime(rows)), least, whole.tier};
}

Seconds LatentKernel::projectedTime(int rows) const {
  const std::size_t knot = RowKnots::indexOf(static_cast<std::uint64_t>(rows));
  if (knot + 1 >= projected_.size()) return projections(rows, block_gemm_).time;
  const auto low = static_cast<double>(RowKnots::at(knot));
  const double weight = (rows - low) / (static_cast<double>(RowKnots::at(knot + 1)) - low);
  return Seconds(projected_[knot] + weight * (projected_[knot + 1] - projected_[knot]));
}

KernelTime LatentKernel::absorbed(double tokens) const {
  const LatentAttention& s = shape_.sizes;
  const auto product = [&](const TableKernel& table, double inner) {
    const double weights = shape_.heads * inner * s.kv_lora_rank;
    return table.at({tokens}, light({2 * tokens * weights, weights * kActivationBytes}));
  };
  return product(absorb_query_, s.qk_nope_head_dim) + product(absorb_output_, s.v_head_dim);
}

KernelTime LatentKernel::decode(double sequences, double context) const {
  const Work attention = decodeWork(sequences, context);
  const Work index = indexWork(sequences * context, sequences * context);
  if (by_block_) {
    return beyondProjections(decode_block_, sequences, context, static_cast<int>(sequences), light(attention + index));
  }
  const KernelTime sum = decode_.at({sequences, seen(context)}, light(attention)) + absorbed(sequences);
  return shape_.indexer ? sum + specTime(light(index)) : sum;
}

KernelTime LatentKernel::prompt(double length) const {
  const Work attention = prefillWork(length, 0);
  const Work index = indexWork(length * length / 2, length);
  const int rows = static_cast<int>(length);
  if (by_block_) {
    return beyondProjections(prefill_block_, 1, length, rows, light(attention + index));
  }
  if (shape_.indexer) return specTime(light(attention)) + absorbed(length) + specTime(light(index));
  const KernelTime expansion = gemm_.time(rows, shape_.heads * expandedHead(), shape_.sizes.kv_lora_rank);
  const TableKey key = kernelKey(Operation::mla_prefill_attention, shape_, shape_.kv_cache);
  KernelTime sum = prefill_.at({1, length}, latentSpeedOfLight(peaks_, key, 1, length, 0)) + expansion;
  sum.speed_of_light = light(attention);
  sum.time = std::max(sum.time, sum.speed_of_light);
  return sum;
}

KernelTime LatentKernel::prefill(double new_tokens, double prior) const {
  const KernelTime alone = prompt(new_tokens);
  if (prior <= 0) return alone;
  const double pairs = new_tokens * prior + new_tokens * new_tokens / 2;
  const Seconds least = light(prefillWork(new_tokens, prior) + indexWork(pairs, prior + new_tokens));
  const KernelTime whole = prompt(new_tokens + prior);
  const double slowdown = std::max(1.0, (whole.time - floor_) / whole.speed_of_light);
  return {std::max({alone.time, floor_ + slowdown * least, least}), least, std::max(whole.tier, Tier::interpolated)};
}

}  // namespace headroom::models
