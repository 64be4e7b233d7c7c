#include "sim/faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "models/base/document_nodes.h"
#include "models/base/ticks.h"
#include "models/cost/raw_csv.h"
#include "sim/cluster/fault_targets.h"
#include "sim/scenario.h"

namespace headroom::sim {
namespace {

Seconds readPositive(const Value& value) {
  const auto time = value.quantity<Seconds>();
  if (time <= Seconds()) value.fail("must be above 0, and is " + value.string());
  return time;
}

Seconds readWithinRun(const Value& value) {
  const auto time = value.quantity<Seconds>();
  if (time < Seconds()) value.fail("must not be negative");
  if (time > kLongestRun) value.fail("is longer than the clock holds", "at most 100 d");
  return time;
}

FaultTime readFaultTime(const Value& value) {
  FaultTime time;
  if (value.isScalar()) {
    time.mean = readPositive(value);
    return time;
  }
  Fields fields(value);
  const auto exponential = fields.optional("exponential"), weibull = fields.optional("weibull");
  const auto fixed = fields.optional("fixed");
  fields.finish();
  if (value.members().size() != 1) {
    value.fail("is given in one way", "200 h (exponential), {weibull: {mean: 200 h, shape: 0.7}} or {fixed: 200 h}");
  }
  if (exponential) time.mean = readPositive(*exponential);
  if (fixed) {
    time.law = FaultTime::Law::fixed;
    time.mean = readPositive(*fixed);
  }
  if (weibull) {
    Fields inner(*weibull);
    time.law = FaultTime::Law::weibull;
    time.mean = readPositive(inner.required("mean"));
    time.shape = inner.required("shape").numberIn(0.1, 100);
    inner.finish();
  }
  return time;
}

DocumentNode timeNode(Seconds time) {
  return withUnit(time.value(), "s");
}

DocumentNode faultTimeNode(const FaultTime& time) {
  if (time.law == FaultTime::Law::exponential) return timeNode(time.mean);
  if (time.law == FaultTime::Law::fixed) return mapNode({{"fixed", timeNode(time.mean)}});
  return mapNode({{"weibull", mapNode({{"mean", timeNode(time.mean)}, {"shape", numberNode(time.shape)}})}});
}

/// Which names there are, kept from one entry to the next.
class KnownNames {
 public:
  KnownNames(const Scenario& scenario, std::shared_ptr<const PlacedSites> sites)
      : targets_(scenario, std::move(sites)) {}
  const std::vector<std::string>& of(FaultDomain domain) {
    auto& names = names_[static_cast<std::size_t>(domain)];
    if (names.empty()) names = targets_.names(domain);
    return names;
  }
  bool has(FaultDomain domain, const std::string& name) {
    auto& index = index_[static_cast<std::size_t>(domain)];
    if (index.empty()) index.insert(of(domain).begin(), of(domain).end());
    return index.contains(name);
  }
  /// "did you mean"; of a long list only the nearest.
  std::string hint(FaultDomain domain, const std::string& name) {
    const std::vector<std::string>& all = of(domain);
    if (all.size() <= 12) return suggestion(name, all);
    const std::string near = closestName(name, all);
    return near.empty() ? fmt::format("from {} to {}", all.front(), all.back())
                        : fmt::format("did you mean \"{}\"?", near);
  }

