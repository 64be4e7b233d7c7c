// Mixtures of experts and the exchanges of tokens between their ranks, as AIConfigurator publishes them.
#include <map>
#include <utility>

#include "models/base/error.h"
#include "models/cost/raw_readers.h"

namespace headroom::models {
namespace {

constexpr int kDevicesOfANode = 8;
constexpr int kDevicesOfAGraceNode = 4;

int devicesOfANode(const std::string& system) {
  return system == "gb200" || system == "gb300" ? kDevicesOfAGraceNode : kDevicesOfANode;
}

std::optional<ExpertLoad> loadOf(std::string_view name) {
  if (name == "balanced") return ExpertLoad::balanced;
  if (name == "power_law_1.01") return ExpertLoad::power_law_1_01;
  if (name == "power_law_1.2") return ExpertLoad::power_law_1_2;
  return std::nullopt;
}

TableKey exchangeKey(const RawCsv& csv, const RawSource& source) {
  if (csv.number(csv.column("node_num")) != 1) csv.fail("node_num: only one node was measured so far");
  return {.devices = devicesOfANode(source.system),
          .hidden = csv.number(csv.column("hidden_size")),
          .topk = csv.number(csv.column("num_topk")),
          .experts = csv.number(csv.column("num_experts"))};
}

void add(RawTables& raw, const RawSource& source, TableKey key, Operation operation, Precision format, double tokens,
         Seconds time) {
  key.operation = operation;
  key.precision = format;
  raw.samples.push_back({key, {tokens}, time, source.origin});
}

/// Where each call of experts is among the samples.
std::map<std::pair<TableKey, std::int64_t>, std::size_t> callsOfExperts(const RawTables& raw) {
  std::map<std::pair<TableKey, std::int64_t>, std::size_t> calls;
  for (std::size_t i = 0; i < raw.samples.size(); ++i) {
    const Sample& sample = raw.samples[i];
    if (sample.key.operation == Operation::moe) calls[{sample.key, static_cast<std::int64_t>(sample.at[0])}] = i;
  }
  return calls;
}

}  // namespace

void readMoe(RawCsv& csv, const RawSource& source, RawTables& raw) {
  const std::size_t dtype = csv.column("moe_dtype"), tokens = csv.column("num_tokens"), latency = csv.column("latency");
  const std::size_t hidden = csv.column("hidden_size"), inter = csv.column("inter_size"), topk = csv.column("topk");
  const std::size_t experts = csv.column("num_experts"), tp = csv.column("moe_tp_size"), ep = csv.column("moe_ep_size");
  const std::size_t distribution = csv.column("distribution");
  const auto kernel = csv.find("kernel_source");
  auto seen = callsOfExperts(raw);
  while (csv.next()) {
    const auto precision = rawPrecision(csv.text(dtype));
    if (source.blocks_only && (precision != Precision::fp8_block || !kernel || csv.text(*kernel) != source.kernel)) {
      continue;
    }
    const auto load = loadOf(csv.text(distribution));
    if (!precision || !load) {
      raw.skip(Defect::format_not_read);
      continue;
    }
    if (haveNoGate(csv.number(hidden), csv.number(inter), csv.number(topk), csv.number(experts))) {
      raw.skip(Defect::experts_without_gate);
      continue;
    }
    const bool fp8_activations = csv.text(dtype) == "w4a8_mxfp4_mxfp8";
    const TableKey key{.operation = Operation::moe,
                       .precision = *precision,
                       .arithmetic = fp8_activations ? Precision::fp8 : Precision::bf16,
                       .hidden = csv.number(hidden),
                       .inter = csv.number(inter),
                       .topk = csv.number(topk),
                       .experts = csv.number(experts),
                       .moe_tp = csv.number(tp),
                       .moe_ep = csv.number(ep),
                       .load = *load};
    const Sample sample{key, {static_cast<double>(csv.count(tokens))}, csv.milliseconds(latency), source.origin};
    const auto [at, first] = seen.try_emplace({key, csv.count(tokens)}, raw.samples.size());
    if (first) {
      raw.samples.push_back(sample);
    } else {
      raw.skip(Defect::slower_of_two_kernels);
      if (sample.time < raw.samples[at->second].time) raw.samples[at->second] = sample;
    }
  }
}

void readDeepEp(RawCsv& csv, const RawSource& source, RawTables& raw) {
  constexpr std::string_view kDefaultProcessors = "20";
  const std::size_t tokens = csv.column("num_token");
  const std::size_t dispatch_sms = csv.column("dispatch_sms"), combine_sms = csv.column("combine_sms");
  const std::size_t dispatch = csv.column("dispatch_transmit_us"), dispatch_notify = csv.column("dispatch_notify_us");
  const std::size_t combine = csv.column("combine_transmit_us"), combine_notify = csv.column("combine_notify_us");
  while (csv.next()) {
    if (csv.text(dispatch_sms) != kDefaultProcessors || csv.text(combine_sms) != kDefaultProcessors) {
      raw.skip(Defect::other_sm_counts);
      continue;
    }
    const TableKey key = exchangeKey(csv, source);
    const auto rows = static_cast<double>(csv.count(tokens));
    add(raw, source, key, Operation::deepep_dispatch, Precision::fp8, rows,
        csv.microseconds(dispatch) + csv.microsecondsOrNone(dispatch_notify));
    add(raw, source, key, Operation::deepep_combine, Precision::bf16, rows,
        csv.microseconds(combine) + csv.microsecondsOrNone(combine_notify));
  }
}

void readDeepEpLowLatency(RawCsv& csv, const RawSource& source, RawTables& raw) {
  const std::size_t tokens = csv.column("num_token");
  const std::size_t dispatch = csv.column("dispatch_avg_t_us"), combine = csv.column("combine_avg_t_us");
  while (csv.next()) {
    const TableKey key = exchangeKey(csv, source);
    const auto rows = static_cast<double>(csv.count(tokens));
    add(raw, source, key, Operation::deepep_low_latency_dispatch, Precision::fp8, rows, csv.microseconds(dispatch));
    add(raw, source, key, Operation::deepep_low_latency_combine, Precision::bf16, rows, csv.microseconds(combine));
  }
}

void readNvlinkExchange(RawCsv& csv, const RawSource& source, RawTables& raw) {
  const std::size_t op = csv.column("op_name"), kernel = csv.column("kernel_source"), dtype = csv.column("moe_dtype");
  const std::size_t tokens = csv.column("num_tokens"), latency = csv.column("latency");
  const std::size_t hidden = csv.column("hidden_size"), topk = csv.column("topk"), experts = csv.column("num_experts");
  const std::size_t ranks = csv.column("moe_ep_size");
  const std::pair<std::string_view, Operation> names[] = {
      {"alltoall_prepare", Operation::nvlink_prepare},
      {"alltoall_dispatch", Operation::nvlink_dispatch},
      {"alltoall_combine", Operation::nvlink_combine},
      {"alltoall_combine_low_precision", Operation::nvlink_combine_fp8}};
  while (csv.next()) {
    const auto precision = rawPrecision(csv.text(dtype));
    if (!precision || csv.text(kernel) != "NVLinkTwoSided") {
      raw.skip(Defect::format_not_read);  // the one-sided kernel exists for nvfp4 alone
      continue;
    }
    const TableKey key{.devices = csv.number(ranks, 2),
                       .hidden = csv.number(hidden),
                       .topk = csv.number(topk),
                       .experts = csv.number(experts)};
    for (const auto& [name, operation] : names) {
      if (csv.text(op) != name) continue;
      add(raw, source, key, operation, *precision, static_cast<double>(csv.count(tokens)), csv.milliseconds(latency));
    }
  }
}

}  // namespace headroom::models
