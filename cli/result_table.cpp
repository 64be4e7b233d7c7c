#include "cli/result_table.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "cli/numbers.h"
#include "cli/text_table.h"

namespace headroom::cli {
namespace {

using sim::LatencySummary;
using sim::Result;
using sim::Scenario;
using Rows = std::vector<std::pair<std::string, std::string>>;

std::string headline(const Scenario& scenario, const Result& result) {
  std::string text = scenario.name.empty() ? "" : scenario.name + "\n";
  for (const sim::DeploymentSpec& deployment : scenario.deployments) {
    for (const sim::PoolSpec& pool : deployment.pools) {
      const models::Parallelism& p = pool.parallelism;
      text += fmt::format("{} on {} x {} (tp {}", deployment.model, countText(pool.replicas), pool.accelerator, p.tp);
      if (p.pp > 1) text += fmt::format(", pp {}", p.pp);
      if (p.dp > 1) text += fmt::format(", dp {}", p.dp);
      if (p.ep) text += ", ep";
      text += fmt::format("), {} {}, {}\n", deployment.engine.name, deployment.engine.version, deployment.router);
    }
  }
  return text + regimeSentence(result) + "\n";
}

std::vector<std::string> latencyRow(const std::string& name, const std::optional<LatencySummary>& s) {
  if (!s) return {name, "-", "-", "-", "-", "-", "-", "-"};
  return {name,
          numberText(s->mean),
          numberText(s->p50),
          numberText(s->p90),
          numberText(s->p95),
          numberText(s->p99),
          numberText(s->p999),
          numberText(s->max)};
}

std::string latencyTable(const Result& result) {
  TextTable table("lrrrrrrr");
  table.add({"ms", "mean", "p50", "p90", "p95", "p99", "p999", "max"});
  const sim::Latencies& l = result.latencies;
  table.add(latencyRow("ttft", l.ttft));
  table.add(latencyRow("tpot", l.tpot));
  table.add(latencyRow("itl", l.itl));
  table.add(latencyRow("e2e", l.e2e));
  table.add(latencyRow("queue", l.queue_time));
  return table.text();
}

std::string requestsText(const sim::RequestCounts& c) {
  std::string text = fmt::format("{} offered, {} completed", countText(c.offered), countText(c.completed));
  if (c.rejected > 0) text += fmt::format(", {} rejected", countText(c.rejected));
  if (c.failed > 0) text += fmt::format(", {} failed", countText(c.failed));
  if (c.timed_out > 0) text += fmt::format(", {} timed out", countText(c.timed_out));
  if (c.unfinished > 0) text += fmt::format(", {} unfinished", countText(c.unfinished));
  if (c.retried > 0) text += fmt::format("; {} were sent more than once", countText(c.retried));
  return text;
}

std::string faultsText(const sim::FaultOutcome& faults) {
  std::int64_t failures = 0, reclaims = 0;
  double down = 0, starting = 0;
  for (const sim::PoolFaults& pool : faults.pools) {
    failures += pool.failures;
    reclaims += pool.reclaims;
    down += pool.down_s;
    starting += pool.starting_s;
  }
  std::string text = fmt::format("{} faults; {} failures of replicas", countText(faults.begun), countText(failures));
  if (reclaims > 0) text += fmt::format(", {} reclaimed", countText(reclaims));
  return text + fmt::format("; {} s of replica time down, {} s starting; {} of requests answered", numberText(down),
                            numberText(starting), shareText(faults.request_availability));
}

std::string kvText(const Result& result) {
  std::string text =
      fmt::format("{} used on average, {} at most", shareText(result.kv_usage_mean), shareText(result.kv_usage_max));
  if (result.pools.size() == 1) {
    text += fmt::format(", of {} blocks a replica", countText(result.pools.front().blocks_per_replica));
  }
  text += fmt::format("; {} preemptions", countText(result.preemptions));
  if (result.prefix_hit_rate.value_or(0) > 0) {
    text += fmt::format("; {} of prompt tokens were cached", shareText(*result.prefix_hit_rate));
    if (result.tier_hit_rate)
      text += fmt::format(", {} of them in a KV tier", shareText(*result.tier_hit_rate / *result.prefix_hit_rate));
  }
  return text;
}

std::string sloText(const Result& result) {
  return fmt::format("{}: {} of offered requests are good, {} good requests/s, held in {} of the minutes",
                     result.slo->met ? "met" : "missed", shareText(result.slo->attainment),
                     numberText(result.slo->goodput_per_s), shareText(result.slo->availability));
}

std::string costText(const Result& result) {
  if (!result.usd_per_h) return "not known: an accelerator has no price (prices in the scenario)";
  std::string text = fmt::format("{} USD/h", numberText(*result.usd_per_h));
  if (const auto each = result.usdPer1mOutputTokens()) {
    text += fmt::format(", {} USD per million output tokens", numberText(*each));
  }
  return text;
}

std::string energyText(const Result& result) {
  if (!result.joule) return "not known: the board power of an accelerator is not published";
  constexpr double kJoulesPerKilowattHour = 3.6e6;
  std::string text = fmt::format("{} kWh", numberText(*result.joule / kJoulesPerKilowattHour));
  if (result.joule_per_output_token) {
    text += fmt::format(", {} J an output token", numberText(*result.joule_per_output_token));
  }
  return text + fmt::format(" (accelerators only; tier {})", result.power_tier);
}

std::string networkText(const sim::NetworkOutcome& network) {
  std::string text = bytesText(Bytes(static_cast<double>(network.bytes))) + " moved";
  if (!network.links.empty()) {
    const sim::LinkOutcome& link = network.links.front();
    text += fmt::format("; hottest link {}: {} on average, {} at most", link.name, shareText(link.utilisation),
                        shareText(link.peak));
  }
  text += fmt::format("; KV transfer is {} of ttft, contention {}", shareText(network.ttft_kv_transfer),
                      shareText(network.ttft_contention));
  if (network.ttft_prefix_fetch > 0) {
    text += fmt::format("; prefixes from KV tiers {}, contention {}", shareText(network.ttft_prefix_fetch),
                        shareText(network.ttft_prefix_contention));
  }
  return text;
}

Rows summaryRows(const Result& result) {
  const sim::Throughput& t = result.throughput;
  Rows rows{{"requests", requestsText(result.requests)},
            {"throughput",
             fmt::format("{} requests/s, {} output tokens/s, {} tokens/s in and out", numberText(t.request_per_s),
                         numberText(t.output_tokens_per_s), numberText(t.total_tokens_per_s))},
            {"kv cache", kvText(result)}};
  if (result.speculation) {
    rows.emplace_back("speculation", fmt::format("{} of drafts accepted, {} tokens a verification, {} a chunk",
                                                 shareText(result.speculation->acceptance_rate),
                                                 numberText(result.speculation->tokens_per_verification),
                                                 numberText(result.speculation->tokens_per_chunk)));
  }
  if (result.slo) rows.emplace_back("slo", sloText(result));
  if (result.faults) rows.emplace_back("faults", faultsText(*result.faults));
  rows.emplace_back("accelerators", fmt::format("{:g}, busy {} of the time, for {}", result.accelerators,
                                                shareText(result.busy), durationText(result.simulated_s)));
  if (result.network) rows.emplace_back("network", networkText(*result.network));
  rows.emplace_back("cost", costText(result));
  rows.emplace_back("energy", energyText(result));
  for (const sim::ProfileUse& use : result.profiles) {
    rows.emplace_back("kernel times", use.name + ": " + tierText(use.tier_share));
  }
  rows.emplace_back("scenario",
                    fmt::format("{}, seed {}, headroom {}", result.scenario_hash, result.seed, result.version));
  return rows;
}

std::string poolTable(const Result& result) {
  if (result.pools.size() < 2) return {};
  TextTable table("llrrrrrrr");
  table.add({"deployment", "pool", "replicas", "accelerators", "requests", "busy", "kv mean", "kv max", "sustains/s"});
  for (const sim::PoolOutcome& p : result.pools) {
    table.add({p.deployment, p.pool, countText(p.replicas),
               fmt::format("{} {}", countText(p.accelerators), p.accelerator), countText(p.requests), shareText(p.busy),
               shareText(p.kv_usage_mean), shareText(p.kv_usage_max),
               p.sustainable_per_s ? numberText(*p.sustainable_per_s) : "-"});
  }
  return "\n" + table.text();
}

std::string workloadTable(const Result& result) {
  const bool plain = result.workloads.size() == 1 && !result.workloads.front().attainment;
  if (result.workloads.empty() || plain) return {};
  TextTable table("lrrrrrr");
  table.add({"workload", "offered", "ttft p50", "ttft p99", "tpot p50", "tpot p99", "good (target)"});
  const auto ms = [](const std::optional<LatencySummary>& s, double LatencySummary::*of) {
    return s ? numberText((*s).*of) + " ms" : "-";
  };
  for (const sim::WorkloadOutcome& w : result.workloads) {
    const sim::Latencies& l = w.latencies;
    table.add({w.name, countText(w.requests.offered), ms(l.ttft, &LatencySummary::p50),
               ms(l.ttft, &LatencySummary::p99), ms(l.tpot, &LatencySummary::p50), ms(l.tpot, &LatencySummary::p99),
               w.attainment ? fmt::format("{} ({})", shareText(*w.attainment), shareText(w.target.value_or(0))) : "-"});
  }
  return "\n" + table.text();
}

std::string sliceTable(const Result& result) {
  if (!result.network || result.network->slices.empty()) return {};
  TextTable table("lrrrrrrrr");
  table.add({"slice", "guaranteed", "asked", "delivered", "busy", "while busy", "below guarantee", "contention",
             "revenue - cost"});
  for (const sim::SliceOutcome& s : result.network->slices) {
    const double per_s = s.busy_s > 0 ? static_cast<double>(s.delivered_bytes) / s.busy_s : 0;
    table.add({s.name, numberText(s.guaranteed_gb_per_s) + " GB/s",
               bytesText(Bytes(static_cast<double>(s.asked_bytes))),
               bytesText(Bytes(static_cast<double>(s.delivered_bytes))), durationText(s.busy_s),
               numberText(per_s / 1e9) + " GB/s", durationText(s.below_guarantee_s), shareText(s.contention),
               fmt::format("{} - {} USD", numberText(s.revenue_usd), numberText(s.cost_usd))});
  }
  return "\n" + table.text();
}

}  // namespace

std::string tierText(const std::array<double, models::kTiers>& share) {
  std::string text;
  for (int tier = 0; tier < models::kTiers; ++tier) {
    const double part = share[static_cast<std::size_t>(tier)];
    if (part < 0.0005) continue;
    if (!text.empty()) text += ", ";
    text += fmt::format("{} {}", shareText(part), models::nameOf(static_cast<models::Tier>(tier)));
  }
  return text.empty() ? "no kernel times" : text;
}

std::string regimeSentence(const Result& result) {
  if (!result.offered_load) return "load: not estimated";
  const std::string load = fmt::format("{:.2f}", *result.offered_load);
  if (result.regime == "overloaded") {
    return fmt::format(
        "overloaded: load {} of what these replicas sustain; queues grow for as long as requests arrive, so "
        "percentiles depend on the length of the run",
        load);
  }
  if (result.regime == "knee") {
    return fmt::format("knee: load {} of what these replicas sustain; latencies rise steeply from here", load);
  }
  return fmt::format("{}: load {} of what these replicas sustain", result.regime, load);
}

std::string resultTable(const Scenario& scenario, const Result& result) {
  TextTable summary("ll");
  for (const auto& [name, text] : summaryRows(result)) summary.add({name, text});
  std::string out = headline(scenario, result) + "\n" + latencyTable(result) + "\n" + summary.text() +
                    poolTable(result) + workloadTable(result) + sliceTable(result);
  for (const std::string& warning : result.warnings) {
    if (warning.starts_with("overloaded:")) continue;  // the headline says so
    out += "\nwarning: " + warning + "\n";
  }
  return out;
}

}  // namespace headroom::cli
