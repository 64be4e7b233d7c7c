// Which two replicas of a disaggregated deployment serve a request: one computes the prompt, the other the answer. A
// policy sees what a router in front of them can see: the tokens it has sent to each, and where they stand.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/orchestration/least_index.h"
#include "sim/orchestration/router.h"
#include "workloads/request.h"
#include "workloads/rng.h"

namespace headroom::sim {

/// Where a replica stands: equal numbers share the node, the scale-up domain, the first switch, the site.
struct ReplicaPlace {
  std::uint32_t node = 0, domain = 0, leaf = 0, site = 0;
};
/// 0: one node, 1: one scale-up domain, 2: one first switch, 3: one site, 4: the WAN lies between.
int distanceBetween(const ReplicaPlace& a, const ReplicaPlace& b);

/// Indices among the prefill and among the decode replicas. `together`: the decode replica computes the prompt too.
struct ReplicaPair {
  std::size_t prefill = 0, decode = 0;
  bool together = false;
};

class PairRouter {
 public:
  /// Places by replica; at least one of each.
  PairRouter(std::vector<ReplicaPlace> prefill, std::vector<ReplicaPlace> decode);
  virtual ~PairRouter() = default;

  /// Ties go to the lowest index.
  virtual ReplicaPair choose(const workloads::Request& request) = 0;
  /// Can a decode replica compute a prompt while all prefill replicas are away?
  virtual bool doesWithoutPrefill() const { return false; }
  /// For a prompt that is computed where its answer is.
  std::size_t chooseDecode() const { return decode_load_.least(); }
  std::size_t choosePrefill() const { return prefill_load_.least(); }
  /// Is one of them not away?
  bool anyPrefill() const { return !isAway(prefill_load_, prefill_load_.least()); }
  bool anyDecode() const { return !isAway(decode_load_, decode_load_.least()); }

  /// A replica that is away is not chosen, while another of its role is there. Call only on a change.
  void setPrefillAway(std::size_t replica, bool away);
  void setDecodeAway(std::size_t replica, bool away);

  void sentToPrefill(std::size_t replica, const workloads::Request& r) { addPrefill(replica, r.prompt_tokens); }
  void leftPrefill(std::size_t replica, const workloads::Request& r) { addPrefill(replica, -r.prompt_tokens); }
  void sentToDecode(std::size_t replica, const workloads::Request& r) {
    decode_load_.add(replica, outstandingTokens(r));
  }
  void leftDecode(std::size_t replica, const workloads::Request& r) {
    decode_load_.add(replica, -outstandingTokens(r));
  }

 protected:
  std::vector<ReplicaPlace> prefill_, decode_;
  bool isAway(const LeastIndex& loads, std::size_t replica) const { return loads.load(replica) >= LeastIndex::kAway; }
  /// The next of `loads` from `from` on, in a circle, that is not away.
  std::size_t nextThere(const LeastIndex& loads, std::size_t count, std::size_t from) const;

  LeastIndex prefill_load_, decode_load_;  // tokens outstanding: prompts; prompts and answers
  std::int64_t prefill_total_ = 0;

 private:
  void addPrefill(std::size_t replica, std::int64_t tokens);
};

struct PairingPolicy {
  const char* name;
  const char* summary;
  std::unique_ptr<PairRouter> (*make)(std::vector<ReplicaPlace> prefill, std::vector<ReplicaPlace> decode,
                                      workloads::Rng rng);
};
/// The table that the CLI lists and unknown names are answered from.
const std::vector<PairingPolicy>& pairingPolicies();
const std::vector<std::string>& pairingNames();
/// CHECKs that the name is known: scenarios are checked when read.
std::unique_ptr<PairRouter> makePairRouter(const std::string& policy, std::vector<ReplicaPlace> prefill,
                                           std::vector<ReplicaPlace> decode, workloads::Rng rng);

}  // namespace headroom::sim
