// The JSON Schemas against the readers: both must accept and refuse the same documents.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "models/base/document.h"
#include "sim/scenario.h"
#include "tests/cli/program.h"

namespace headroom::cli {
namespace {

using nlohmann::json;

/// What a YAML parser makes of a tree: unquoted words that look like numbers and booleans are.
json jsonOf(const DocumentNode& node) {
  switch (node.kind) {
    case DocumentNode::Kind::null:
      return nullptr;
    case DocumentNode::Kind::list: {
      json list = json::array();
      for (const DocumentNode& item : node.items) list.push_back(jsonOf(item));
      return list;
    }
    case DocumentNode::Kind::map: {
      json map = json::object();
      for (const auto& [key, value] : node.members) map[key] = jsonOf(value);
      return map;
    }
    case DocumentNode::Kind::scalar:
      break;
  }
  if (node.quoted) return node.text;
  if (node.text == "true" || node.text == "false") return node.text == "true";
  const char* end = node.text.data() + node.text.size();
  std::int64_t integer = 0;
  if (const auto r = std::from_chars(node.text.data(), end, integer); r.ec == std::errc() && r.ptr == end)
    return integer;
  double number = 0;
  if (const auto r = std::from_chars(node.text.data(), end, number); r.ec == std::errc() && r.ptr == end) return number;
  return node.text;
}

class SchemaOf {
 public:
  explicit SchemaOf(const std::string& kind) : text_(json::parse(headroom({"schema", kind}).out)) {
    valijson::adapters::NlohmannJsonAdapter adapter(text_);
    valijson::SchemaParser(valijson::SchemaParser::kDraft7).populateSchema(adapter, schema_);
  }
  /// "" if `document` fits, else the first complaint.
  std::string complaint(const json& document) const {
    valijson::Validator validator;
    valijson::ValidationResults results;
    valijson::adapters::NlohmannJsonAdapter adapter(document);
    if (validator.validate(schema_, adapter, &results)) return {};
    valijson::ValidationResults::Error error;
    std::string text = "refused";
    while (results.popError(error)) {
      text += "\n";
      for (const std::string& step : error.context) text += step;
      text += ": " + error.description;
    }
    return text;
  }
  const json& text() const { return text_; }

