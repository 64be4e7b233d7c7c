#include "sim/validation/serving_points.h"

#include <algorithm>
#include <tuple>

#include "sim/validation/csv_numbers.h"
#include "sim/validation/error_summary.h"

namespace headroom::sim {

std::string acceleratorOf(std::string_view system) {
  std::string name(system);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

/// fp8 stands for whichever fp8 the checkpoint has; fp4 of a model published in mxfp4 is that.
std::string weightsOf(std::string_view quantisation, std::string_view model) {
  if (quantisation == "nvfp4" && model.find("gpt-oss") == std::string_view::npos) return "nvfp4";
  if (quantisation == "int4_wo") return "int4";
  if (quantisation != "fp8") return "";
  const bool published_in_fp8 =
      model.find("DeepSeek") != std::string_view::npos || model.find("MiniMax") != std::string_view::npos;
  return published_in_fp8 ? "" : model.find("Qwen3.5") != std::string_view::npos ? "fp8-block" : "fp8";
}

bool hasFp8Cache(const std::string& accelerator, const std::string& weights) {
  const bool blackwell = accelerator.starts_with("b200") || accelerator.starts_with("gb200");
  return blackwell && (weights == "nvfp4" || weights == "fp8");
}

namespace {

/// Runs in which a mean first token comes after about N prompts: all N requests start together every time, as they do
/// only if none is longer than another.
constexpr std::string_view kEqualLengths = "aic-auto-gap-analysis";

auto keyOf(const ServingPoint& p) {
  return std::tie(p.engine, p.version, p.release, p.model, p.accelerator, p.weights, p.tp, p.pp, p.dp, p.moe_tp,
                  p.moe_ep, p.prompt_tokens, p.output_tokens, p.concurrency, p.equal_lengths);
}

/// TP and EP of one set of accelerators stand multiplied in some rows (tp 16, experts 4 x 4 on four accelerators, as
/// the row's name says). Attention-DP takes the place of TP on the same accelerators.
void undoProducts(ServingPoint& p) {
  if (p.moe_ep > 1 && (p.moe_tp > 1 || (p.tp > 1 && p.dp > 1))) {
    const int accelerators = p.moe_tp > 1 ? p.moe_ep : p.tp;
    p.dp = p.dp > 1 ? accelerators : 1;
    p.tp = p.dp > 1 ? 1 : accelerators;
    p.moe_ep = accelerators;
    p.moe_tp = 1;
  }
}

ServingPoint pointOf(const NamedCells& row) {
  ServingPoint p;
  p.engine = row.text("backend");
  p.release = row.text("backend_version");
  p.version = leadingNumbers(p.release);
  p.model = row.text("model_path");
  p.accelerator = acceleratorOf(row.text("system"));
  p.weights = weightsOf(row.text("gemm_quant_mode"), p.model);
  p.prompt_tokens = row.countOrOne("isl");
  p.output_tokens = row.countOrOne("osl");
  p.tp = row.countOrOne("tp_size");
  p.pp = row.countOrOne("pp_size");
  p.dp = row.countOrOne("attention_dp_size");
  p.moe_tp = row.countOrOne("moe_tp_size");
  p.moe_ep = row.countOrOne("moe_ep_size");
  p.concurrency = row.countOrOne("batch_size") * p.dp;
  p.equal_lengths = row.text("silicon_data_source").find(kEqualLengths) != std::string_view::npos;
  undoProducts(p);
  p.ttft_ms = row.number("silicon_ttft_ms");
  p.tpot_ms = row.number("silicon_tpot_ms");
  p.runs = 1;
  return p;
}

/// `rows` sorted by key; equal ones become one at the medians.
std::vector<ServingPoint> mergeRepeats(const std::vector<ServingPoint>& rows) {
  std::vector<ServingPoint> points;
  for (std::size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
    std::vector<double> ttft, tpot;
    for (end = begin; end < rows.size() && keyOf(rows[end]) == keyOf(rows[begin]); ++end) {
      ttft.push_back(rows[end].ttft_ms);
      tpot.push_back(rows[end].tpot_ms);
    }
    ServingPoint point = rows[begin];
    point.ttft_ms = quantile(ttft, 0.5);
    point.tpot_ms = quantile(tpot, 0.5);
    point.runs = static_cast<int>(ttft.size());
    points.push_back(point);
  }
  return points;
}

}  // namespace

ServingPoints readServingPoints(const std::filesystem::path& file) {
  models::RawCsv csv(file);
  const NamedCells row(csv);
  ServingPoints result;
  std::vector<ServingPoint> rows;
  while (csv.next()) {
    if (row.text("mode") == "agg") rows.push_back(pointOf(row));
  }
  std::sort(rows.begin(), rows.end(), [](const ServingPoint& a, const ServingPoint& b) { return keyOf(a) < keyOf(b); });
  result.points = mergeRepeats(rows);
  return result;
}

}  // namespace headroom::sim
