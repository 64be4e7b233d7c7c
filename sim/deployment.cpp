#include "sim/deployment.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/base/error.h"
#include "models/cost/capped_step_times.h"
#include "models/hardware/accelerator.h"
#include "sim/engine/request_queue.h"
#include "sim/engine/research_engines.h"
#include "sim/engine/trtllm_defaults.h"

namespace headroom::sim {
namespace {

models::Precision weightsOf(const DeploymentSpec& spec, const models::Model& model) {
  return spec.weights.value_or(model.native_precision);
}

models::MemoryRequest memoryRequest(const DeploymentSpec& spec, const models::Model& model, const PoolPlan& pool) {
  const EngineConfig& config = pool.engine.config;
  models::MemoryRequest request;
  request.parallelism = pool.spec.parallelism;
  request.weights = weightsOf(spec, model);
  request.kv_cache = spec.kv_cache;
  request.gpu_memory_utilization = pool.engine.gpu_memory_utilization;
  request.max_num_batched_tokens = config.max_num_batched_tokens;
  request.max_num_seqs = config.max_num_seqs;
  request.block_size = config.block_size;
  request.max_model_len = static_cast<int>(config.max_model_len);
  request.rule = pool.engine.memory_rule;
  request.deduct_graphs = pool.engine.deduct_graphs;
  request.added_weights = pool.adapter_slots;
  if (pool.draft) pool.draft->addTo(request);
  return request;
}

/// A tier's share of each rank, in blocks.
KvTierConfig tierOf(const KvTierOptions& options, const models::Parallelism& layout, Bytes block_on_one_accelerator) {
  const double block = block_on_one_accelerator.value() * layout.tp * layout.pp;
  KvTierConfig tier;
  tier.name = options.name;
  tier.blocks = static_cast<std::int64_t>(options.capacity.value() / layout.dp / block);
  tier.block_time = std::max<Ticks>(1, toTicks(Seconds(block * layout.dp / options.bandwidth.value())));
  tier.latency = toTicks(options.latency);
  tier.over_network = !options.from.empty();
  return tier;
}

void addDraftAndAdapters(const DeploymentSpec& spec, const models::Model& model, PoolPlan& pool) {
  pool.draft = planDraft(spec.engine.speculation, model, weightsOf(spec, model), pool.spec.parallelism);
  ResolvedLora lora = resolveLora(spec.engine.lora, model, pool.accelerator, pool.spec.parallelism);
  pool.engine.config.lora = std::move(lora.config);
  pool.adapter_slots = lora.slot_bytes;
}

/// Sets the number of blocks, or the problem.
void fitMemory(const DeploymentSpec& spec, const models::Model& model, PoolPlan& pool) {
  pool.problem = models::layoutProblem(model, pool.spec.parallelism);
  if (pool.problem.empty()) {
    pool.problem = models::precisionProblem(pool.accelerator, weightsOf(spec, model), spec.kv_cache);
  }
  if (pool.problem.empty() && pool.spec.role != Role::unified && pool.engine.config.kind != EngineKind::vllm) {
    pool.problem = fmt::format("prefill and decode roles need engine vllm, not {}", spec.engine.name);
  }
  if (pool.problem.empty() && pool.draft) pool.problem = pool.draft->problem();
  if (pool.problem.empty()) pool.problem = pipelineProblem(pool.engine.config.kind, pool.spec.parallelism.pp);
  if (!pool.problem.empty()) return;
  EngineConfig& config = pool.engine.config;
  pool.memory = models::planMemory(model, pool.accelerator, memoryRequest(spec, model, pool));
  config.kv_tiers.clear();
  for (const KvTierOptions& options : spec.engine.kv_tiers) {
    config.kv_tiers.push_back(tierOf(options, pool.spec.parallelism, pool.memory.kv_block));
    if (config.kv_tiers.back().blocks < 1) pool.problem = "KV tier " + options.name + " is smaller than one block";
  }
  config.data_parallel = pool.spec.parallelism.dp;
  config.pipeline_parallel = pool.spec.parallelism.pp;
  if (config.pipeline_parallel > 1) config.pipeline_depth = 1;  // the stages overlap steps instead
  config.num_gpu_blocks = spec.engine.num_gpu_blocks.value_or(pool.memory.blocks.value());
  if (spec.engine.max_total_tokens) {
    config.num_gpu_blocks = std::min(config.num_gpu_blocks, *spec.engine.max_total_tokens / config.block_size);
  }
  const std::int64_t wanted = config.max_model_len;
  settleWithPool(pool.engine, pool.memory);
  if (config.max_model_len > 0 && config.max_model_len < wanted) {
    pool.warnings.push_back(
        fmt::format("the KV cache holds {} tokens: longer requests are rejected", config.max_model_len));
  }
  if (!spec.engine.num_gpu_blocks && !pool.memory.fits) {
    pool.problem = pool.memory.reason;
    return;
  }
  const std::int64_t usable = std::max<std::int64_t>(0, config.usableBlocks() - config.watermarkBlocks());
  if (config.blocksFor(config.max_model_len) > usable) {
    pool.problem = fmt::format(
        "one sequence of max_model_len {} needs {} KV blocks, and {} are usable: set "
        "engine.max_model_len to {} or less",
        config.max_model_len, config.blocksFor(config.max_model_len), usable, usable * config.block_size);
  }
}

/// Rows of the LM head in a step.
int mostSampledRows(const PoolPlan& pool) {
  return pool.engine.config.max_num_seqs * (1 + pool.engine.config.speculation.tokens);
}

/// Whose kernels: research engines are rules without kernels of their own.
std::string kernelEngine(const std::string& engine) {
  return findResearchEngine(engine) != nullptr ? "vllm" : engine;
}

void compileSteps(const DeploymentSpec& spec, const models::Model& model, PoolPlan& pool) {
  const models::FoundProfile found =
      pool.spec.profile.empty()
          ? models::findProfile(pool.accelerator, kernelEngine(spec.engine.name), spec.engine.version)
          : models::loadProfile(pool.spec.profile, pool.accelerator);
  pool.profile = found.profile.header.name;
  if (found.engine_differs || found.version_differs) {
    pool.warnings.push_back(fmt::format("kernel times of {} stand in for {}", pool.profile, found.asked));
  }
  models::StepRequest request;
  request.parallelism = pool.spec.parallelism;
  request.weights = weightsOf(spec, model);
  request.kv_cache = spec.kv_cache;
  request.max_num_batched_tokens = pool.engine.config.max_num_batched_tokens;
  request.max_num_seqs = pool.engine.config.max_num_seqs;
  request.max_model_len = pool.engine.config.max_model_len;
  request.graph_sizes = pool.engine.graph_sizes;
  request.max_sampled_rows = mostSampledRows(pool);
  models::CompiledStepTimes compiled = models::compileStepTimes(found.profile, pool.accelerator, model, request);
  pool.step_times = std::move(compiled.tables);
  if (pool.draft) pool.draft_times = pool.draft->compile(found.profile, pool.accelerator, request);
  pool.tier_share = compiled.tier_share;
  pool.engine.config.slowest_stage_share = compiled.slowest_stage_share;
}

/// Power and, under a cap, stretched step times. A cap at or beyond the board limit changes nothing.
void addPower(const DeploymentSpec& spec, const models::Model& model, PoolPlan& pool) {
  const models::WorkRequest request{pool.spec.parallelism, weightsOf(spec, model), spec.kv_cache};
  pool.step_work = std::make_shared<models::StepWork>(pool.accelerator, model, request);
  pool.power = models::findPower(pool.accelerator);
  if (!pool.spec.power_cap) return;
  const Watts cap = *pool.spec.power_cap;
  if (!pool.power) throw InputError("power_cap: the board power of " + pool.spec.accelerator + " is not published");
  if (cap <= pool.power->idle) {
    throw InputError(fmt::format("power_cap: {} W is not above the idle power of {}, {:.0f} W", cap.value(),
                                 pool.spec.accelerator, pool.power->idle.value()));
  }
  if (cap >= pool.power->limit) return;
  pool.step_times = std::make_shared<models::CappedStepTimes>(pool.step_times, *pool.power, *pool.step_work, cap,
                                                              pool.engine.config.max_num_seqs, mostSampledRows(pool));
  pool.power->limit = cap;
}

/// Graph sizes count tokens; the engines' option counts sequences.
int largestGraphBatch(const ResolvedEngine& engine) {
  return engine.graph_sizes.back() / (1 + engine.config.speculation.tokens);
}

/// `decide` sets an option that is not set to what the engine took.
template <class Decide>
void decideOptions(EngineOptions& engine, const Decide& decide) {
  const bool vllm = engine.name == "vllm", sglang = engine.name == "sglang", trtllm = engine.name == "trtllm";
  decide(engine.max_num_seqs, [](const ResolvedEngine& e) { return e.config.max_num_seqs; });
  if (sglang) {
    if (engine.enable_chunked_prefill.value_or(true)) {
      decide(engine.max_num_batched_tokens,
             [](const ResolvedEngine& e) { return e.config.sglang.chunked_prefill_size; });
    }
    decide(engine.max_prefill_tokens, [](const ResolvedEngine& e) { return e.config.sglang.max_prefill_tokens; });
    decide(engine.scheduler_recv_interval, [](const ResolvedEngine& e) { return e.config.sglang.recv_interval; });
    decide(engine.enable_mixed_chunk, [](const ResolvedEngine& e) { return e.config.sglang.mixed_chunk; });
    decide(engine.cuda_graph_max_bs, [](const ResolvedEngine& e) { return largestGraphBatch(e); });
  } else {
    decide(engine.max_num_batched_tokens, [](const ResolvedEngine& e) { return e.config.max_num_batched_tokens; });
  }
  decide(engine.max_model_len, [](const ResolvedEngine& e) { return e.config.max_model_len; });
  decide(engine.gpu_memory_utilization, [](const ResolvedEngine& e) { return e.gpu_memory_utilization; });
  decide(engine.enable_chunked_prefill, [](const ResolvedEngine& e) { return e.config.enable_chunked_prefill; });
  decide(engine.prefix_caching, [](const ResolvedEngine& e) { return e.config.enable_prefix_caching; });
  if (!engine.schedule_policy)
    decide(engine.scheduling, [](const ResolvedEngine& e) { return nameOf(e.config.order); });
  decide(engine.async_scheduling, [](const ResolvedEngine& e) { return e.config.pipeline_depth == 2; });
  if (const ResearchEngine* research = findResearchEngine(engine.name)) {
    if (research->watermark > 0) decide(engine.watermark, [](const ResolvedEngine& e) { return e.config.watermark; });
    if (research->kind == EngineKind::lightllm) {
      decide(engine.max_waiting_iters, [](const ResolvedEngine& e) { return e.config.max_waiting_iters; });
    }
  }
  if (vllm) {
    decide(engine.long_prefill_token_threshold,
           [](const ResolvedEngine& e) { return e.config.long_prefill_token_threshold; });
  }
  if (sglang) {
    decide(engine.block_size, [](const ResolvedEngine& e) { return e.config.block_size; });
  }
  if (trtllm) {
    decide(engine.block_size, [](const ResolvedEngine& e) { return e.config.block_size; });
    decide(engine.capacity_scheduler_policy,
           [](const ResolvedEngine& e) { return nameOf(e.config.trtllm.capacity_policy); });
    decide(engine.dp_balance, [](const ResolvedEngine& e) { return e.config.trtllm.balance; });
    if (*engine.dp_balance) {
      decide(engine.dp_balance_timeout_iters,
             [](const ResolvedEngine& e) { return e.config.trtllm.balance_timeout_iters; });
      decide(engine.dp_balance_batching_wait_iters,
             [](const ResolvedEngine& e) { return e.config.trtllm.balance_batching_wait_iters; });
    }
    decide(engine.cuda_graph_padding, [](const ResolvedEngine& e) { return e.config.trtllm.graph_padding; });
    if (*engine.cuda_graph_padding) {
      decide(engine.cuda_graph_max_bs, [](const ResolvedEngine& e) { return largestGraphBatch(e); });
    }
  }
  decide(engine.step_overhead, [](const ResolvedEngine& e) { return toSeconds(e.config.overhead.residue); });
  decide(engine.prompt_step, [](const ResolvedEngine& e) { return toSeconds(e.config.overhead.launches); });
  decide(engine.front_end, [](const ResolvedEngine& e) { return toSeconds(e.config.front_end.per_request); });
  decide(engine.front_end_per_prompt_token,
         [](const ResolvedEngine& e) { return toSeconds(e.config.front_end.per_prompt_token); });
}

}  // namespace

Bytes PoolPlan::kvBytesPerToken() const {
  return memory.kv_block * (static_cast<double>(spec.parallelism.tp * spec.parallelism.pp) / engine.config.block_size);
}

Bytes PoolPlan::stateBytesPerRequest() const {
  return memory.state * (static_cast<double>(spec.parallelism.tp * spec.parallelism.pp) / engine.config.max_num_seqs);
}

std::string DeploymentPlan::problem() const {
  for (const PoolPlan& pool : pools) {
    if (!pool.problem.empty()) {
      return fmt::format("{} on {} (tp {}): {}", spec.model, pool.spec.accelerator, pool.spec.parallelism.tp,
                         pool.problem);
    }
  }
  return {};
}

DeploymentPlan planDeployment(const DeploymentSpec& spec, bool compile) {
  DeploymentPlan plan;
  plan.spec = spec;
  plan.model = models::findModel(spec.model);
  for (const PoolSpec& pool_spec : spec.pools) {
    PoolPlan pool;
    pool.spec = pool_spec;
    pool.accelerator = models::findAccelerator(pool_spec.accelerator);
    pool.engine = resolveEngine(spec.engine, pool.accelerator, pool_spec.parallelism, plan.model);
    pool.engine.config.role = pool_spec.role;
    pool.warnings = pool.engine.warnings;
    if (pool.engine.config.max_model_len > plan.model.max_position) {
      pool.warnings.push_back(fmt::format("max_model_len {} is beyond the model's own {}",
                                          pool.engine.config.max_model_len, plan.model.max_position));
    }
    addDraftAndAdapters(spec, plan.model, pool);
    fitMemory(spec, plan.model, pool);
    if (pool.problem.empty() && compile) {
      compileSteps(spec, plan.model, pool);
      addPower(spec, plan.model, pool);
      if (pool.draft_times) pool.step_times = std::make_shared<models::WithDraft>(pool.step_times, pool.draft_times);
    }
    plan.pools.push_back(std::move(pool));
  }
  return plan;
}

std::vector<DeploymentPlan> planDeployments(const Scenario& scenario) {
  std::vector<DeploymentPlan> plans;
  for (const DeploymentSpec& spec : scenario.deployments) plans.push_back(planDeployment(spec));
  return plans;
}

EngineConfig configIn(const Scenario& scenario, const DeploymentPlan& plan, const PoolPlan& pool) {
  EngineConfig config = pool.engine.config;
  config.speculation.seed = scenario.seed;
  const std::vector<LoraModule>& modules = plan.spec.engine.lora.modules;
  for (const std::string& name : adapterNames(scenario)) {
    const auto served =
        std::find_if(modules.begin(), modules.end(), [&](const LoraModule& module) { return module.name == name; });
    config.lora.of_name.push_back(served == modules.end() ? -1 : static_cast<int>(served - modules.begin()));
  }
  return config;
}

Scenario resolved(const Scenario& scenario, const std::vector<DeploymentPlan>& plans) {
  Scenario result = scenario;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const ResolvedEngine& first = plans[i].pools.front().engine;
    DeploymentSpec& deployment = result.deployments[i];
    if (!deployment.weights) deployment.weights = plans[i].model.native_precision;
    EngineOptions& engine = deployment.engine;
    const auto decide = [&](auto& option, auto value_of) {
      const auto value = value_of(first);
      const bool agreed = std::all_of(plans[i].pools.begin(), plans[i].pools.end(),
                                      [&](const PoolPlan& pool) { return value_of(pool.engine) == value; });
      if (!option && agreed) option = value;
    };
    decideOptions(engine, decide);
  }
  return result;
}

}  // namespace headroom::sim
