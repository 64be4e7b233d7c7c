// The kinds of kernels a profile can hold tables of, what tells their tables apart, and what each one must do at least.
//   speed of light  S = max(F / peak, B / bandwidth)      F: floating-point operations, B: bytes moved
// The formulas stand in speed_of_light.cpp and in docs/cost.md.
// Left out: caches (a small GEMM may sit in L2), and work that engines add around a kernel.
#pragma once

#include <array>
#include <compare>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/quantity.h"
#include "models/hardware/accelerator.h"
#include "models/llm/precision.h"

namespace headroom::models {

enum class Operation {
  gemm,               ///< C[m,n] = A[m,k] B[k,n]; quantising the activations is included
  prefill_attention,  ///< whole prompts on no prior context
  decode_attention,   ///< one token a sequence; the context includes it
  custom_all_reduce,  ///< the engine's own, replayed in a CUDA graph
  nccl_all_reduce,    ///< collectives: bytes of the whole, unsharded message
  nccl_all_gather,
  nccl_reduce_scatter,
  nccl_all_to_all,
  moe,                    ///< gate, up, activation, down of one rank; tokens of the whole EP group before top-k
  mla_prefill_attention,  ///< DeepSeek's latent attention, the attention kernel alone
  mla_decode_attention,
  mla_absorb_query,   ///< batched product that brings queries into the latent space
  mla_absorb_output,  ///< and the one that brings outputs back
  mla_prefill_block,  ///< projections, attention and output projection
  mla_decode_block,
  dsa_prefill_block,  ///< the same with DeepSeek's sparse attention and its indexer
  dsa_decode_block,
  delta_conv_prefill,  ///< gated delta net: short convolution, and the recurrent rule
  delta_conv_decode,
  delta_rule_prefill,
  delta_rule_decode,
  deepep_dispatch,  ///< all-to-all of tokens to experts and back, one node; tokens of one rank
  deepep_combine,
  deepep_low_latency_dispatch,
  deepep_low_latency_combine,
  nvlink_prepare,  ///< TensorRT-LLM's all-to-all over NVLink; tokens of one rank
  nvlink_dispatch,
  nvlink_combine,
  nvlink_combine_fp8,
  quantise_dynamic_extra,  ///< what dynamic per-token scales cost beyond a static one: static fp8 GEMM = GEMM - this
  quantise_static,         ///< bf16 -> fp8 with a fixed scale
  elementwise_layer,       ///< norm, rotary, activation, embedding or sampler, timed inside its engine
  mixed_attention,         ///< one fused call: a chunk on prior context together with decoding sequences
  routed_experts,          ///< as moe, by tokens and by how many experts they reach
  uneven_attention,        ///< what 1,024 tokens cost by which the longest decoding context exceeds the mean
};

/// Which fields of TableKey an operation uses; the others keep their defaults.
enum class KeyKind {
  weights,       ///< precision
  heads,         ///< precision (of the KV cache), arithmetic, heads, kv_heads, head_dim, window
  devices,       ///< devices
  experts,       ///< precision, arithmetic, hidden, inter, topk, experts, moe_tp, moe_ep, load
  latent,        ///< precision (of the KV cache, or of the absorbed weights), heads
  latent_block,  ///< precision (of the projections), kv_cache, arithmetic, heads, hidden
  delta_net,     ///< heads (of keys), kv_heads (of values); both of size 128
  exchange,      ///< precision, hidden, topk, experts, devices
  elementwise,   ///< layer, hidden (elements a row)
};

/// How unevenly the tokens fall on the experts: exponent of a power law.
enum class ExpertLoad { balanced, power_law_1_01, power_law_1_2 };
/// `balanced, power-law-1.01, power-law-1.2`.
const std::vector<std::string>& expertLoadNames();

enum class Layer { none, embedding, layer_norm, final_norm, qk_norm, rotary, activation, sampler };
const std::vector<std::string>& layerNames();

struct AxisInfo {
  const char* name = nullptr;  ///< null: the operation has fewer axes
  const char* unit = nullptr;
  int least = 1;  ///< 0: the axis may start at nothing, which counts as one octave below 1
};

inline constexpr std::size_t kMaxAxes = 4;

struct OperationInfo {
  Operation operation;
  const char* name;
  KeyKind key;
  std::array<AxisInfo, kMaxAxes> axes;
  std::size_t dimensions() const;
};

std::span<const OperationInfo> operations();
const OperationInfo& infoOf(Operation operation);

/// Names one table. Fields that the operation does not use keep their defaults.
struct TableKey {
  Operation operation = Operation::gemm;
  Precision precision = Precision::bf16;  ///< of weights, or of the KV cache (attention kernels)
  int heads = 0;                          ///< query heads on one device
  int kv_heads = 0;                       ///< on one device
  int head_dim = 0;
  int devices = 0;                         ///< of a collective
  int window = 0;                          ///< tokens that sliding-window attention looks back; 0: all
  Precision kv_cache = Precision::bf16;    ///< of blocks, whose `precision` is that of their projections
  Precision arithmetic = Precision::bf16;  ///< of queries (attention) or activations (mxfp4 experts): bf16 or fp8
  int hidden = 0;
  int inter = 0;  ///< of one expert, not sharded
  int topk = 0;
  int experts = 0;  ///< of the whole model
  int moe_tp = 0;   ///< ranks that share each expert
  int moe_ep = 0;   ///< ranks that share the experts
  ExpertLoad load = ExpertLoad::balanced;
  Layer layer = Layer::none;
  auto operator<=>(const TableKey&) const = default;
};
/// For people: `decode_attention bf16 16/2x128`.
std::string nameOf(const TableKey& key);

/// One field of a key, as a profile file names it. Exactly one of the four members is set.
struct KeyField {
  const char* name = nullptr;
  Precision TableKey::*format = nullptr;
  int TableKey::*count = nullptr;
  ExpertLoad TableKey::*load = nullptr;
  Layer TableKey::*layer = nullptr;
  int least = 1;          ///< of a count
  bool optional = false;  ///< left out of the file where it has its default
  bool part = false;      ///< stands with each part; tables that differ in such fields only share one item of the file
};
std::span<const KeyField> fieldsOf(KeyKind kind);
/// As files and people write it: `fp8`, `power-law-1.2`, `64`.
std::string valueText(const TableKey& key, const KeyField& field);

/// Coordinates in the order of OperationInfo::axes; unused ones are not looked at.
using GridPoint = std::array<double, kMaxAxes>;

/// The data-sheet figures a speed of light is made of.
struct Peaks {
  FlopsPerSecond bf16;
  FlopsPerSecond fp8;  ///< 0: no fp8 arithmetic
  FlopsPerSecond fp4;
  BytesPerSecond memory;
  BytesPerSecond scale_up;  ///< one way per accelerator
  bool operator==(const Peaks&) const = default;
};
Peaks peaksOf(const Accelerator& accelerator);
/// Arithmetic of a GEMM with these weights; formats without their own arithmetic compute in bf16.
FlopsPerSecond peakFor(const Peaks& peaks, Precision weights);

/// Lower bound of the time of one call.
Seconds gemmSpeedOfLight(const Peaks& peaks, Precision weights, double m, double n, double k);
Seconds attentionSpeedOfLight(const Peaks& peaks, const TableKey& heads, double batch, double new_tokens,
                              double prior_tokens);
Seconds collectiveSpeedOfLight(const Peaks& peaks, double bytes);
/// `reached`: experts of this rank that get a token.
Seconds expertsSpeedOfLight(const Peaks& peaks, const TableKey& key, double tokens, double reached);
/// Experts of one rank that `tokens` reach: all that balanced loads can reach.
double reachedExperts(const TableKey& key, double tokens);
/// Attention kernel, absorbed product or whole block, of DeepSeek V3's sizes (GLM-5's where hidden is 6144).
Seconds latentSpeedOfLight(const Peaks& peaks, const TableKey& key, double batch, double new_tokens,
                           double prior_tokens);
Seconds deltaNetSpeedOfLight(const Peaks& peaks, const TableKey& key, double batch, double new_tokens);
Seconds exchangeSpeedOfLight(const Peaks& peaks, const TableKey& key, double tokens);
Seconds speedOfLight(const Peaks& peaks, const TableKey& key, const GridPoint& at);

}  // namespace headroom::models
