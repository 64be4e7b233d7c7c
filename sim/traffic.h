// Slices of the links, which traffic is whose, and traffic of others that contends with it.
// Keys `slices` and `background` of `network` (docs/network.md); sim/loop/sliced_shares.h shares the links.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/base/document.h"
#include "models/base/quantity.h"
#include "sim/cluster/link_usage.h"
#include "sim/loop/sliced_shares.h"
#include "sim/sites.h"

namespace headroom::sim {

struct Scenario;
struct WorkloadEntry;

/// Transfers that have all that is set here.
struct TrafficSelector {
  std::optional<TransferKind> kind{};
  std::string tenant{}, request_class{};  ///< of the request it is for
  std::string deployment{}, pool{};       ///< the pool it goes to
  bool operator==(const TrafficSelector&) const = default;
};

struct SliceSpec {
  std::string name;
  SliceShare share;
  DollarsPerByte price{};              ///< of what is delivered
  DollarsPerSecond guarantee_price{};  ///< of each guaranteed Gb/s of a node's NICs, one way
  std::vector<TrafficSelector> traffic;
  bool operator==(const SliceSpec&) const = default;
};

/// Nodes `first` to `last` of a site.
struct NodeRange {
  std::uint32_t site = 0, first = 0, last = 0;
  std::uint32_t count() const { return last - first + 1; }
  bool operator==(const NodeRange&) const = default;
};

/// Demand between nodes for the whole run: from each node to one, as many pairs as the longer side has nodes.
struct BackgroundSpec {
  std::string name;
  NodeRange from, to;
  BytesPerSecond rate;  ///< of each pair, while it sends
  int streams = 1;      ///< flows that a pair's traffic is split over
  Seconds on{}, off{};  ///< means of the exponential lengths of bursts and of the pauses between; 0: no pauses
  std::string slice{};  ///< empty: none
  std::uint32_t pairs() const { return std::max(from.count(), to.count()); }
  bool operator==(const BackgroundSpec&) const = default;
};

/// "here/n3" or "here/n0-7", names that have been read before.
NodeRange nodeRange(const std::string& text, const std::vector<SiteSpec>& sites);
/// The same from a document. Throws InputError.
NodeRange readNodeRange(const Value& value, const std::vector<SiteSpec>& sites);

/// Keys `slices` and `background`, when all else of the scenario has been read. Throws InputError: unknown names, a cap
/// below the guarantee, guarantees of more than a link has.
std::vector<SliceSpec> readSlices(const Value& list, const Scenario& scenario);
std::vector<BackgroundSpec> readBackground(const Value& list, const Scenario& scenario);

DocumentNode toDocument(const SliceSpec& slice);
DocumentNode toDocument(const BackgroundSpec& background, const Scenario& scenario);

/// What a transfer is, to find its slice.
struct TransferOwner {
  TransferKind kind;
  const WorkloadEntry* workload = nullptr;  ///< null: for no request
  const std::string* deployment = nullptr;
  const std::string* pool = nullptr;
};
/// The first slice that selects it, from 1; 0: none.
std::uint32_t sliceOf(const std::vector<SliceSpec>& slices, const TransferOwner& owner);
/// From 1; 0 for "".
std::uint32_t sliceNamed(const std::vector<SliceSpec>& slices, const std::string& name);

}  // namespace headroom::sim
