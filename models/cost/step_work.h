// What engine steps ask of the accelerators, apart from how long they take: arithmetic and memory traffic, each as
// accelerator-seconds at the data sheet's peak (F / peak, B / bandwidth). Every sum is linear in counts that a run adds
// up exactly, so that fast-forward and step-by-step runs cost the same energy to the last bit.
// Left out: activations, collectives, and the difference between absorbed and expanded latent attention.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "models/base/quantity.h"
#include "models/hardware/accelerator.h"
#include "models/llm/memory_plan.h"
#include "models/llm/model.h"

namespace headroom::models {

/// Rows that the tensor cores work on at once: GEMMs with few rows, and one KV head in flash attention.
inline constexpr double kGemmTile = 16;
inline constexpr double kAttentionTile = 64;

/// Accelerator-seconds at peak.
struct Work {
  Seconds compute;
  Seconds memory;
  Work& operator+=(const Work& other) {
    compute += other.compute;
    memory += other.memory;
    return *this;
  }
  friend Work operator*(double k, const Work& w) { return {k * w.compute, k * w.memory}; }
};

/// Counts over the steps of a replica, or of several alike.
struct StepTotals {
  Seconds wall;                               ///< replica-seconds
  Seconds busy;                               ///< of them in steps
  std::vector<std::pair<int, double>> steps;  ///< (tokens in a step, steps with so many)
  double emitted = 0;                         ///< tokens sampled
  double cached = 0;                          ///< tokens in the KV cache, summed over steps
  double attended = 0;                        ///< pairs of a new token and a token it attends to
};

struct WorkRequest {
  Parallelism parallelism;
  Precision weights = Precision::bf16;
  Precision kv_cache = Precision::bf16;
};

class StepWork {
 public:
  StepWork(const Accelerator& accelerator, const Model& model, const WorkRequest& request);

  /// Projections, MLPs, experts and the reading of all weights in one step of `tokens` >= 1 tokens. Rows count in tiles
  /// of kGemmTile; experts are those that evenly spread tokens reach.
  Work tokenwise(int tokens) const;
  /// LM head of one sampled token.
  Work perSequence() const;
  /// Attention over `attended` pairs of `tokens` new tokens, reading `cached` tokens of KV cache. A decoding sequence
  /// has one query per head, computed in tiles of kAttentionTile per KV head. Layers with a window or a sparse indexer
  /// count as if all contexts had the mean length.
  Work attention(double tokens, double attended, double cached) const;
  Work total(const StepTotals& totals) const;
  int accelerators() const { return accelerators_; }

 private:
  /// Layers whose attention looks back equally far.
  struct Span {
    double limit = 0;  ///< tokens; 0: all
    Flops flops_per_pair;
    Flops padding_per_cached;  ///< rows of the tile beyond the queries that share a KV head
    Bytes bytes_per_token;
  };
  void addLayer(const Model& model, int layer, const WorkRequest& request);
  void addAttention(const Model& model, int layer, const WorkRequest& request);

  int accelerators_ = 1;
  FlopsPerSecond peak_;  ///< of the weights' format
  FlopsPerSecond attention_peak_;
  BytesPerSecond bandwidth_;
  double element_bytes_ = 2;
  double dense_elements_ = 0;   ///< computed with once a token: all but experts, embedding, LM head
  double dense_read_ = 0;       ///< the same as read each step, replicas on several ranks included
  double expert_elements_ = 0;  ///< of one expert, all layers
  double experts_ = 0, topk_ = 0;
  double head_elements_ = 0;
  std::vector<Span> spans_;
};

}  // namespace headroom::models
