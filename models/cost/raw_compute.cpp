// GEMM, attention, quantisation and collectives as AIConfigurator publishes them.
#include "models/cost/raw_readers.h"

namespace headroom::models {
namespace {

void readAttention(RawCsv& csv, const RawSource& source, RawTables& raw, Operation operation) {
  const std::size_t batch = csv.column("batch_size"), isl = csv.column("isl"), step = csv.column("step");
  const std::size_t heads = csv.column("num_heads"), kv_heads = csv.column("num_key_value_heads");
  const std::size_t head_dim = csv.column("head_dim"), kv = csv.column("kv_cache_dtype");
  const std::size_t arithmetic = csv.column("attn_dtype"), latency = csv.column("latency");
  const auto window = csv.find("window_size");  // older collections have full attention only
  const auto beams = csv.find("beam_width");
  while (csv.next()) {
    const auto precision = rawPrecision(csv.text(kv));
    const auto compute = rawPrecision(csv.text(arithmetic));
    const bool one_beam = !beams || csv.text(*beams) == "1";
    if (!precision || !compute || !one_beam) {
      raw.skip(one_beam ? Defect::format_not_read : Defect::several_beams);
      continue;
    }
    const TableKey key{.operation = operation,
                       .precision = *precision,
                       .heads = csv.number(heads),
                       .kv_heads = csv.number(kv_heads),
                       .head_dim = csv.number(head_dim),
                       .window = window ? csv.number(*window, 0) : 0,
                       .arithmetic = *compute};
    const auto length = static_cast<double>(csv.count(isl) + csv.count(step, 0));
    raw.samples.push_back(
        {key, {static_cast<double>(csv.count(batch)), length}, csv.milliseconds(latency), source.origin});
  }
}

void readQuantisation(RawCsv& csv, const RawSource& source, RawTables& raw, Operation operation) {
  const std::size_t m = csv.column("m"), k = csv.column("k"), latency = csv.column("latency");
  while (csv.next()) {
    if (csv.text(latency).starts_with('-') || csv.text(latency) == "0") {
      raw.skip(Defect::negative_difference);
      continue;
    }
    raw.samples.push_back({{.operation = operation, .precision = Precision::fp8},
                           {static_cast<double>(csv.count(m)), static_cast<double>(csv.count(k))},
                           csv.milliseconds(latency),
                           source.origin});
  }
}

}  // namespace

std::optional<Precision> rawPrecision(std::string_view name) {
  if (name == "bfloat16") return Precision::bf16;
  if (name == "fp8") return Precision::fp8;
  if (name == "fp8_block") return Precision::fp8_block;
  if (name == "nvfp4") return Precision::nvfp4;
  if (name == "int4_wo") return Precision::int4;
  if (name == "w4a16_mxfp4" || name == "w4a8_mxfp4_mxfp8") return Precision::mxfp4;
  return std::nullopt;
}

void readGemm(RawCsv& csv, const RawSource& source, RawTables& raw) {
  const std::size_t dtype = csv.column("gemm_dtype"), m = csv.column("m"), n = csv.column("n"), k = csv.column("k");
  const std::size_t latency = csv.column("latency");
  while (csv.next()) {
    const auto precision = rawPrecision(csv.text(dtype));
    const bool block = precision == Precision::fp8_block;
    if (source.blocks_only && !block) continue;
    if (!precision || (block && source.eager_blocks)) {
      raw.skip(precision ? Defect::eager_fp8_block_gemm : Defect::format_not_read);
      continue;
    }
    raw.samples.push_back(
        {{.operation = Operation::gemm, .precision = *precision},
         {static_cast<double>(csv.count(m)), static_cast<double>(csv.count(n)), static_cast<double>(csv.count(k))},
         csv.milliseconds(latency),
         source.origin});
  }
}

void readPrefillAttention(RawCsv& csv, const RawSource& source, RawTables& raw) {
  readAttention(csv, source, raw, Operation::prefill_attention);
}

void readDecodeAttention(RawCsv& csv, const RawSource& source, RawTables& raw) {
  readAttention(csv, source, raw, Operation::decode_attention);
}

void readDynamicQuantisation(RawCsv& csv, const RawSource& source, RawTables& raw) {
  readQuantisation(csv, source, raw, Operation::quantise_dynamic_extra);
}

void readStaticQuantisation(RawCsv& csv, const RawSource& source, RawTables& raw) {
  readQuantisation(csv, source, raw, Operation::quantise_static);
}

void readCustomAllReduce(RawCsv& csv, const RawSource& source, RawTables& raw) {
  const std::size_t dtype = csv.column("allreduce_dtype"), devices = csv.column("num_gpus");
  const std::size_t size = csv.column("message_size"), latency = csv.column("latency");
  const auto backend = csv.find("backend");  // TensorRT-LLM has one implementation
  const bool eager_kept = hasOnlyEagerAllReduce(source.system);
  int origin = source.origin;
  if (eager_kept) {
    origin = static_cast<int>(raw.origins.size());
    raw.origins.emplace_back("eager launches");
  }
  while (csv.next()) {
    const bool eager = backend && !csv.text(*backend).ends_with("_graph");
    if (csv.text(dtype) != "bfloat16" || (eager && !eager_kept)) {
      raw.skip(eager ? Defect::eager_all_reduce : Defect::other_element_size);
      continue;
    }
    const int group = csv.number(devices, 2);
    if (measuredWithoutPeerToPeer(source.system, group)) {
      raw.skip(Defect::no_peer_to_peer);
      continue;
    }
    raw.samples.push_back({{.operation = Operation::custom_all_reduce, .devices = group},
                           {2.0 * static_cast<double>(csv.count(size))},
                           csv.milliseconds(latency),
                           origin});
  }
}

void readNccl(RawCsv& csv, const RawSource& source, RawTables& raw) {
  const std::size_t op = csv.column("op_name"), dtype = csv.column("nccl_dtype"), devices = csv.column("num_gpus");
  const std::size_t size = csv.column("message_size"), latency = csv.column("latency");
  const std::pair<std::string_view, Operation> names[] = {{"all_reduce", Operation::nccl_all_reduce},
                                                          {"all_gather", Operation::nccl_all_gather},
                                                          {"reduce_scatter", Operation::nccl_reduce_scatter},
                                                          {"alltoall", Operation::nccl_all_to_all}};
  while (csv.next()) {
    if (csv.text(dtype) != "half") {
      raw.skip(Defect::other_element_size);
      continue;
    }
    const int group = csv.number(devices, 2);
    if (measuredWithoutPeerToPeer(source.system, group)) {
      raw.skip(Defect::no_peer_to_peer);
      continue;
    }
    for (const auto& [name, operation] : names) {
      if (csv.text(op) != name) continue;
      raw.samples.push_back({{.operation = operation, .devices = group},
                             {2.0 * static_cast<double>(csv.count(size))},
                             csv.milliseconds(latency),
                             source.origin});
    }
  }
}

}  // namespace headroom::models
