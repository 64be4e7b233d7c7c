// headroom schema: JSON Schemas (draft-07) of what is read and written. The texts are cli/schemas/*.json; names of the
// catalogues are filled in here, so that an editor can complete them.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/report_errors.h"
#include "cli/schema_texts.h"
#include "cli/streams.h"
#include "cli/verbs.h"
#include "models/base/error.h"
#include "models/hardware/accelerator.h"
#include "models/hardware/node_type.h"
#include "models/llm/precision.h"
#include "sim/cluster/fabric.h"
#include "sim/orchestration/pair_router.h"
#include "sim/orchestration/router.h"
#include "workloads/trace_reader.h"

namespace headroom::cli {
namespace {

using Json = nlohmann::ordered_json;

Json acceleratorNames() {
  Json names = Json::array();
  for (const models::Accelerator& a : models::listAccelerators()) names.push_back(a.name);
  return names;
}

Json nodeNames() {
  Json names = Json::array();
  for (const models::NodeType& n : models::listNodeTypes()) names.push_back(n.name);
  return names;
}

Json fabricNames() {
  Json names = Json::array();
  for (const sim::FabricPreset& preset : sim::fabricPresets()) names.push_back(preset.name);
  return names;
}

Json traceFormatNames() {
  Json names = Json::array();
  for (const workloads::TraceFormat& format : workloads::traceFormats()) names.push_back(format.name);
  return names;
}

/// `definitions/<name>` of a schema text takes these values only.
void fillIn(Json& schema, const char* name, const Json& values) {
  Json& definitions = schema["definitions"];
  if (definitions.contains(name)) definitions[name]["enum"] = values;
}

}  // namespace

int schema(const SchemaOptions& options) {
  std::vector<std::string> kinds;
  for (const SchemaText& text : schemaTexts()) {
    kinds.emplace_back(text.kind);
    if (options.kind != text.kind) continue;
    Json json = Json::parse(text.json);
    fillIn(json, "accelerator", acceleratorNames());
    fillIn(json, "node", nodeNames());
    fillIn(json, "fabric_preset", fabricNames());
    fillIn(json, "router", sim::routerNames());
    fillIn(json, "pairing", sim::pairingNames());
    fillIn(json, "precision", models::precisionNames());
    fillIn(json, "trace_format", traceFormatNames());
    printResult(json.dump(2) + "\n");
    return kExitOk;
  }
  throw InputError(fmt::format("schema: unknown kind \"{}\"", options.kind), suggestion(options.kind, kinds));
}

}  // namespace headroom::cli