 private:
  FaultTargets targets_;
  std::vector<std::string> names_[kFaultDomains];
  std::set<std::string> index_[kFaultDomains];
};

/// Does anything go over links of the fabric or the WAN, so that less bandwidth shows?
bool usesLinks(const Scenario& scenario) {
  const auto copies = [](const PoolSpec& pool) { return pool.start && pool.start->weights_from == WeightsFrom::peer; };
  return std::any_of(scenario.workloads.begin(), scenario.workloads.end(),
                     [](const WorkloadEntry& workload) { return workload.clients.has_value(); }) ||
         std::any_of(scenario.deployments.begin(), scenario.deployments.end(), [&](const DeploymentSpec& d) {
           return d.isDisaggregated() || std::any_of(d.pools.begin(), d.pools.end(), copies);
         });
}

/// What cannot be, or would do nothing. Empty if all is well.
std::string problemOf(const FaultSpec& fault, const Scenario& scenario) {
  const bool needs_sites = fault.domain != FaultDomain::replica && fault.domain != FaultDomain::accelerator &&
                           fault.domain != FaultDomain::group;
  if (needs_sites && scenario.sites.empty()) return "there are no sites, hence no " + nameOf(fault.domain) + "s";
  if (fault.effect != FaultEffect::narrow) return "";
  if (fault.domain != FaultDomain::link && fault.domain != FaultDomain::fabric_switch) {
    return "only links and switches have bandwidth to lose";
  }
  if (!usesLinks(scenario))
    return "nothing is sent over links in this scenario, so that less bandwidth changes nothing";
  return "";
}

FaultEffect readEffect(Fields& fields, FaultSpec& fault) {
  const auto drain = fields.optional("drain"), slow = fields.optional("step_time");
  const auto narrow = fields.optional("bandwidth");
  if ((drain ? 1 : 0) + (slow ? 1 : 0) + (narrow ? 1 : 0) > 1) {
    fields.value().fail("has more than one effect", "drain, step_time or bandwidth; none of them: it goes down");
  }
  if (slow) {
    fault.factor = slow->numberIn(1, 1000);
    return FaultEffect::slow;
  }
  if (narrow) {
    fault.factor = narrow->fraction();
    if (fault.factor <= 0) narrow->fail("must be above 0", "leave it out: then the link goes down");
    return FaultEffect::narrow;
  }
  return drain && drain->boolean() ? FaultEffect::drain : FaultEffect::down;
}

void readWhen(Fields& fields, FaultSpec& fault) {
  const auto at = fields.optional("at"), lasts = fields.optional("for");
  const auto mtbf = fields.optional("mtbf"), mttr = fields.optional("mttr");
  if (at.has_value() == mtbf.has_value()) {
    fields.value().fail("says when once", "at: 10 min, for: 1 min; or mtbf: 200 h, mttr: 1 h");
  }
  if (at) {
    fault.at = readWithinRun(*at);
    if (mttr) mttr->fail("goes with mtbf", "for: 1 min says how long one fault lasts");
    if (lasts) {
      fault.lasts = readPositive(*lasts);
      readWithinRun(*lasts);
    }
    return;
  }
  if (lasts) lasts->fail("goes with at", "mttr: 1 h is the mean time to repair");
  if (!mttr) fields.value().fail("key \"mttr\" is missing", "mttr: 1 h, the mean time to repair");
  fault.mtbf = readFaultTime(*mtbf);
  fault.mttr = readFaultTime(*mttr);
}

void readMembers(Fields& fields, FaultSpec& fault, KnownNames& known) {
  const auto members = fields.optional("members");
  if (fault.domain != FaultDomain::group) {
    if (members) members->fail("only a group has members");
    return;
  }
  if (!members) fields.value().fail("key \"members\" is missing", "the nodes or replicas that fail together");
  for (const Value& member : members->items()) {
    const std::string name = member.string();
    if (!known.has(FaultDomain::replica, name) && !known.has(FaultDomain::node, name)) {
      const bool nodes = !known.of(FaultDomain::node).empty();
      member.fail("unknown node or replica \"" + name + "\"",
                  known.hint(nodes ? FaultDomain::node : FaultDomain::replica, name));
    }
    fault.members.push_back(name);
  }
  if (fault.members.empty()) members->fail("a group has members");
}

FaultSpec readFault(const Value& value, const Scenario& scenario, KnownNames& known) {
  FaultSpec fault;
  Fields fields(value);
  if (const auto file = fields.optional("file")) {
    fault.file = file->filePath();
    fields.finish();
    for (const FaultSpec& row : readFaultTrace(fault.file)) {
      if (!known.has(row.domain, row.name)) {
        file->fail(fmt::format("names an unknown {} \"{}\"", nameOf(row.domain), row.name),
                   known.hint(row.domain, row.name));
      }
      if (const std::string problem = problemOf(row, scenario); !problem.empty()) file->fail(problem);
    }
    return fault;
  }
  const Value domain = fields.required("domain");
  const std::string domain_name = domain.oneOf(faultDomainNames());
  const auto& names = faultDomainNames();
  fault.domain = static_cast<FaultDomain>(std::find(names.begin(), names.end(), domain_name) - names.begin());
  fault.effect = readEffect(fields, fault);
  if (const std::string problem = problemOf(fault, scenario); !problem.empty()) domain.fail(problem);
  if (const auto name = fields.optional("name")) {
    fault.name = name->string();
    if (fault.domain != FaultDomain::group && !known.has(fault.domain, fault.name)) {
      name->fail(fmt::format("unknown {} \"{}\"", domain_name, fault.name), known.hint(fault.domain, fault.name));
    }
  } else if (fault.domain == FaultDomain::group) {
    value.fail("key \"name\" is missing", "a group has a name");
  }
  readMembers(fields, fault, known);
  readWhen(fields, fault);
  if (const auto notice = fields.optional("notice")) {
    fault.notice = readWithinRun(*notice);
    if (fault.effect != FaultEffect::down) notice->fail("comes before something goes down");
  }
  fields.finish();
  return fault;
}

}  // namespace

const std::vector<std::string>& faultDomainNames() {
  static const std::vector<std::string> names{"accelerator", "replica", "node", "scale-up",
                                              "switch",      "link",    "site", "group"};
  return names;
}
const std::string& nameOf(FaultDomain domain) {
  return faultDomainNames()[static_cast<std::size_t>(domain)];
}
const std::vector<std::string>& faultEffectNames() {
  static const std::vector<std::string> names{"down", "drain", "slow", "narrow"};
  return names;
}
const std::string& nameOf(FaultEffect effect) {
  return faultEffectNames()[static_cast<std::size_t>(effect)];
}

std::vector<FaultSpec> readFaults(const Value& list, const Scenario& scenario,
                                  const std::shared_ptr<const PlacedSites>& sites) {
  std::vector<FaultSpec> faults;
  if (list.items().empty()) return faults;
  KnownNames known(scenario, sites);
  for (const Value& value : list.items()) faults.push_back(readFault(value, scenario, known));
  return faults;
}

std::vector<FaultSpec> readFaultTrace(const std::filesystem::path& file) {
  models::RawCsv csv(file);
  const std::size_t at = csv.column("at_s"), lasts = csv.column("for_s"), domain = csv.column("domain"),
                    name = csv.column("name"), effect = csv.column("effect"), factor = csv.column("factor");
  const auto number = [&](std::size_t column) {
    const std::string_view cell = csv.text(column);
    double value = 0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc() || end != cell.data() + cell.size() || !(value >= 0) || value > kLongestRun.value()) {
      csv.fail(fmt::format("\"{}\" is not a number from 0 to {}", cell, kLongestRun.value()));
    }
    return value;
  };
  const auto oneOf = [&](std::size_t column, const std::vector<std::string>& known) {
    const auto found = std::find(known.begin(), known.end(), csv.text(column));
    const std::string cell(csv.text(column));
    if (found == known.end()) csv.fail("unknown \"" + cell + "\"", suggestion(cell, known));
    return static_cast<std::size_t>(found - known.begin());
  };
  std::vector<FaultSpec> faults;
  while (csv.next()) {
    FaultSpec fault;
    fault.at = Seconds(number(at));
    if (!csv.text(lasts).empty()) fault.lasts = Seconds(number(lasts));
    fault.domain = static_cast<FaultDomain>(oneOf(domain, faultDomainNames()));
    if (fault.domain == FaultDomain::group) csv.fail("a trace names no groups", "one row for each member");
    fault.name = csv.text(name);
    if (!csv.text(effect).empty()) fault.effect = static_cast<FaultEffect>(oneOf(effect, faultEffectNames()));
    if (!csv.text(factor).empty()) fault.factor = number(factor);
    if (fault.effect == FaultEffect::slow && fault.factor < 1) csv.fail("a slow replica's factor is 1 or more");
    if (fault.effect == FaultEffect::narrow && !(fault.factor > 0 && fault.factor <= 1)) {
      csv.fail("the factor of a narrow link is its share of bandwidth, above 0 and at most 1");
    }
    faults.push_back(std::move(fault));
  }
  return faults;
}

