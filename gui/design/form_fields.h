// Which fields the scenario form has: from the parsed text to a list of sections, without a widget. A field is a path
// into the text, its choices, and the unit a bare number gets.
#pragma once

#include <QString>
#include <QStringList>
#include <vector>

#include "models/base/document.h"

namespace headroom::gui {

struct FormField {
  QString label{};
  QString path{};         ///< /deployments/0/model
  QStringList choices{};  ///< empty: free text
  QString unit{};         ///< of a bare number: "500" -> "500 ms"; empty: none
  QString hint{};         ///< shown while it is empty
  bool free = true;       ///< text other than the choices is allowed
  bool yaml = false;      ///< the value is YAML of its own, e.g. {uniform: [1, 2]}
};

struct FormSection {
  QString title;
  QString path;  ///< what it is about: /deployments/0
  std::vector<FormField> fields;
};

/// The catalogue's names, read once.
struct FormChoices {
  QStringList models, accelerators, engines, routers, precisions, node_types, fabrics, trace_formats;
  static const FormChoices& shipped();
};

/// Sections for this text; for a text that is no map, none.
std::vector<FormSection> formSections(const headroom::Document& text, const FormChoices& choices);

/// What a user typed as the YAML of that field: a bare number gets its unit.
std::string fieldYaml(const FormField& field, const QString& typed, bool in_flow);

}  // namespace headroom::gui
