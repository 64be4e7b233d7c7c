#include "models/cost/uneven_contexts.h"

#include <algorithm>

#include "models/cost/kernel_tiles.h"

namespace headroom::models {
namespace {

/// FlashAttention-2 counts two work items a processor and is content with four fifths of them.
constexpr double kItemsPerProcessor = 0.8 * 2;

}  // namespace

std::optional<UnevenContexts> UnevenContexts::find(const Profile& profile, TableKey heads, int layers) {
  heads.operation = Operation::uneven_attention;
  const Table* table = profile.find(heads);
  if (table == nullptr) return std::nullopt;
  return UnevenContexts(*table, profile, layers);
}

UnevenContexts::UnevenContexts(const Table& table, const Profile& profile, int layers)
    : table_(std::make_shared<const Table>(table)), reader_(*table_), layers_(layers) {
  const auto tiles = prefillTilesOf(profile.header);
  processors_ = tiles ? tiles->processors : 0;
  const GridAxes::Axis& counts = table.axes.back();
  const auto whole =
      std::find_if(counts.begin(), counts.end(), [&](std::int64_t n) { return !splits(static_cast<double>(n)); });
  whole_from_ = static_cast<double>(whole == counts.end() ? counts.back() : *whole);
}

bool UnevenContexts::splits(double sequences) const {
  return sequences * table_->key.kv_heads < kItemsPerProcessor * processors_;
}

Seconds UnevenContexts::pace(double chunk, double sequences) const {
  if (chunk <= 0) {
    if (splits(sequences)) return Seconds(0);
    sequences = std::max(sequences, whole_from_);
  }
  return layers_ * reader_.time({chunk, sequences}, Seconds(0)).time / kUnevenTokens;
}

}  // namespace headroom::models
