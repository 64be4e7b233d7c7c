// Looking models up. A look-up by name reads one file; only an unknown Hugging Face id makes it read all.
#include <fmt/format.h>

#include <algorithm>

#include "models/base/catalogue.h"
#include "models/base/error.h"
#include "models/llm/model.h"

namespace headroom::models {
namespace {

namespace fs = std::filesystem;

std::string lowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

CatalogueFolder catalogue() {
  return CatalogueFolder("llms");
}

std::optional<Model> readByName(const std::string& name) {
  if (!catalogue().has(name)) return std::nullopt;
  const Document document = Document::load(catalogue().file(name));
  Model model = readModel(document.root());
  if (model.name != name) document.root().find("name")->fail("must be the name of the file");
  return model;
}

/// The catalogue name that an id would have: no organisation, no Meta-, no -Instruct.
std::string nameFromId(const std::string& id) {
  std::string name = lowerCase(id.substr(id.find('/') + 1));
  if (name.starts_with("meta-")) name.erase(0, 5);
  if (name.ends_with("-instruct")) name.erase(name.size() - 9);
  return name;
}

std::optional<Model> findById(const std::string& id) {
  const std::string name = nameFromId(id);
  if (std::optional<Model> model = readByName(name)) return model;
  for (const std::string& candidate : catalogue().names()) {
    std::optional<Model> model = readByName(candidate);
    if (lowerCase(model->hf_id) == lowerCase(id)) return model;
  }
  return std::nullopt;
}

Model importFile(const std::string& text, const fs::path& base) {
  const fs::path given(text);
  const fs::path file = given.is_absolute() || base.empty() ? given : base / given;
  const bool generic = file.stem() == "config";
  const fs::path named = generic ? fs::absolute(file).parent_path().filename() : file.stem();
  return importHuggingFaceConfig(Document::load(file), lowerCase(named.string()));
}

}  // namespace

Model findModel(const std::string& name_or_path, const fs::path& base, const InputError::Where& asked_at) {
  if (name_or_path.ends_with(".json")) return importFile(name_or_path, base);
  const bool is_id = name_or_path.find('/') != std::string::npos;
  if (std::optional<Model> model = is_id ? findById(name_or_path) : readByName(name_or_path)) return *model;
  const std::string wanted = nameFromId(name_or_path);
  throw InputError(asked_at, fmt::format("unknown model \"{}\"", name_or_path),
                   suggestion(wanted, catalogue().names()) + "; or give the path of its config.json");
}

std::vector<Model> listModels() {
  std::vector<Model> models;
  for (const std::string& name : catalogue().names()) models.push_back(*readByName(name));
  return models;
}

}  // namespace headroom::models
