// Latent attention (MLA) and its sparse form (DSA) of one layer on one rank: what a layer costs beyond its projections.
//   decode   absorbed products + attention to one latent vector a token     F = 2 h (2 rank + rope) L, B = latents
//   prefill  expansion of all latents + attention of ordinary heads         F = 2 h (nope + rope + v) pairs + expansion
//   sparse   absorbed attention to topk tokens at most; the indexer looks at every key, in fp8
// From the tables of whole blocks (projections included) less the projections' own time; from those of the attention
// kernel and the absorbed products where only these are the engine's own; else roofline. Prior context as in kernel.h:
// the efficiency of a whole prompt of both lengths.
#pragma once

#include <vector>

#include "models/cost/kernel.h"
#include "models/llm/model.h"

namespace headroom::models {

struct LatentShape {
  LatentAttention sizes;
  int hidden = 0;
  int heads = 0;  ///< on one rank
  Precision weights = Precision::bf16;
  Precision kv_cache = Precision::bf16;
  std::optional<SparseIndexer> indexer;
};

class LatentKernel {
 public:
  LatentKernel(const Profile& profile, const LatentShape& shape);
  /// Projections of `rows` tokens, input to output.
  KernelTime projections(int rows) const { return projections(rows, gemm_); }
  KernelTime decode(double sequences, double context) const;
  KernelTime prefill(double new_tokens, double prior) const;
  /// Time of a call with next to nothing to do.
  Seconds launchFloor() const { return floor_; }
  /// Times of whole blocks are known, norms and cache writes included.
  bool knowsBlocks() const { return by_block_; }

 private:
  struct Work {
    double flops = 0;
    double bytes = 0;
    Work operator+(const Work& other) const { return {flops + other.flops, bytes + other.bytes}; }
  };
  double seen(double context) const;  ///< tokens of a context that attention looks at
  Seconds light(Work work) const;
  Work decodeWork(double sequences, double context) const;
  Work prefillWork(double new_tokens, double prior) const;
  /// Of the indexer, in bf16 operations; nothing without one. `pairs` of a query and a key, `keys` read.
  Work indexWork(double pairs, double keys) const;
  double expandedHead() const;  ///< elements of a key and a value that a latent vector expands to
  KernelTime prompt(double length) const;
  KernelTime absorbed(double tokens) const;
  KernelTime projections(int rows, const GemmKernel& gemm) const;
  Seconds projectedTime(int rows) const;
  KernelTime beyondProjections(const TableKernel& block, double batch, double length, int rows, Seconds least) const;

  Peaks peaks_;
  LatentShape shape_;
  GemmKernel gemm_;
  TableKernel decode_block_;
  TableKernel prefill_block_;
  GemmKernel block_gemm_;  ///< in the format of the blocks that were measured
  TableKernel decode_;
  TableKernel prefill_;
  TableKernel absorb_query_;
  TableKernel absorb_output_;
  bool by_block_ = false;
  std::vector<double> projected_;  ///< seconds of the projections at knots of the rows; where blocks are known
  Seconds floor_;
};

}  // namespace headroom::models
