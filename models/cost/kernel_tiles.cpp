#include "models/cost/kernel_tiles.h"

#include <algorithm>
#include <cmath>

namespace headroom::models {
namespace {

struct Processors {
  const char* accelerator;
  int count;
};

/// Streaming multiprocessors, from NVIDIA's architecture papers and product briefs.
constexpr Processors kProcessors[] = {{"a100-sxm", 108}, {"a100-pcie", 108}, {"rtx-4090", 128},
                                      {"l40s", 142},     {"l4", 58},         {"rtx-pro-6000", 188}};

/// Beyond this many waves the last, partly filled one is a few per cent.
constexpr double kManyWaves = 16;

}  // namespace

double PrefillTiles::waves(double heads, double new_tokens) const {
  return std::ceil(heads * std::ceil(new_tokens / rows) / processors);
}

double PrefillTiles::span(double heads, double new_tokens, double prior) const {
  return std::max(waves(heads, new_tokens) * (prior + new_tokens / 2), prior + new_tokens);
}

double PrefillTiles::fullPrompt(double heads) const {
  return kManyWaves * processors * rows / heads;
}

std::optional<PrefillTiles> prefillTilesOf(const ProfileHeader& header) {
  if (header.engine != "vllm") return std::nullopt;
  for (const Processors& known : kProcessors) {
    if (header.accelerator == known.accelerator) return PrefillTiles{.processors = known.count};
  }
  return std::nullopt;
}

}  // namespace headroom::models
