// What goes wrong in a scenario, and what is done about it: key `faults`, spot pools, cold starts, client policies.
// docs/faults.md says what each means; sim/cluster/outages.h plays it. Values only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/base/document.h"
#include "models/base/quantity.h"

namespace headroom::sim {

struct PlacedSites;
struct Scenario;

/// What fails as one.
enum class FaultDomain : std::uint8_t { accelerator, replica, node, scale_up, fabric_switch, link, site, group };
inline constexpr std::size_t kFaultDomains = 8;
const std::vector<std::string>& faultDomainNames();
const std::string& nameOf(FaultDomain domain);

enum class FaultEffect : std::uint8_t {
  down,
  drain,  ///< takes no new requests; nothing is lost
  slow,   ///< steps take `factor` times as long
  narrow  ///< links have `factor` of their bandwidth
};
const std::vector<std::string>& faultEffectNames();
const std::string& nameOf(FaultEffect effect);

/// A time drawn anew for every failure or repair.
struct FaultTime {
  enum class Law : std::uint8_t { exponential, weibull, fixed };
  Law law = Law::exponential;
  Seconds mean{};    ///< above 0
  double shape = 1;  ///< of a Weibull time: below 1 failures come early, above 1 by wear
  bool operator==(const FaultTime&) const = default;
};

/// One entry of `faults`: at one time, again and again, or as a file says.
struct FaultSpec {
  FaultDomain domain = FaultDomain::replica;
  std::string name;                  ///< empty: each of its domain by itself
  std::vector<std::string> members;  ///< of a group: nodes or replicas that share a power feed
  FaultEffect effect = FaultEffect::down;
  double factor = 1;
  Seconds notice{};                     ///< drains for so long before it goes down
  std::optional<Seconds> at;            ///< once
  std::optional<Seconds> lasts;         ///< from then on; unset: for good
  std::optional<FaultTime> mtbf, mttr;  ///< of up and of down times, which follow each other
  std::filesystem::path file;           ///< a trace: columns at_s, for_s, domain, name, effect, factor
  bool operator==(const FaultSpec&) const = default;
};

/// Accelerators that the provider takes back.
struct SpotSpec {
  DollarsPerSecond price;  ///< of an accelerator, while it is held
  FaultTime reclaimed_every;
  FaultTime stock_out;   ///< until there is another
  Seconds notice{30.0};  ///< before it goes
  bool operator==(const SpotSpec&) const = default;
};

/// What a replica goes through before it serves again.
struct ColdStart {
  Seconds provision{}, image{}, weights{}, init{};
  Seconds total() const { return provision + image + weights + init; }
  bool operator==(const ColdStart&) const = default;
};

/// What clients do when an answer does not come.
struct ClientSpec {
  std::optional<Seconds> timeout;  ///< of an attempt, until its last token
  int retries = 0;
  Seconds backoff{1.0};  ///< before the first retry
  double factor = 2;     ///< of each further wait
  double jitter = 0.5;   ///< share of the wait by which it varies, either way
  bool retry_failed = true, retry_timeout = true;
  bool operator==(const ClientSpec&) const = default;
};

/// Throws InputError with file, line, path and hint. Names are checked against `scenario`, whose sites, deployments and
/// workloads have been read; `sites`: those, null if there are none.
std::vector<FaultSpec> readFaults(const Value& list, const Scenario& scenario,
                                  const std::shared_ptr<const PlacedSites>& sites);
/// The rows of a trace. Throws InputError with file and line.
std::vector<FaultSpec> readFaultTrace(const std::filesystem::path& file);
SpotSpec readSpot(const Value& value);
ColdStart readColdStart(const Value& value);
ClientSpec readClient(const Value& value);

DocumentNode toDocument(const FaultSpec& fault);
DocumentNode toDocument(const SpotSpec& spot);
DocumentNode toDocument(const ColdStart& start);
DocumentNode toDocument(const ClientSpec& client);

}  // namespace headroom::sim
