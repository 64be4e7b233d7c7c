// Layers timed inside vLLM, as LLMServingSim publishes them: <organisation>/<model>/<format>/tp<N>/*.csv, microseconds
// a layer. Projections become GEMM points of their (n, k), the rest elementwise layers; fused attention calls are kept
// whole, and those of a chunk or of decoding sequences alone also serve as prefill and decode attention.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "models/base/error.h"
#include "models/cost/raw_readers.h"
#include "models/cost/uneven_contexts.h"
#include "models/llm/model.h"

namespace headroom::models {
namespace {

namespace fs = std::filesystem;

/// One model on one of tp ranks.
struct ShardedModel {
  Model model;
  int tp = 1;
  int heads() const { return model.heads / tp; }
  int kvHeads() const { return std::max(1, model.kv_heads / tp); }
  int query() const { return heads() * model.head_dim; }
  int keysAndValues() const { return 2 * kvHeads() * model.head_dim; }
  int inter() const { return model.intermediate / tp; }
};

struct Projection {
  std::string_view name;
  int n = 0;
  int k = 0;
};

std::vector<Projection> projections(const ShardedModel& m) {
  const int hidden = m.model.hidden;
  return {{"qkv_proj", m.query() + m.keysAndValues(), hidden},
          {"o_proj", hidden, m.query()},
          {"gate_up_proj", 2 * m.inter(), hidden},
          {"down_proj", hidden, m.inter()},
          {"lm_head", m.model.vocab / m.tp, hidden}};
}

struct OtherLayer {
  std::string_view name;
  Layer layer = Layer::none;
  int width = 0;
};

std::vector<OtherLayer> otherLayers(const ShardedModel& m) {
  const int rotated = m.query() + m.keysAndValues() / 2;
  return {{"embedding", Layer::embedding, m.model.hidden},
          {"layernorm", Layer::layer_norm, m.model.hidden},
          {"final_layernorm", Layer::final_norm, m.model.hidden},
          {"qk_norm", Layer::qk_norm, rotated},
          {"rotary_emb", Layer::rotary, rotated},
          {"act_fn", Layer::activation, m.inter()},
          {"sampler", Layer::sampler, m.model.vocab}};
}

void addLayer(const ShardedModel& m, std::string_view name, double rows, Seconds time, RawTables& raw) {
  for (const Projection& p : projections(m)) {
    if (p.name != name) continue;
    raw.samples.push_back(
        {{.operation = Operation::gemm}, {rows, static_cast<double>(p.n), static_cast<double>(p.k)}, time});
  }
  for (const OtherLayer& l : otherLayers(m)) {
    if (l.name != name) continue;
    raw.samples.push_back(
        {{.operation = Operation::elementwise_layer, .hidden = l.width, .layer = l.layer}, {rows}, time});
  }
}

void readLayers(RawCsv& csv, const char* rows_column, const ShardedModel& m, RawTables& raw) {
  const std::size_t layer = csv.column("layer"), rows = csv.column(rows_column), time = csv.column("time_us");
  while (csv.next()) addLayer(m, csv.text(layer), static_cast<double>(csv.count(rows)), csv.microseconds(time), raw);
}

void readMixedAttention(RawCsv& csv, const ShardedModel& m, RawTables& raw) {
  const std::size_t chunk = csv.column("prefill_chunk"), prior = csv.column("kv_prefill");
  const std::size_t decodes = csv.column("n_decode"), context = csv.column("kv_decode"), time = csv.column("time_us");
  while (csv.next()) {
    TableKey key{.operation = Operation::mixed_attention,
                 .heads = m.heads(),
                 .kv_heads = m.kvHeads(),
                 .head_dim = m.model.head_dim};
    const GridPoint at{static_cast<double>(csv.count(chunk, 0)), static_cast<double>(csv.count(prior, 0)),
                       static_cast<double>(csv.count(decodes, 0)), static_cast<double>(csv.count(context, 0))};
    const Seconds took = csv.microseconds(time);
    raw.samples.push_back({key, at, took});
    if (at[2] > 0 && at[0] <= 0) {
      key.operation = Operation::decode_attention;
      raw.samples.push_back({key, {at[2], std::max(1.0, at[3])}, took});
    } else if (at[2] <= 0 && at[1] <= 0) {
      key.operation = Operation::prefill_attention;
      raw.samples.push_back({key, {1, at[0]}, took});
    }
  }
}

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// skew.csv (LLMServingSim's profiler 1.0) has the sum of its repetitions: how many, by batches of one length
/// (`t_max_us`), which attention.csv has too. None if no batch is in both.
class SummedRepetitions {
 public:
  SummedRepetitions(const TableKey& mixed, const RawTables& raw) {
    for (const Sample& sample : raw.samples) {
      if (sample.key == mixed) once_.emplace(sample.at, sample.time);
    }
  }
  void compare(const GridPoint& call, Seconds summed) {
    const auto once = once_.find(call);
    if (once != once_.end()) ratios_.push_back(summed / once->second);
  }
  std::optional<double> count() { return ratios_.empty() ? std::nullopt : std::optional(median(ratios_)); }

