// The life of one request: the parts of its time, in order, adding up to the whole exactly, and what it waited for in
// plain sentences.
#pragma once

#include <QString>
#include <QStringList>
#include <cstdint>
#include <vector>

#include "gui/run_data.h"

namespace headroom::gui {

/// What a part is, for its colour.
enum class PartKind { waiting, prefill, decode, transfer, lost };

struct StoryPart {
  QString name;     ///< "Queue"
  QString meaning;  ///< "waiting until it was first scheduled"
  PartKind kind = PartKind::waiting;
  bool before_first_token = false;
  std::int64_t begin = 0, length = 0;  ///< ns from the arrival
};

struct RequestStory {
  QString title;                 ///< "Request 4,711"
  QString subtitle;              ///< "interactive · 2,545 prompt and 176 output tokens · on all-0"
  std::vector<StoryPart> parts;  ///< in order; those of no length left out
  std::int64_t ttft = 0, e2e = 0;
  QStringList sentences;
};

RequestStory storyOf(const RunData& run, std::size_t request);

}  // namespace headroom::gui
