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
  if (record.status == RequestStatus::rejected) {
    edge(record, "n", name + " rejected", request.arrival, args);
    return;
  }
  // In the order of time: a slice must end before the one around it.
  edge(record, "b", name, request.arrival, args);
  const Ticks seen = request.arrival + record.front_end;
  part(record, "front end", request.arrival, seen);
  part(record, "queue", seen, record.scheduled);
  part(record, "prefill", record.scheduled, record.first_token);
  part(record, "decode", record.first_token, record.finished);
  edge(record, "e", name, record.finished, "");
}

void Timeline::finish() {
  file_.write(fmt::format("\n], \"otherData\": {{\"requests_shown\": {}, \"requests_total\": {}, \"note\": {}}}}}\n",
                          shown_, seen_, quoted(fmt::format("the first {} of {} requests", shown_, seen_))));
  file_.commit();
}

}  // namespace headroom::sim
