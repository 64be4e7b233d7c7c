#include "sim/metrics/request_log.h"

#include <fmt/format.h>
#include <zstd.h>

#include <iterator>

#include "models/base/error.h"
#include "models/base/files.h"
#include "sim/metrics/request_parts.h"

namespace headroom::sim {
namespace {

constexpr int kCompressionLevel = 2;
constexpr std::size_t kBatch = 1 << 17;  // bytes of text compressed at once

std::int64_t nanoseconds(Ticks t) {
  return (t + 512) / 1024;
}

/// `ticks` in units of 10^digits nanoseconds, with all digits.
void appendTime(fmt::memory_buffer& out, Ticks ticks, int digits) {
  const std::int64_t unit = digits == 9 ? 1'000'000'000 : 1'000'000;
  const std::int64_t ns = nanoseconds(ticks);
  fmt::format_to(std::back_inserter(out), "{}{}.{:0{}}", ns < 0 ? "-" : "", std::abs(ns) / unit, std::abs(ns) % unit,
                 digits);
}
void appendMilliseconds(fmt::memory_buffer& out, Ticks ticks) {
  out.push_back(',');
  appendTime(out, ticks, 6);
}

/// Quoted if a comma or a quote would break the row.
std::string csvField(const std::string& text) {
  if (text.find_first_of(",\"") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

void appendLatencies(fmt::memory_buffer& out, const RequestRecord& record) {
  appendMilliseconds(out, record.queueTime());
  appendMilliseconds(out, record.ttft());
  if (record.request.output_tokens > 1) {
    appendMilliseconds(out, record.tpot());
  } else {
    out.push_back(',');
  }
  appendMilliseconds(out, record.e2e());
}

/// Rounded so that the columns add up to the e2e column: each is the difference of two rounded sums.
void appendParts(fmt::memory_buffer& out, const RequestRecord& record) {
  Ticks sum = 0;
  for (const Ticks part : partsOf(record)) {
    const std::int64_t ns = nanoseconds(sum + part) - nanoseconds(sum);
    sum += part;
    appendMilliseconds(out, ns * 1024);
  }
}

}  // namespace

struct RequestLog::Compressor {
  explicit Compressor(const std::filesystem::path& path) : file(path), context(ZSTD_createCCtx()) {
    CHECK(context != nullptr, "zstd gives no context");
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, kCompressionLevel);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  }
  ~Compressor() { ZSTD_freeCCtx(context); }

  void compress(ZSTD_EndDirective directive) {
    ZSTD_inBuffer in{text.data(), text.size(), 0};
    for (;;) {
      ZSTD_outBuffer out{compressed.data(), compressed.size(), 0};
      const std::size_t left = ZSTD_compressStream2(context, &out, &in, directive);
      CHECK(!ZSTD_isError(left), ZSTD_getErrorName(left));
      file.write(std::string_view(compressed.data(), out.pos));
      if (directive == ZSTD_e_end ? left == 0 : in.pos == in.size) break;
    }
    text.clear();
  }

  AtomicFile file;
  ZSTD_CCtx* context;
  fmt::memory_buffer text;
  std::vector<char> compressed = std::vector<char>(ZSTD_CStreamOutSize());
};

const std::string& RequestLog::columns() {
  static const std::string names = [] {
    std::string text =
        "request_id,deployment,class,tenant,arrival_s,replica,status,prompt_tokens,output_tokens,cached_tokens,"
        "queue_time_ms,ttft_ms,tpot_ms,e2e_ms,preemptions,prefill_replica";
    for (std::size_t p = 0; p < kParts; ++p) text += fmt::format(",part_{}_ms", nameOf(static_cast<Part>(p)));
    return text;
  }();
  return names;
}

RequestLog::RequestLog(const Scenario& scenario, const std::filesystem::path& file)
    : compressor_(std::make_unique<Compressor>(file)) {
  for (const WorkloadEntry& workload : scenario.workloads) {
    names_.push_back(csvField(workload.deployment) + "," + csvField(workload.request_class) + "," +
                     csvField(workload.tenant));
  }
  fmt::format_to(std::back_inserter(compressor_->text), "{}\n", columns());
}

RequestLog::~RequestLog() = default;

void RequestLog::onRequest(const RequestRecord& record) {
  fmt::memory_buffer& out = compressor_->text;
  const workloads::Request& request = record.request;
  const bool completed = record.status == RequestStatus::completed;
  fmt::format_to(std::back_inserter(out), "{},{},", request.id, names_[request.workload]);
  appendTime(out, request.arrival, 9);
  fmt::format_to(std::back_inserter(out), ",{},{},{},{},", record.replica, nameOf(record.status), request.prompt_tokens,
                 completed ? request.output_tokens : 0);
  if (completed) {
    fmt::format_to(std::back_inserter(out), "{}", record.cached_tokens);
    appendLatencies(out, record);
  } else {
    out.append(std::string_view(",,,,"));
  }
  fmt::format_to(std::back_inserter(out), ",{},", record.preemptions);
  if (record.prefill_replica != RequestRecord::kNoReplica) {
    fmt::format_to(std::back_inserter(out), "{}", record.prefill_replica);
  }
  if (completed) {
    appendParts(out, record);
  } else {
    out.append(std::string(kParts, ','));
  }
  out.push_back('\n');
  if (out.size() >= kBatch) compressor_->compress(ZSTD_e_continue);
}

void RequestLog::finish() {
  compressor_->compress(ZSTD_e_end);
  compressor_->file.commit();
}

}  // namespace headroom::sim
