#include "models/cost/operation.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/base/error.h"

namespace headroom::models {
namespace {

constexpr AxisInfo kBatch{"batch", "sequences"};
constexpr AxisInfo kLength{"length", "tokens"};
constexpr AxisInfo kMessage{"message", "bytes"};
constexpr AxisInfo kTokens{"tokens", "tokens"};
constexpr AxisInfo kRows{"rows", "rows"};

using O = Operation;
using K = KeyKind;

constexpr OperationInfo kOperations[] = {
    {O::gemm, "gemm", K::weights, {{{"m", "tokens"}, {"n", "features"}, {"k", "features"}}}},
    {O::prefill_attention, "prefill_attention", K::heads, {{kBatch, kLength}}},
    {O::decode_attention, "decode_attention", K::heads, {{kBatch, kLength}}},
    {O::custom_all_reduce, "custom_all_reduce", K::devices, {{kMessage}}},
    {O::nccl_all_reduce, "nccl_all_reduce", K::devices, {{kMessage}}},
    {O::nccl_all_gather, "nccl_all_gather", K::devices, {{kMessage}}},
    {O::nccl_reduce_scatter, "nccl_reduce_scatter", K::devices, {{kMessage}}},
    {O::nccl_all_to_all, "nccl_all_to_all", K::devices, {{kMessage}}},
    {O::moe, "moe", K::experts, {{kTokens}}},
    {O::mla_prefill_attention, "mla_prefill_attention", K::latent, {{kBatch, kLength}}},
    {O::mla_decode_attention, "mla_decode_attention", K::latent, {{kBatch, kLength}}},
    {O::mla_absorb_query, "mla_absorb_query", K::latent, {{kTokens}}},
    {O::mla_absorb_output, "mla_absorb_output", K::latent, {{kTokens}}},
    {O::mla_prefill_block, "mla_prefill_block", K::latent_block, {{kBatch, kLength}}},
    {O::mla_decode_block, "mla_decode_block", K::latent_block, {{kBatch, kLength}}},
    {O::dsa_prefill_block, "dsa_prefill_block", K::latent_block, {{kBatch, kLength}}},
    {O::dsa_decode_block, "dsa_decode_block", K::latent_block, {{kBatch, kLength}}},
    {O::delta_conv_prefill, "delta_conv_prefill", K::delta_net, {{kBatch, kLength}}},
    {O::delta_conv_decode, "delta_conv_decode", K::delta_net, {{kBatch}}},
    {O::delta_rule_prefill, "delta_rule_prefill", K::delta_net, {{kBatch, kLength}}},
    {O::delta_rule_decode, "delta_rule_decode", K::delta_net, {{kBatch}}},
    {O::deepep_dispatch, "deepep_dispatch", K::exchange, {{kTokens}}},
    {O::deepep_combine, "deepep_combine", K::exchange, {{kTokens}}},
    {O::deepep_low_latency_dispatch, "deepep_low_latency_dispatch", K::exchange, {{kTokens}}},
    {O::deepep_low_latency_combine, "deepep_low_latency_combine", K::exchange, {{kTokens}}},
    {O::nvlink_prepare, "nvlink_prepare", K::exchange, {{kTokens}}},
    {O::nvlink_dispatch, "nvlink_dispatch", K::exchange, {{kTokens}}},
    {O::nvlink_combine, "nvlink_combine", K::exchange, {{kTokens}}},
    {O::nvlink_combine_fp8, "nvlink_combine_fp8", K::exchange, {{kTokens}}},
    {O::quantise_dynamic_extra, "quantise_dynamic_extra", K::weights, {{{"m", "tokens"}, {"k", "features"}}}},
    {O::quantise_static, "quantise_static", K::weights, {{{"m", "tokens"}, {"k", "features"}}}},
    {O::elementwise_layer, "elementwise_layer", K::elementwise, {{kRows}}},
    {O::mixed_attention,
     "mixed_attention",
     K::heads,
     {{{"chunk", "tokens", 0}, {"prior", "tokens", 0}, {"decodes", "sequences", 0}, {"context", "tokens", 0}}}},
    {O::routed_experts, "routed_experts", K::experts, {{kTokens, {"reached", "experts"}}}},
    {O::uneven_attention, "uneven_attention", K::heads, {{{"chunk", "tokens", 0}, {"decodes", "sequences"}}}},
};

using T = TableKey;

constexpr KeyField kWeightsField[] = {{.name = "weights", .format = &T::precision}};
constexpr KeyField kHeadsFields[] = {
    {.name = "kv_cache", .format = &T::precision},
    {.name = "heads", .count = &T::heads, .part = true},
    {.name = "kv_heads", .count = &T::kv_heads, .part = true},
    {.name = "head_dim", .count = &T::head_dim},
    {.name = "window", .count = &T::window, .optional = true},
    {.name = "arithmetic", .format = &T::arithmetic, .optional = true},
};
constexpr KeyField kDevicesField[] = {{.name = "devices", .count = &T::devices, .least = 2, .part = true}};
constexpr KeyField kExpertsFields[] = {
    {.name = "weights", .format = &T::precision},
    {.name = "hidden", .count = &T::hidden},
    {.name = "inter", .count = &T::inter},
    {.name = "topk", .count = &T::topk},
    {.name = "experts", .count = &T::experts},
    {.name = "moe_tp", .count = &T::moe_tp, .part = true},
    {.name = "moe_ep", .count = &T::moe_ep, .part = true},
    {.name = "load", .load = &T::load},
    {.name = "arithmetic", .format = &T::arithmetic, .optional = true},
};
constexpr KeyField kLatentFields[] = {
    {.name = "format", .format = &T::precision},
    {.name = "heads", .count = &T::heads, .part = true},
};
constexpr KeyField kLatentBlockFields[] = {
    {.name = "weights", .format = &T::precision},
    {.name = "kv_cache", .format = &T::kv_cache},
    {.name = "heads", .count = &T::heads, .part = true},
    {.name = "hidden", .count = &T::hidden},
    {.name = "arithmetic", .format = &T::arithmetic, .optional = true},
};
constexpr KeyField kDeltaNetFields[] = {
    {.name = "key_heads", .count = &T::heads, .part = true},
    {.name = "value_heads", .count = &T::kv_heads, .part = true},
};
constexpr KeyField kExchangeFields[] = {
    {.name = "format", .format = &T::precision},
    {.name = "hidden", .count = &T::hidden},
    {.name = "topk", .count = &T::topk},
    {.name = "experts", .count = &T::experts},
    {.name = "devices", .count = &T::devices, .least = 2, .part = true},
};
constexpr KeyField kElementwiseFields[] = {
    {.name = "layer", .layer = &T::layer},
    {.name = "width", .count = &T::hidden, .part = true},
};

}  // namespace

const std::vector<std::string>& expertLoadNames() {
  static const std::vector<std::string> names = {"balanced", "power-law-1.01", "power-law-1.2"};
  return names;
}

const std::vector<std::string>& layerNames() {
  static const std::vector<std::string> names = {"none",    "embedding", "layer-norm", "final-norm",
                                                 "qk-norm", "rotary",    "activation", "sampler"};
  return names;
}

std::size_t OperationInfo::dimensions() const {
  return static_cast<std::size_t>(
      std::count_if(axes.begin(), axes.end(), [](const AxisInfo& axis) { return axis.name != nullptr; }));
}

std::span<const OperationInfo> operations() {
  return kOperations;
}

const OperationInfo& infoOf(Operation operation) {
  const auto index = static_cast<std::size_t>(operation);
  CHECK(index < std::size(kOperations) && kOperations[index].operation == operation,
        "kOperations is not in the order of Operation");
  return kOperations[index];
}

std::span<const KeyField> fieldsOf(KeyKind kind) {
  switch (kind) {
    case KeyKind::weights:
      return kWeightsField;
    case KeyKind::heads:
      return kHeadsFields;
    case KeyKind::devices:
      return kDevicesField;
    case KeyKind::experts:
      return kExpertsFields;
    case KeyKind::latent:
      return kLatentFields;
    case KeyKind::latent_block:
      return kLatentBlockFields;
    case KeyKind::delta_net:
      return kDeltaNetFields;
    case KeyKind::exchange:
      return kExchangeFields;
    case KeyKind::elementwise:
      return kElementwiseFields;
  }
  CHECK(false, "unknown kind of key");
}

std::string valueText(const TableKey& key, const KeyField& field) {
  if (field.format != nullptr) return nameOf(key.*field.format);
  if (field.load != nullptr) return expertLoadNames()[static_cast<std::size_t>(key.*field.load)];
  if (field.layer != nullptr) return layerNames()[static_cast<std::size_t>(key.*field.layer)];
  return fmt::format("{}", key.*field.count);
}

std::string nameOf(const TableKey& key) {
  const OperationInfo& info = infoOf(key.operation);
  if (info.key == KeyKind::weights) return fmt::format("{} {}", info.name, nameOf(key.precision));
  if (info.key == KeyKind::devices) return fmt::format("{} x{}", info.name, key.devices);
  if (info.key == KeyKind::heads) {
    return fmt::format("{} {} {}/{}x{}{}{}", info.name, nameOf(key.precision), key.heads, key.kv_heads, key.head_dim,
                       key.window > 0 ? fmt::format(" window {}", key.window) : "",
                       key.arithmetic != Precision::bf16 ? " in " + nameOf(key.arithmetic) : "");
  }
  std::string text = info.name;
  const TableKey none;
  for (const KeyField& field : fieldsOf(info.key)) {
    const std::string value = valueText(key, field);
    if (field.optional && value == valueText(none, field)) continue;
    text += fmt::format(" {} {}", field.name, value);
  }
  return text;
}

Peaks peaksOf(const Accelerator& a) {
  return {a.bf16, a.fp8, a.fp4, a.memory_bandwidth, a.scale_up_bandwidth};
}

FlopsPerSecond peakFor(const Peaks& peaks, Precision weights) {
  const bool is_fp8 = weights == Precision::fp8 || weights == Precision::fp8_block;
  if (is_fp8 && peaks.fp8.value() > 0) return peaks.fp8;
  if (weights == Precision::nvfp4 && peaks.fp4.value() > 0) return peaks.fp4;
  return peaks.bf16;
}

}  // namespace headroom::models
