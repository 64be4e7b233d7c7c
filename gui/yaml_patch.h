// Changing one value in a YAML (or JSON) text and leaving every other byte, comments too, as it is: what the form does
// to the text. Finds values by walking the text beside its parsed tree. Left out, and refused: anchors, aliases, block
// scalars (|, >) and plain scalars over several lines.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace headroom::gui {

/// Byte offsets into the text, end exclusive.
struct Place {
  std::size_t key = 0;  ///< where the key begins; of a list's item and of the root: begin
  std::size_t begin = 0, end = 0;
  bool flow = false;        ///< it stands inside {} or []
  bool opens_flow = false;  ///< it is itself a {} or []
  bool scalar = false, map = false, empty = false;
};

/// By path ("/deployments/0/name"); "" is the root. Throws InputError if the text is not YAML or is of the kinds left
/// out.
std::map<std::string, Place> placesOf(const std::string& text);

struct TextEdit {
  std::size_t begin = 0, length = 0;
  std::string text;
};
std::string applied(const std::string& text, const TextEdit& edit);

/// Sets the value at `path` to `yaml` (in one line); a missing key is added, with the maps above it. Throws InputError
/// if something on the way is no map, a list has no such item, or the text is of the kinds left out.
TextEdit setValue(const std::string& text, const std::string& path, const std::string& yaml);
/// Takes the key out; nothing if it is not there.
std::optional<TextEdit> removeValue(const std::string& text, const std::string& path);
/// The value's own text; nothing if it is not there or spans lines.
std::optional<std::string> valueText(const std::string& text, const std::map<std::string, Place>& places,
                                     const std::string& path);
/// `value` as one scalar of YAML: quoted if it would read as something else.
std::string scalarYaml(const std::string& value, bool in_flow);

}  // namespace headroom::gui
