#include "sim/loop/simgrid/flows.h"

#include <xbt/log.h>

#include <algorithm>
#include <simgrid/kernel/resource/Model.hpp>
#include <simgrid/kernel/routing/NetPoint.hpp>
#include <simgrid/kernel/routing/NetZoneImpl.hpp>

#include "models/base/error.h"

namespace headroom::sim {
namespace sg = simgrid::s4u;

/// SimGrid asks its zones for the route between two hosts. Our flows bring their path along, so this zone has two hosts
/// and answers with the path of the flow that is being started.
class PathZone final : public simgrid::kernel::routing::NetZoneImpl {
 public:
  PathZone() : NetZoneImpl("network") {}
  using Link = simgrid::kernel::resource::StandardLinkImpl;
  std::vector<Link*> links;
  std::span<const LinkId> path;

  void get_local_route(const simgrid::kernel::routing::NetPoint*, const simgrid::kernel::routing::NetPoint*,
                       simgrid::kernel::routing::Route* into, double*) override {
    for (const LinkId link : path) into->link_list_.push_back(links[link.value()]);
  }
};

namespace {

/// SimGrid moves whole units. A byte of a link's 50 GB/s is 20 ps; what a flow that starts anew rounds off is not seen.
constexpr double kUnitsPerByte = 1024;

std::unique_ptr<sg::Engine> makeEngine() {
  CHECK(!sg::Engine::is_initialized(), "one network a process");
  xbt_log_control_set("xbt_cfg.thresh:warning");
  int argc = 1;
  char name[] = "headroom";
  char* argv[] = {name, nullptr};
  auto engine = std::make_unique<sg::Engine>(&argc, argv);
  // Ideal max-min: no cross traffic, no TCP window, and links without latency, since SimGrid weighs shares by it.
  sg::Engine::set_config("network/model:CM02");
  sg::Engine::set_config("network/crosstraffic:0");
  sg::Engine::set_config("network/TCP-gamma:1e30");
  sg::Engine::set_config("network/optim:Lazy");
  sg::Engine::set_config("surf/precision:1e-12");  // seconds; 1e-9 by default: flows ended up to 2 ns off
  return engine;
}

simgrid::kernel::resource::Model* networkModel(const sg::Engine& engine) {
  for (auto* model : engine.get_all_models()) {
    if (model->get_name().starts_with("Network")) return model;
  }
  CHECK(false, "SimGrid has a network model");
}

}  // namespace

SimgridFlows::SimgridFlows() : engine_(makeEngine()), zone_(new PathZone()), network_(networkModel(*engine_)) {
  from_ = zone_->get_iface()->create_host("from", 1.0);
  to_ = zone_->get_iface()->create_host("to", 1.0);
  sg::Comm::on_completion_cb([this](auto const& activity) {  // an Activity in SimGrid 3, a Comm in 4
    auto* flow = activity.template get_data<InFlight>();
    if (flow != nullptr) onCompletion(*flow, activity.get_state() == sg::Activity::State::FINISHED);
  });
}

SimgridFlows::~SimgridFlows() = default;

LinkId SimgridFlows::addLink(const std::string& name, double bytes_per_s) {
  CHECK(bytes_per_s > 0, "a link has a bandwidth");
  const LinkId id(static_cast<std::uint32_t>(links_.size()));
  // The number keeps names apart that the user gave twice.
  const std::string unique = name + "#" + std::to_string(id.value());
  sg::Link* link = zone_->get_iface()->create_link(unique, bytes_per_s * kUnitsPerByte)->set_latency(0)->seal();
  links_.push_back(link);
  zone_->links.push_back(zone_->get_link_by_name_or_null(unique));
  return id;
}

void SimgridFlows::seal() {
  from_->seal();
  to_->seal();
  zone_->get_iface()->seal();
}

FlowId SimgridFlows::reserve() {
  return FlowId(numbered_++);
}

void SimgridFlows::start(FlowId id, std::span<const LinkId> path, std::int64_t bytes, double rate_limit,
                         std::uint64_t tag) {
  CHECK(!path.empty() && bytes >= 0, "a flow has a path and a size");
  const bool up = std::all_of(path.begin(), path.end(), [&](LinkId link) { return links_[link.value()]->is_on(); });
  if (bytes == 0 || !up) {  // SimGrid would never call back
    ended_.push_back({id, tag, up});
    return;
  }
  auto flow = std::make_unique<InFlight>(InFlight{.id = id,
                                                  .path = {path.begin(), path.end()},
                                                  .rate_limit = rate_limit,
                                                  .tag = tag,
                                                  .comm = nullptr,
                                                  .place = in_flight_.size()});
  launch(*flow, static_cast<std::uint64_t>(bytes) * static_cast<std::uint64_t>(kUnitsPerByte));
  in_flight_.push_back(std::move(flow));
}

void SimgridFlows::launch(InFlight& flow, std::uint64_t units) {
  flow.comm = sg::Comm::sendto_init();
  flow.comm->set_data(&flow);
  flow.comm->set_payload_size(units);
  zone_->path = flow.path;
  flow.comm->set_source(from_);
  flow.comm->set_destination(to_);  // starts it
  zone_->path = {};
  if (flow.rate_limit > 0) {  // Comm::set_rate() is for actors only
    network_->get_started_action_set()->back().set_bound(flow.rate_limit * kUnitsPerByte);
  }
}

/// Takes the flow out of SimGrid, which must not call us back for it.
void SimgridFlows::stop(InFlight& flow) {
  const sg::CommPtr comm = std::move(flow.comm);
  comm->set_data(nullptr);
  comm->cancel();
  over_.push_back(comm);
}

void SimgridFlows::forget(InFlight& flow) {
  const std::size_t place = flow.place;
  in_flight_[place] = std::move(in_flight_.back());
  in_flight_[place]->place = place;
  in_flight_.pop_back();
}

void SimgridFlows::onCompletion(InFlight& flow, bool delivered) {
  ended_.push_back({flow.id, flow.tag, delivered});
  flow.comm->set_data(nullptr);  // SimGrid may call back twice
  over_.push_back(std::move(flow.comm));
  forget(flow);
}

std::vector<SimgridFlows::Ended> SimgridFlows::takeEnded() {
  over_.clear();
  std::vector<Ended> ended;
  ended.swap(ended_);
  std::sort(ended.begin(), ended.end(), [](const Ended& a, const Ended& b) { return a.flow < b.flow; });
  return ended;
}

void SimgridFlows::cancel(FlowId id) {
  std::erase_if(ended_, [&](const Ended& ended) { return ended.flow == id; });
  const auto found = std::find_if(in_flight_.begin(), in_flight_.end(), [&](const auto& f) { return f->id == id; });
  if (found == in_flight_.end()) return;
  stop(**found);
  forget(**found);
}

void SimgridFlows::cancelAll() {
  for (const auto& flow : in_flight_) stop(*flow);
  in_flight_.clear();
  ended_.clear();
}

std::vector<SimgridFlows::InFlight*> SimgridFlows::crossing(LinkId link) const {
  std::vector<InFlight*> found;
  for (const auto& flow : in_flight_) {
    if (std::find(flow->path.begin(), flow->path.end(), link) != flow->path.end()) found.push_back(flow.get());
  }
  return found;
}

void SimgridFlows::setBandwidth(LinkId link, double bytes_per_s) {
  CHECK(bytes_per_s > 0, "a link has a bandwidth; setUp(false) takes it away");
  links_[link.value()]->set_bandwidth(bytes_per_s * kUnitsPerByte);
  // SimGrid never lifts a flow above the bandwidth it began with: start anew with what remains.
  for (InFlight* flow : crossing(link)) {
    const auto left = static_cast<std::uint64_t>(std::max(1.0, flow->comm->get_remaining()));
    stop(*flow);
    launch(*flow, left);
  }
}

void SimgridFlows::setUp(LinkId link, bool up) {
  if (up) {
    links_[link.value()]->turn_on();
    return;
  }
  for (InFlight* flow : crossing(link)) {
    stop(*flow);
    ended_.push_back({flow->id, flow->tag, false});
    forget(*flow);
  }
  links_[link.value()]->turn_off();
}

}  // namespace headroom::sim
