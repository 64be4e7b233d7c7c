// One opener per trace format; the table that names them is in trace_reader.cpp.
#pragma once

#include <filesystem>
#include <memory>

#include "workloads/trace_reader.h"

namespace headroom::workloads {

std::unique_ptr<TraceReader> openAzureTrace(const std::filesystem::path& file, const TraceOptions& options);
std::unique_ptr<TraceReader> openBurstGptTrace(const std::filesystem::path& file, const TraceOptions& options);
std::unique_ptr<TraceReader> openCsvTrace(const std::filesystem::path& file, const TraceOptions& options);
std::unique_ptr<TraceReader> openLlmServingSimTrace(const std::filesystem::path& file, const TraceOptions& options);
std::unique_ptr<TraceReader> openMooncakeTrace(const std::filesystem::path& file, const TraceOptions& options);
std::unique_ptr<TraceReader> openServeGenTrace(const std::filesystem::path& folder, const TraceOptions& options);
std::unique_ptr<TraceReader> openSplitwiseTrace(const std::filesystem::path& file, const TraceOptions& options);

}  // namespace headroom::workloads
