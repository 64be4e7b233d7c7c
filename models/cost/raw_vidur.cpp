// Kernels as Vidur's profiler publishes them (github.com/microsoft/vidur, data/profiling), medians in milliseconds:
//   mlp.csv         projections by tokens and TP: GEMMs of their (n, k); norms, rotary, activation: elementwise layers
//   attention.csv   one chunk on a KV cache, or a decode batch of equal contexts (without the new token)
//   all_reduce.csv  `size` in bytes (its predictor divides by 2 x hidden to get tokens); workers of one node only
// Left out: send_recv.csv (counted as skipped), residual adds and KV cache writes (costed by bytes).
#include <fmt/format.h>

#include "models/base/error.h"
#include "models/cost/raw_readers.h"

namespace headroom::models {
namespace {

std::string median(const std::string& name) {
  return "time_stats." + name + ".median";
}

/// Empty cells: a layer that was not timed with so many ranks.
bool isTimed(const RawCsv& csv, std::optional<std::size_t> column) {
  return column && !csv.text(*column).empty();
}

/// Sizes of one of tp ranks.
struct VidurShard {
  int hidden = 0, query = 0, key_value = 0, inter = 0;
  bool gated = false;
};

class ShardColumns {
 public:
  explicit ShardColumns(const RawCsv& csv)
      : heads_(csv.column("n_head")),
        kv_heads_(csv.column("n_kv_head")),
        hidden_(csv.column("n_embd")),
        inter_(csv.column("n_expanded_embd")),
        gated_(csv.column("use_gated_mlp")),
        ranks_(csv.column("num_tensor_parallel_workers")) {}

  VidurShard read(const RawCsv& csv) const {
    const int heads = csv.number(heads_), hidden = csv.number(hidden_), ranks = csv.number(ranks_);
    const int inter = csv.number(inter_);
    if (heads % ranks != 0 || inter % ranks != 0 || hidden % heads != 0) {
      csv.fail(
          fmt::format("{} heads of {} and an MLP of {} do not divide among {} ranks", heads, hidden, inter, ranks));
    }
    const int head_dim = hidden / heads;
    return {.hidden = hidden,
            .query = heads / ranks * head_dim,
            .key_value = std::max(1, csv.number(kv_heads_) / ranks) * head_dim,
            .inter = inter / ranks,
            .gated = csv.text(gated_) == "True"};
  }

