#include "sim/cluster/client_traffic.h"

#include <cmath>
#include <utility>

namespace headroom::sim {

ClientTraffic::ClientTraffic(RunNetwork& network, const Scenario& scenario) : network_(network) {
  for (const WorkloadEntry& workload : scenario.workloads) {
    clients_.push_back(workload.clients);
    site_.push_back(0);
    if (!workload.clients) continue;
    while (scenario.sites[site_.back()].name != workload.clients->site) ++site_.back();
  }
}

bool ClientTraffic::isAway(std::uint32_t workload, std::uint32_t replica) const {
  return clients_[workload] && network_.placeOf(replica).site != site_[workload];
}

void ClientTraffic::start(const Way& way, std::int64_t bytes, std::uint64_t request) {
  network_.transfers().start({.kind = TransferKind::client,
                              .ways = {&way, 1},
                              .bytes = bytes,
                              .rate_limit = {},
                              .slice = 0,
                              .hash = request,
                              .tag = request},
                             *this);
}

void ClientTraffic::send(const workloads::Request& request, std::uint32_t replica, std::function<void()> there,
                         std::function<void()> lost) {
  const ClientPlace& clients = *clients_[request.workload];
  Crossing& crossing = crossing_[request.id];
  crossing.request_there = std::move(there);
  crossing.lost = std::move(lost);
  Way way;
  way.from_site = static_cast<std::int32_t>(site_[request.workload]);
  way.to = network_.endsOf(replica).front();
  start(way, std::llround(clients.bytes_per_prompt_token * request.prompt_tokens), request.id);
}

void ClientTraffic::answer(const RequestRecord& record, std::function<void(const RequestRecord&)> there,
                           std::function<void()> lost) {
  const ClientPlace& clients = *clients_[record.request.workload];
  Crossing& crossing = crossing_.at(record.request.id);
  crossing.record = record;
  crossing.answer_there = std::move(there);
  crossing.lost = std::move(lost);
  Way way;
  way.from = network_.endsOf(record.replica).front();
  way.to_site = static_cast<std::int32_t>(site_[record.request.workload]);
  start(way, std::llround(clients.bytes_per_output_token * record.request.output_tokens), record.request.id);
}

void ClientTraffic::onTransferEnd(const TransferEnd& end) {
  Crossing& crossing = crossing_.at(end.tag);
  if (!end.delivered) {
    const auto lost = std::move(crossing.lost);
    crossing_.erase(end.tag);
    return lost();
  }
  if (!crossing.answer_there) {
    crossing.request = end.ended - end.began;
    return std::exchange(crossing.request_there, nullptr)();
  }
  RequestRecord record = crossing.record;
  record.wan_request = crossing.request;
  record.wan_back = end.latency;
  record.wan_late = end.ended - end.began - end.latency;
  record.first_token += record.wan_back;
  record.finished += end.ended - end.began;
  const auto there = std::move(crossing.answer_there);
  crossing_.erase(end.tag);
  there(record);
}

}  // namespace headroom::sim
