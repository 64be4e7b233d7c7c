// Trace models in YAML.
#include "workloads/trace_model.h"

#include "models/base/document_nodes.h"
#include "models/base/error.h"
#include "models/base/ticks.h"
#include "workloads/lengths.h"

namespace headroom::workloads {
namespace {

constexpr const char* kSchema = "headroom.trace-model/1";

/// `shares` and `values` side by side: shares rise from 0 to 1, values are >= `lowest` and do not fall.
QuantileTable readTable(const Value& place, Fields& fields, double lowest) {
  const auto shares = fields.required("shares").items(), values = fields.required("values").items();
  if (shares.size() != values.size() || shares.size() < 2) {
    place.fail("shares and values must be two or more, and as many");
  }
  QuantileTable table;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    table.emplace_back(shares[i].numberIn(0, 1), values[i].numberIn(lowest, 1e12));
    if (i > 0 && !(table[i].first > table[i - 1].first)) shares[i].fail("shares must rise");
    if (i > 0 && table[i].second < table[i - 1].second) values[i].fail("values must not fall");
  }
  if (table.front().first != 0 || table.back().first != 1) place.fail("shares must run from 0 to 1");
  return table;
}

QuantileTable readLengthTable(const Value& value) {
  Fields fields(value);
  QuantileTable table = readTable(value, fields, 1);
  if (table.back().second > kLongestLength) value.fail("longer than any prompt or answer that is believed");
  fields.finish();
  return table;
}

FittedDistribution readAnyDistribution(const Value& value) {
  Fields fields(value);
  FittedDistribution distribution;
  distribution.mean = fields.required("mean").numberIn(0, 1e12);
  distribution.quantiles = readTable(value, fields, 0);
  if ((distribution.mean > 0) != (distribution.quantiles.back().second > 0)) {
    value.fail("a mean of 0 goes with values of 0, and no other");
  }
  fields.finish();
  return distribution;
}

/// One that is not 0 throughout.
FittedDistribution readDistribution(const Value& value) {
  FittedDistribution distribution = readAnyDistribution(value);
  if (distribution.mean <= 0) value.fail("every value is 0");
  return distribution;
}

TrainArrivals readTrains(Fields& fields) {
  TrainArrivals arrivals;
  arrivals.trains = fields.required("trains").integer(1, 1'000'000);
  arrivals.quiet = readDistribution(fields.required("quiet_s"));
  arrivals.requests = readDistribution(fields.required("requests_per_train"));
  arrivals.gap = readAnyDistribution(fields.required("gap_s"));  // 0 where a clock is coarse
  return arrivals;
}

CurveArrivals readCurve(Fields& fields) {
  CurveArrivals arrivals;
  const Value rate = fields.required("rate"), window = fields.required("window");
  arrivals.rate = rate.quantity<PerSecond>();
  arrivals.window = window.quantity<Seconds>();
  if (!(arrivals.rate.value() > 0)) rate.fail("must be above 0");
  if (!(arrivals.window.value() > 0)) window.fail("must be above 0");
  const Value levels = fields.required("relative_rate");
  double highest = 0;
  for (const Value& level : levels.items()) {
    highest = std::max(highest, arrivals.relative_rate.emplace_back(level.numberIn(0, 1e6)));
  }
  if (!(highest > 0)) levels.fail("the rate is 0 in every window");
  arrivals.gap = readDistribution(fields.required("gap"));
  return arrivals;
}

JointLengths readJointLengths(const Value& value) {
  Fields fields(value);
  JointLengths lengths;
  lengths.prompt_tokens = readLengthTable(fields.required("prompt_tokens"));
  const Value bins = fields.required("output_tokens");
  for (const Value& item : bins.items()) {
    Fields bin(item);
    const Value up_to = bin.required("prompt_up_to");
    JointLengths::Bin read{.prompt_up_to = up_to.numberIn(1, kLongestLength),
                           .output_tokens = readLengthTable(bin.required("output"))};
    bin.finish();
    if (!lengths.bins.empty() && read.prompt_up_to <= lengths.bins.back().prompt_up_to) up_to.fail("bins must rise");
    lengths.bins.push_back(std::move(read));
  }
  if (lengths.bins.empty()) bins.fail("at least one bin");
  fields.finish();
  return lengths;
}

DocumentNode numbers(const std::vector<double>& values) {
  std::vector<DocumentNode> items;
  for (const double value : values) items.push_back(numberNode(value));
  return listNode(std::move(items));
}

void writeTable(const QuantileTable& table, DocumentNode& map) {
  std::vector<double> shares, values;
  for (const auto& [share, value] : table) {
    shares.push_back(share);
    values.push_back(value);
  }
  map.members.emplace_back("shares", numbers(shares));
  map.members.emplace_back("values", numbers(values));
}

DocumentNode tableNode(const QuantileTable& table) {
  DocumentNode node = mapNode({});
  writeTable(table, node);
  return node;
}

DocumentNode distributionNode(const FittedDistribution& distribution) {
  DocumentNode node = mapNode({{"mean", numberNode(distribution.mean)}});
  writeTable(distribution.quantiles, node);
  return node;
}

DocumentNode write(const TrainArrivals& arrivals) {
  return mapNode({{"type", scalarNode("trains")},
                  {"trains", numberNode(arrivals.trains)},
                  {"quiet_s", distributionNode(arrivals.quiet)},
                  {"requests_per_train", distributionNode(arrivals.requests)},
                  {"gap_s", distributionNode(arrivals.gap)}});
}

DocumentNode write(const CurveArrivals& arrivals) {
  return mapNode({{"type", scalarNode("curve")},
                  {"rate", withUnit(arrivals.rate.value(), "/s")},
                  {"window", withUnit(arrivals.window.value(), "s")},
                  {"relative_rate", numbers(arrivals.relative_rate)},
                  {"gap", distributionNode(arrivals.gap)}});
}

DocumentNode write(const JointLengths& lengths) {
  std::vector<DocumentNode> bins;
  for (const auto& bin : lengths.bins) {
    bins.push_back(mapNode({{"prompt_up_to", numberNode(bin.prompt_up_to)}, {"output", tableNode(bin.output_tokens)}}));
  }
  return mapNode({{"prompt_tokens", tableNode(lengths.prompt_tokens)}, {"output_tokens", listNode(std::move(bins))}});
}

}  // namespace

