// Clients in another site than the replica that serves them: their requests and answers cross the WAN.
// A request is served when its last byte has come. The first token reaches the client after the latency of the way
// back, the last one when the whole answer has crossed, sent as one transfer when it is complete: a stream is as fast
// as tokens are made, far below any link.
#pragma once

#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "sim/cluster/run_network.h"
#include "sim/metrics/request_record.h"
#include "sim/scenario.h"

namespace headroom::sim {

class ClientTraffic final : public TransferHandler {
 public:
  ClientTraffic(RunNetwork& network, const Scenario& scenario);

  /// Is `replica` in another site than the clients of this workload?
  bool isAway(std::uint32_t workload, std::uint32_t replica) const;
  /// Calls `there` when the request has reached the replica, or `lost` when a link on its way has gone down.
  void send(const workloads::Request& request, std::uint32_t replica, std::function<void()> there,
            std::function<void()> lost);
  /// Of a request that was sent: calls `there` with the record as the client sees it, when the answer has reached it,
  /// or `lost`.
  void answer(const RequestRecord& record, std::function<void(const RequestRecord&)> there, std::function<void()> lost);
  /// There will be no answer.
  void forget(std::uint64_t request) { crossing_.erase(request); }

  void onTransferEnd(const TransferEnd& end) override;

 private:
  struct Crossing {
    Ticks request = 0;  // how long it took
    std::function<void()> request_there;
    RequestRecord record;
    std::function<void(const RequestRecord&)> answer_there;
    std::function<void()> lost;
  };
  void start(const Way& way, std::int64_t bytes, std::uint64_t request);

  RunNetwork& network_;
  std::vector<std::optional<ClientPlace>> clients_;       // by workload
  std::vector<std::uint32_t> site_;                       // of these
  std::unordered_map<std::uint64_t, Crossing> crossing_;  // by request
};

}  // namespace headroom::sim
