// headroom list: what the catalogues and tables hold.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/numbers.h"
#include "cli/report_errors.h"
#include "cli/scenario_options.h"
#include "cli/streams.h"
#include "cli/text_table.h"
#include "cli/verbs.h"
#include "models/base/files.h"
#include "models/cost/profile.h"
#include "models/hardware/accelerator.h"
#include "models/hardware/node_type.h"
#include "models/llm/model.h"
#include "sim/cluster/fabric.h"
#include "sim/engine/engines.h"
#include "sim/orchestration/pair_router.h"
#include "sim/orchestration/router.h"
#include "sim/scenario.h"
#include "workloads/trace_reader.h"

namespace headroom::cli {
namespace {

using Json = nlohmann::ordered_json;

/// 0 means that it has none, or that nobody published it.
Json orNull(double value) {
  return value > 0 ? Json(value) : Json();
}

Json acceleratorList() {
  Json all = Json::array();
  for (const models::Accelerator& a : models::listAccelerators()) {
    all.push_back({{"name", a.name},
                   {"summary", a.summary},
                   {"vendor", a.vendor},
                   {"memory_gb", a.memory.value() / 1e9},
                   {"memory_bandwidth_gb_per_s", a.memory_bandwidth.value() / 1e9},
                   {"bf16_tflops", a.bf16.value() / 1e12},
                   {"fp8_tflops", orNull(a.fp8.value() / 1e12)},
                   {"fp4_tflops", orNull(a.fp4.value() / 1e12)},
                   {"scale_up_gb_per_s", a.scale_up_bandwidth.value() / 1e9},
                   {"scale_up_size", a.scale_up_size},
                   {"power_w", orNull(a.power.value())}});
  }
  return all;
}

Json nodeList() {
  Json all = Json::array();
  for (const models::NodeType& n : models::listNodeTypes()) {
    Json entry{{"name", n.name},
               {"summary", n.summary},
               {"accelerator", n.accelerator.empty() ? Json() : Json(n.accelerator)},
               {"accelerators", n.accelerators},
               {"nics", n.nics},
               {"nic_gb_per_s", n.nic_bandwidth.value() / 1e9},
               {"local_storage_gb_per_s", n.local_storage.value() / 1e9},
               {"host_memory_gb", n.host_memory.value() / 1e9},
               {"scale_up_nodes", nullptr},
               {"scale_up_gb_per_s", nullptr}};
    if (!n.accelerator.empty()) {
      const models::Accelerator accelerator = models::findAccelerator(n.accelerator);
      entry["scale_up_nodes"] = models::scaleUpNodes(n, accelerator);
      entry["scale_up_gb_per_s"] = accelerator.scale_up_bandwidth.value() / 1e9;
    }
    all.push_back(std::move(entry));
  }
  return all;
}

Json fabricList() {
  Json all = Json::array();
  for (const sim::FabricPreset& preset : sim::fabricPresets()) {
    all.push_back({{"name", preset.name}, {"summary", preset.summary}, {"type", sim::kindOf(preset.spec.shape).name}});
  }
  return all;
}

Json modelList() {
  Json all = Json::array();
  for (const models::Model& m : models::listModels()) {
    const models::ParameterCount count = models::countParameters(m);
    all.push_back({{"name", m.name},
                   {"summary", m.summary},
                   {"hf_id", m.hf_id},
                   {"parameters_b", count.total() / 1e9},
                   {"active_b", count.active / 1e9},
                   {"layers", m.layers},
                   {"context", m.max_position},
                   {"precision", models::nameOf(m.native_precision)},
                   {"not_modelled", m.not_modelled}});
  }
  return all;
}

Json engineList() {
  Json all = Json::array();
  for (const sim::Engine& engine : sim::engines()) {
    const std::vector<std::string> versions = engine.rules_from();
    all.push_back({{"name", engine.name},
                   {"summary", fmt::format("{}; rules change at the versions listed, from {} on", engine.summary,
                                           versions.front())},
                   {"rules_from", versions}});
  }
  return all;
}

Json policyList() {
  Json all = Json::array();
  for (const sim::RouterPolicy& policy : sim::routerPolicies()) {
    all.push_back({{"name", policy.name}, {"summary", policy.summary}, {"kind", "router"}});
  }
  for (const sim::PairingPolicy& policy : sim::pairingPolicies()) {
    all.push_back({{"name", policy.name}, {"summary", policy.summary}, {"kind", "pairing"}});
  }
  return all;
}

Json profileList() {
  Json all = Json::array();
  for (const models::ProfileHeader& h : models::listProfiles()) {
    all.push_back({{"name", h.name},
                   {"summary", h.origin},
                   {"accelerator", h.accelerator},
                   {"engine", h.engine},
                   {"engine_version", h.engine_version},
                   {"date", h.date},
                   {"licence", h.licence}});
  }
  return all;
}

/// The comment that opens a file, as its summary.
std::string openingComment(const std::string& text) {
  if (!text.starts_with("# ")) return {};
  return text.substr(2, text.find('\n') - 2);
}

Json scenarioList() {
  Json all = Json::array();
  for (const std::filesystem::path& file : shippedScenarios()) {
    const std::string text = readFile(file);
    const std::string schema = Fields(Document::parse(text, file.string()).root()).required("schema").string();
    all.push_back({{"name", file.stem().string()},
                   {"summary", openingComment(text)},
                   {"kind", schema == sim::kScenarioSchema ? "scenario" : "study"},
                   {"file", std::filesystem::proximate(file).string()}});
  }
  return all;
}

Json traceFormatList() {
  Json all = Json::array();
  for (const workloads::TraceFormat& format : workloads::traceFormats()) {
    all.push_back({{"name", format.name}, {"summary", format.summary}});
  }
  return all;
}

struct Column {
  const char* title;
  const char* key;
};
struct Kind {
  const char* name;
  Json (*entries)();
  std::vector<Column> columns;  ///< of the table, between name and summary
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {"accelerators",
       acceleratorList,
       {{"GB", "memory_gb"},
        {"GB/s", "memory_bandwidth_gb_per_s"},
        {"bf16 TFLOP/s", "bf16_tflops"},
        {"fp8", "fp8_tflops"},
        {"fp4", "fp4_tflops"},
        {"W", "power_w"}}},
      {"nodes",
       nodeList,
       {{"accelerator", "accelerator"},
        {"each", "accelerators"},
        {"NICs", "nics"},
        {"GB/s", "nic_gb_per_s"},
        {"scale-up nodes", "scale_up_nodes"},
        {"scale-up GB/s", "scale_up_gb_per_s"}}},
      {"fabrics", fabricList, {{"type", "type"}}},
      {"models",
       modelList,
       {{"B params", "parameters_b"},
        {"active", "active_b"},
        {"layers", "layers"},
        {"context", "context"},
        {"weights", "precision"}}},
      {"engines", engineList, {}},
      {"policies", policyList, {{"kind", "kind"}}},
      {"profiles", profileList, {{"date", "date"}}},
      {"scenarios", scenarioList, {{"kind", "kind"}}},
      {"trace-formats", traceFormatList, {}},
  };
  return all;
}

const Kind& findKind(const std::string& name) {
  std::vector<std::string> names;
  for (const Kind& kind : kinds()) {
    if (kind.name == name) return kind;
    names.emplace_back(kind.name);
  }
  throw InputError(fmt::format("list: unknown kind \"{}\"", name), suggestion(name, names));
}

std::string cellText(const Json& value) {
  if (value.is_null()) return "-";
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "not yet";
  if (value.is_number_integer()) return countText(value);
  if (value.is_number()) return numberText(value);
  return value.get<std::string>();
}

/// The table is for a glance; the JSON has it all.
std::string shortened(const std::string& summary) {
  constexpr std::size_t kLongest = 100;
  return summary.size() <= kLongest ? summary : summary.substr(0, kLongest - 3) + "...";
}

std::string tableText(const Kind& kind, const Json& entries) {
  std::string alignment = "l";
  std::vector<std::string> header{"name"};
  for (const Column& column : kind.columns) {
    const auto is_number = [&](const Json& entry) { return entry[column.key].is_number(); };
    const bool number = std::any_of(entries.begin(), entries.end(), is_number);
    alignment += number ? 'r' : 'l';
    header.emplace_back(column.title);
  }
  header.emplace_back("summary");
  TextTable table(alignment + "l");
  table.add(header);
  for (const Json& entry : entries) {
    std::vector<std::string> cells{entry["name"]};
    for (const Column& column : kind.columns) cells.push_back(cellText(entry[column.key]));
    cells.push_back(shortened(entry["summary"]));
    table.add(std::move(cells));
  }
  return table.text();
}

}  // namespace

int list(const ListOptions& options) {
  const Kind& kind = findKind(options.kind);
  const Json entries = kind.entries();
  printResult(options.format == Format::json ? entries.dump(2) + "\n" : tableText(kind, entries));
  return kExitOk;
}

}  // namespace headroom::cli
