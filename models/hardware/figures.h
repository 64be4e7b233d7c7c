// Figures of a catalogue entry, each {value, source, note}: every number names where it is from.
#pragma once

#include <map>
#include <string>

#include "models/base/document.h"

namespace headroom::models {

class Figures {
 public:
  /// Reads from `fields`; source keys go to `sources` under the figure's name.
  Figures(Fields& fields, std::map<std::string, std::string>& sources) : fields_(fields), sources_(sources) {}

  /// The value of a figure that must be there.
  Value value(const std::string& name) {
    const Value given = fields_.required(name);
    if (!given.isMap()) given.fail("a figure is {value, source}", "every figure names its source");
    Fields figure(given);
    const Value number = figure.required("value");
    sources_[name] = figure.required("source").string();
    figure.optional("note");
    figure.finish();
    return number;
  }
  /// A quantity above 0.
  template <class Q>
  void read(const std::string& name, Q& field) {
    field = value(name).quantity<Q>();
    if (field <= Q()) fields_.value().find(name)->fail("must be more than 0");
  }
  /// The same, of a figure that may be missing and then leaves `field` as it is.
  template <class Q>
  void readOptional(const std::string& name, Q& field) {
    if (fields_.optional(name)) read(name, field);
  }
  void read(const std::string& name, int& field, int max) { field = static_cast<int>(value(name).integer(1, max)); }

 private:
  Fields& fields_;
  std::map<std::string, std::string>& sources_;
};

}  // namespace headroom::models
