#include "workloads/request_details.h"

#include "models/base/files.h"

namespace headroom::workloads {

std::uint64_t contentId(std::uint64_t scope, std::uint64_t number) {
  // SplitMix64 (Steele et al., OOPSLA'14) of the number in its scope: a bijection, so ids of one scope never collide.
  std::uint64_t z = scope + number * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

DetailsMaker::DetailsMaker(const RequestMarks& marks, const std::string& name)
    : scope_(hashBytes(marks.text_of.empty() ? name : marks.text_of)), unshared_(hashBytes("unshared/" + name)) {
  // KV that one adapter computed is of no use to another.
  if (marks.adapter >= 0) scope_ = contentId(scope_, static_cast<std::uint64_t>(marks.adapter) + 1);
  marks_.priority = marks.priority;
  marks_.tenant = marks.tenant;
  marks_.adapter = marks.adapter;
  if (marks.deadline) marks_.deadline = toTicks(*marks.deadline);
  if (marks_ != RequestDetails{}) common_ = std::make_shared<const RequestDetails>(marks_);
}

std::shared_ptr<const RequestDetails> DetailsMaker::ofRow(const TraceRow& row, bool keep_text) {
  const bool has_text = keep_text && !row.content.empty();
  if (!has_text && row.session.empty()) return common();
  auto details = std::make_shared<RequestDetails>(marked());
  if (!row.session.empty()) details->session = contentId(scope_, hashBytes(row.session)) | 1;  // 0 means none
  if (has_text) {
    details->content.reserve(row.content.size());
    for (const ContentSpan& span : row.content) {
      const bool own = span.id == kUnsharedText;
      details->content.push_back({own ? contentId(unshared_++, 0) : contentId(scope_, span.id), span.tokens});
    }
  }
  return details;
}

}  // namespace headroom::workloads
