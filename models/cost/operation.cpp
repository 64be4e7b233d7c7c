#include "models/cost/operation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/base/error.h"

namespace headroom::models {
namespace {

constexpr AxisInfo kBatch{"batch", "sequences"};
constexpr AxisInfo kLength{"length", "tokens"};
constexpr AxisInfo kMessage{"message", "bytes"};

constexpr OperationInfo kOperations[] = {
    {Operation::gemm, "gemm", KeyKind::weights, {{{"m", "tokens"}, {"n", "features"}, {"k", "features"}}}},
    {Operation::prefill_attention, "prefill_attention", KeyKind::heads, {{kBatch, kLength, {}}}},
    {Operation::decode_attention, "decode_attention", KeyKind::heads, {{kBatch, kLength, {}}}},
    {Operation::custom_all_reduce, "custom_all_reduce", KeyKind::devices, {{kMessage, {}, {}}}},
    {Operation::nccl_all_reduce, "nccl_all_reduce", KeyKind::devices, {{kMessage, {}, {}}}},
    {Operation::nccl_all_gather, "nccl_all_gather", KeyKind::devices, {{kMessage, {}, {}}}},
};

constexpr double kActivationBytes = 2;  // bf16 between kernels

}  // namespace

std::size_t OperationInfo::dimensions() const {
  return static_cast<std::size_t>(
      std::count_if(axes.begin(), axes.end(), [](const AxisInfo& axis) { return axis.name != nullptr; }));
}

std::span<const OperationInfo> operations() {
  return kOperations;
}

const OperationInfo& infoOf(Operation operation) {
  for (const OperationInfo& info : kOperations) {
    if (info.operation == operation) return info;
  }
  CHECK(false, "an operation is missing in kOperations");
}

std::string nameOf(const TableKey& key) {
  const OperationInfo& info = infoOf(key.operation);
  switch (info.key) {
    case KeyKind::weights:
      return fmt::format("{} {}", info.name, nameOf(key.precision));
    case KeyKind::heads:
      return fmt::format("{} {} {}/{}x{}", info.name, nameOf(key.precision), key.heads, key.kv_heads, key.head_dim);
    case KeyKind::devices:
      return fmt::format("{} x{}", info.name, key.devices);
  }
  CHECK(false, "unknown kind of key");
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

Seconds gemmSpeedOfLight(const Peaks& peaks, Precision weights, double m, double n, double k) {
  const FlopsPerSecond peak = peakFor(peaks, weights);
  // Where the arithmetic is narrower than bf16 the input is too; weight-only formats read bf16 activations.
  const double input = peak > peaks.bf16 ? bytesPerElement(weights).value() : kActivationBytes;
  const Bytes moved(m * k * input + n * k * bytesPerElement(weights).value() + m * n * kActivationBytes);
  return std::max(Flops(2 * m * n * k) / peak, moved / peaks.memory);
}

Seconds attentionSpeedOfLight(const Peaks& peaks, const TableKey& heads, double batch, double new_tokens,
                              double prior_tokens) {
  const double c = new_tokens;
  const double p = prior_tokens;
  const Flops work(4.0 * heads.heads * heads.head_dim * batch * (c * p + c * c / 2));
  const double kv_bytes = bytesPerElement(heads.precision).value();
  const Bytes moved(batch * heads.head_dim *
                    (2.0 * heads.kv_heads * kv_bytes * (p + c) + 2.0 * heads.heads * kActivationBytes * c));
  return std::max(work / peaks.bf16, moved / peaks.memory);
}

Seconds collectiveSpeedOfLight(const Peaks& peaks, double bytes) {
  // In-network reduction lets each device send and receive the message once: the lower bound for every algorithm.
  if (peaks.scale_up.value() <= 0) return Seconds(0);
  return Bytes(bytes) / peaks.scale_up;
}

Seconds speedOfLight(const Peaks& peaks, const TableKey& key, const GridPoint& at) {
  switch (key.operation) {
    case Operation::gemm:
      return gemmSpeedOfLight(peaks, key.precision, at[0], at[1], at[2]);
    case Operation::prefill_attention:
      return attentionSpeedOfLight(peaks, key, at[0], at[1], 0);
    case Operation::decode_attention:
      return attentionSpeedOfLight(peaks, key, at[0], 1, at[1] - 1);
    case Operation::custom_all_reduce:
    case Operation::nccl_all_reduce:
      return collectiveSpeedOfLight(peaks, at[0]);
    case Operation::nccl_all_gather:
      return collectiveSpeedOfLight(peaks, at[0] * (1.0 - 1.0 / key.devices));
  }
  CHECK(false, "an operation has no speed of light");
}

}  // namespace headroom::models
