// Links and flows in SimGrid's fluid network model: ideal max-min shares, no latency, no actors. Nothing here knows of
// our events; the loop (and the brute-force loop of the tests) decides when SimGrid's clock moves.
#pragma once

#include <cstdint>
#include <memory>
#include <simgrid/s4u.hpp>
#include <vector>

#include "sim/loop/network_loop.h"

namespace headroom::sim {

class PathZone;

class SimgridFlows {
 public:
  /// Makes the process's engine.
  SimgridFlows();
  ~SimgridFlows();
  SimgridFlows(const SimgridFlows&) = delete;
  SimgridFlows& operator=(const SimgridFlows&) = delete;

  simgrid::s4u::Engine& engine() { return *engine_; }
  LinkId addLink(const std::string& name, double bytes_per_s);
  /// After the last link.
  void seal();

  /// Numbers a flow; it starts later, or never.
  FlowId reserve();
  // The rest only while SimGrid's clock stands at the time they are meant for.
  void start(FlowId id, std::span<const LinkId> path, std::int64_t bytes, double rate_limit, std::uint64_t tag);
  void cancel(FlowId id);
  void cancelAll();
  void setBandwidth(LinkId link, double bytes_per_s);
  void setUp(LinkId link, bool up);

  struct Ended {
    FlowId flow;
    std::uint64_t tag;
    bool delivered;
  };
  bool anyEnded() const { return !ended_.empty(); }
  /// Those that have ended since the last call, in the order in which they were numbered.
  std::vector<Ended> takeEnded();

 private:
  struct InFlight {
    FlowId id;
    std::vector<LinkId> path;
    double rate_limit = 0;
    std::uint64_t tag = 0;
    simgrid::s4u::CommPtr comm;
    std::size_t place = 0;  // in in_flight_
  };
  void launch(InFlight& flow, std::uint64_t units);
  void stop(InFlight& flow);
  void forget(InFlight& flow);
  void onCompletion(InFlight& flow, bool delivered);
  std::vector<InFlight*> crossing(LinkId link) const;

  std::unique_ptr<simgrid::s4u::Engine> engine_;
  PathZone* zone_;                             // the engine's
  simgrid::kernel::resource::Model* network_;  // the engine's
  simgrid::s4u::Host* from_ = nullptr;
  simgrid::s4u::Host* to_ = nullptr;
  std::vector<simgrid::s4u::Link*> links_;
  std::vector<std::unique_ptr<InFlight>> in_flight_;
  std::vector<Ended> ended_;
  std::vector<simgrid::s4u::CommPtr> over_;  // SimGrid still touches them after it has called back
  std::uint64_t numbered_ = 0;
};

}  // namespace headroom::sim
