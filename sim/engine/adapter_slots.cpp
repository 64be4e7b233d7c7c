#include "sim/engine/adapter_slots.h"

#include <algorithm>

#include "models/base/error.h"
#include "models/cost/lora_cost.h"

namespace headroom::sim {
namespace {

bool contains(const std::vector<int>& adapters, int adapter) {
  return std::find(adapters.begin(), adapters.end(), adapter) != adapters.end();
}

/// Moves it to the end; false if it is not there.
bool touch(std::list<int>& used, int adapter) {
  const auto at = std::find(used.begin(), used.end(), adapter);
  if (at == used.end()) return false;
  used.splice(used.end(), used, at);
  return true;
}

/// Takes the least recently used out that is not needed now; it, or -1 if there is room for one more.
int makeRoom(std::list<int>& used, int most, const std::vector<int>& needed) {
  if (used.size() < static_cast<std::size_t>(most)) return -1;
  const auto gone = std::find_if(used.begin(), used.end(), [&](int a) { return !contains(needed, a); });
  CHECK(gone != used.end(), "a batch has at most as many adapters as there are slots");
  const int adapter = *gone;
  used.erase(gone);
  return adapter;
}

}  // namespace

int AdapterSlots::adapterOf(const workloads::Request& request) const {
  const int named = request.details ? request.details->adapter : -1;
  if (named < 0 || static_cast<std::size_t>(named) >= config_.of_name.size()) return -1;
  return config_.of_name[static_cast<std::size_t>(named)];
}

bool AdapterSlots::hasSlot(const workloads::Request& request, const std::vector<Sequence*>& running) const {
  if (empty()) return true;
  const int adapter = adapterOf(request);
  if (adapter < 0) return true;
  std::vector<int> taken;
  for (const Sequence* sequence : running) {
    const int other = adapterOf(sequence->request());
    if (other >= 0 && !contains(taken, other)) taken.push_back(other);
  }
  return contains(taken, adapter) || taken.size() < static_cast<std::size_t>(config_.max_loras);
}

void AdapterSlots::settle(Batch& batch) {
  if (empty()) return;
  std::vector<int> needed, missing;
  for (const Row& row : batch.rows) {
    const int adapter = adapterOf(row.sequence->request());
    if (adapter >= 0 && !contains(needed, adapter)) needed.push_back(adapter);
  }
  for (const int adapter : needed) {
    touch(host_, adapter);
    if (!touch(slots_, adapter)) missing.push_back(adapter);
  }
  for (const int adapter : missing) batch.shape.adapter_load += load(adapter, needed);
  batch.shape.adapter_time = costOf(batch, false);
  batch.shape.decode_adapter_time = costOf(batch, true);
}

Ticks AdapterSlots::load(int adapter, const std::vector<int>& needed) {
  const LoraAdapter& which = config_.adapters[static_cast<std::size_t>(adapter)];
  Ticks time = which.from_host;
  if (!touch(host_, adapter)) {
    const int gone = makeRoom(host_, config_.in_host, needed);
    if (gone >= 0) slots_.remove(gone);
    host_.push_back(adapter);
    time += which.from_storage;
  }
  makeRoom(slots_, config_.max_loras, needed);
  slots_.push_back(adapter);
  return time;
}

Ticks AdapterSlots::costOf(const Batch& batch, bool decode_only) const {
  int tokens = 0;
  std::vector<int> adapters;
  for (const Row& row : batch.rows) {
    const int adapter = adapterOf(row.sequence->request());
    if (adapter < 0 || (decode_only && !row.decode)) continue;
    tokens += row.tokens;
    if (!contains(adapters, adapter)) adapters.push_back(adapter);
  }
  return tokens == 0 ? 0 : toTicks(config_.cost->step(tokens, static_cast<int>(adapters.size())));
}

}  // namespace headroom::sim
