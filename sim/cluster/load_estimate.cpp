#include "sim/cluster/load_estimate.h"

#include <algorithm>
#include <memory>
#include <unordered_map>

#include "sim/engine/context_window.h"
#include "sim/engine/make_replica.h"
#include "workloads/request_details.h"

namespace headroom::sim {
namespace {

struct Completions final : ReplicaObserver {
  explicit Completions(Role r) : role(r) {}
  Role role;
  std::vector<Ticks> times;
  std::vector<std::uint64_t> to_move;  // requests whose KV is wanted, or computed for others
  void onSteps(ReplicaId, const StepRun&) override {}
  void onLateToken(ReplicaId, Ticks, Ticks) override {}
  void onFinished(const FinishedRequest& finished) override {
    times.push_back(finished.finished);
    if (role == Role::prefill) to_move.push_back(finished.request.id);
  }
  void onPreempted(ReplicaId, Ticks) override {}
  void onBlocksUsed(ReplicaId, std::int64_t) override {}
  void onKvWanted(ReplicaId, std::uint64_t request, std::int64_t, Ticks) override { to_move.push_back(request); }

  void moveKv(Replica& replica, Ticks now) {
    while (!to_move.empty()) {
      const std::uint64_t request = to_move.back();
      to_move.pop_back();
      replica.onKvMoved(now, request);
    }
  }
};

/// Every n-th request or session, so that about `count` requests are left: all of the run, not its beginning.
std::vector<workloads::Request> thinned(const std::vector<workloads::Request>& mix, std::size_t count) {
  const std::size_t step = std::max<std::size_t>(mix.size() / count, 1);
  std::unordered_map<std::uint64_t, std::size_t> sessions;  // their numbers
  std::vector<workloads::Request> kept;
  std::size_t units = 0;
  for (const workloads::Request& request : mix) {
    const std::uint64_t session = request.details ? request.details->session : 0;
    const std::size_t unit = session == 0 ? units++ : sessions.try_emplace(session, units).first->second;
    if (session != 0 && unit == units) ++units;
    if (unit % step == 0) kept.push_back(request);
  }
  return kept;
}

/// So many requests that the replica has others waiting most of the time: several times what it can run at once.
std::size_t countToSaturate(const std::vector<workloads::Request>& sample, const EngineConfig& config) {
  constexpr double kTimesOver = 8, kMost = 20'000;
  double tokens = 0;
  for (const workloads::Request& request : sample)
    tokens += static_cast<double>(request.prompt_tokens + request.output_tokens);
  const double longest_mean = std::max(1.0, tokens / static_cast<double>(sample.size()));
  const double room = static_cast<double>(config.usableBlocks() * config.block_size) / longest_mean;
  const double at_once = config.data_parallel * std::min<double>(config.max_num_seqs, room);
  return static_cast<std::size_t>(std::min(kMost, kTimesOver * at_once));
}

/// The same lengths with another text, alike for the requests of one `round`.
workloads::Request retold(workloads::Request request, std::uint64_t round) {
  if (!request.details || request.details->content.empty()) return request;
  auto details = std::make_shared<workloads::RequestDetails>(*request.details);
  for (workloads::ContentSpan& span : details->content) span.id = workloads::contentId(span.id, round);
  if (details->session != 0) details->session = workloads::contentId(details->session, round) | 1;
  request.details = std::move(details);
  return request;
}

}  // namespace

void RequestSample::thinOut() {
  stride_ *= 2;
  std::size_t left = 0;
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    if (units_[i] % stride_ != 0) continue;
    units_[left] = units_[i];
    if (left != i) kept_[left] = std::move(kept_[i]);
    ++left;
  }
  kept_.resize(left);
  units_.resize(left);
}

double sustainableRate(const std::vector<workloads::Request>& mix, std::size_t least, const EngineConfig& config,
                       const models::StepTimes& times) {
  if (mix.empty()) return 0;
  Completions completions(config.role);
  const std::unique_ptr<Replica> replica = makeReplica(ReplicaId(0), config, times, completions, false);
  const std::size_t count = std::max(least, countToSaturate(mix, config));
  const std::vector<workloads::Request> sample = thinned(mix, count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t round = i / sample.size();
    workloads::Request request = sample[i % sample.size()];
    if (round > 0) request = retold(std::move(request), round);
    request.id = i;
    request.arrival = 0;
    if (config.role == Role::prefill) request.output_tokens = request.max_tokens = 1;
    if (isRefused(request, config)) continue;
    if (config.role == Role::decode) {
      replica->submitComputed(0, request);
    } else {
      replica->submit(0, request);
    }
    completions.moveKv(*replica, 0);
  }
  for (Ticks now = replica->nextEvent(); now != kNever; now = replica->nextEvent()) {
    replica->onEvent(now);
    completions.moveKv(*replica, now);
  }
  const std::size_t n = completions.times.size();
  if (n < 2) return 0;
  // Equal requests end together: those of the first end were computed before it.
  const Ticks begin = completions.times[n / 5], end = completions.times[n - 1 - n / 5];
  const auto between = [&](Ticks t) { return t > begin && t <= end; };
  const auto done = std::count_if(completions.times.begin(), completions.times.end(), between);
  return done > 0 ? static_cast<double>(done) / toSeconds(end - begin).value()
                  : static_cast<double>(n) / toSeconds(completions.times.back()).value();
}

}  // namespace headroom::sim
