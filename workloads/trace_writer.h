// Writes a trace as plain CSV: arrival_s (microseconds), prompt_tokens, output_tokens and, if asked, the texts.
#pragma once

#include <cstdint>
#include <filesystem>

#include "workloads/trace_reader.h"

namespace headroom::workloads {

enum class TraceTexts { leave_out, keep };  ///< the columns class, session, prefix_group

/// Reads `trace` to its end and writes it to `file`, compressed if the name ends in .gz or .zst; a whole file or none.
/// Returns the number of rows. InputError if it cannot be written or a text holds a comma.
std::int64_t writeCsvTrace(TraceReader& trace, const std::filesystem::path& file,
                           TraceTexts texts = TraceTexts::leave_out);

/// Rows in memory as a trace, e.g. to write or measure them. `rows` must outlive it.
std::unique_ptr<TraceReader> openRows(const std::vector<TraceRow>& rows);

}  // namespace headroom::workloads
