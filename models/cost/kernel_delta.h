// Gated delta net (linear attention) of one layer on one rank: short convolution and recurrent rule. A decode step
// costs the same at any context, a chunk the same on any prior context.
//   F = 4 tokens value_heads 128^2       B = state in and out, queries, keys, values; formulas in speed_of_light.cpp
// Left out: projections and the gated norm, which step_attention adds.
#pragma once

#include "models/cost/kernel_table.h"
#include "models/cost/profile.h"

namespace headroom::models {

class DeltaKernel {
 public:
  /// Heads on one rank; of size 128.
  DeltaKernel(const Profile& profile, int key_heads, int value_heads);
  KernelTime decode(double sequences) const;
  KernelTime prefill(double new_tokens) const;
  Seconds launchFloor() const;

 private:
  struct Part {
    TableKey key;
    TableKernel table;
    double scale = 1;  ///< value heads asked for, by those of the table
  };
  Part partOf(const Profile& profile, Operation operation) const;
  KernelTime at(const Part& part, double batch, double tokens) const;

  Peaks peaks_;
  int key_heads_;
  int value_heads_;
  Part conv_decode_;
  Part rule_decode_;
  Part conv_prefill_;
  Part rule_prefill_;
};

}  // namespace headroom::models