SpotSpec readSpot(const Value& value) {
  SpotSpec spot;
  Fields fields(value);
  const Value price = fields.required("price");
  spot.price = price.quantity<DollarsPerSecond>();
  if (spot.price < DollarsPerSecond()) price.fail("must not be negative");
  spot.reclaimed_every = readFaultTime(fields.required("reclaimed_every"));
  spot.stock_out = readFaultTime(fields.required("stock_out"));
  if (const auto v = fields.optional("notice")) spot.notice = readWithinRun(*v);
  fields.finish();
  return spot;
}

ColdStart readColdStart(const Value& value) {
  ColdStart start;
  Fields fields(value);
  const auto read = [&](const char* key, Seconds& target) {
    if (const auto v = fields.optional(key)) target = readWithinRun(*v);
  };
  read("provision", start.provision);
  read("image", start.image);
  read("weights", start.weights);
  read("init", start.init);
  fields.finish();
  return start;
}

ClientSpec readClient(const Value& value) {
  ClientSpec client;
  Fields fields(value);
  if (const auto v = fields.optional("timeout")) client.timeout = readPositive(*v);
  if (const auto v = fields.optional("retries")) client.retries = static_cast<int>(v->integer(0, 1000));
  if (const auto backoff = fields.optional("backoff")) {
    Fields inner(*backoff);
    if (const auto v = inner.optional("base")) client.backoff = readWithinRun(*v);
    if (const auto v = inner.optional("factor")) client.factor = v->numberIn(1, 100);
    if (const auto v = inner.optional("jitter")) client.jitter = v->fraction();
    inner.finish();
  }
  if (const auto v = fields.optional("retry_on")) {
    client.retry_failed = client.retry_timeout = false;
    for (const Value& reason : v->items()) {
      (reason.oneOf({"failed", "timeout"}) == "failed" ? client.retry_failed : client.retry_timeout) = true;
    }
    if (client.retries > 0 && !client.retry_failed && !client.retry_timeout) {
      v->fail("lists nothing to retry on", "[failed, timeout]");
    }
  }
  fields.finish();
  return client;
}

