// ns per event (one pop, one push) with N pending, in the hold model: each event schedules one at a random later time.
#include <benchmark/benchmark.h>

#include <bit>

#include "sim/loop/event_queue.h"
#include "tests/bench/calendar_queue.h"
#include "workloads/rng.h"

namespace headroom {
namespace {

constexpr double kMeanGap = 1e9;  // ticks from an event to the one it schedules

std::vector<Ticks> gaps() {
  workloads::Rng rng(1, "bench/gaps");
  std::vector<Ticks> drawn(1 << 16);
  for (Ticks& gap : drawn) gap = 1 + static_cast<Ticks>(rng.exponential() * kMeanGap);
  return drawn;
}

void heap(benchmark::State& state) {
  const std::vector<Ticks> drawn = gaps();
  sim::EventQueue queue;
  std::size_t i = 0;
  for (std::int64_t n = 0; n < state.range(0); ++n) queue.push(drawn[i++ & 0xffff], sim::Rank::replica, 0, 0);
  for (auto _ : state) {
    const sim::Event event = queue.pop();
    queue.push(event.time + drawn[i++ & 0xffff], sim::Rank::replica, event.target, 0);
  }
}

void calendar(benchmark::State& state) {
  const std::vector<Ticks> drawn = gaps();
  const auto pending = static_cast<std::size_t>(state.range(0));
  // The best case for a calendar: about two events a bucket, the ring as long as the horizon.
  bench::CalendarQueue queue(static_cast<Ticks>(2 * kMeanGap / static_cast<double>(pending)),
                             std::bit_ceil(4 * pending));
  std::size_t i = 0;
  for (std::size_t n = 0; n < pending; ++n) queue.push(drawn[i++ & 0xffff], 0);
  for (auto _ : state) {
    const auto event = queue.pop();
    queue.push(event.time + drawn[i++ & 0xffff], event.target);
  }
}

BENCHMARK(heap)->Name("ns per event, heap, pending")->RangeMultiplier(10)->Range(100, 100'000);
BENCHMARK(calendar)->Name("ns per event, calendar, pending")->RangeMultiplier(10)->Range(100, 100'000);

}  // namespace
}  // namespace headroom
