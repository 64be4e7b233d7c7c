#include "models/cost/kernel_delta.h"

#include <algorithm>

namespace headroom::models {

DeltaKernel::DeltaKernel(const Profile& profile, int key_heads, int value_heads)
    : peaks_(profile.header.peaks),
      key_heads_(key_heads),
      value_heads_(value_heads),
      conv_decode_(partOf(profile, Operation::delta_conv_decode)),
      rule_decode_(partOf(profile, Operation::delta_rule_decode)),
      conv_prefill_(partOf(profile, Operation::delta_conv_prefill)),
      rule_prefill_(partOf(profile, Operation::delta_rule_prefill)) {}

DeltaKernel::Part DeltaKernel::partOf(const Profile& profile, Operation operation) const {
  Part part;
  part.key = {.operation = operation, .heads = key_heads_, .kv_heads = value_heads_};
  part.table = nearestTable(profile, operation, [&](const TableKey& have) {
    return logDistance(value_heads_, have.kv_heads) + 0.2 * logDistance(key_heads_, have.heads);
  });
  if (part.table.measured()) part.scale = static_cast<double>(value_heads_) / part.table.key().kv_heads;
  return part;
}

KernelTime DeltaKernel::at(const Part& part, double batch, double tokens) const {
  return part.table.at({batch * part.scale, tokens}, deltaNetSpeedOfLight(peaks_, part.key, batch, tokens));
}

KernelTime DeltaKernel::decode(double sequences) const {
  return at(conv_decode_, sequences, 1) + at(rule_decode_, sequences, 1);
}

KernelTime DeltaKernel::prefill(double new_tokens) const {
  return at(conv_prefill_, 1, new_tokens) + at(rule_prefill_, 1, new_tokens);
}

Seconds DeltaKernel::launchFloor() const {
  return std::min(conv_decode_.table.launchFloor() + rule_decode_.table.launchFloor(),
                  conv_prefill_.table.launchFloor() + rule_prefill_.table.launchFloor());
}

}  // namespace headroom::models