 private:
  json text_;
  valijson::Schema schema_;
};

const SchemaOf& scenarioSchema() {
  static const SchemaOf schema("scenario");
  return schema;
}

constexpr const char* kBase = R"(schema: headroom.scenario/1
name: base
seed: 1
duration: 20 min
warmup: 60 s
deployments:
  - name: chat
    model: llama-3.1-8b
    precision: {weights: fp8, kv_cache: fp8}
    engine: {name: vllm, version: "0.24.0", max_num_seqs: 256, max_num_batched_tokens: 8192, gpu_memory_utilization: 0.9, num_gpu_blocks: auto}
    pools: [{name: all, role: unified, accelerator: h100-sxm, tp: 1, pp: 1, dp: 1, ep: false, replicas: 2}]
    router: {policy: least-loaded}
workloads:
  - deployment: chat
    class: interactive
    arrivals: {type: poisson, rate: 6.5 /s}
    requests: 100
    prompt_tokens: {uniform: [100, 200]}
    output_tokens: {fixed: 10}
slos: [{class: interactive, ttft: 500 ms, attainment: 0.99}]
prices: {h100-sxm: 2.99 USD/h}
faults: []
)";

struct Change {
  const char* path;
  const char* value;
};

/// Places where the two could part company.
constexpr Change kChanges[] = {
    {"name", "fine"},
    {"name", "a/b"},
    {"schema", "headroom.scenario/2"},
    {"seed", "-1"},
    {"seed", "1.5"},
    {"duration", "20"},
    {"duration", "20 minutes"},
    {"duration", "0 s"},
    {"duration", "1e3 s"},
    {"duration", "-5 s"},
    {"warmup", "0 s"},
    {"warmup", "-1 s"},
    {"warmup", ".5min"},
    {"deployments/0/pools/0/pp", "64"},
    {"deployments/0/pools/0/pp", "65"},
    {"deployments/0/pools/0/pp", "0"},
    {"deployments/0/pools/0/dp", "1"},
    {"sites", "[]"},
    {"sites", "[{name: here}]"},
    {"sites", "[{name: here, nodes: []}]"},
    {"sites", "[{name: here, nodes: [{type: h100-sxm-8, count: 2}]}]"},
    {"sites", "[{name: here, nodes: [{type: h1000-sxm-8, count: 2}]}]"},
    {"sites", "[{name: here, nodes: [{type: h100-sxm-8, count: 0}]}]"},
    {"sites", "[{name: here, nodes: [{type: generic-8, accelerator: h100-sxm, count: 2, nics: 2}]}]"},
    {"sites", "[{name: here, nodes: [{type: h100-sxm-8, count: 2, nic_bandwidth: 0 Gb/s}]}]"},
    {"sites", "[{name: here, nodes: [{type: h100-sxm-8, count: 2}], fabric: fat-tree}]"},
    {"sites", "[{name: here, nodes: [{type: h100-sxm-8, count: 2}], fabric: fat-tre}]"},
    {"sites", "[{name: here, nodes: [{type: h100-sxm-8, count: 2}], fabric: {type: star, hop_latency: 2 us}}]"},
    {"sites", "[{name: here, nodes: [{type: h100-sxm-8, count: 2}], fabric: {type: star, k: 4}}]"},
    {"sites", "[{name: here, nodes: [{type: h100-sxm-8, count: 2}], fabric: {type: fat-tree, k: 3}}]"},
    {"sites", "[{name: a, nodes: [{type: h100-sxm-8, count: 2}], fabric: {type: leaf-spine, nodes_per_leaf: 1}}]"},
    {"sites", "[{name: a, nodes: [{type: h100-sxm-8, count: 2}], fabric: {type: leaf-spine}}]"},
    {"sites",
     "[{name: a, nodes: [{type: h100-sxm-8, count: 2}], fabric: {type: rail-optimized, nodes_per_leaf: 2, "
     "uplinks: 2, oversubscription: 1}}]"},
    {"sites",
     "[{name: a, nodes: [{type: h100-sxm-8, count: 2}], fabric: {type: rail-optimized, nodes_per_leaf: 2, "
     "uplink_bandwidth: 1 GB/s}}]"},
    {"sites",
     "[{name: a, nodes: [{type: h100-sxm-8, count: 2}], fabric: {type: dragonfly, nodes_per_router: 1, "
     "routers_per_group: 2, global_links: 0}}]"},
    {"faults", "[{at: 3 s}]"},
    {"color", "blue"},
    {"deployments", "[]"},
    {"deployments/0/name", "[a]"},
    {"deployments/0/color", "blue"},
    {"deployments/0/precision/weights", "fp7"},
    {"deployments/0/precision/weights", "int4"},
    {"deployments/0/engine/name", "sglang"},
    {"deployments/0/engine/name", "vllm-v0"},
    {"deployments/0/engine", "{name: sarathi, watermark: 2 %}"},
    {"deployments/0/engine", "{name: sarathi, watermark: 2}"},
    {"deployments/0/engine", "{name: lightllm, max_waiting_iters: 0}"},
    {"deployments/0/engine", "{name: lightllm, max_waiting_iters: -1}"},
    {"deployments/0/engine/name", "trtllm"},
    {"deployments/0/engine", "{name: sglang, version: \"0.4.9\"}"},
    {"deployments/0/engine", "{name: sglang, version: \"0.5\"}"},
    {"deployments/0/engine", "{name: sglang, version: \"0.5.14\", max_running_requests: 64, page_size: 16}"},
    {"deployments/0/engine", "{name: sglang, max_num_seqs: 64, prefix_caching: false, schedule_policy: lpm}"},
    {"deployments/0/engine", "{name: sglang, chunked_prefill_size: -1, disable_overlap_schedule: true}"},
    {"deployments/0/engine", "{name: sglang, chunked_prefill_size: 0}"},
    {"deployments/0/engine", "{name: sglang, chunked_prefill_size: -2}"},
    {"deployments/0/engine", "{name: sglang, schedule_policy: random}"},
    {"deployments/0/engine", "{name: sglang, long_prefill_token_threshold: 7}"},
    {"deployments/0/engine", "{name: sglang, mem_fraction_static: 0.85, max_total_tokens: 100000}"},
    {"deployments/0/engine", "{page_size: 16}"},
    {"deployments/0/engine", "{name: trtllm, version: \"1.3.0rc20\", max_batch_size: 64, block_size: 64}"},
    {"deployments/0/engine", "{name: trtllm, version: \"0.21.0\"}"},
    {"deployments/0/engine", "{name: trtllm, version: \"1.3.0rc\"}"},
    {"deployments/0/engine", "{name: trtllm, kv_cache_config: {max_tokens: 6400, enable_block_reuse: false}}"},
    {"deployments/0/engine", "{name: trtllm, kv_cache_config: {tokens: 6400}}"},
    {"deployments/0/engine", "{name: trtllm, scheduler_config: {capacity_scheduler_policy: STATIC_BATCH}}"},
    {"deployments/0/engine", "{name: trtllm, cuda_graph_config: {max_batch_size: 64}}"},
    {"deployments/0/engine", "{name: trtllm, cuda_graph_config: {max_batch_size: 64, enable_padding: true}}"},
    {"deployments/0/engine", "{name: trtllm, attention_dp_config: {timeout_iters: 60}}"},
    {"deployments/0/engine", "{name: trtllm, attention_dp_config: {timeout_iters: 60, enable_balance: true}}"},
    {"deployments/0/engine", "{name: vllm, attention_dp_config: {enable_balance: true}}"},
    {"deployments/0/engine", "{kv_cache_config: {max_tokens: 6400}}"},
    {"deployments/0/engine", "{disable_radix_cache: true}"},
    {"deployments/0/engine", "{long_prefill_token_threshold: 7}"},
    {"deployments/0/engine/version", "\"0.8.5\""},
    {"deployments/0/engine/version", "\"0.8.4\""},
    {"deployments/0/engine/version", "\"0.9\""},
    {"deployments/0/engine/version", "\"1.0.2\""},
    {"deployments/0/engine/version", "\"0.9.2.1\""},
    {"deployments/0/engine/version", "\"latest\""},
    {"deployments/0/engine/max_num_seqs", "0"},
    {"deployments/0/engine/max_num_seqs", "1.5"},
    {"deployments/0/engine/max_model_len", "1"},
    {"deployments/0/engine/num_gpu_blocks", "1000"},
    {"deployments/0/engine/num_gpu_blocks", "1"},
    {"deployments/0/engine/num_gpu_blocks", "many"},
    {"deployments/0/engine/gpu_memory_utilization", "90 %"},
    {"deployments/0/engine/gpu_memory_utilization", "1.1"},
    {"deployments/0/engine/gpu_memory_utilization", "0"},
    {"deployments/0/engine/enable_chunked_prefill", "true"},
    {"deployments/0/engine/enable_chunked_prefill", "maybe"},
    {"deployments/0/engine/prefix_caching", "false"},
    {"deployments/0/engine/prefix_caching", "true"},
    {"deployments/0/engine/scheduling", "fcfs"},
    {"deployments/0/engine/scheduling", "priority"},
    {"deployments/0/engine/step_overhead", "2 ms"},
    {"deployments/0/engine/step_overhead", "2"},
    {"deployments/0/engine/color", "1"},
    {"deployments/0/pools", "[]"},
    {"deployments/0/pools/0/accelerator", "h1000"},
    {"deployments/0/pools/0/role", "prefill"},
    {"deployments/0/pools/0/tp", "0"},
    {"deployments/0/pools/0/ep", "true"},
    {"deployments/0/pools/0/replicas", "100001"},
    {"deployments/0/router/policy", "best"},
    {"deployments/0/router/policy", "power-of-two"},
    {"deployments/0/admission", "{policy: none}"},
    {"deployments/0/admission", "{policy: shed}"},
    {"deployments/0/autoscaler", "{policy: none, min: 1}"},
    {"deployments/0/router/no_replica", "fail"},
    {"deployments/0/router/no_replica", "panic"},
    {"deployments/0/pools/0/cold_start", "{image: 10 s, init: 1 min}"},
    {"deployments/0/pools/0/cold_start", "{image: 10}"},
    {"deployments/0/pools/0/spot", "{price: 1 USD/h, reclaimed_every: 5 h, stock_out: {fixed: 10 min}}"},
    {"deployments/0/pools/0/spot", "{price: 1 USD/h, reclaimed_every: 5 h, stock_out: 0 s}"},
    {"deployments/0/pools/0/spot", "{price: 1 USD/h}"},
    {"faults", "[]"},
    {"faults", "[{domain: replica, mtbf: 10 h, mttr: {weibull: {mean: 1 h, shape: 2}}}]"},
    {"faults", "[{domain: replica, mtbf: 10 h, mttr: 0 h}]"},
    {"faults", "[{domain: replica, at: 10 s, for: 5 s, step_time: 2}]"},
    {"faults", "[{domain: replica, at: 10 s, step_time: 0.5}]"},
    {"faults", "[{domain: rack, at: 10 s}]"},
    {"workloads/0/client", "{timeout: 30 s, retries: 2, backoff: {base: 1 s, jitter: 10 %}, retry_on: [timeout]}"},
    {"workloads/0/client", "{timeout: 0 s}"},
    {"workloads/0/client", "{retry_on: [luck]}"},
    {"workloads", "[]"},
    {"workloads/0/requests", "0"},
    {"workloads/0/arrivals", "{type: gamma, rate: 3 /min, cv: 2}"},
    {"workloads/0/arrivals", "{type: gamma, rate: 3 /min}"},
    {"workloads/0/arrivals", "{type: poisson, rate: 3}"},
    {"workloads/0/arrivals", "{type: poisson, rate: 0 /s}"},
    {"workloads/0/arrivals", "{type: constant, rate: 1e-3 /s}"},
    {"workloads/0/arrivals", "{type: mmpp, rate: 3 /s}"},
    {"workloads/0/arrivals", "{type: mmpp, states: [{rate: 3 /s, dwell: 1 s}, {rate: 0 /s, dwell: 1 s}]}"},
    {"workloads/0/arrivals", "{type: mmpp, states: [{rate: 3 /s, dwell: 1 s}]}"},
    {"workloads/0/arrivals", "{type: mmpp, states: [{rate: 3 /s, dwell: 1 s}, {rate: 1 /s, dwell: 0 s}]}"},
    {"workloads/0/arrivals", "{type: weibull, rate: 3 /s, cv: 2}"},
    {"workloads/0/arrivals", "{type: weibull, rate: 3 /s, cv: 200}"},
    {"workloads/0/arrivals", "{type: diurnal, rate: 3 /s, peak_to_trough: 4, peak_at: 14 h, cv: 2}"},
    {"workloads/0/arrivals", "{type: diurnal, rate: 3 /s, peak_to_trough: 0.5}"},
    {"workloads/0/arrivals",
     "{type: diurnal, rate: 3 /s, peak_to_trough: 2, spikes: [{at: 1 s, duration: 2 s, factor: 2}]}"},
    {"workloads/0/arrivals", "{type: diurnal, rate: 3 /s, peak_to_trough: 2, spikes: [{at: 1 s, factor: 2}]}"},
    {"workloads/0/arrivals", "{type: ramp, points: [[0 s, 1 /s], [1 min, 3 /s]]}"},
    {"workloads/0/arrivals", "{type: ramp, points: [[0 s]]}"},
    {"workloads/0/arrivals", "{type: ramp, points: []}"},
    {"workloads/0/arrivals", "{type: trace, format: mooncake, file: x, hash_block_tokens: 64, trace_class: chat}"},
    {"workloads/0/arrivals", "{type: trace, format: mooncake, file: x, hash_block_tokens: 0}"},
    {"workloads/0/arrivals", "{type: trace, format: burstgpt, file: x, failed_requests: leave-out}"},
    {"workloads/0/arrivals", "{type: trace, format: burstgpt, file: x, failed_requests: retry}"},
    {"workloads/0/sessions", "{turns: {fixed: 3}}"},
    {"workloads/0/sessions", "{turns: 3}"},
    {"workloads/0/sessions", "{turns: {from: trace}}"},
    {"workloads/0/sessions", "{think_time: 3 s}"},
    {"workloads/0/sessions", "{turns: {fixed: 3}, think_time: {exponential: 3 s}, system_prompt: 0, count: 2}"},
    {"workloads/0/sessions", "{turns: {fixed: 3}, think_time: {lognormal: {p50: 3 s, p99: 9 s}}, system_prompt: 8}"},
    {"workloads/0/sessions", "{turns: {fixed: 3}, think_time: {lognormal: {p50: 3 s, p99: 9 s, sigma: 1}}}"},
    {"workloads/0/sessions", "{turns: {fixed: 3}, think_time: {uniform: [1 s]}}"},
    {"workloads/0/sessions", "{turns: {fixed: 3}, first_prompt_tokens: {fixed: 9}, max_prompt_tokens: 90}"},
    {"workloads/0/sessions", "{turns: {fixed: 3}, count: 0}"},
    {"workloads/0/tenant", "acme"},
    {"workloads/0/tenant", "a/b"},
    {"workloads/0/priority", "-3"},
    {"workloads/0/priority", "high"},
    {"workloads/0/adapter", "legal-v2"},
    {"deployments/0/engine/speculative_config", "{method: mtp, num_speculative_tokens: 3, acceptance_rate: 0.7}"},
    {"deployments/0/engine/speculative_config",
     "{method: ngram, num_speculative_tokens: 2, acceptance_rates: [0.7, 0.4], acceptance: deterministic}"},
    {"deployments/0/engine/speculative_config", "{method: eagle, num_speculative_tokens: 3}"},
    {"deployments/0/engine/speculative_config", "{method: eagle, acceptance_rate: 0.7}"},
    {"deployments/0/engine/speculative_config",
     "{decoding_type: MTP, num_speculative_tokens: 3, acceptance_rate: 0.7}"},
    {"deployments/0/engine/speculative_config", "{method: medusa, num_speculative_tokens: 3, acceptance_rate: 0.7}"},
    {"deployments/0/engine/speculative_config", "{method: mtp, num_speculative_tokens: 0, acceptance_rate: 0.7}"},
    {"deployments/0/engine/lora_modules", "[{name: legal-v2, rank: 16}]"},
    {"deployments/0/engine/lora_modules", "[{name: legal-v2}]"},
    {"workloads/0/arrivals", "{type: closed-loop, concurrency: 4, think_time: 1 s}"},
    {"workloads/0/arrivals", "{type: closed-loop, concurrency: 0}"},
    {"workloads/0/arrivals", "{type: trace, format: azure, file: x.csv, rate_scale: 2}"},
    {"workloads/0/arrivals", "{type: trace, format: azure, file: x.csv, rate_scale: 0}"},
    {"workloads/0/arrivals", "{type: trace, format: mooncake, file: x.csv}"},
    {"workloads/0/arrivals", "{type: trace, file: x.csv}"},
    {"workloads/0/prompt_tokens", "{lognormal: {p50: 100, sigma: 1}}"},
    {"workloads/0/prompt_tokens", "{lognormal: {mean: 100, sigma: 1, max: 500}}"},
    {"workloads/0/prompt_tokens", "{lognormal: {p50: 100, p99: 1000}}"},
    {"workloads/0/prompt_tokens", "{lognormal: {p50: 100}}"},
    {"workloads/0/prompt_tokens", "{lognormal: {p50: 100, sigma: 11}}"},
    {"workloads/0/prompt_tokens", "{quantiles: [[0, 1], [0.5, 10], [1, 100]]}"},
    {"workloads/0/prompt_tokens", "{quantiles: [[0, 1]]}"},
    {"workloads/0/prompt_tokens", "{fixed: 1, uniform: [1, 2]}"},
    {"workloads/0/prompt_tokens", "{fixed: 0}"},
    {"workloads/0/prompt_tokens", "{uniform: [1]}"},
    {"workloads/0/prompt_tokens", "100"},
    {"workloads/0/max_tokens", "omitted"},
    {"workloads/0/max_tokens", "{fixed: 5}"},
    {"workloads/0/max_tokens", "5"},
    {"workloads/0/duration", "5 min"},
    {"workloads/0/duration", "0 min"},
    {"slos/0", "{class: interactive}"},
    {"slos/0", "{class: interactive, e2e: 3 s, attainment: 99 %}"},
    {"slos/0/attainment", "1.5"},
    {"slos/0/ttft", "0 ms"},
    {"prices", "{h100-sxm: 2.99}"},
    {"prices", "{h1000: 2.99 USD/h}"},
    {"prices", "{h100-sxm: -1 USD/h}"},
};

bool readerAccepts(const Document& document) {
  try {
    sim::readScenario(document);
    return true;
  } catch (const InputError&) {
    return false;
  }
}

TEST(Schema, OfAScenarioAcceptsExactlyWhatTheReaderAccepts) {
  ASSERT_EQ(scenarioSchema().complaint(jsonOf(Document::parse(kBase, "base").root().node())), "");
  int accepted = 0, refused = 0;
  for (const Change& change : kChanges) {
    Document document = Document::parse(kBase, "base");
    document.set(change.path, change.value);
    const bool accepts = readerAccepts(document);
    const std::string complaint = scenarioSchema().complaint(jsonOf(document.root().node()));
    EXPECT_EQ(complaint.empty(), accepts) << change.path << "=" << change.value << "\n" << complaint;
    ++(accepts ? accepted : refused);
  }
  EXPECT_GT(accepted, 20);
  EXPECT_GT(refused, 40);
}

TEST(Schema, EveryShippedScenarioAndStudySatisfiesIt) {
  const SchemaOf study("study");
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(sourceRoot() / "datasets/scenarios")) {
    const json document = jsonOf(Document::load(entry.path()).root().node());
    const bool is_study = document.at("schema") == "headroom.study/1";
    EXPECT_EQ((is_study ? study : scenarioSchema()).complaint(document), "") << entry.path();
    ++files;
  }
  EXPECT_GT(files, 0);
}

