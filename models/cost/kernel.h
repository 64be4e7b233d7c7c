// Time of one kernel call from a profile, with its tier. Each class resolves its tables once and then answers quickly.
//   table there          -> measured, interpolated or extrapolated, as TableReader says
//   other head counts    -> the same query heads per KV head, batch x KV heads held: transferred
//   other window         -> the nearest window, on its own work: transferred
//   other number format  -> the efficiency of a wider one on its own work: transferred
//   no table at all      -> S / 0.8 + 5 us: spec
#pragma once

#include <optional>

#include "models/cost/kernel_table.h"
#include "models/cost/kernel_tiles.h"
#include "models/cost/profile.h"

namespace headroom::models {

inline constexpr Seconds kElementwiseLaunch{3e-6};

/// Rows a GEMM runs with: engines pad to the tile size, since unaligned rows cost up to 1.8 times as much.
int alignedRows(int rows);

class GemmKernel {
 public:
  GemmKernel(const Profile& profile, Precision weights);
  /// C[m,n] = A[m,k] B[k,n]; m is rounded up by alignedRows.
  KernelTime time(int m, double n, double k) const;

 private:
  Peaks peaks_;
  Precision weights_;
  TableKernel table_;
};

/// Heads on one device.
struct AttentionHeads {
  int heads = 0;
  int kv_heads = 0;
  int head_dim = 0;
  Precision kv_cache = Precision::bf16;
  int window = 0;                          ///< tokens a query looks back, itself included; 0: all
  Precision arithmetic = Precision::bf16;  ///< of the queries
};

class AttentionKernel {
 public:
  /// `operation` is prefill_attention or decode_attention.
  AttentionKernel(const Profile& profile, Operation operation, const AttentionHeads& heads);
  /// One new token for each of `batch` sequences that attend to `context` tokens, itself included. Decode only.
  KernelTime decode(double batch, double context) const;
  /// `new_tokens` of one prompt on top of `prior` tokens, as many times above its speed of light (beyond the launch
  /// floor) as a whole prompt of both; where the kernel does not split contexts, at the pace of a long prompt's busiest
  /// processor. Prefill only.
  KernelTime prefill(double new_tokens, double prior) const;
  /// `batch` whole prompts of one length. Prefill only.
  KernelTime prompts(double batch, double length) const;
  /// New tokens of a work item, each of which makes a chunk on prior context jump; 0: its time grows evenly.
  int stairTokens() const { return tiles_ && table_.measured() && !mixed_.measured() ? tiles_->rows : 0; }
  const TableKey& key() const { return key_; }
  /// Time of a call with next to nothing to do.
  Seconds launchFloor() const { return fused_ ? mixed_.launchFloor() : table_.launchFloor(); }

 private:
  KernelTime at(const GridPoint& point, Seconds speed_of_light) const;
  Seconds scaledPrompt(const KernelTime& whole, Seconds speed_of_light) const;
  Seconds unsplit(double new_tokens, double prior) const;
  /// Tokens of a context that windowed attention reads.
  double inWindow(double context) const;

  Peaks peaks_;
  std::optional<PrefillTiles> tiles_;
  TableKey key_;
  TableKernel table_;
  TableKernel mixed_;   ///< a fused call measured on prior contexts, where there is one
  bool fused_ = false;  ///< nothing but the fused call knows these heads
  double batch_scale_ = 1;
};

/// Norms, activations, rotary embedding: bytes moved at 0.8 of the memory bandwidth, and kElementwiseLaunch.
KernelTime elementwiseTime(const Profile& profile, double bytes);

/// A norm, rotary embedding, activation, embedding or sampler: as its engine was timed where the profile has that layer
/// at that width (what the second-level cache holds is faster than 0.8 of the memory bandwidth), else by its bytes.
class LayerKernel {
 public:
  LayerKernel(const Profile& profile, Layer layer, double width);
  /// `otherwise`: without a table.
  KernelTime time(double rows, const KernelTime& otherwise) const;

 private:
  Peaks peaks_;
  std::optional<TableReader> table_;
};

}  // namespace headroom::models