 private:
  std::map<GridPoint, Seconds> once_;
  std::vector<double> ratios_;
};

/// Calls of two lengths of context against the same call of their mean: what a token costs by which the long ones
/// exceed it (or the prompt's context, if that is longer). Of each (chunk, sequences) the median over batches of which
/// 1/16 to 1/2 are long, at contexts that engines hold; none where there is no difference.
void readUnevenAttention(RawCsv& csv, const ShardedModel& m, RawTables& raw) {
  constexpr double kFewLong = 1.0 / 16, kManyLong = 1.0 / 2, kNoDifference = 0.01;
  constexpr std::int64_t kShortest = 1024, kLongest = 8192;
  const std::size_t sequences = csv.column("n"), long_ones = csv.column("nb"), chunk = csv.column("pc");
  const std::size_t prior = csv.column("kp"), longest = csv.column("kv_big"), mean = csv.column("kv_mean");
  const std::size_t equal = csv.column("t_mean_us"), uneven = csv.column("t_skew_us"),
                    all_long = csv.column("t_max_us");
  TableKey key{.operation = Operation::mixed_attention,
               .heads = m.heads(),
               .kv_heads = m.kvHeads(),
               .head_dim = m.model.head_dim};
  SummedRepetitions repetitions(key, raw);
  struct Differences {
    std::vector<double> paces, shares;
  };
  std::map<std::pair<std::int64_t, std::int64_t>, Differences> by_call;
  while (csv.next()) {
    const double share = static_cast<double>(csv.count(long_ones)) / static_cast<double>(csv.count(sequences));
    const std::int64_t context = csv.count(longest), others = std::max(csv.count(mean), csv.count(prior, 0));
    repetitions.compare({static_cast<double>(csv.count(chunk, 0)), static_cast<double>(csv.count(prior, 0)),
                         static_cast<double>(csv.count(sequences)), static_cast<double>(context)},
                        csv.microseconds(all_long));
    const bool typical = share >= kFewLong && share <= kManyLong && context >= kShortest && context <= kLongest;
    if (!typical || context <= others) continue;
    const Seconds more = csv.microseconds(uneven) - csv.microseconds(equal);
    Differences& call = by_call[{csv.count(chunk, 0), csv.count(sequences)}];
    call.paces.push_back(more.value() / static_cast<double>(context - others));
    call.shares.push_back(more / csv.microseconds(equal));
  }
  const std::optional<double> summed = repetitions.count();
  if (!summed) return;  // nothing says how long a call took
  key.operation = Operation::uneven_attention;
  for (auto& [call, differences] : by_call) {
    if (median(differences.shares) < kNoDifference) continue;
    raw.samples.push_back({key,
                           {static_cast<double>(call.first), static_cast<double>(call.second)},
                           Seconds(median(differences.paces) * kUnevenTokens / *summed)});
  }
}

void readRoutedExperts(RawCsv& csv, const ShardedModel& m, RawTables& raw) {
  if (!m.model.moe) csv.fail(fmt::format("{} has no experts", m.model.name));
  const std::size_t tokens = csv.column("tokens"), reached = csv.column("activated_experts");
  const std::size_t time = csv.column("time_us");
  const TableKey key{.operation = Operation::routed_experts,
                     .hidden = m.model.hidden,
                     .inter = m.model.moe->intermediate,
                     .topk = m.model.moe->experts_per_token,
                     .experts = m.model.moe->experts,
                     .moe_tp = m.tp,
                     .moe_ep = 1};
  while (csv.next()) {
    raw.samples.push_back({key,
                           {static_cast<double>(csv.count(tokens)), static_cast<double>(csv.count(reached))},
                           csv.microseconds(time)});
  }
}

template <class Read>
void readTable(const fs::path& folder, const char* table, Read read) {
  const auto file = csvIn(folder, table);
  if (!file) return;
  RawCsv csv(*file);
  read(csv);
}

/// Fine-tuned variants ("-Instruct-2507") have the sizes of their base model.
std::string baseModel(const std::string& name) {
  return name.substr(0, name.find("-Instruct"));
}

/// The N of a folder named tp<N>; 0: it is named otherwise.
int ranksOf(const fs::path& folder) {
  const std::string name = folder.filename().string();
  int tp = 0;
  if (name.starts_with("tp")) std::from_chars(name.data() + 2, name.data() + name.size(), tp);
  return tp;
}

}  // namespace

bool readLayerTables(const fs::path& folder, RawTables& raw) {
  std::vector<fs::path> shards;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_directory() && ranksOf(entry.path()) > 0 && csvIn(entry.path(), "dense"))
      shards.push_back(entry.path());
  }
  std::sort(shards.begin(), shards.end());
  for (const fs::path& shard : shards) {
    const fs::path model = shard.parent_path().parent_path();  // <organisation>/<model>/<format>/tp<N>
    const std::string id = model.parent_path().filename().string() + "/" + baseModel(model.filename().string());
    const ShardedModel m{findModel(id, {}, {.file = shard.string(), .line = 0, .path = ""}), ranksOf(shard)};
    readTable(shard, "dense", [&](RawCsv& csv) { readLayers(csv, "tokens", m, raw); });
    readTable(shard, "per_sequence", [&](RawCsv& csv) { readLayers(csv, "sequences", m, raw); });
    readTable(shard, "attention", [&](RawCsv& csv) { readMixedAttention(csv, m, raw); });
    readTable(shard, "skew", [&](RawCsv& csv) { readUnevenAttention(csv, m, raw); });
    readTable(shard, "moe", [&](RawCsv& csv) { readRoutedExperts(csv, m, raw); });
  }
  return !shards.empty();
}

}  // namespace headroom::models
