// LLMServingSim (casys-kaist/LLMServingSim, workloads/README.md): one request a line,
// {arrival_s, input_toks, output_toks, hash_ids} with chained blocks of 16 tokens, or as upstream writes it
// {arrival_time_ns, input_toks, output_toks, input_tok_ids, output_tok_ids}, whose token ids are hashed here block by
// block. Agentic lines (sub_requests) are refused.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "models/base/files.h"
#include "workloads/json_trace.h"
#include "workloads/trace_formats.h"

namespace headroom::workloads {
namespace {

using nlohmann::json;

constexpr std::int32_t kBlockTokens = 16;
constexpr Ticks kTicksPerNanosecond = 1024;

class LlmServingSimTrace : public JsonTrace {
 public:
  LlmServingSimTrace(const std::filesystem::path& file, const TraceOptions& options)
      : JsonTrace(file, {"arrival_s", "arrival_time_ns", "input_toks", "output_toks", "hash_ids", "input_tok_ids",
                         "output_tok_ids", "sub_requests", "session_id"}),
        block_(options.hash_block_tokens.value_or(kBlockTokens)) {}

 private:
  void parseObject(const json& object, TraceRow& row) override {
    if (object.contains("sub_requests")) {
      fail("sub_requests: chains of calls are not supported yet", "write sessions in the scenario instead");
    }
    row.arrival = object.contains("arrival_time_ns") ? nanoseconds(object) : secondsOf(object);
    row.prompt_tokens = tokenCount(object, "input_toks");
    row.output_tokens = tokenCount(object, "output_toks");
    if (const auto session = object.find("session_id"); session != object.end()) {
      row.session = session->is_string() ? session->get<std::string>() : session->dump();
    }
    if (const auto hashes = object.find("hash_ids"); hashes != object.end()) {
      readIds(*hashes, "hash_ids", ids_);
      addBlocks(ids_, block_, row);
    } else if (const auto text = object.find("input_tok_ids"); text != object.end()) {
      readIds(*text, "input_tok_ids", ids_);
      hashTokens(row);
      addBlocks(ids_, block_, row);
    }
  }

  Ticks nanoseconds(const json& object) const {
    const json& value = required(object, "arrival_time_ns");
    const bool whole = value.is_number_integer() && value.get<std::int64_t>() >= 0;
    if (!whole || Seconds(static_cast<double>(value.get<std::int64_t>()) * 1e-9) > kLongestRun) {
      fail(fmt::format("arrival_time_ns: {} is not a number of ns from 0 to 100 days", value.dump()));
    }
    return value.get<std::int64_t>() * kTicksPerNanosecond;
  }
  Ticks secondsOf(const json& object) const {
    const json& value = required(object, "arrival_s");
    return seconds(value.is_number() ? value.dump() : "?", "arrival_s");
  }

  /// Token ids of the prompt to ids of its blocks, each over all text up to its end.
  void hashTokens(const TraceRow& row) {
    if (ids_.size() != static_cast<std::size_t>(row.prompt_tokens)) {
      fail(fmt::format("{} input_tok_ids for input_toks of {}", ids_.size(), row.prompt_tokens));
    }
    std::vector<std::uint64_t> blocks;
    std::uint64_t chained = hashBytes("");
    for (std::size_t at = 0; at < ids_.size();) {
      const std::size_t end = std::min(ids_.size(), at + static_cast<std::size_t>(block_));
      for (; at < end; ++at) {
        chained = hashBytes({reinterpret_cast<const char*>(&ids_[at]), sizeof(std::uint64_t)}, chained);
      }
      blocks.push_back(chained >> 1);  // no id is kUnsharedText
    }
    ids_ = std::move(blocks);
  }

  std::int32_t block_;
};

}  // namespace

std::unique_ptr<TraceReader> openLlmServingSimTrace(const std::filesystem::path& file, const TraceOptions& options) {
  return std::make_unique<LlmServingSimTrace>(file, options);
}

}  // namespace headroom::workloads
