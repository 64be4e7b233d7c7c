#include "sim/result.h"

#include <nlohmann/json.hpp>

#include "models/base/error.h"
#include "models/base/ticks.h"

namespace headroom::sim {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json orNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}
template <class T>
std::optional<T> optionalFrom(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional<T>(json.get<T>());
}

Json latencyJson(const std::optional<LatencySummary>& s) {
  if (!s) return Json();
  return Json{{"mean", s->mean}, {"p50", s->p50},   {"p90", s->p90}, {"p95", s->p95},
              {"p99", s->p99},   {"p999", s->p999}, {"max", s->max}, {"count", s->count}};
}
std::optional<LatencySummary> latencyFrom(const Json& j) {
  if (j.is_null()) return std::nullopt;
  return LatencySummary{j.at("count"), j.at("mean"), j.at("p50"),  j.at("p90"),
                        j.at("p95"),   j.at("p99"),  j.at("p999"), j.at("max")};
}

void addLatencies(Json& json, const Latencies& l) {
  json["ttft_ms"] = latencyJson(l.ttft);
  json["tpot_ms"] = latencyJson(l.tpot);
  json["itl_ms"] = latencyJson(l.itl);
  json["e2e_ms"] = latencyJson(l.e2e);
  json["queue_time_ms"] = latencyJson(l.queue_time);
}
Latencies latenciesFrom(const Json& j) {
  return {latencyFrom(j.at("ttft_ms")), latencyFrom(j.at("tpot_ms")), latencyFrom(j.at("itl_ms")),
          latencyFrom(j.at("e2e_ms")), latencyFrom(j.at("queue_time_ms"))};
}

Json countsJson(const RequestCounts& c) {
  return Json{{"offered", c.offered},     {"completed", c.completed},   {"rejected", c.rejected}, {"failed", c.failed},
              {"timed_out", c.timed_out}, {"unfinished", c.unfinished}, {"retried", c.retried}};
}
RequestCounts countsFrom(const Json& j) {
  return {j.at("offered"),   j.at("completed"),  j.at("rejected"), j.at("failed"),
          j.at("timed_out"), j.at("unfinished"), j.at("retried")};
}

Json faultsJson(const FaultOutcome& f) {
  Json events = Json::array(), pools = Json::array();
  for (const FaultMark& e : f.events) {
    events.push_back(
        {{"at_s", e.at_s}, {"name", e.name}, {"effect", e.effect}, {"phase", e.phase}, {"replicas", e.replicas}});
  }
  for (const PoolFaults& p : f.pools) {
    pools.push_back({{"failures", p.failures},
                     {"reclaims", p.reclaims},
                     {"down_s", p.down_s},
                     {"starting_s", p.starting_s},
                     {"draining_s", p.draining_s},
                     {"availability", p.availability}});
  }
  return Json{{"begun", f.begun},
              {"lost_tokens", f.lost_tokens},
              {"request_availability", f.request_availability},
              {"pools", pools},
              {"events", events}};
}
FaultOutcome faultsFrom(const Json& j) {
  FaultOutcome f;
  f.begun = j.at("begun");
  f.lost_tokens = j.at("lost_tokens");
  f.request_availability = j.at("request_availability");
  for (const Json& e : j.at("events")) {
    f.events.push_back({e.at("at_s"), e.at("name"), e.at("effect"), e.at("phase"), e.at("replicas")});
  }
  for (const Json& p : j.at("pools")) {
    f.pools.push_back({p.at("failures"), p.at("reclaims"), p.at("down_s"), p.at("starting_s"), p.at("draining_s"),
                       p.at("availability")});
  }
  return f;
}

Json startJson(const std::optional<StartOutcome>& s) {
  if (!s) return Json();
  return Json{{"before_s", s->before_s},
              {"weights_s", s->weights_s},
              {"after_s", s->after_s},
              {"first_ready_s", s->first_ready_s},
              {"last_ready_s", s->last_ready_s}};
}
std::optional<StartOutcome> startFrom(const Json& j) {
  if (j.is_null()) return std::nullopt;
  return StartOutcome{j.at("before_s"), j.at("weights_s"), j.at("after_s"), j.at("first_ready_s"),
                      j.at("last_ready_s")};
}

