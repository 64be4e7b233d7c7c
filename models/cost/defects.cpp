#include "models/cost/defects.h"

#include <fmt/format.h>

#include "models/base/error.h"

namespace headroom::models {
namespace {

constexpr DefectInfo kDefects[] = {
    {Defect::eager_fp8_block_gemm, "gemm fp8_block of vLLM",
     "timed without CUDA graphs, a launch floor of 55 us (Hopper), 150 us (B200), 282 us (L40S)",
     "SGLang's table (deep_gemm) where there is one, marked as transferred"},
    {Defect::no_peer_to_peer, "collectives of 4 and 8 L40S", "that host had no peer-to-peer transfers: 3 and 1 GB/s",
     "left out: tier spec"},
    {Defect::eager_all_reduce, "custom_allreduce, eager rows", "eager launches (engines replay CUDA graphs)",
     "the rows replayed in CUDA graphs"},
    {Defect::only_eager_all_reduce, "custom_allreduce of the B60", "only eager launches were timed",
     "kept, marked as transferred"},
    {Defect::weights_in_cache, "small GEMMs, attention and experts below the speed of light",
     "weights or KV stayed in the L2 cache from one repetition to the next", "lifted to the speed of light"},
    {Defect::negative_difference, "computescale, rows of zero or less",
     "a difference of two kernels within their noise", "left out: neighbours stand in"},
    {Defect::slower_of_two_kernels, "moe, the same call timed with two kernels", "the engine runs the faster one",
     "the faster"},
    {Defect::experts_without_gate, "moe, the experts of Nemotron 3",
     "two products instead of three (TensorRT-LLM names its kernel so; the B200's would exceed its peak with three)",
     "left out: no model of the catalogue has them, and other shapes must not borrow from them"},
    {Defect::unaligned_rows, "gemm, rows above 16 that are no multiple of 16",
     "1.1 to 1.8 times slower: engines pad their batches", "left out: queries are rounded up"},
    {Defect::other_element_size, "nccl, int8", "the same bytes as half the 2-byte elements", "the 2-byte rows"},
    {Defect::other_sm_counts, "deepep_normal, other than 20 processors", "20 are the library's default",
     "the rows with 20 (24 where there are none)"},
    {Defect::prior_context, "dsa_context_module on 128 prior tokens", "a single prior length cannot be interpolated",
     "the rows without prior tokens"},
    {Defect::several_beams, "attention of several beams", "beam search is not modelled", "one beam"},
    {Defect::isolated_slow_point, "points 1.4 times slower than neighbours on every axis",
     "a disturbed measurement: 3.3 % of the B200's fp8 GEMMs, where the same kernel on the GB200 has 0.07 %",
     "left out of the fit: neighbours stand in"},
    {Defect::disturbed_rows, "GEMMs of B200 and GB200 1.3 times slower than most of fewer and most of more rows",
     "disturbed one by one: 3.5 % of the B200's fp8 and of SGLang's of all formats, other ones on GB200 and B300",
     "left out of the fit: neighbours stand in"},
    {Defect::format_not_read, "number formats without a name here", "no engine of this catalogue runs them",
     "left out"},
};

}  // namespace

std::span<const DefectInfo> knownDefects() {
  return kDefects;
}

std::string textOf(Defect defect) {
  for (const DefectInfo& info : kDefects) {
    if (info.defect == defect) return fmt::format("{}: {}", info.what, info.reason);
  }
  CHECK(false, "a defect is missing in kDefects");
}

bool measuredWithoutPeerToPeer(const std::string& system, int devices) {
  return system == "l40s" && devices >= 4;
}

bool haveNoGate(int hidden, int inter, int topk, int experts) {
  return (topk == 22 && experts == 512) || (hidden == 2688 && inter == 1856);
}

bool hasOnlyEagerAllReduce(const std::string& system) {
  return system == "b60";
}

bool hasDisturbedGemm(const std::string& accelerator) {
  return accelerator == "b200-sxm" || accelerator == "gb200";
}

}  // namespace headroom::models