TEST(Schema, OfAResultAcceptsWhatSimulatePrints) {
  const SchemaOf schema("result");
  json result = json::parse(
      headroom({"simulate", "--model", "llama-3.1-8b", "--accelerator", "h100-sxm", "--rate", "5 /s", "--requests",
                "50", "--prompt-tokens", "100", "--output-tokens", "1", "--ttft", "1 s", "--format", "json"})
          .out);
  EXPECT_EQ(schema.complaint(result), "");
  result.erase("preemptions");
  EXPECT_NE(schema.complaint(result), "");
}

/// Keys of every object a schema describes.
void collectKeys(const json& schema, std::vector<std::string>& keys) {
  if (schema.is_object()) {
    if (const auto properties = schema.find("properties"); properties != schema.end()) {
      for (const auto& [key, value] : properties->items()) keys.push_back(key);
    }
  }
  if (schema.is_structured()) {
    for (const json& part : schema) collectKeys(part, keys);
  }
}

TEST(Schema, EveryKeyOfAScenarioIsDescribedInTheManual) {
  std::vector<std::string> keys;
  collectKeys(scenarioSchema().text(), keys);
  const std::string manual = contentOf(sourceRoot() / "docs/scenario.md");
  ASSERT_GT(keys.size(), 50U);
  for (const std::string& key : keys) EXPECT_THAT(manual, ::testing::HasSubstr("`" + key + "`"));
}

}  // namespace
}  // namespace headroom::cli
