#include "models/cost/step_kernels.h"

#include <algorithm>

#include "models/base/error.h"

namespace headroom::models {
namespace {

KernelTime aboveLaunch(const KernelTime& all, Seconds launch, Seconds least) {
  return {std::max(least, all.time - launch), all.speed_of_light, all.tier};
}

/// f(x) at each of `places`, evaluated once where the context no longer matters.
template <class Function>
void addLine(std::vector<double>& sum, const std::vector<std::int64_t>& places, double limit, double least,
             Function function) {
  double at = -1;
  double value = 0;
  for (std::size_t j = 0; j < places.size(); ++j) {
    const double x = std::max(least, std::min(limit, static_cast<double>(places[j])));
    if (x != at) value = function(x).time.value();
    at = x;
    sum[j] += value;
  }
}

}  // namespace

std::vector<int> stageLayers(int layers, int stages) {
  std::vector<int> sizes(static_cast<std::size_t>(stages), layers / stages);
  const int left_over = layers % stages;
  for (int i = 0; i < left_over; ++i) ++sizes[static_cast<std::size_t>(stages - 2 - i)];
  return sizes;
}

StepKernels::StepKernels(const Profile& profile, const Accelerator& accelerator, const Model& model,
                         const StepRequest& request)
    : profile_(profile),
      model_(model),
      request_(request),
      ranks_per_node_(accelerator.scale_up_size),
      norm_(profile, Layer::layer_norm, model.hidden),
      final_norm_(profile, Layer::final_norm, model.hidden),
      embedding_(profile, Layer::embedding, model.hidden),
      sampler_(profile, Layer::sampler, model.vocab),
      lm_head_(profile, Precision::bf16),  // engines leave the LM head unquantised
      all_reduce_(profile, CollectiveKernel::Kind::all_reduce, {request.parallelism.tp, ranks_per_node_},
                  request.scale_out),
      all_gather_(profile, CollectiveKernel::Kind::all_gather, {request.parallelism.tp, ranks_per_node_},
                  request.scale_out) {
  for (int layer = 0; layer < model.layers; ++layer) {
    const AttentionKind kind = attentionKind(model, layer);
    auto same =
        std::find_if(attentions_.begin(), attentions_.end(), [&](const Attention& a) { return a.kind == kind; });
    if (same == attentions_.end()) {
      attentions_.push_back({makeAttentionBlock(profile, model, kind, request), kind, 0});
      same = attentions_.end() - 1;
    }
    ++same->layers;
    ++(isMoeLayer(model, layer) ? expert_layers_ : dense_layers_);
  }
  if (dense_layers_ > 0) dense_.emplace(profile, model, model.intermediate, request);
  if (expert_layers_ > 0) experts_.emplace(profile, model, request, ranks_per_node_);
}

int StepKernels::paddedTokens(int tokens) const {
  const std::vector<int>& sizes = request_.graph_sizes;
  const auto size = std::lower_bound(sizes.begin(), sizes.end(), tokens);
  return size == sizes.end() ? alignedRows(tokens) : *size;
}

void StepKernels::tokenwise(int tokens, const AddPart& add) const {
  const int rows = paddedTokens(tokens);
  const auto times = [&](int layers) {
    return [&add, layers](const char* name, const KernelTime& one) { add(name, layers * one); };
  };
  for (const Attention& attention : attentions_) attention.block->tokenwise(rows, times(attention.layers));
  if (dense_) dense_->tokenwise(rows, times(dense_layers_));
  if (experts_) experts_->tokenwise(rows, times(expert_layers_));
  layerNorms(rows, add);
  communication(rows, add);
}

void StepKernels::layerNorms(int rows, const AddPart& add) const {
  const double hidden = static_cast<double>(rows) * model_.hidden * kActivationElementBytes;
  const KernelTime norm = elementwiseTime(profile_, hidden * 4);  // hidden state and residual, in and out
  add("norms", 2.0 * model_.layers * norm_.time(rows, norm));
  add("embedding", embedding_.time(rows, elementwiseTime(profile_, hidden * 2)));
  add("final norm", final_norm_.time(rows, norm));
}

void StepKernels::communication(int rows, const AddPart& add) const {
  const double hidden = static_cast<double>(rows) * model_.hidden * kActivationElementBytes;
  const int tp = request_.parallelism.tp;
  const int pp = request_.parallelism.pp;
  if (tp > 1) {
    const int after_mlp = dense_layers_ + (experts_ && experts_->exchangesTokens() ? 0 : expert_layers_);
    add("all-reduce", (model_.layers + after_mlp + 1.0) * all_reduce_.time(hidden));  // + 1: embedding
  }
  if (pp > 1) {
    const bool same_node = tp * pp <= ranks_per_node_;
    add("send to next stage", (pp - 1.0) * sendTime(profile_, hidden / tp, same_node, request_.scale_out));
  }
}

void StepKernels::perSequence(int sequences, const AddPart& add) const {
  if (sequences <= 0) return;
  const double rows = sequences;
  const double vocab = model_.vocab;
  add("gemm lm head", lm_head_.time(sequences, vocab / request_.parallelism.tp, model_.hidden));
  if (request_.parallelism.tp > 1) add("gather logits", all_gather_.time(rows * vocab * kActivationElementBytes));
  const Seconds least = Bytes(rows * vocab * kSamplerBytes) / profile_.header.peaks.memory;
  add("sampler", sampler_.time(rows, {least / kSpecEfficiency + kSamplerLaunch, least, Tier::spec}));
}

Seconds StepKernels::attentionLaunch() const {
  Seconds sum;
  for (const Attention& attention : attentions_) sum += attention.launch();
  return sum;
}

KernelTime StepKernels::Attention::decode(double sequences, double mean_context) const {
  return aboveLaunch(layers * block->decode(sequences, mean_context), launch(), Seconds(0));
}

KernelTime StepKernels::Attention::prefill(double new_tokens, double prior) const {
  const KernelTime all = layers * block->prefill(new_tokens, prior);
  return aboveLaunch(all, launch(), all.speed_of_light);
}

std::vector<double> StepKernels::decodeLine(double sequences, const std::vector<std::int64_t>& mean_contexts) const {
  std::vector<double> sum(mean_contexts.size(), 0);
  for (const Attention& attention : attentions_) {
    addLine(sum, mean_contexts, attention.block->contextLimit(), 1,
            [&](double mean) { return attention.decode(sequences, mean); });
  }
  return sum;
}

std::vector<double> StepKernels::prefillLine(double new_tokens, const std::vector<std::int64_t>& priors) const {
  std::vector<double> sum(priors.size(), 0);
  for (const Attention& attention : attentions_) {
    addLine(sum, priors, attention.block->contextLimit(), 0,
            [&](double prior) { return attention.prefill(new_tokens, prior); });
  }
  return sum;
}

std::optional<FusedAttention> StepKernels::fusedAttention() const {
  if (attentions_.size() != 1) return std::nullopt;
  return attentions_.front().block->fused(attentions_.front().layers);
}

std::optional<UnevenContexts> StepKernels::unevenContexts() const {
  if (attentions_.size() != 1) return std::nullopt;
  return attentions_.front().block->uneven(attentions_.front().layers);
}

bool StepKernels::isStair(std::int64_t chunk) const {
  return std::any_of(attentions_.begin(), attentions_.end(), [&](const Attention& attention) {
    const int tokens = attention.block->stairTokens();
    return tokens > 0 && chunk % tokens == 0;
  });
}

Seconds StepKernels::layerTime(int layer, int sequences, double context) const {
  Seconds sum;
  const AddPart add = [&](const char*, const KernelTime& part) { sum += part.time; };
  const int rows = paddedTokens(sequences);
  const AttentionKind kind = attentionKind(model_, layer);
  for (const Attention& attention : attentions_) {
    if (attention.kind != kind) continue;
    attention.block->tokenwise(rows, add);
    sum += attention.block->decode(sequences, context).time;
  }
  if (isMoeLayer(model_, layer)) experts_->tokenwise(rows, add);
  if (!isMoeLayer(model_, layer)) dense_->tokenwise(rows, add);
  return sum;
}

double StepKernels::slowestStageShare(int sequences, double context) const {
  Seconds head;
  perSequence(sequences, [&](const char*, const KernelTime& part) { head += part.time; });
  Seconds slowest, total;
  int layer = 0;
  const std::vector<int> sizes = stageLayers(model_.layers, request_.parallelism.pp);
  for (std::size_t stage = 0; stage < sizes.size(); ++stage) {
    Seconds time = stage + 1 == sizes.size() ? head : Seconds();
    for (int i = 0; i < sizes[stage]; ++i) time += layerTime(layer++, sequences, context);
    slowest = std::max(slowest, time);
    total += time;
  }
  return slowest / total;
}

}  // namespace headroom::models
