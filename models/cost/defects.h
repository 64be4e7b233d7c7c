// Every measurement that is published but not used as it stands, with the reason: wrong data first, then rows that no
// engine runs or that the profile format does not hold.
#pragma once

#include <span>
#include <string>

namespace headroom::models {

enum class Defect {
  eager_fp8_block_gemm,
  no_peer_to_peer,
  eager_all_reduce,
  only_eager_all_reduce,
  weights_in_cache,
  negative_difference,
  slower_of_two_kernels,
  experts_without_gate,
  unaligned_rows,
  other_element_size,
  other_sm_counts,
  prior_context,
  several_beams,
  isolated_slow_point,
  disturbed_rows,
  format_not_read,
};

struct DefectInfo {
  Defect defect;
  const char* what;       ///< which rows
  const char* reason;     ///< why they cannot be taken as they stand
  const char* treatment;  ///< what is done instead
};

std::span<const DefectInfo> knownDefects();
/// `what: reason`.
std::string textOf(Defect defect);

/// Whether this system's collectives of so many devices came from a host without peer-to-peer transfers.
bool measuredWithoutPeerToPeer(const std::string& system, int devices);
/// Whether experts of these sizes are Nemotron 3's, which have no gate projection.
bool haveNoGate(int hidden, int inter, int topk, int experts);
/// Whether this system has no all-reduce replayed in CUDA graphs.
bool hasOnlyEagerAllReduce(const std::string& system);
/// Whether something else slowed single GEMMs down while this accelerator was timed.
bool hasDisturbedGemm(const std::string& accelerator);

}  // namespace headroom::models
