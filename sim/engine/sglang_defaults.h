// SGLang's defaults where an option is not set. Source: sglang srt/server_args.py (0.5.x), memory settings of
// _handle_gpu_memory_settings(); environment variables at their defaults. Left out: what attention backends and models
// change (page sizes above 1 for latent attention).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/engine/engines.h"

namespace headroom::sim {

/// Versions at which the rules change.
std::vector<std::string> sglangRulesFrom();

ResolvedEngine resolveSglang(const EngineOptions& options, const models::Accelerator& accelerator,
                             const models::Parallelism& parallelism, int native_context);

/// max_running_requests where it is not set: by the tokens of the KV cache and the context length.
int sglangRunningRequests(std::int64_t pool_tokens, std::int64_t context_length);

/// Batch sizes of captured decode graphs: 1, 2, 4, 8, 12, 16..256 by 8, 272..496 by 16, from 512 by 32, up to
/// `largest`.
std::vector<int> sglangGraphSizes(int largest);
/// The same where drafts are verified: 1..8, 10..32 by 2, 40..64 by 4, 72..256 by 8, then by 16.
std::vector<int> sglangDraftGraphSizes(int largest);

}  // namespace headroom::sim
