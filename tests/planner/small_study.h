// A study that runs in a blink: a small model, a short Poisson workload.
#pragma once

#include <filesystem>
#include <string>

#include "planner/study.h"

namespace headroom::planner {

inline std::string smallStudyText() {
  return R"(
schema: headroom.study/1
name: small
base:
  schema: headroom.scenario/1
  deployments:
    - name: chat
      model: llama-3.1-8b
      engine: {max_model_len: 8192, max_num_seqs: 64}
      pools: [{accelerator: h100-sxm, replicas: 1}]
  workloads:
    - arrivals: {type: poisson, rate: 60 /s}
      prompt_tokens: {uniform: [200, 1500]}
      output_tokens: {uniform: [20, 400]}
      requests: 600
  slos: [{ttft: 200 ms, tpot: 30 ms, attainment: 0.95}]
search:
  deployments/0/pools/0/accelerator: {choices: [a100-sxm, h100-sxm]}
  deployments/0/router/policy: {choices: [random, least-loaded]}
  deployments/0/pools/0/replicas: {range: {min: 1, max: 12}}
prices: {a100-sxm: 2 USD/h, h100-sxm: 3 USD/h}
)";
}

inline Study smallStudy(const std::string& set_path = {}, const std::string& value = {}) {
  Document document = Document::parse(smallStudyText(), "small.yaml");
  if (!set_path.empty()) document.set(set_path, value);
  return readStudy(document);
}

/// The program under test, built beside the tests.
inline std::string headroomProgram() {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "headroom").string();
}

}  // namespace headroom::planner
