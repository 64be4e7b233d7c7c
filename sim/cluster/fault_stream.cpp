#include "sim/cluster/fault_stream.h"

#include <algorithm>
#include <utility>

#include "sim/scenario.h"
#include "workloads/portable_math.h"

namespace headroom::sim {

Ticks drawFaultTime(const FaultTime& time, workloads::Rng& rng) {
  double factor = 1;
  if (time.law == FaultTime::Law::exponential) factor = rng.exponential();
  if (time.law == FaultTime::Law::weibull) {
    // scale x E^(1/shape) with E exponential; its mean is scale x Gamma(1 + 1/shape).
    const double power = 1 / time.shape;
    const double mean = workloads::portableExp(workloads::portableLogGamma(1 + power));
    factor = workloads::portableExp(power * workloads::portableLog(rng.exponential())) / mean;
  }
  const Seconds drawn = time.mean * factor;
  return drawn > kLongestRun ? kNever : std::max<Ticks>(1, toTicks(drawn));
}

FaultStream::FaultStream(const Scenario& scenario, std::shared_ptr<const PlacedSites> sites) {
  const FaultTargets targets(scenario, std::move(sites));
  const auto addSpec = [&](const FaultSpec& spec) {
    if (spec.domain == FaultDomain::group) {
      return add(spec, targets.group(spec.name, spec.members), scenario.seed, false);
    }
    if (!spec.name.empty()) return add(spec, targets.find(spec.domain, spec.name), scenario.seed, false);
    for (const std::string& name : targets.names(spec.domain)) {
      add(spec, targets.find(spec.domain, name), scenario.seed, false);
    }
  };
  for (const FaultSpec& spec : scenario.faults) {
    if (spec.file.empty()) {
      addSpec(spec);
    } else {
      for (const FaultSpec& row : readFaultTrace(spec.file)) addSpec(row);
    }
  }
  for (const DeploymentSpec& deployment : scenario.deployments) {
    for (const PoolSpec& pool : deployment.pools) {
      if (!pool.spot) continue;
      for (int r = 0; r < pool.replicas; ++r) {
        FaultSpec spec;
        spec.notice = pool.spot->notice;
        spec.mtbf = pool.spot->reclaimed_every;
        spec.mttr = pool.spot->stock_out;
        spec.name = deployment.name + "/" + pool.name + "/" + std::to_string(r);
        add(spec, targets.find(FaultDomain::replica, spec.name), scenario.seed, true);
      }
    }
  }
}

void FaultStream::add(const FaultSpec& spec, FaultTarget target, std::uint64_t seed, bool reclaimed) {
  const auto fault = static_cast<std::uint32_t>(faults_.size());
  const std::string stream = (reclaimed ? "spot/" : "faults/" + nameOf(spec.domain) + "/") + target.name;
  if (spec.effect == FaultEffect::narrow) {
    for (auto& [link, left] : target.links) left = spec.factor;
  }
  faults_.push_back({std::move(target), spec.effect, spec.factor, reclaimed, spec.notice > Seconds()});
  processes_.push_back({spec, workloads::Rng(seed, stream, streams_[stream]++)});
  Process& process = processes_.back();
  if (spec.at) {
    scheduleFailure(fault, 0, toTicks(*spec.at));
  } else {
    scheduleFailure(fault, 0, drawFaultTime(*spec.mtbf, process.rng));
  }
}

std::vector<FabricLinkId> FaultStream::links() const {
  std::vector<FabricLinkId> all;
  for (const Fault& fault : faults_) {
    for (const auto& [link, left] : fault.target.links) all.push_back(link);
  }
  return all;
}

void FaultStream::schedule(std::uint32_t fault, Ticks at, FaultEvent::Phase phase) {
  if (at <= toTicks(kLongestRun)) due_.push({.at = at, .fault = fault, .phase = phase});
}

void FaultStream::scheduleFailure(std::uint32_t fault, Ticks from, Ticks after) {
  if (after == kNever) return;
  const bool warned = processes_[fault].spec.notice > Seconds();
  schedule(fault, from + after, warned ? FaultEvent::Phase::notice : FaultEvent::Phase::begin);
}

FaultEvent FaultStream::next() {
  FaultEvent event = due_.top();
  due_.pop();
  Process& process = processes_[event.fault];
  const FaultSpec& spec = process.spec;
  switch (event.phase) {
    case FaultEvent::Phase::notice:
      schedule(event.fault, event.at + toTicks(spec.notice), FaultEvent::Phase::begin);
      break;
    case FaultEvent::Phase::begin: {
      const Ticks lasts = spec.mttr    ? drawFaultTime(*spec.mttr, process.rng)
                          : spec.lasts ? toTicks(*spec.lasts)
                                       : kNever;
      event.for_good = lasts == kNever || event.at + lasts > toTicks(kLongestRun);
      if (!event.for_good) schedule(event.fault, event.at + lasts, FaultEvent::Phase::end);
      break;
    }
    case FaultEvent::Phase::end:
      if (spec.mtbf) scheduleFailure(event.fault, event.at, drawFaultTime(*spec.mtbf, process.rng));
      break;
  }
  return event;
}

}  // namespace headroom::sim
