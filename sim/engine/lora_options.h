// `engine.lora_modules` and vLLM's options beside it: which adapters a replica serves, and what they take.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/base/document.h"
#include "models/base/quantity.h"
#include "models/hardware/accelerator.h"
#include "models/llm/memory_plan.h"
#include "models/llm/model.h"
#include "sim/engine/engine_config.h"

namespace headroom::sim {

class EngineFields;

struct LoraModule {
  std::string name;  ///< workloads[].adapter
  int rank = 16;
  bool operator==(const LoraModule&) const = default;
};

struct LoraOptions {
  std::vector<LoraModule> modules{};  ///< empty: none are served
  std::optional<int> max_loras{};
  std::optional<int> max_lora_rank{};
  std::optional<int> max_cpu_loras{};
  std::optional<BytesPerSecond> host_bandwidth{};     ///< host memory to each accelerator
  std::optional<BytesPerSecond> storage_bandwidth{};  ///< storage to host memory, of a replica
  bool operator==(const LoraOptions&) const = default;
};

LoraOptions readLora(EngineFields& fields);
void writeLora(const LoraOptions& options, DocumentNode& node);

/// What the scheduler needs of them on this accelerator, and the slots' bytes on one rank. Throws InputError.
struct ResolvedLora {
  LoraConfig config;
  Bytes slot_bytes;
};
ResolvedLora resolveLora(const LoraOptions& options, const models::Model& model, const models::Accelerator& accelerator,
                         const models::Parallelism& parallelism);

}  // namespace headroom::sim
