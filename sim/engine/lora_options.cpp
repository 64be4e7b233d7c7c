#include "sim/engine/lora_options.h"

#include <algorithm>
#include <set>

#include "models/base/document_nodes.h"
#include "models/base/error.h"
#include "models/cost/lora_cost.h"
#include "models/llm/lora.h"
#include "sim/engine/engine_keys.h"

namespace headroom::sim {
namespace {

/// vLLM's defaults.
constexpr int kMaxLoras = 1;
constexpr int kMaxLoraRank = 16;
/// PCIe 4.0 x16 as far as copies reach it; an H200 on PCIe 5.0 was measured at 55 GB/s.
constexpr BytesPerSecond kHostBandwidth{25e9};
/// An assumption: one NVMe drive.
constexpr BytesPerSecond kStorageBandwidth{3e9};

LoraModule readModule(const Value& value) {
  LoraModule module;
  Fields fields(value);
  module.name = fields.required("name").string();
  module.rank = static_cast<int>(fields.required("rank").integer(1, 512));
  fields.finish();
  return module;
}

}  // namespace

LoraOptions readLora(EngineFields& fields) {
  LoraOptions lora;
  const auto modules = fields.ownOption("lora_modules");
  std::set<std::string> names;
  if (modules) {
    for (const Value& one : modules->items()) {
      lora.modules.push_back(readModule(one));
      if (!names.insert(lora.modules.back().name).second) one.fail("two adapters have this name");
    }
  }
  fields.ownInteger("max_loras", lora.max_loras, 1, 4096);
  fields.ownInteger("max_lora_rank", lora.max_lora_rank, 1, 512);
  fields.ownInteger("max_cpu_loras", lora.max_cpu_loras, 1, 1 << 20);
  const auto bandwidth = [&](const char* key, std::optional<BytesPerSecond>& target) {
    const auto v = fields.ownOption(key);
    if (!v) return;
    target = v->quantity<BytesPerSecond>();
    if (*target <= BytesPerSecond()) v->fail("must be above 0");
  };
  bandwidth("lora_host_bandwidth", lora.host_bandwidth);
  bandwidth("lora_storage_bandwidth", lora.storage_bandwidth);
  for (const char* key :
       {"max_loras", "max_lora_rank", "max_cpu_loras", "lora_host_bandwidth", "lora_storage_bandwidth"}) {
    if (const auto v = fields.ownOption(key); v && lora.modules.empty()) v->fail("needs lora_modules");
  }
  const int most = lora.max_lora_rank.value_or(kMaxLoraRank);
  for (std::size_t i = 0; i < lora.modules.size(); ++i) {
    if (lora.modules[i].rank <= most) continue;
    modules->items()[i].fail("has a rank above max_lora_rank " + std::to_string(most), "set max_lora_rank");
  }
  if (lora.max_cpu_loras && *lora.max_cpu_loras < lora.max_loras.value_or(kMaxLoras)) {
    fields.ownOption("max_cpu_loras")->fail("must be at least max_loras", "vLLM refuses it too");
  }
  return lora;
}

void writeLora(const LoraOptions& lora, DocumentNode& node) {
  if (lora.modules.empty()) return;
  DocumentNode modules = listNode();
  for (const LoraModule& module : lora.modules) {
    DocumentNode one = mapNode();
    setMember(one, "name", stringNode(module.name));
    setMember(one, "rank", numberNode(module.rank));
    modules.items.push_back(std::move(one));
  }
  setMember(node, "lora_modules", std::move(modules));
  if (lora.max_loras) setMember(node, "max_loras", numberNode(*lora.max_loras));
  if (lora.max_lora_rank) setMember(node, "max_lora_rank", numberNode(*lora.max_lora_rank));
  if (lora.max_cpu_loras) setMember(node, "max_cpu_loras", numberNode(*lora.max_cpu_loras));
  const auto rate = [&](const char* key, const std::optional<BytesPerSecond>& value) {
    if (value) setMember(node, key, withUnit(value->value() / 1e9, "GB/s"));
  };
  rate("lora_host_bandwidth", lora.host_bandwidth);
  rate("lora_storage_bandwidth", lora.storage_bandwidth);
}

ResolvedLora resolveLora(const LoraOptions& options, const models::Model& model, const models::Accelerator& accelerator,
                         const models::Parallelism& parallelism) {
  ResolvedLora lora;
  if (options.modules.empty()) return lora;
  if (const std::string problem = models::loraProblem(model); !problem.empty()) throw InputError(problem);
  if (parallelism.pp > 1) throw InputError("adapters on pipeline stages are not modelled");
  const std::vector<models::LoraProjection> projections = models::loraProjections(model, parallelism.tp);
  const int max_rank = options.max_lora_rank.value_or(kMaxLoraRank);
  lora.config.max_loras = options.max_loras.value_or(kMaxLoras);
  lora.config.in_host = options.max_cpu_loras.value_or(lora.config.max_loras);
  lora.config.cost = std::make_shared<models::LoraCost>(accelerator, projections, max_rank);
  for (const LoraModule& module : options.modules) {
    const Bytes bytes = models::loraBytes(projections, module.rank);
    const Bytes whole = models::loraBytes(models::loraProjections(model, 1), module.rank);
    lora.config.adapters.push_back({toTicks(bytes / options.host_bandwidth.value_or(kHostBandwidth)),
                                    toTicks(whole / options.storage_bandwidth.value_or(kStorageBandwidth))});
  }
  lora.slot_bytes = lora.config.max_loras * models::loraBytes(projections, max_rank);
  return lora;
}

}  // namespace headroom::sim
