// What an accelerator can do, from its data sheet: the catalogue in datasets/accelerators.
// Peaks are dense (no structured sparsity), with the accumulation the tables were measured with.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/base/document.h"
#include "models/base/quantity.h"

namespace headroom::models {

struct Accelerator {
  std::string name;     ///< catalogue name, e.g. h100-sxm
  std::string summary;  ///< one line for people
  std::string vendor;
  std::string kind;  ///< gpu, tpu, asic, fpga
  Bytes memory;      ///< what the runtime reports as total, where known; else the nominal size
  BytesPerSecond memory_bandwidth;
  FlopsPerSecond bf16;                ///< dense; always > 0
  FlopsPerSecond fp8;                 ///< dense; 0: no fp8 arithmetic
  FlopsPerSecond fp4;                 ///< dense; 0: no fp4 arithmetic
  BytesPerSecond scale_up_bandwidth;  ///< one way per accelerator to its scale-up peers
  int scale_up_size = 1;              ///< accelerators that share the scale-up fabric (8 in an HGX node, 72 in NVL72)
  std::string scale_up_kind;          ///< nvlink, xgmi, ici, neuronlink, ethernet, pcie
  Watts power;                        ///< board power limit; 0: not published
  std::map<std::string, std::string> sources;  ///< figure -> source key of datasets/SOURCES.md

  bool operator==(const Accelerator&) const = default;
};

/// Reads one catalogue file (schema headroom.accelerator/1): a figure is {value, source, note}. fp8, fp4 and power may
/// be missing and are then 0. Throws InputError on a missing size, unknown key, wrong unit, or a figure without source.
Accelerator readAccelerator(const Value& value);

/// A catalogue entry by name. Throws InputError with a suggestion if unknown; `asked_at` names the place in the error.
Accelerator findAccelerator(const std::string& name, const InputError::Where& asked_at = {});
/// All entries, by name.
std::vector<Accelerator> listAccelerators();

}  // namespace headroom::models
