#include "sim/network_outcome.h"

#include <nlohmann/json.hpp>

namespace headroom::sim {
namespace {

using Json = nlohmann::ordered_json;

Json linkJson(const LinkOutcome& l) {
  return Json{{"name", l.name},
              {"tier", l.tier},
              {"gb_per_s", l.gb_per_s},
              {"bytes", l.bytes},
              {"utilisation", l.utilisation},
              {"peak", l.peak},
              {"over_time", l.over_time}};
}
LinkOutcome linkFrom(const Json& j) {
  LinkOutcome l;
  l.name = j.at("name");
  l.tier = j.at("tier");
  l.gb_per_s = j.at("gb_per_s");
  l.bytes = j.at("bytes");
  l.utilisation = j.at("utilisation");
  l.peak = j.at("peak");
  l.over_time = j.at("over_time").get<std::vector<double>>();
  return l;
}

Json sliceJson(const SliceOutcome& s) {
  return Json{{"name", s.name},
              {"guaranteed_gb_per_s", s.guaranteed_gb_per_s},
              {"count", s.count},
              {"asked_bytes", s.asked_bytes},
              {"delivered_bytes", s.delivered_bytes},
              {"busy_s", s.busy_s},
              {"below_guarantee_s", s.below_guarantee_s},
              {"contention", s.contention},
              {"revenue_usd", s.revenue_usd},
              {"cost_usd", s.cost_usd}};
}
SliceOutcome sliceFrom(const Json& j) {
  SliceOutcome s;
  s.name = j.at("name");
  s.guaranteed_gb_per_s = j.at("guaranteed_gb_per_s");
  s.count = j.at("count");
  s.asked_bytes = j.at("asked_bytes");
  s.delivered_bytes = j.at("delivered_bytes");
  s.busy_s = j.at("busy_s");
  s.below_guarantee_s = j.at("below_guarantee_s");
  s.contention = j.at("contention");
  s.revenue_usd = j.at("revenue_usd");
  s.cost_usd = j.at("cost_usd");
  return s;
}

}  // namespace

Json toJson(const std::optional<NetworkOutcome>& network) {
  if (!network) return Json{{"bytes", Json()}, {"hottest_link", Json()}};
  Json kinds = Json::object(), links = Json::array();
  for (const TransferOutcome& t : network->by_kind) {
    kinds[t.kind] = {{"count", t.count}, {"bytes", t.bytes}, {"mean_ms", t.mean_ms}, {"contention", t.contention}};
  }
  Json slices = Json::array();
  for (const SliceOutcome& slice : network->slices) slices.push_back(sliceJson(slice));
  for (const LinkOutcome& link : network->links) links.push_back(linkJson(link));
  Json hottest;
  if (!network->links.empty()) {
    const LinkOutcome& link = network->links.front();
    hottest = Json{{"name", link.name}, {"utilisation", link.utilisation}, {"peak", link.peak}};
  }
  return Json{{"bytes", network->bytes},
              {"egress_usd", network->egress_usd},
              {"hottest_link", hottest},
              {"by_kind", kinds},
              {"ttft_share",
               {{"kv_transfer", network->ttft_kv_transfer},
                {"contention", network->ttft_contention},
                {"prefix_fetch", network->ttft_prefix_fetch},
                {"prefix_contention", network->ttft_prefix_contention},
                {"wan", network->ttft_wan}}},
              {"slices", slices},
              {"interval_s", network->interval_s},
              {"links", links}};
}

std::optional<NetworkOutcome> networkFromJson(const Json& j) {
  if (j.at("bytes").is_null()) return std::nullopt;
  NetworkOutcome network;
  network.bytes = j.at("bytes");
  network.egress_usd = j.at("egress_usd");
  for (const auto& [kind, t] : j.at("by_kind").items()) {
    network.by_kind.push_back({kind, t.at("count"), t.at("bytes"), t.at("mean_ms"), t.at("contention")});
  }
  network.ttft_kv_transfer = j.at("ttft_share").at("kv_transfer");
  network.ttft_contention = j.at("ttft_share").at("contention");
  network.ttft_prefix_fetch = j.at("ttft_share").at("prefix_fetch");
  network.ttft_prefix_contention = j.at("ttft_share").at("prefix_contention");
  network.ttft_wan = j.at("ttft_share").at("wan");
  for (const Json& slice : j.at("slices")) network.slices.push_back(sliceFrom(slice));
  network.interval_s = j.at("interval_s");
  for (const Json& link : j.at("links")) network.links.push_back(linkFrom(link));
  return network;
}

}  // namespace headroom::sim