TraceModel readTraceModel(const Value& value) {
  Fields fields(value);
  fields.required("schema").oneOf({kSchema});
  TraceModel model;
  model.name = fields.required("name").string();
  model.source = fields.required("source").string();
  model.requests = fields.required("requests").integer(1);
  const Value span = fields.required("span");
  model.span = span.quantity<Seconds>();
  if (!(model.span.value() > 0) || model.span > kLongestRun) span.fail("must be above 0 and at most 100 days");
  Fields arrivals(fields.required("arrivals"));
  if (arrivals.required("type").oneOf({"trains", "curve"}) == "trains") {
    model.arrivals = readTrains(arrivals);
  } else {
    model.arrivals = readCurve(arrivals);
  }
  arrivals.finish();
  model.lengths = readJointLengths(fields.required("lengths"));
  fields.finish();
  return model;
}

TraceModel loadTraceModel(const std::filesystem::path& file) {
  const Document document = Document::load(file);
  return readTraceModel(document.root());
}

DocumentNode toDocument(const TraceModel& model) {
  return mapNode({{"schema", scalarNode(kSchema)},
                  {"name", scalarNode(model.name)},
                  {"source", scalarNode(model.source)},
                  {"requests", numberNode(model.requests)},
                  {"span", withUnit(model.span.value(), "s")},
                  {"arrivals", std::visit([](const auto& kind) { return write(kind); }, model.arrivals)},
                  {"lengths", write(model.lengths)}});
}

}  // namespace headroom::workloads
