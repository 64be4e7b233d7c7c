// The keys of `deployments[].engine` by engine: what engines have in common stands under one shared name, an engine's
// own name for it is taken too. A key of the form group.key stands in a map of its own, as in the engine's own files.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/base/document.h"

namespace headroom::sim {

/// A key of one engine: its own name for a shared option, or an option that only it has.
struct EngineKey {
  const char* engine;
  const char* key;
  const char* shared;    ///< null: nobody else has it
  bool negated = false;  ///< true here is false there
};
const std::vector<EngineKey>& engineKeys();
/// The engine's own name of a shared option, or null.
const EngineKey* ownKey(const std::string& engine, const std::string& shared);
/// Sets `key`, in its group if it has one.
void setOption(DocumentNode& options, const std::string& key, DocumentNode value);

/// Reads the members of `engine`, shared options under either name. Throws InputError.
class EngineFields {
 public:
  /// `engine` must outlive it.
  EngineFields(const Value& value, const std::string& engine) : fields_(value), engine_(engine) {}

  std::optional<Value> find(const std::string& key);
  template <class T>
  void integer(const char* key, std::optional<T>& target, std::int64_t min, std::int64_t max) {
    if (const auto v = find(key)) target = static_cast<T>(v->integer(min, max));
  }
  void flag(const char* key, std::optional<bool>& target);

  /// An option that only some engines have: nothing for the others.
  std::optional<Value> ownOption(const std::string& key);
  template <class T>
  void ownInteger(const char* key, std::optional<T>& target, std::int64_t min, std::int64_t max) {
    if (const auto v = ownOption(key)) target = static_cast<T>(v->integer(min, max));
  }
  void ownFlag(const char* key, std::optional<bool>& target) {
    if (const auto v = ownOption(key)) target = v->boolean();
  }
  /// Refuses keys that nobody asked for, and says whose they are.
  void finish() const;

 private:
  std::optional<Value> member(const std::string& key);
  std::optional<Value> peek(const std::string& key) const;
  Fields fields_;
  std::map<std::string, Fields> groups_;
  const std::string& engine_;
};

}  // namespace headroom::sim