Json poolJson(const PoolOutcome& p) {
  return Json{{"deployment", p.deployment},
              {"pool", p.pool},
              {"accelerator", p.accelerator},
              {"replicas", p.replicas},
              {"accelerators", p.accelerators},
              {"max_num_seqs", p.max_num_seqs},
              {"max_num_batched_tokens", p.max_num_batched_tokens},
              {"blocks_per_replica", p.blocks_per_replica},
              {"busy", p.busy},
              {"kv_usage_mean", p.kv_usage_mean},
              {"kv_usage_max", p.kv_usage_max},
              {"steps", p.steps},
              {"preemptions", p.preemptions},
              {"requests", p.requests},
              {"sustainable_per_s", orNull(p.sustainable_per_s)},
              {"usd_per_h", orNull(p.usd_per_h)},
              {"joule", orNull(p.joule)},
              {"start", startJson(p.start)}};
}
PoolOutcome poolFrom(const Json& j) {
  PoolOutcome p;
  p.deployment = j.at("deployment");
  p.pool = j.at("pool");
  p.accelerator = j.at("accelerator");
  p.replicas = j.at("replicas");
  p.accelerators = j.at("accelerators");
  p.max_num_seqs = j.at("max_num_seqs");
  p.max_num_batched_tokens = j.at("max_num_batched_tokens");
  p.blocks_per_replica = j.at("blocks_per_replica");
  p.busy = j.at("busy");
  p.kv_usage_mean = j.at("kv_usage_mean");
  p.kv_usage_max = j.at("kv_usage_max");
  p.steps = j.at("steps");
  p.preemptions = j.at("preemptions");
  p.requests = j.at("requests");
  p.sustainable_per_s = optionalFrom<double>(j.at("sustainable_per_s"));
  p.usd_per_h = optionalFrom<double>(j.at("usd_per_h"));
  p.joule = optionalFrom<double>(j.at("joule"));
  p.start = startFrom(j.at("start"));
  return p;
}

Json workloadJson(const WorkloadOutcome& w) {
  Json json{
      {"name", w.name}, {"deployment", w.deployment}, {"class", w.request_class}, {"requests", countsJson(w.requests)}};
  addLatencies(json, w.latencies);
  json["attainment"] = orNull(w.attainment);
  json["target"] = orNull(w.target);
  return json;
}
WorkloadOutcome workloadFrom(const Json& j) {
  WorkloadOutcome w;
  w.name = j.at("name");
  w.deployment = j.at("deployment");
  w.request_class = j.at("class");
  w.requests = countsFrom(j.at("requests"));
  w.latencies = latenciesFrom(j);
  w.attainment = optionalFrom<double>(j.at("attainment"));
  w.target = optionalFrom<double>(j.at("target"));
  return w;
}

Json profileJson(const ProfileUse& p) {
  Json share = Json::object();
  for (int tier = 0; tier < models::kTiers; ++tier) {
    share[models::nameOf(static_cast<models::Tier>(tier))] = p.tier_share[static_cast<std::size_t>(tier)];
  }
  return Json{{"name", p.name}, {"tier_share", share}};
}
ProfileUse profileFrom(const Json& j) {
  ProfileUse p;
  p.name = j.at("name");
  for (int tier = 0; tier < models::kTiers; ++tier) {
    p.tier_share[static_cast<std::size_t>(tier)] =
        j.at("tier_share").at(models::nameOf(static_cast<models::Tier>(tier)));
  }
  return p;
}

template <class T>
Json listJson(const std::vector<T>& values, Json (*one)(const T&)) {
  Json list = Json::array();
  for (const T& value : values) list.push_back(one(value));
  return list;
}
template <class T>
std::vector<T> listFrom(const Json& json, T (*one)(const Json&)) {
  std::vector<T> values;
  for (const Json& j : json) values.push_back(one(j));
  return values;
}

Result parse(const Json& j) {
  Result r;
  r.version = j.at("version");
  r.scenario_hash = j.at("scenario_hash");
  r.seed = j.at("seed");
  r.simulated_s = j.at("simulated_s");
  r.window_s = j.at("window_s");
  r.events = j.at("events");
  r.steps = j.at("steps");
  r.regime = j.at("regime").is_null() ? "" : j.at("regime").get<std::string>();
  r.offered_load = optionalFrom<double>(j.at("offered_load"));
  r.requests = countsFrom(j.at("requests"));
  r.latencies = latenciesFrom(j);
  r.prompt_tokens = j.at("tokens").at("prompt");
  r.output_tokens = j.at("tokens").at("output");
  const Json& t = j.at("throughput");
  r.throughput = {t.at("request_per_s"), t.at("output_tokens_per_s"), t.at("total_tokens_per_s")};
  if (const Json& s = j.at("slo"); !s.is_null()) {
    r.slo = SloOutcome{s.at("attainment"), s.at("goodput_per_s"), s.at("availability"), s.at("met")};
  }
  r.preemptions = j.at("preemptions");
  if (const Json& s = j.at("speculation"); !s.is_null()) {
    r.speculation =
        SpeculationOutcome{s.at("acceptance_rate"), s.at("tokens_per_verification"), s.at("tokens_per_chunk")};
  }
  r.kv_usage_mean = j.at("kv_cache").at("usage_mean");
  r.kv_usage_max = j.at("kv_cache").at("usage_max");
  r.tier_hit_rate = optionalFrom<double>(j.at("kv_cache").at("tier_hit_rate"));
  r.prefix_hit_rate = optionalFrom<double>(j.at("kv_cache").at("prefix_hit_rate"));
  r.accelerators = j.at("accelerators").at("count_mean");
  r.busy = j.at("accelerators").at("busy");
  r.accelerator_hours = j.at("accelerators").at("hours");
  r.usd = optionalFrom<double>(j.at("cost").at("usd"));
  r.usd_per_h = optionalFrom<double>(j.at("cost").at("usd_per_h"));
  r.joule = optionalFrom<double>(j.at("energy").at("joule"));
  r.joule_per_output_token = optionalFrom<double>(j.at("energy").at("joule_per_output_token"));
  r.power_tier = optionalFrom<std::string>(j.at("energy").at("tier")).value_or("");
  r.network = networkFromJson(j.at("network"));
  r.profiles = listFrom(j.at("profiles"), profileFrom);
  r.pools = listFrom(j.at("pools"), poolFrom);
  r.workloads = listFrom(j.at("workloads"), workloadFrom);
  if (const Json& f = j.at("faults"); !f.is_null()) r.faults = faultsFrom(f);
  r.warnings = j.at("warnings").get<std::vector<std::string>>();
  return r;
}

}  // namespace

