// The rows of a workload: those of its trace, of its trace model, or arrivals without lengths.
#pragma once

#include <cstdint>
#include <memory>

#include "workloads/trace_reader.h"
#include "workloads/workload_spec.h"

namespace headroom::workloads {

/// Rows in the run's time, of the class asked for. `spec` must be an open loop. InputError if a file cannot be read,
/// or, at the end of the trace, if it has no row of that class.
std::unique_ptr<TraceReader> openWorkloadRows(const WorkloadSpec& spec, std::uint64_t seed);

}  // namespace headroom::workloads
