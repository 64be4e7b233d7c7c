// headroom model import: a Hugging Face config.json as a catalogue entry.
#include "models/llm/model.h"

#include <fmt/format.h>

#include <filesystem>

#include "cli/numbers.h"
#include "cli/report_errors.h"
#include "cli/streams.h"
#include "cli/verbs.h"
#include "models/base/files.h"
#include "models/base/output_directory.h"

namespace headroom::cli {
namespace {

/// "org--Name_config.json" and "Name/config.json" are both "name".
std::string nameFromFile(const std::filesystem::path& file) {
  std::string name = file.stem().string();
  if (name == "config") name = std::filesystem::absolute(file).parent_path().filename().string();
  if (const std::size_t end = name.rfind("_config"); end != std::string::npos) name.erase(end);
  if (const std::size_t organisation = name.rfind("--"); organisation != std::string::npos)
    name.erase(0, organisation + 2);
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

}  // namespace

int modelImport(const ModelImportOptions& options) {
  if (!options.out.empty()) checkMayWrite(options.out, options.overwrite);
  const std::string name = options.name.empty() ? nameFromFile(options.config) : options.name;
  const models::Model model = models::importHuggingFaceConfig(Document::load(options.config), name);
  const std::string text = models::toCatalogueYaml(model);
  if (options.out.empty()) {
    printResult(text);
  } else {
    writeFileAtomically(options.out, text);
  }
  const models::ParameterCount count = models::countParameters(model);
  printNote(fmt::format("{}: {} B parameters, {} B active, {} kB of KV cache a token in bf16", name,
                        numberText(count.total() / 1e9), numberText(count.active / 1e9),
                        numberText(models::kvBytesPerToken(model, models::Precision::bf16, 1).value() / 1e3)));
  for (const std::string& part : model.not_modelled) printNote("not modelled: " + part);
  return kExitOk;
}

}  // namespace headroom::cli
