// headroom explain: where the time of the slowest requests of a finished run went.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/numbers.h"
#include "cli/report_errors.h"
#include "cli/streams.h"
#include "cli/text_table.h"
#include "cli/verbs.h"
#include "models/base/error.h"
#include "sim/metrics/request_table.h"

namespace headroom::cli {
namespace {

using Json = nlohmann::ordered_json;
using sim::kParts;
using sim::RequestRow;
using sim::RequestTable;

constexpr double kNanosecondsPerMs = 1e6;

/// Requests at or above a threshold, and the sums of their parts in nanoseconds.
struct Cohort {
  std::string metric;
  std::int64_t threshold = 0;
  std::int64_t requests = 0, total = 0, prompt_tokens = 0, output_tokens = 0, cached_tokens = 0, preemptions = 0;
  std::array<std::int64_t, kParts> parts{};
  std::size_t used = kParts;  ///< the first so many make up `total`

  void add(const RequestRow& row) {
    ++requests;
    for (std::size_t p = 0; p < used; ++p) {
      parts[p] += row.parts[p];
      total += row.parts[p];
    }
    prompt_tokens += row.prompt_tokens;
    output_tokens += row.output_tokens;
    cached_tokens += row.cached_tokens;
    preemptions += row.preemptions;
  }
  double mean(std::int64_t sum) const { return static_cast<double>(sum) / static_cast<double>(requests); }
  double meanMs(std::int64_t sum) const { return mean(sum) / kNanosecondsPerMs; }
};

std::filesystem::path tableOf(const std::string& run) {
  const std::filesystem::path path(run);
  if (!std::filesystem::is_directory(path)) return path;
  const std::filesystem::path table = path / "requests.csv.zst";
  if (std::filesystem::exists(table)) return table;
  throw InputError({.file = run, .line = 0, .path = ""}, "has no requests.csv.zst",
                   "give the folder of `headroom simulate ... --out DIR`");
}

/// The smallest value that is not among the lowest `percentile` percent.
std::int64_t thresholdOf(std::vector<std::int64_t>& values, double percentile) {
  const auto below = static_cast<std::size_t>(percentile / 100 * static_cast<double>(values.size()));
  const std::size_t index = std::min(below, values.size() - 1);
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(index), values.end());
  return values[index];
}

/// All requests and the slowest by ttft and by e2e.
struct Explanation {
  Cohort all_ttft{.metric = "ttft", .used = sim::kTtftParts}, all_e2e{.metric = "e2e"};
  Cohort slow_ttft = all_ttft, slow_e2e = all_e2e;
};

Explanation explainRun(const std::filesystem::path& file, double percentile) {
  std::vector<std::int64_t> ttft, e2e;
  RequestRow row;
  for (RequestTable table(file); table.next(row);) {
    if (!row.completed) continue;
    ttft.push_back(row.ttft);
    e2e.push_back(row.e2e);
  }
  if (ttft.empty()) throw InputError({.file = file.string(), .line = 0, .path = ""}, "no request was completed");
  Explanation result;
  result.slow_ttft.threshold = thresholdOf(ttft, percentile);
  result.slow_e2e.threshold = thresholdOf(e2e, percentile);
  for (RequestTable table(file); table.next(row);) {
    if (!row.completed) continue;
    result.all_ttft.add(row);
    result.all_e2e.add(row);
    if (row.ttft >= result.slow_ttft.threshold) result.slow_ttft.add(row);
    if (row.e2e >= result.slow_e2e.threshold) result.slow_e2e.add(row);
  }
  return result;
}

std::string cohortText(const Cohort& all, const Cohort& slow, double percentile) {
  TextTable table("lrrrl");
  table.add({slow.metric + ", mean ms", "all", fmt::format("from p{:g}", percentile), "of what they take longer", ""});
  const double longer = slow.meanMs(slow.total) - all.meanMs(all.total);
  for (std::size_t p = 0; p < slow.used; ++p) {
    if (slow.parts[p] == 0 && all.parts[p] == 0) continue;
    const double mean_all = all.meanMs(all.parts[p]), mean_slow = slow.meanMs(slow.parts[p]);
    const auto part = static_cast<sim::Part>(p);
    table.add({std::string("  ") + nameOf(part), numberText(mean_all), numberText(mean_slow),
               longer > 0 ? fmt::format("{:.1f} %", 100 * (mean_slow - mean_all) / longer) : "-", meaningOf(part)});
  }
  table.add({"  sum", numberText(all.meanMs(all.total)), numberText(slow.meanMs(slow.total)), "", ""});
  return table.text() + fmt::format(
                            "  {} of {} requests, from {} ms: {} prompt tokens ({} cached), {} output tokens, {:.2g} "
                            "preemptions on average; all: {} ({}), {}, {:.2g}\n",
                            countText(slow.requests), countText(all.requests),
                            numberText(static_cast<double>(slow.threshold) / kNanosecondsPerMs),
                            numberText(slow.mean(slow.prompt_tokens)), numberText(slow.mean(slow.cached_tokens)),
                            numberText(slow.mean(slow.output_tokens)), slow.mean(slow.preemptions),
                            numberText(all.mean(all.prompt_tokens)), numberText(all.mean(all.cached_tokens)),
                            numberText(all.mean(all.output_tokens)), all.mean(all.preemptions));
}

Json cohortJson(const Cohort& cohort) {
  Json parts;
  for (std::size_t p = 0; p < cohort.used; ++p) {
    parts[nameOf(static_cast<sim::Part>(p))] = cohort.meanMs(cohort.parts[p]);
  }
  return {{"metric", cohort.metric},
          {"requests", cohort.requests},
          {"from_ms", static_cast<double>(cohort.threshold) / kNanosecondsPerMs},
          {"mean_ms", cohort.meanMs(cohort.total)},
          {"parts_mean_ms", parts},
          {"prompt_tokens_mean", cohort.mean(cohort.prompt_tokens)},
          {"cached_tokens_mean", cohort.mean(cohort.cached_tokens)},
          {"output_tokens_mean", cohort.mean(cohort.output_tokens)},
          {"preemptions_mean", cohort.mean(cohort.preemptions)}};
}

RequestRow findRequest(const std::filesystem::path& file, std::uint64_t id) {
  RequestRow row;
  for (RequestTable table(file); table.next(row);) {
    if (row.id != id) continue;
    if (row.completed) return row;
    throw InputError({.file = file.string(), .line = 0, .path = ""}, fmt::format("request {} was rejected", id));
  }
  throw InputError({.file = file.string(), .line = 0, .path = ""}, fmt::format("has no request {}", id));
}

void printRequest(const RequestRow& row, Format format) {
  const bool moved = row.prefill_replica != sim::RequestRecord::kNoReplica;
  if (format == Format::json) {
    Json parts;
    for (std::size_t p = 0; p < kParts; ++p) {
      parts[nameOf(static_cast<sim::Part>(p))] = static_cast<double>(row.parts[p]) / kNanosecondsPerMs;
    }
    Json request{{"request_id", row.id}, {"replica", row.replica}};
    if (moved) request["prefill_replica"] = row.prefill_replica;
    request["ttft_ms"] = static_cast<double>(row.ttft) / kNanosecondsPerMs;
    request["e2e_ms"] = static_cast<double>(row.e2e) / kNanosecondsPerMs;
    request["parts_ms"] = parts;
    printResult(request.dump(2) + "\n");
    return;
  }
  TextTable table("lrl");
  for (std::size_t p = 0; p < kParts; ++p) {
    const auto part = static_cast<sim::Part>(p);
    table.add(
        {nameOf(part), fmt::format("{:.6f}", static_cast<double>(row.parts[p]) / kNanosecondsPerMs), meaningOf(part)});
  }
  table.add({"e2e", fmt::format("{:.6f}", static_cast<double>(row.e2e) / kNanosecondsPerMs), "their sum"});
  printResult(
      fmt::format("request {}: {} prompt tokens ({} cached), {} output tokens, {} preemptions, on replica {}{}, "
                  "arrived at {:.6f} s; ms\n",
                  row.id, countText(row.prompt_tokens), countText(row.cached_tokens), countText(row.output_tokens),
                  row.preemptions, row.replica, moved ? fmt::format(" (its prompt on {})", row.prefill_replica) : "",
                  static_cast<double>(row.arrival) / 1e9) +
      table.text());
}

}  // namespace

int explain(const ExplainOptions& options) {
  const std::filesystem::path file = tableOf(options.run);
  if (options.request) {
    printRequest(findRequest(file, *options.request), options.format);
    return kExitOk;
  }
  const Explanation e = explainRun(file, options.percentile);
  if (options.format == Format::json) {
    printResult(Json{{"percentile", options.percentile},
                     {"all", {cohortJson(e.all_ttft), cohortJson(e.all_e2e)}},
                     {"slowest", {cohortJson(e.slow_ttft), cohortJson(e.slow_e2e)}}}
                    .dump(2) +
                "\n");
  } else {
    printResult(cohortText(e.all_ttft, e.slow_ttft, options.percentile) + "\n" +
                cohortText(e.all_e2e, e.slow_e2e, options.percentile));
  }
  return kExitOk;
}

}  // namespace headroom::cli
