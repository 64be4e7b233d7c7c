// What the importer knows about the keys of a Hugging Face config.json that it does not read as sizes.
#pragma once

#include <span>
#include <string>

#include "models/base/document.h"

namespace headroom::models {

std::span<const std::string> knownArchitectures();
bool isKnownArchitecture(const std::string& model_type);
/// Why an architecture cannot be held by Model, or null if it can or is unknown.
const char* refusalReason(const std::string& model_type);

/// Keys that change neither sizes nor work: token ids, initialisation, scaling constants, names.
bool costsNothing(const std::string& key);
/// What stays out of the model because of this key, or null if the key is unknown.
const char* notModelledReason(const std::string& key);
/// A value that switches a feature off: null, false, 0, an empty list or map.
bool isNeutral(const Value& value);
/// The scalars of a quantisation config and its key names in one lower-case text.
std::string describeQuantisation(const Value& quantisation);

}  // namespace headroom::models
