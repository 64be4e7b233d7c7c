// Workloads in YAML: reading with strict keys and units, and writing back.
#include <fmt/format.h>

#include "models/base/document_nodes.h"
#include "models/base/error.h"
#include "models/base/ticks.h"
#include "workloads/trace_reader.h"
#include "workloads/workload_spec.h"

namespace headroom::workloads {
namespace {

/// Runs `read`; an InputError that does not know its place gets that of `value`.
template <class Read>
auto at(const Value& value, Read read) {
  try {
    return read();
  } catch (const InputError& error) {
    if (!error.where().file.empty()) throw;
    value.fail(error.message(), error.hint());
  }
}

std::int32_t tokensOf(const Value& value) {
  return static_cast<std::int32_t>(value.integer(1, kLongestLength));
}

ArrivalSpec readTrace(Fields& fields) {
  TraceArrivals spec;
  const Value format = fields.required("format");
  spec.format = format.string();
  at(format, [&] { findTraceFormat(spec.format); });
  spec.file = fields.required("file").filePath();
  if (const auto scale = fields.optional("rate_scale")) spec.rate_scale = scale->number();
  if (const auto name = fields.optional("trace_class")) spec.trace_class = name->string();
  if (const auto block = fields.optional("hash_block_tokens")) spec.hash_block_tokens = tokensOf(*block);
  if (const auto failed = fields.optional("failed_requests")) {
    const bool keep = failed->oneOf({"keep", "leave-out"}) == "keep";
    spec.failed_requests = keep ? TraceArrivals::Failed::keep : TraceArrivals::Failed::leave_out;
  }
  return spec;
}

ArrivalSpec readTraceModel(Fields& fields) {
  TraceModelArrivals spec;
  spec.file = fields.required("file").filePath();
  if (const auto scale = fields.optional("rate_scale")) spec.rate_scale = scale->number();
  return spec;
}

ArrivalSpec readClosedLoop(Fields& fields) {
  ClosedLoop spec;
  spec.concurrency = static_cast<std::int32_t>(fields.required("concurrency").integer(1, 10'000'000));
  if (const auto think = fields.optional("think_time")) spec.think_time = think->quantity<Seconds>();
  return spec;
}

ArrivalSpec readMmpp(Fields& fields) {
  MmppArrivals spec;
  for (const Value& item : fields.required("states").items()) {
    Fields state(item);
    spec.states.push_back(
        {.rate = state.required("rate").quantity<PerSecond>(), .dwell = state.required("dwell").quantity<Seconds>()});
    state.finish();
  }
  return spec;
}

std::vector<Spike> readSpikes(Fields& fields) {
  std::vector<Spike> spikes;
  const auto list = fields.optional("spikes");
  if (!list) return spikes;
  for (const Value& item : list->items()) {
    Fields spike(item);
    spikes.push_back({.at = spike.required("at").quantity<Seconds>(),
                      .duration = spike.required("duration").quantity<Seconds>(),
                      .factor = spike.required("factor").number()});
    if (const auto every = spike.optional("every")) spikes.back().every = every->quantity<Seconds>();
    spike.finish();
  }
  return spikes;
}

ArrivalSpec readDiurnal(Fields& fields) {
  DiurnalArrivals spec{.rate = fields.required("rate").quantity<PerSecond>()};
  spec.peak_to_trough = fields.required("peak_to_trough").number();
  if (const auto peak = fields.optional("peak_at")) spec.peak_at = peak->quantity<Seconds>();
  if (const auto period = fields.optional("period")) spec.period = period->quantity<Seconds>();
  if (const auto cv = fields.optional("cv")) spec.cv = cv->number();
  spec.spikes = readSpikes(fields);
  return spec;
}

ArrivalSpec readRamp(Fields& fields) {
  RampArrivals spec;
  for (const Value& item : fields.required("points").items()) {
    const auto pair = item.items();
    if (pair.size() != 2) item.fail("a point is [time, rate]", "such as [10 min, 20 /s]");
    spec.points.push_back({.at = pair[0].quantity<Seconds>(), .rate = pair[1].quantity<PerSecond>()});
  }
  if (const auto cv = fields.optional("cv")) spec.cv = cv->number();
  spec.spikes = readSpikes(fields);
  return spec;
}

ArrivalSpec readKind(const Value& type, Fields& fields) {
  const std::string name = type.oneOf(
      {"poisson", "gamma", "weibull", "constant", "mmpp", "diurnal", "ramp", "trace", "trace-model", "closed-loop"});
  if (name == "mmpp") return readMmpp(fields);
  if (name == "diurnal") return readDiurnal(fields);
  if (name == "ramp") return readRamp(fields);
  if (name == "trace") return readTrace(fields);
  if (name == "trace-model") return readTraceModel(fields);
  if (name == "closed-loop") return readClosedLoop(fields);
  const auto rate = fields.required("rate").quantity<PerSecond>();
  if (name == "poisson") return PoissonArrivals{rate};
  if (name == "constant") return ConstantArrivals{rate};
  const double cv = fields.required("cv").number();
  if (name == "weibull") return WeibullArrivals{.rate = rate, .cv = cv};
  return GammaArrivals{.rate = rate, .cv = cv};
}

LengthSpec readLognormal(const Value& value) {
  Fields fields(value);
  const auto p50 = fields.optional("p50"), p99 = fields.optional("p99");
  const auto mean = fields.optional("mean"), sigma = fields.optional("sigma");
  LognormalLength spec;
  if (mean && sigma && !p50 && !p99) {
    spec = lognormalFromMean(mean->number(), sigma->numberIn(0, 10));
  } else if (p50 && sigma && !mean && !p99) {
    spec = {.median = p50->number(), .sigma = sigma->numberIn(0, 10)};
  } else if (p50 && p99 && !mean && !sigma) {
    spec = lognormalFromP99(p50->number(), p99->number());
  } else {
    value.fail("a lognormal length takes two numbers", "{p50, sigma}, {mean, sigma} or {p50, p99}");
  }
  if (const auto min = fields.optional("min")) spec.min = tokensOf(*min);
  if (const auto max = fields.optional("max")) spec.max = tokensOf(*max);
  fields.finish();
  return spec;
}

LengthSpec readQuantiles(const Value& value) {
  EmpiricalLength spec;
  for (const Value& point : value.items()) {
    const auto pair = point.items();
    if (pair.size() != 2) point.fail("a quantile is [share, tokens]");
    spec.quantiles.emplace_back(pair[0].numberIn(0, 1), pair[1].number());
  }
  return spec;
}

LengthSpec readFromTrace(const Value& value, const ArrivalSpec& arrivals) {
  value.oneOf({"trace"});
  if (!std::holds_alternative<TraceArrivals>(arrivals) && !std::holds_alternative<TraceModelArrivals>(arrivals)) {
    value.fail("these arrivals have no trace to take lengths from", "arrivals of type trace or trace-model have one");
  }
  return LengthFromTrace{};
}

LengthSpec readUniform(const Value& value) {
  const auto bounds = value.items();
  if (bounds.size() != 2) value.fail("a uniform length is [shortest, longest]");
  return UniformLength{.min = tokensOf(bounds[0]), .max = tokensOf(bounds[1])};
}

DocumentNode rateNode(PerSecond rate) {
  return withUnit(rate.value(), "/s");
}

DocumentNode write(const PoissonArrivals& spec) {
  return mapNode({{"type", scalarNode("poisson")}, {"rate", rateNode(spec.rate)}});
}
DocumentNode write(const ConstantArrivals& spec) {
  return mapNode({{"type", scalarNode("constant")}, {"rate", rateNode(spec.rate)}});
}
DocumentNode write(const GammaArrivals& spec) {
  return mapNode({{"type", scalarNode("gamma")}, {"rate", rateNode(spec.rate)}, {"cv", numberNode(spec.cv)}});
}
DocumentNode write(const WeibullArrivals& spec) {
  return mapNode({{"type", scalarNode("weibull")}, {"rate", rateNode(spec.rate)}, {"cv", numberNode(spec.cv)}});
}
DocumentNode timeNode(Seconds time) {
  return withUnit(time.value(), "s");
}
DocumentNode write(const MmppArrivals& spec) {
  DocumentNode states = listNode();
  for (const auto& state : spec.states) {
    states.items.push_back(mapNode({{"rate", rateNode(state.rate)}, {"dwell", timeNode(state.dwell)}}));
  }
  return mapNode({{"type", scalarNode("mmpp")}, {"states", std::move(states)}});
}
void writeSpikes(const std::vector<Spike>& spikes, DocumentNode& node) {
  if (spikes.empty()) return;
  DocumentNode list = listNode();
  for (const Spike& spike : spikes) {
    list.items.push_back(mapNode(
        {{"at", timeNode(spike.at)}, {"duration", timeNode(spike.duration)}, {"factor", numberNode(spike.factor)}}));
    if (spike.every) setMember(list.items.back(), "every", timeNode(*spike.every));
  }
  setMember(node, "spikes", std::move(list));
}
DocumentNode write(const DiurnalArrivals& spec) {
  DocumentNode node = mapNode({{"type", scalarNode("diurnal")},
                               {"rate", rateNode(spec.rate)},
                               {"peak_to_trough", numberNode(spec.peak_to_trough)},
                               {"peak_at", timeNode(spec.peak_at)},
                               {"period", timeNode(spec.period)},
                               {"cv", numberNode(spec.cv)}});
  writeSpikes(spec.spikes, node);
  return node;
}
DocumentNode write(const RampArrivals& spec) {
  DocumentNode points = listNode();
  for (const auto& point : spec.points) points.items.push_back(listNode({timeNode(point.at), rateNode(point.rate)}));
  DocumentNode node =
      mapNode({{"type", scalarNode("ramp")}, {"points", std::move(points)}, {"cv", numberNode(spec.cv)}});
  writeSpikes(spec.spikes, node);
  return node;
}
DocumentNode write(const TraceArrivals& spec) {
  DocumentNode node = mapNode({{"type", scalarNode("trace")},
                               {"format", scalarNode(spec.format)},
                               {"file", scalarNode(spec.file.string())},
                               {"rate_scale", numberNode(spec.rate_scale)}});
  if (spec.trace_class) setMember(node, "trace_class", stringNode(*spec.trace_class));
  if (spec.hash_block_tokens) setMember(node, "hash_block_tokens", numberNode(*spec.hash_block_tokens));
  if (spec.failed_requests == TraceArrivals::Failed::leave_out) {
    setMember(node, "failed_requests", scalarNode("leave-out"));
  }
  return node;
}
DocumentNode write(const TraceModelArrivals& spec) {
  return mapNode({{"type", scalarNode("trace-model")},
                  {"file", scalarNode(spec.file.string())},
                  {"rate_scale", numberNode(spec.rate_scale)}});
}
DocumentNode write(const ClosedLoop& spec) {
  return mapNode({{"type", scalarNode("closed-loop")},
                  {"concurrency", numberNode(spec.concurrency)},
                  {"think_time", withUnit(spec.think_time.value(), "s")}});
}

DocumentNode write(const FixedLength& spec) {
  return mapNode({{"fixed", numberNode(spec.tokens)}});
}
DocumentNode write(const UniformLength& spec) {
  return mapNode({{"uniform", listNode({numberNode(spec.min), numberNode(spec.max)})}});
}
DocumentNode write(const LognormalLength& spec) {
  return mapNode({{"lognormal", mapNode({{"p50", numberNode(spec.median)},
                                         {"sigma", numberNode(spec.sigma)},
                                         {"min", numberNode(spec.min)},
                                         {"max", numberNode(spec.max)}})}});
}
DocumentNode write(const EmpiricalLength& spec) {
  std::vector<DocumentNode> points;
  for (const auto& [share, tokens] : spec.quantiles)
    points.push_back(listNode({numberNode(share), numberNode(tokens)}));
  return mapNode({{"quantiles", listNode(std::move(points))}});
}
DocumentNode write(const LengthFromTrace&) {
  return mapNode({{"from", scalarNode("trace")}});
}

}  // namespace

ArrivalSpec readArrivals(const Value& value) {
  Fields fields(value);
  const Value type = fields.required("type");
  ArrivalSpec spec = readKind(type, fields);
  fields.finish();
  at(value, [&] { checkArrivals(spec); });
  return spec;
}

LengthSpec readLengths(const Value& value, const ArrivalSpec& arrivals) {
  Fields fields(value);
  const auto fixed = fields.optional("fixed"), uniform = fields.optional("uniform");
  const auto lognormal = fields.optional("lognormal"), quantiles = fields.optional("quantiles");
  const auto from = fields.optional("from");
  fields.finish();
  if (value.members().size() != 1) {
    value.fail("a length is given in one way",
               "{fixed: N}, {uniform: [A, B]}, {lognormal: {...}}, {quantiles: [...]} or {from: trace}");
  }
  return at(value, [&]() -> LengthSpec {
    LengthSpec spec = fixed       ? LengthSpec(FixedLength{tokensOf(*fixed)})
                      : uniform   ? readUniform(*uniform)
                      : lognormal ? readLognormal(*lognormal)
                      : quantiles ? readQuantiles(*quantiles)
                                  : readFromTrace(*from, arrivals);
    checkLengths(spec);
    return spec;
  });
}

MaxTokens readMaxTokens(const Value& value) {
  if (value.isScalar()) {
    const bool omitted = value.oneOf({"same-as-output", "omitted"}) == "omitted";
    return {.rule = omitted ? MaxTokens::Rule::omitted : MaxTokens::Rule::same_as_output};
  }
  Fields fields(value);
  const MaxTokens spec{.rule = MaxTokens::Rule::fixed, .tokens = tokensOf(fields.required("fixed"))};
  fields.finish();
  return spec;
}

WorkloadSpec readWorkload(Fields& fields, const std::string& name) {
  WorkloadSpec spec;
  spec.name = name;
  spec.arrivals = readArrivals(fields.required("arrivals"));
  const bool has_rows =
      std::holds_alternative<TraceArrivals>(spec.arrivals) || std::holds_alternative<TraceModelArrivals>(spec.arrivals);
  const auto lengthsOf = [&](const std::string& key) -> LengthSpec {
    if (has_rows && !fields.has(key)) return (fields.optional(key), LengthFromTrace{});
    return readLengths(fields.required(key), spec.arrivals);
  };
  spec.prompt_tokens = lengthsOf("prompt_tokens");
  spec.output_tokens = lengthsOf("output_tokens");
  if (const auto rule = fields.optional("max_tokens")) spec.max_tokens = readMaxTokens(*rule);
  if (const auto sessions = fields.optional("sessions")) spec.sessions = readSessions(*sessions);
  if (const auto requests = fields.optional("requests")) spec.requests = requests->integer(1);
  if (const auto duration = fields.optional("duration")) spec.duration = duration->quantity<Seconds>();
  at(fields.value(), [&] { checkWorkload(spec); });
  return spec;
}

DocumentNode toDocument(const ArrivalSpec& spec) {
  return std::visit([](const auto& kind) { return write(kind); }, spec);
}
DocumentNode toDocument(const LengthSpec& spec) {
  return std::visit([](const auto& kind) { return write(kind); }, spec);
}
DocumentNode toDocument(const MaxTokens& spec) {
  if (spec.rule == MaxTokens::Rule::fixed) return mapNode({{"fixed", numberNode(spec.tokens)}});
  return scalarNode(spec.rule == MaxTokens::Rule::omitted ? "omitted" : "same-as-output");
}

DocumentNode toDocument(const WorkloadSpec& spec) {
  DocumentNode node = mapNode({{"arrivals", toDocument(spec.arrivals)},
                               {"prompt_tokens", toDocument(spec.prompt_tokens)},
                               {"output_tokens", toDocument(spec.output_tokens)},
                               {"max_tokens", toDocument(spec.max_tokens)}});
  if (spec.sessions) node.members.emplace_back("sessions", toDocument(*spec.sessions));
  if (spec.requests) node.members.emplace_back("requests", numberNode(*spec.requests));
  if (spec.duration) node.members.emplace_back("duration", withUnit(spec.duration->value(), "s"));
  return node;
}

}  // namespace headroom::workloads
