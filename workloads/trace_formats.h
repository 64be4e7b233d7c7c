// One opener per trace format; the table that names them is in trace_reader.cpp.
#pragma once

#include <filesystem>
#include <memory>

#include "workloads/trace_reader.h"

namespace headroom::workloads {

std::unique_ptr<TraceReader> openAzureTrace(const std::filesystem::path& file);
std::unique_ptr<TraceReader> openCsvTrace(const std::filesystem::path& file);

}  // namespace headroom::workloads
