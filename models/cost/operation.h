// The kinds of kernels a profile can hold tables of, and what each one must do at least.
//   speed of light  S = max(F / peak, B / bandwidth)      F: floating-point operations, B: bytes moved
// GEMM F = 2mnk; causal attention of c new on p prior tokens F = 4hd(cp + c^2/2); a collective moves its message once.
// Left out: caches (a small GEMM may sit in L2), and work that engines add around a kernel.
#pragma once

#include <array>
#include <compare>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/quantity.h"
#include "models/hardware/accelerator.h"
#include "models/llm/precision.h"

namespace headroom::models {

enum class Operation { gemm, prefill_attention, decode_attention, custom_all_reduce, nccl_all_reduce, nccl_all_gather };

/// What tells two tables of one operation apart.
enum class KeyKind { weights, heads, devices };

struct AxisInfo {
  const char* name = nullptr;  ///< null: the operation has fewer axes
  const char* unit = nullptr;
};

struct OperationInfo {
  Operation operation;
  const char* name;
  KeyKind key;
  std::array<AxisInfo, 3> axes;
  std::size_t dimensions() const;
};

std::span<const OperationInfo> operations();
const OperationInfo& infoOf(Operation operation);

/// Names one table. Fields that the operation does not use keep their defaults.
struct TableKey {
  Operation operation = Operation::gemm;
  Precision precision = Precision::bf16;  ///< of weights (gemm) or KV cache (attention)
  int heads = 0;                          ///< query heads on one device
  int kv_heads = 0;                       ///< on one device
  int head_dim = 0;
  int devices = 0;  ///< of a collective
  auto operator<=>(const TableKey&) const = default;
};
/// For people: `decode_attention bf16 16/2x128`.
std::string nameOf(const TableKey& key);

/// Coordinates in the order of OperationInfo::axes; unused ones are 1.
using GridPoint = std::array<double, 3>;

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
Seconds speedOfLight(const Peaks& peaks, const TableKey& key, const GridPoint& at);

}  // namespace headroom::models
