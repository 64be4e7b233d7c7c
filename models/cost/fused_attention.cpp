#include "models/cost/fused_attention.h"

#include <algorithm>

namespace headroom::models {

std::optional<FusedAttention> FusedAttention::find(const Profile& profile, TableKey heads, int layers) {
  heads.operation = Operation::mixed_attention;
  const Table* table = profile.find(heads);
  constexpr std::size_t kDecodes = 2;
  if (table == nullptr || table->axes[kDecodes].back() <= 0) return std::nullopt;
  return FusedAttention(*table, profile.header.peaks, layers);
}

FusedAttention::FusedAttention(const Table& table, const Peaks& peaks, int layers)
    : table_(std::make_shared<const Table>(table)), reader_(*table_, peaks), peaks_(peaks), layers_(layers) {}

Seconds FusedAttention::time(double new_tokens, double prior, double decodes, double mean_context) const {
  const GridPoint point{new_tokens, prior, decodes, mean_context};
  const Seconds fused = reader_.time(point, speedOfLight(peaks_, table_->key, point)).time;
  return std::max(Seconds(0), layers_ * (fused - table_->launch_floor));
}

}  // namespace headroom::models
