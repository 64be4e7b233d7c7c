// A server as a network sees it: its accelerators, its NICs and its local storage, from datasets/nodes.
// How its accelerators reach each other is the accelerator's own: scale-up bandwidth and domain size come from
// datasets/accelerators, so that a domain of 72 over trays of 4 spans 18 nodes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/base/document.h"
#include "models/base/quantity.h"
#include "models/hardware/accelerator.h"

namespace headroom::models {

struct NodeType {
  std::string name;                            ///< catalogue name, e.g. h100-sxm-8
  std::string summary;                         ///< one line for people
  std::string accelerator;                     ///< catalogue name; empty: any, whoever uses the type names it
  int accelerators = 1;                        ///< of a node
  int nics = 1;                                ///< for scale-out; as many rails
  BytesPerSecond nic_bandwidth;                ///< one way, of each
  BytesPerSecond local_storage;                ///< reading, of all drives together
  Bytes host_memory;                           ///< nominal
  std::map<std::string, std::string> sources;  ///< figure -> source key of datasets/SOURCES.md

  BytesPerSecond scaleOutBandwidth() const { return nics * nic_bandwidth; }
  bool operator==(const NodeType&) const = default;
};

/// Reads one catalogue file (schema headroom.node/1): a figure is {value, source, note}. Throws InputError on a missing
/// or zero figure, unknown key or accelerator, wrong unit, or a figure without source.
NodeType readNodeType(const Value& value);

/// A catalogue entry by name. Throws InputError with a suggestion if unknown; `asked_at` names the place in the error.
NodeType findNodeType(const std::string& name, const InputError::Where& asked_at = {});
/// All entries, by name.
std::vector<NodeType> listNodeTypes();

/// Nodes that share a scale-up domain of `accelerator`: 18 of 4 GB200, 1 of 8 H100.
int scaleUpNodes(const NodeType& node, const Accelerator& accelerator);

}  // namespace headroom::models