 private:
  std::size_t heads_, kv_heads_, hidden_, inter_, gated_, ranks_;
};

struct Projection {
  const char* name;
  int (*n)(const VidurShard&);
  int (*k)(const VidurShard&);
};
constexpr Projection kProjections[] = {
    {"attn_pre_proj", [](const VidurShard& s) { return s.query + 2 * s.key_value; },
     [](const VidurShard& s) { return s.hidden; }},
    {"attn_post_proj", [](const VidurShard& s) { return s.hidden; }, [](const VidurShard& s) { return s.query; }},
    {"mlp_up_proj", [](const VidurShard& s) { return (s.gated ? 2 : 1) * s.inter; },
     [](const VidurShard& s) { return s.hidden; }},
    {"mlp_down_proj", [](const VidurShard& s) { return s.hidden; }, [](const VidurShard& s) { return s.inter; }},
};

struct OtherLayer {
  const char* name;
  Layer layer;
  int (*width)(const VidurShard&);
};
constexpr OtherLayer kOtherLayers[] = {
    {"emb", Layer::embedding, [](const VidurShard& s) { return s.hidden; }},
    {"input_layernorm", Layer::layer_norm, [](const VidurShard& s) { return s.hidden; }},
    {"post_attention_layernorm", Layer::layer_norm, [](const VidurShard& s) { return s.hidden; }},
    {"attn_rope", Layer::rotary, [](const VidurShard& s) { return s.query + s.key_value; }},
    {"mlp_act", Layer::activation, [](const VidurShard& s) { return s.inter; }},
};

void readCompute(RawCsv& csv, RawTables& raw) {
  const ShardColumns sizes(csv);
  const std::size_t tokens = csv.column("num_tokens");
  while (csv.next()) {
    const VidurShard shard = sizes.read(csv);
    const auto rows = static_cast<double>(csv.count(tokens));
    for (const Projection& p : kProjections) {
      const auto time = csv.find(median(p.name));
      if (!isTimed(csv, time)) continue;
      const GridPoint at{rows, static_cast<double>(p.n(shard)), static_cast<double>(p.k(shard))};
      raw.samples.push_back({{.operation = Operation::gemm}, at, csv.milliseconds(*time)});
    }
    for (const OtherLayer& l : kOtherLayers) {
      const auto time = csv.find(median(l.name));
      if (!isTimed(csv, time)) continue;
      const TableKey key{.operation = Operation::elementwise_layer, .hidden = l.width(shard), .layer = l.layer};
      raw.samples.push_back({key, {rows}, csv.milliseconds(*time)});
    }
  }
}

/// A chunk on prior tokens is one part of a fused call; a whole prompt also serves as prefill attention.
void addPrompt(const RawCsv& csv, TableKey key, double chunk, double prior, Seconds time, RawTables& raw) {
  if (chunk < 1) csv.fail("prefill_chunk_size: a prompt of no tokens");
  key.operation = Operation::mixed_attention;
  raw.samples.push_back({key, {chunk, prior, 0, 0}, time});
  if (prior > 0) return;
  key.operation = Operation::prefill_attention;
  raw.samples.push_back({key, {1, chunk}, time});
}

void readAttention(RawCsv& csv, RawTables& raw) {
  const std::size_t hidden = csv.column("n_embd"), heads = csv.column("n_q_head"), kv_heads = csv.column("n_kv_head");
  const std::size_t ranks = csv.column("num_tensor_parallel_workers"), batch = csv.column("batch_size");
  const std::size_t chunk = csv.column("prefill_chunk_size"), cached = csv.column("kv_cache_size");
  const std::size_t is_prefill = csv.column("is_prefill");
  const std::size_t prefill = csv.column(median("attn_prefill")), decode = csv.column(median("attn_decode"));
  while (csv.next()) {
    const int all_heads = csv.number(heads), tp = csv.number(ranks);
    if (all_heads % tp != 0) csv.fail(fmt::format("{} heads do not divide among {} ranks", all_heads, tp));
    const TableKey key{.operation = Operation::decode_attention,
                       .heads = all_heads / tp,
                       .kv_heads = std::max(1, csv.number(kv_heads) / tp),
                       .head_dim = csv.number(hidden) / all_heads};
    const auto prior = static_cast<double>(csv.count(cached, 0));
    const auto sequences = static_cast<double>(csv.count(batch));
    if (csv.text(is_prefill) != "True") {
      raw.samples.push_back({key, {sequences, prior + 1}, csv.milliseconds(decode)});
    } else if (sequences > 1) {
      csv.fail("batch_size: several prompts in one call cannot be read");
    } else {
      addPrompt(csv, key, static_cast<double>(csv.count(chunk, 0)), prior, csv.milliseconds(prefill), raw);
    }
  }
}

void readAllReduce(RawCsv& csv, RawTables& raw) {
  const std::size_t workers = csv.column("num_workers"), in_node = csv.column("devices_per_node");
  const std::size_t bytes = csv.column("size"), time = csv.column(median("all_reduce"));
  while (csv.next()) {
    const int group = csv.number(workers, 2);
    if (csv.number(in_node) != group) {
      ++raw.skipped["all_reduce between nodes: profiles hold the collectives of one node"];
      continue;
    }
    raw.samples.push_back({{.operation = Operation::nccl_all_reduce, .devices = group},
                           {static_cast<double>(csv.count(bytes))},
                           csv.milliseconds(time)});
  }
}

}  // namespace

bool readVidurTable(RawCsv& csv, RawTables& raw) {
  if (csv.find(median("mlp_up_proj"))) {
    readCompute(csv, raw);
  } else if (csv.find(median("attn_prefill"))) {
    readAttention(csv, raw);
  } else if (csv.find(median("all_reduce"))) {
    readAllReduce(csv, raw);
  } else if (csv.find(median("send_recv"))) {
    while (csv.next()) ++raw.skipped["send_recv: profiles have no table of sends, which are costed by their bytes"];
  } else {
    return false;
  }
  return true;
}

}  // namespace headroom::models
