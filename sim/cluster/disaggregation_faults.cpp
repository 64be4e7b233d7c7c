// Pairs of which a replica dies. What it alone had is lost, and the attempt with it; else the other one gets a new
// partner: a prompt that was not begun goes to another prefill replica, KV that is still at the prefill replica to
// another decode replica. Without such a one the attempt fails too. Blocks at the surviving replica are free then; a
// prompt that is being computed is computed to its end.
#include <algorithm>

#include "models/base/error.h"
#include "sim/cluster/disaggregation.h"
#include "sim/engine/context_window.h"

namespace headroom::sim {

void Disaggregation::onDown(std::uint32_t replica, const std::vector<LostRequest>& held) {
  for (const std::uint64_t id : concernedBy(replica, held)) {
    const auto had = std::lower_bound(held.begin(), held.end(), id,
                                      [](const LostRequest& lost, std::uint64_t of) { return lost.request.id < of; });
    const bool has = had != held.end() && had->request.id == id;
    const auto found = moving_.find(id);
    if (found == moving_.end()) {  // computed where it was answered
      Deployment& d = *deployments_[fleet_[replica].deployment];
      d.router->leftDecode(d.index[replica - d.first_replica], had->request);
      observer_.onFailed(id);
      observer_.onGone(*had);
      continue;
    }
    Moving& moving = found->second;
    if (replica == moving.pair.prefill) {
      prefillDied(id, moving, has ? had->generated : 0);
    } else {
      decodeDied(id, moving, has ? had->generated : 0);
    }
  }
}

/// Requests that it held, and those of pairs it belongs to; by id.
std::vector<std::uint64_t> Disaggregation::concernedBy(std::uint32_t replica,
                                                       const std::vector<LostRequest>& held) const {
  std::vector<std::uint64_t> ids;
  for (const auto& [id, moving] : moving_) {
    if (moving.pair.prefill == replica || moving.pair.decode == replica) ids.push_back(id);
  }
  for (const LostRequest& lost : held) {
    if (!moving_.contains(lost.request.id)) ids.push_back(lost.request.id);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

void Disaggregation::prefillDied(std::uint64_t id, Moving& moving, std::int32_t generated) {
  if (moving.moved) return;  // the decode replica has all it needs
  if (!moving.prefilled) routerOf(moving).leftPrefill(indexOf(moving, moving.pair.prefill), moving.request);
  if (moving.abandoned) return forget(id, generated);
  if (!moving.at_prefill && pairWithAnotherPrefill(moving)) return;
  stopTransfer(moving);
  if (moving.at_decode) fleet_.withdraw(moving.pair.decode, id);
  routerOf(moving).leftDecode(indexOf(moving, moving.pair.decode), moving.request);
  observer_.onFailed(id);
  forget(id, generated);
}

void Disaggregation::decodeDied(std::uint64_t id, Moving& moving, std::int32_t generated) {
  if (moving.abandoned) return;
  moving.at_decode = false;
  if (!moving.moved && pairWithAnotherDecode(id, moving)) return;
  drop(id, moving, generated);
}

/// Nothing has been computed, and the decode replica does not care.
bool Disaggregation::pairWithAnotherPrefill(Moving& moving) {
  Deployment& d = *deployments_[moving.deployment];
  if (!d.router->anyPrefill()) return false;
  const std::size_t chosen = d.router->choosePrefill();
  if (isRefused(moving.request, *fleet_[d.prefill[chosen]].config)) return false;
  moving.pair.prefill = d.prefill[chosen];
  d.router->sentToPrefill(chosen, moving.request);
  observer_.onTakenOver(moving.pair.prefill);
  return true;
}

/// The KV is at the prefill replica, or will be: all of it goes to another.
bool Disaggregation::pairWithAnotherDecode(std::uint64_t id, Moving& moving) {
  Deployment& d = *deployments_[moving.deployment];
  if (!d.router->anyDecode()) return false;
  const std::size_t chosen = d.router->chooseDecode();
  if (isRefused(moving.request, *fleet_[d.decode[chosen]].config)) return false;
  stopTransfer(moving);
  d.router->leftDecode(indexOf(moving, moving.pair.decode), moving.request);
  moving.pair.decode = d.decode[chosen];
  d.router->sentToDecode(chosen, moving.request);
  observer_.onTakenOver(moving.pair.decode);
  if (!d.spec.layer_wise && !moving.prefilled) return true;  // nobody has asked for the KV yet
  ++moving.pairing;
  moving.room = moving.bulk_began = moving.bulk_moved = moving.tail = moving.in_one = false;
  moving.bulk = {};
  moving.kv_began = -1;
  moving.failing_since = kNever;
  handOver(id, Hand::to_decode);
  return true;
}

void Disaggregation::stopTransfer(Moving& moving) {
  if (moving.transfer) network_.transfers().cancel(*moving.transfer);
  moving.transfer.reset();
}

/// The attempt ends, at the replicas of its pair that still have it too. `answered`: tokens of its answer so far.
void Disaggregation::drop(std::uint64_t id, Moving& moving, std::int32_t answered) {
  stopTransfer(moving);
  if (moving.at_decode) fleet_.withdraw(moving.pair.decode, id);
  routerOf(moving).leftDecode(indexOf(moving, moving.pair.decode), moving.request);
  observer_.onFailed(id);
  if (moving.at_prefill && !moving.prefilled) {
    moving.abandoned = true;
    return;
  }
  if (!moving.at_prefill) routerOf(moving).leftPrefill(indexOf(moving, moving.pair.prefill), moving.request);
  if (moving.at_prefill && !moving.moved) fleet_.onKvMoved(moving.pair.prefill, id);
  forget(id, moving.moved ? answered : moving.prefilled ? 1 : 0);
}

void Disaggregation::forget(std::uint64_t id, std::int32_t generated) {
  const LostRequest gone{.request = moving_.at(id).request, .generated = generated};
  moving_.erase(id);
  observer_.onGone(gone);
}

}  // namespace headroom::sim
