#include "sim/metrics/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace headroom::sim {
namespace {

/// Microseconds, the unit of the format.
std::string microseconds(Ticks t) {
  const std::int64_t ns = (t + 512) / 1024;
  return fmt::format("{}.{:03}", ns / 1000, ns % 1000);
}

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump();
}

}  // namespace

Timeline::Timeline(const Scenario& scenario, const std::filesystem::path& file, std::int64_t limit)
    : file_(file), limit_(limit) {
  for (const WorkloadEntry& workload : scenario.workloads) classes_.push_back(quoted(workload.request_class));
  std::uint32_t end = 0;
  for (const DeploymentSpec& deployment : scenario.deployments) {
    for (const PoolSpec& pool : deployment.pools) {
      end += static_cast<std::uint32_t>(pool.replicas);
      pools_.push_back({end, deployment.name + "/" + pool.name});
    }
  }
  file_.write("{\"displayTimeUnit\": \"ms\", \"traceEvents\": [\n");
}

void Timeline::event(const std::string& json) {
  if (any_event_) file_.write(",\n");
  any_event_ = true;
  file_.write(json);
}

void Timeline::nameReplica(std::uint32_t replica) {
  if (!named_.insert(replica).second) return;
  const auto pool = std::find_if(pools_.begin(), pools_.end(), [&](const Replicas& r) { return replica < r.end; });
  const std::string name = fmt::format("replica {} of {}", replica, pool == pools_.end() ? "?" : pool->pool);
  event(fmt::format(R"({{"ph": "M", "name": "process_name", "pid": {}, "tid": 0, "args": {{"name": {}}}}})", replica,
                    quoted(name)));
}

void Timeline::edge(const RequestRecord& record, const char* phase, const std::string& name, Ticks at,
                    const std::string& args) {
  event(fmt::format(R"({{"ph": "{}", "cat": "request", "id": {}, "name": "{}", "pid": {}, "tid": 0, "ts": {}{}}})",
                    phase, record.request.id, name, record.replica, microseconds(at),
                    args.empty() ? "" : ", \"args\": " + args));
}

void Timeline::part(const RequestRecord& record, const char* name, Ticks begin, Ticks end) {
  if (end <= begin) return;
  edge(record, "b", name, begin, "");
  edge(record, "e", name, end, "");
}

void Timeline::onRequest(const RequestRecord& record) {
  ++seen_;
  if (shown_ >= limit_) return;
  ++shown_;
  nameReplica(record.replica);
  const workloads::Request& request = record.request;
  const std::string name = fmt::format("request {}", request.id);
  const std::string args =
      fmt::format(R"({{"class": {}, "prompt_tokens": {}, "output_tokens": {}, "preemptions": {}}})",
                  classes_[request.workload], request.prompt_tokens, request.output_tokens, record.preemptions);
  if (record.status != RequestStatus::completed) {
    edge(record, "n", name + " " + nameOf(record.status), std::max(request.arrival, record.finished), args);
    return;
  }
  // In the order of time: a slice must end before the one around it.
  edge(record, "b", name, request.arrival, args);
  const Ticks sent = request.arrival + record.retried, there = sent + record.wan_request;
  const Ticks seen = there + record.front_end;
  part(record, "retry", request.arrival, sent);
  part(record, "to its site", sent, there);
  part(record, "front end", there, seen);
  if (record.prefix_ended > 0) {
    const Ticks began = record.prefix_ended - record.prefix_fetch - record.prefix_network;
    part(record, "queue", seen, began);
    part(record, "prefix from a KV tier", began, record.prefix_ended);
    part(record, "queue", record.prefix_ended, record.scheduled);
  } else {
    part(record, "queue", seen, record.scheduled);
  }
  if (record.prefill_replica == RequestRecord::kNoReplica) {
    part(record, "prefill", record.scheduled, record.first_token);
  } else {
    part(record, "prefill", record.scheduled, record.prefilled);
    part(record, "to its decode replica", record.prefilled, record.first_token);
    transfer(record);
  }
  part(record, "decode", record.first_token, record.finished);
  edge(record, "e", name, record.finished, "");
}

void Timeline::onFault(const FaultMark& mark) {
  event(fmt::format(R"({{"ph": "i", "s": "g", "cat": "fault", "name": {}, "pid": 0, "tid": 0, "ts": {}, "args": )"
                    R"({{"replicas": {}}}}})",
                    quoted(fmt::format("{} {} {}", mark.name, mark.effect, mark.phase)),
                    microseconds(toTicks(Seconds(mark.at_s))), mark.replicas));
}

/// KV on its way: a slice at the prefill replica, one at the decode replica where it arrives, and an arrow between
/// them.
void Timeline::transfer(const RequestRecord& record) {
  nameReplica(record.prefill_replica);
  const auto slice = [&](std::uint32_t replica, const char* name, Ticks begin, Ticks end) {
    event(fmt::format(R"({{"ph": "X", "cat": "kv", "name": "{}", "pid": {}, "tid": 1, "ts": {}, "dur": {}, "args": )"
                      R"({{"request": {}}}}})",
                      name, replica, microseconds(begin), microseconds(end - begin), record.request.id));
  };
  const auto arrow = [&](const char* phase, std::uint32_t replica, Ticks at) {
    event(fmt::format(R"({{"ph": "{}", "cat": "kv", "name": "kv", "id": {}, "pid": {}, "tid": 1, "ts": {}{}}})", phase,
                      record.request.id, replica, microseconds(at), *phase == 'f' ? R"(, "bp": "e")" : ""));
  };
  slice(record.prefill_replica, "send kv", record.kv_began, record.kv_ended);
  arrow("s", record.prefill_replica, record.kv_began);
  slice(record.replica, "kv arrives", record.kv_ended, record.kv_ended + 1024 * 1000);
  arrow("f", record.replica, record.kv_ended);
}

/// Utilisation of the busiest links in percent, as counters of a process of their own behind the replicas.
void Timeline::links(const NetworkOutcome& network) {
  const std::uint32_t process = pools_.empty() ? 0 : pools_.back().end;
  event(fmt::format(R"({{"ph": "M", "name": "process_name", "pid": {}, "tid": 0, "args": {{"name": "network"}}}})",
                    process));
  for (const LinkOutcome& link : network.links) {
    for (std::size_t i = 0; i <= link.over_time.size(); ++i) {
      const double used = i < link.over_time.size() ? link.over_time[i] : 0;
      event(
          fmt::format(R"({{"ph": "C", "name": {}, "pid": {}, "tid": 0, "ts": {:.0f}, "args": {{"percent": {:.3f}}}}})",
                      quoted(link.name), process, static_cast<double>(i) * network.interval_s * 1e6, 100 * used));
    }
  }
}

void Timeline::finish(const Result& result) {
  if (result.network) links(*result.network);
  file_.write(fmt::format("\n], \"otherData\": {{\"requests_shown\": {}, \"requests_total\": {}, \"note\": {}}}}}\n",
                          shown_, seen_, quoted(fmt::format("the first {} of {} requests", shown_, seen_))));
  file_.commit();
}

}  // namespace headroom::sim
