#include "sim/validation/simulated_requests.h"

#include "models/base/error.h"
#include "sim/cluster/simulation.h"

namespace headroom::sim {
namespace {

class Stamps final : public RequestSink {
 public:
  void onRequest(const RequestRecord& r) override {
    if (r.status != RequestStatus::completed) throw InputError("a request is longer than max_model_len");
    run.requests.push_back({r.request.arrival, r.queued, r.scheduled, r.first_token, r.finished,
                            r.request.prompt_tokens, r.request.output_tokens});
    run.preemptions += r.preemptions;
  }
  SimulatedRun run;
};

}  // namespace

SimulatedRun simulateRequests(const PlannedScenario& planned) {
  Stamps stamps;
  SimulationOptions options;
  options.estimate_load = false;
  options.requests = &stamps;
  simulate(planned.scenario, planned.plans, options);
  return std::move(stamps.run);
}

std::vector<double> tpots(const std::vector<RequestStamps>& requests) {
  std::vector<double> values;
  for (const RequestStamps& r : requests) {
    if (r.output_tokens > 1) values.push_back(r.tpot());
  }
  return values;
}

std::vector<double> ttfts(const std::vector<RequestStamps>& requests) {
  std::vector<double> values;
  for (const RequestStamps& r : requests) values.push_back(r.ttft());
  return values;
}

}  // namespace headroom::sim