std::optional<LatencySummary> summarize(const LogHistogram& h) {
  if (h.count() == 0) return std::nullopt;
  const auto ms = [](double ticks) { return ticks / (kTicksPerSecond / 1e3); };
  return LatencySummary{h.count(),
                        ms(h.mean()),
                        ms(h.quantile(0.5)),
                        ms(h.quantile(0.9)),
                        ms(h.quantile(0.95)),
                        ms(h.quantile(0.99)),
                        ms(h.quantile(0.999)),
                        ms(static_cast<double>(h.max()))};
}

std::optional<double> Result::usdPer1mOutputTokens() const {
  if (!usd || output_tokens == 0) return std::nullopt;
  return *usd / static_cast<double>(output_tokens) * 1e6;
}

Json toJson(const Result& r) {
  Json j{{"schema", kResultSchema},
         {"version", r.version},
         {"scenario_hash", r.scenario_hash},
         {"seed", r.seed},
         {"simulated_s", r.simulated_s},
         {"window_s", r.window_s},
         {"events", r.events},
         {"steps", r.steps},
         {"regime", r.regime.empty() ? Json() : Json(r.regime)},
         {"offered_load", orNull(r.offered_load)},
         {"requests", countsJson(r.requests)}};
  addLatencies(j, r.latencies);
  j["tokens"] = {{"prompt", r.prompt_tokens}, {"output", r.output_tokens}};
  j["throughput"] = {{"request_per_s", r.throughput.request_per_s},
                     {"output_tokens_per_s", r.throughput.output_tokens_per_s},
                     {"total_tokens_per_s", r.throughput.total_tokens_per_s}};
  j["slo"] = !r.slo ? Json()
                    : Json{{"attainment", r.slo->attainment},
                           {"goodput_per_s", r.slo->goodput_per_s},
                           {"availability", r.slo->availability},
                           {"met", r.slo->met}};
  j["preemptions"] = r.preemptions;
  j["speculation"] = !r.speculation ? Json()
                                    : Json{{"acceptance_rate", r.speculation->acceptance_rate},
                                           {"tokens_per_verification", r.speculation->tokens_per_verification},
                                           {"tokens_per_chunk", r.speculation->tokens_per_chunk}};
  std::int64_t blocks = r.pools.empty() ? 0 : r.pools.front().blocks_per_replica;
  j["kv_cache"] = {{"usage_mean", r.kv_usage_mean},
                   {"usage_max", r.kv_usage_max},
                   {"prefix_hit_rate", orNull(r.prefix_hit_rate)},
                   {"tier_hit_rate", orNull(r.tier_hit_rate)},
                   {"blocks_per_replica", blocks}};
  j["accelerators"] = {{"count_mean", r.accelerators}, {"busy", r.busy}, {"hours", r.accelerator_hours}};
  j["cost"] = {{"usd", orNull(r.usd)},
               {"usd_per_h", orNull(r.usd_per_h)},
               {"usd_per_1m_output_tokens", orNull(r.usdPer1mOutputTokens())}};
  j["energy"] = {{"joule", orNull(r.joule)},
                 {"joule_per_output_token", orNull(r.joule_per_output_token)},
                 {"tier", r.power_tier.empty() ? Json() : Json(r.power_tier)}};
  j["network"] = toJson(r.network);
  j["profiles"] = listJson(r.profiles, profileJson);
  j["pools"] = listJson(r.pools, poolJson);
  j["workloads"] = listJson(r.workloads, workloadJson);
  j["faults"] = r.faults ? faultsJson(*r.faults) : Json();
  j["warnings"] = r.warnings;
  return j;
}

Result resultFromJson(const Json& json) {
  try {
    if (json.at("schema") != kResultSchema) throw InputError("is not a " + std::string(kResultSchema));
    return parse(json);
  } catch (const Json::exception& e) {
    throw InputError(std::string("not a result: ") + e.what());
  }
}

}  // namespace headroom::sim