DocumentNode toDocument(const FaultSpec& fault) {
  DocumentNode node = mapNode();
  if (!fault.file.empty()) {
    setMember(node, "file", stringNode(fault.file.string()));
    return node;
  }
  setMember(node, "domain", scalarNode(nameOf(fault.domain)));
  if (!fault.name.empty()) setMember(node, "name", stringNode(fault.name));
  if (!fault.members.empty()) {
    DocumentNode members = listNode();
    for (const std::string& member : fault.members) members.items.push_back(stringNode(member));
    setMember(node, "members", std::move(members));
  }
  if (fault.effect == FaultEffect::drain) setMember(node, "drain", boolNode(true));
  if (fault.effect == FaultEffect::slow) setMember(node, "step_time", numberNode(fault.factor));
  if (fault.effect == FaultEffect::narrow) setMember(node, "bandwidth", numberNode(fault.factor));
  if (fault.at) setMember(node, "at", timeNode(*fault.at));
  if (fault.lasts) setMember(node, "for", timeNode(*fault.lasts));
  if (fault.mtbf) setMember(node, "mtbf", faultTimeNode(*fault.mtbf));
  if (fault.mttr) setMember(node, "mttr", faultTimeNode(*fault.mttr));
  if (fault.notice > Seconds()) setMember(node, "notice", timeNode(fault.notice));
  return node;
}

DocumentNode toDocument(const SpotSpec& spot) {
  return mapNode({{"price", withUnit(spot.price.value() * 3600, "USD/h")},
                  {"reclaimed_every", faultTimeNode(spot.reclaimed_every)},
                  {"stock_out", faultTimeNode(spot.stock_out)},
                  {"notice", timeNode(spot.notice)}});
}

DocumentNode toDocument(const ColdStart& start) {
  return mapNode({{"provision", timeNode(start.provision)},
                  {"image", timeNode(start.image)},
                  {"weights", timeNode(start.weights)},
                  {"init", timeNode(start.init)}});
}

DocumentNode toDocument(const ClientSpec& client) {
  DocumentNode node = mapNode();
  if (client.timeout) setMember(node, "timeout", timeNode(*client.timeout));
  setMember(node, "retries", numberNode(client.retries));
  setMember(node, "backoff",
            mapNode({{"base", timeNode(client.backoff)},
                     {"factor", numberNode(client.factor)},
                     {"jitter", numberNode(client.jitter)}}));
  DocumentNode reasons = listNode();
  if (client.retry_failed) reasons.items.push_back(scalarNode("failed"));
  if (client.retry_timeout) reasons.items.push_back(scalarNode("timeout"));
  setMember(node, "retry_on", std::move(reasons));
  return node;
}

}  // namespace headroom::sim
