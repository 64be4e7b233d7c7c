// Small profiles and models made by hand, and where the shared measurements are.
#pragma once

#include <filesystem>
#include <string>

#include "models/cost/compile.h"
#include "models/cost/profile.h"
#include "models/hardware/accelerator.h"
#include "models/llm/model.h"

namespace headroom::models {

/// 1000 TFLOP/s, 2000 in fp8, 4 TB/s: round numbers for sums in the head.
inline Accelerator roundAccelerator() {
  Accelerator accelerator;
  accelerator.name = "round";
  accelerator.bf16 = FlopsPerSecond(1e15);
  accelerator.fp8 = FlopsPerSecond(2e15);
  accelerator.memory_bandwidth = BytesPerSecond(4e12);
  accelerator.scale_up_bandwidth = BytesPerSecond(4e11);
  accelerator.scale_up_size = 8;
  accelerator.memory = Bytes(80e9);
  return accelerator;
}

/// Without tables.
inline Profile emptyProfile() {
  Profile profile;
  profile.header = {.name = "round/test-1",
                    .accelerator = "round",
                    .engine = "test",
                    .engine_version = "1",
                    .origin = "by hand",
                    .date = "2026-01-01",
                    .licence = "none",
                    .peaks = peaksOf(roundAccelerator())};
  return profile;
}

/// Two rows x two columns of attention, t0 = 10 us.
inline Table attentionTable(Operation operation, int heads, int kv_heads, int head_dim) {
  Table table;
  table.key = {.operation = operation, .heads = heads, .kv_heads = kv_heads, .head_dim = head_dim};
  table.launch_floor = Seconds(10e-6);
  table.axes = {{1, 16}, {128, 1024}};
  table.values = {0, 100, 200, 400};
  return table;
}

inline Model smallModel() {
  Model model;
  model.name = "small";
  model.layers = 4;
  model.hidden = 1024;
  model.heads = 16;
  model.kv_heads = 4;
  model.head_dim = 64;
  model.intermediate = 4096;
  model.vocab = 32000;
  model.max_position = 8192;
  return model;
}

inline Model llama70b() {
  Model model;
  model.name = "llama-2-70b";
  model.layers = 80;
  model.hidden = 8192;
  model.heads = 64;
  model.kv_heads = 8;
  model.head_dim = 128;
  model.intermediate = 28672;
  model.vocab = 32000;
  model.max_position = 4096;
  return model;
}

/// vLLM's default CUDA-graph sizes.
inline std::vector<int> vllmGraphSizes() {
  std::vector<int> sizes = {1, 2, 4};
  for (int size = 8; size < 256; size += 8) sizes.push_back(size);
  for (int size = 256; size <= 512; size += 16) sizes.push_back(size);
  return sizes;
}

/// The measurements that are not part of this repository; tests skip where they are absent.
inline std::filesystem::path sharedData() {
  return std::filesystem::path("..") / "shared" / "data";
}

/// What an InputError says when `call` throws one; "" if it does not.
template <class Call>
std::string inputErrorOf(Call call) {
  try {
    call();
  } catch (const InputError& e) {
    return e.what();
  }
  return "";
}

}  // namespace headroom::models
