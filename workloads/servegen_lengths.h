// How long the requests of a ServeGen client are, from `chunk-N-dataset.json`: for each window the shares of token
// counts, {"input_tokens": "{120: 0.25, 121: 0.75}", "output_tokens": ...}. The prompt of a multimodal client is its
// text_tokens and, for each image, audio and video clip, the tokens of one (image_count x image_tokens).
// Leaves out: reason_ratio, the part of the output that is reasoning.
#pragma once

#include <cstdint>
#include <filesystem>
#include <utility>
#include <vector>

#include "models/base/ticks.h"

namespace headroom::workloads {

/// Shares of whole numbers, as their inverse CDF: the smallest value whose cumulated share reaches the one asked for.
class StepCdf {
 public:
  StepCdf() = default;
  /// (value, share) in any order; shares are positive and are scaled to 1.
  explicit StepCdf(std::vector<std::pair<std::int32_t, double>> shares);
  bool empty() const { return steps_.empty(); }
  std::int32_t at(double share) const;

 private:
  std::vector<std::pair<double, std::int32_t>> steps_;  // cumulated share, value
};

/// How long the requests from `begin` on are.
struct ClientLengths {
  Ticks begin = 0;
  /// (items, tokens of an item) of the prompt; no items: one.
  std::vector<std::pair<StepCdf, StepCdf>> prompt;
  StepCdf output;
};

/// In order of their beginning, without those that have no lengths. InputError naming the file and the window.
std::vector<ClientLengths> readClientLengths(const std::filesystem::path& file);

}  // namespace headroom::workloads
