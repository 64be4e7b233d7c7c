// What an engine does with a request that does not fit its context, before it is queued.
//   vLLM     an error if prompt + max_tokens > max_model_len
//   SGLang   an error if prompt + max_new_tokens >= context length (tokenizer_manager.py)
//   TensorRT-LLM  cuts max_tokens to what fits; an error if the prompt alone fills it (base_worker.py)
// Without max_tokens the answer ends where the context does. Research engines look at the realised length.
#pragma once

#include "sim/engine/engine_config.h"
#include "sim/engine/replica.h"

namespace headroom::sim {

/// Sets max_tokens where the client left it out, and cuts what the engine cuts; true if the answer became shorter.
/// What is refused is not cut.
inline bool fitAnswer(workloads::Request& request, const EngineConfig& config) {
  const bool omitted = request.max_tokens == 0;
  const std::int64_t room = config.max_model_len - request.prompt_tokens - (config.kind == EngineKind::sglang ? 1 : 0);
  if (omitted) request.max_tokens = static_cast<std::int32_t>(std::max<std::int64_t>(request.output_tokens, room));
  if (room < 1 || !(omitted || config.kind == EngineKind::trtllm) || !fitsAStep(request, config)) return false;
  request.max_tokens = static_cast<std::int32_t>(std::min<std::int64_t>(request.max_tokens, room));
  if (request.output_tokens <= room) return false;
  request.output_tokens = static_cast<std::int32_t>(room);
  return true;
}

/// The engine answers with an error.
inline bool isRefused(const workloads::Request& request, const EngineConfig& config) {
  const std::int64_t asked = std::int64_t{request.prompt_tokens} + request.max_tokens;
  switch (config.kind) {
    case EngineKind::vllm:
      return asked > config.max_model_len || isTooLong(request, config);
    case EngineKind::sglang:
      return asked >= config.max_model_len || isTooLong(request, config);
    default:
      return isTooLong(request, config);
  }
}

}  // namespace headroom::sim
