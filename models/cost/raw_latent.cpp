// Latent attention (kernels and whole blocks), sparse attention and gated delta nets, as AIConfigurator publishes them.
#include "models/base/error.h"
#include "models/cost/raw_readers.h"

namespace headroom::models {
namespace {

constexpr int kDeepSeekHidden = 7168;
constexpr int kGlm5Hidden = 6144;

void readLatent(RawCsv& csv, const RawSource& source, RawTables& raw, Operation operation) {
  const std::size_t compute = csv.column("mla_dtype"), kv = csv.column("kv_cache_dtype");
  const std::size_t heads = csv.column("num_heads"), batch = csv.column("batch_size"), isl = csv.column("isl");
  const std::size_t step = csv.column("step"), latency = csv.column("latency");
  while (csv.next()) {
    const auto cache = rawPrecision(csv.text(kv));
    if (!cache || csv.text(compute) != "bfloat16") {
      raw.skip(Defect::format_not_read);
      continue;
    }
    const TableKey key{.operation = operation, .precision = *cache, .heads = csv.number(heads)};
    const auto length = static_cast<double>(csv.count(isl) + csv.count(step, 0));
    raw.samples.push_back(
        {key, {static_cast<double>(csv.count(batch)), length}, csv.milliseconds(latency), source.origin});
  }
}

/// `decodes`: `step` is the context; of prompts it is what came before, which is left out.
void readBlock(RawCsv& csv, const RawSource& source, RawTables& raw, Operation operation, bool decodes) {
  const std::size_t compute = csv.column("mla_dtype"), kv = csv.column("kv_cache_dtype"),
                    gemm = csv.column("gemm_type");
  const std::size_t model = csv.column("model"), heads = csv.column("num_heads"), batch = csv.column("batch_size");
  const std::size_t isl = csv.column("isl"), step = csv.column("step"), latency = csv.column("latency");
  while (csv.next()) {
    const auto cache = rawPrecision(csv.text(kv));
    const auto weights = rawPrecision(csv.text(gemm));
    const auto arithmetic = rawPrecision(csv.text(compute));
    const std::int64_t prior = csv.count(step, 0);
    if (!cache || !weights || !arithmetic || (!decodes && prior > 0)) {
      raw.skip(cache && weights && arithmetic ? Defect::prior_context : Defect::format_not_read);
      continue;
    }
    const TableKey key{.operation = operation,
                       .precision = *weights,
                       .heads = csv.number(heads),
                       .kv_cache = *cache,
                       .arithmetic = *arithmetic,
                       .hidden = csv.text(model).find("GLM") != std::string_view::npos ? kGlm5Hidden : kDeepSeekHidden};
    const double length = static_cast<double>(decodes ? prior : csv.count(isl));
    raw.samples.push_back(
        {key, {static_cast<double>(csv.count(batch)), length}, csv.milliseconds(latency), source.origin});
  }
}

Operation deltaOperation(std::string_view kernel, bool prefill) {
  const bool conv = kernel.find("conv1d") != std::string_view::npos;
  if (conv) return prefill ? Operation::delta_conv_prefill : Operation::delta_conv_decode;
  return prefill ? Operation::delta_rule_prefill : Operation::delta_rule_decode;
}

}  // namespace

void readMlaPrefill(RawCsv& csv, const RawSource& source, RawTables& raw) {
  readLatent(csv, source, raw, Operation::mla_prefill_attention);
}

void readMlaDecode(RawCsv& csv, const RawSource& source, RawTables& raw) {
  readLatent(csv, source, raw, Operation::mla_decode_attention);
}

void readMlaAbsorption(RawCsv& csv, const RawSource& source, RawTables& raw) {
  const std::size_t op = csv.column("op_name"), dtype = csv.column("bmm_dtype"), tokens = csv.column("num_tokens");
  const std::size_t heads = csv.column("num_heads"), latency = csv.column("latency");
  while (csv.next()) {
    const auto precision = rawPrecision(csv.text(dtype));
    if (!precision) {
      raw.skip(Defect::format_not_read);
      continue;
    }
    const Operation operation =
        csv.text(op) == "mla_gen_pre" ? Operation::mla_absorb_query : Operation::mla_absorb_output;
    raw.samples.push_back({{.operation = operation, .precision = *precision, .heads = csv.number(heads)},
                           {static_cast<double>(csv.count(tokens))},
                           csv.milliseconds(latency),
                           source.origin});
  }
}

void readMlaPrefillBlock(RawCsv& csv, const RawSource& source, RawTables& raw) {
  readBlock(csv, source, raw, Operation::mla_prefill_block, false);
}

void readMlaDecodeBlock(RawCsv& csv, const RawSource& source, RawTables& raw) {
  readBlock(csv, source, raw, Operation::mla_decode_block, true);
}

void readDsaPrefillBlock(RawCsv& csv, const RawSource& source, RawTables& raw) {
  readBlock(csv, source, raw, Operation::dsa_prefill_block, false);
}

void readDsaDecodeBlock(RawCsv& csv, const RawSource& source, RawTables& raw) {
  readBlock(csv, source, raw, Operation::dsa_decode_block, true);
}

void readDeltaNet(RawCsv& csv, const RawSource& source, RawTables& raw) {
  const std::size_t kernel = csv.column("kernel_source"), phase = csv.column("phase");
  const std::size_t batch = csv.column("batch_size"), length = csv.column("seq_len"), latency = csv.column("latency");
  const std::size_t key_heads = csv.column("num_k_heads"), value_heads = csv.column("num_v_heads");
  while (csv.next()) {
    const bool prefill = csv.text(phase) == "context";
    const TableKey key{.operation = deltaOperation(csv.text(kernel), prefill),
                       .heads = csv.number(key_heads),
                       .kv_heads = csv.number(value_heads)};
    raw.samples.push_back({key,
                           {static_cast<double>(csv.count(batch)), static_cast<double>(csv.count(length))},
                           csv.milliseconds(latency),
                           source.origin});
  }
}

}  // namespace headroom::models
