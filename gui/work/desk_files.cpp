// What the desk opens and saves: scenarios, studies, traces and runs, told apart by what they say they are.
#include <QDir>
#include <QFileInfo>
#include <QSettings>
#include <filesystem>

#include "gui/work/desk.h"
#include "gui/yaml_patch.h"
#include "models/base/error.h"
#include "models/base/files.h"
#include "workloads/trace_reader.h"

namespace headroom::gui {
namespace {

constexpr int kRecentFiles = 10;
/// Rows that must read before a file counts as a trace of a format.
constexpr int kRowsTried = 20;

QString sentenceOf(const InputError& error) {
  return QString::fromUtf8(error.what());
}

/// The format whose first rows `path` holds, or "".
std::string traceFormatOf(const std::string& path, QString& why) {
  for (const workloads::TraceFormat& format : workloads::traceFormats()) {
    try {
      const auto reader = workloads::openTrace(format.name, path);
      workloads::TraceRow row;
      int rows = 0;
      while (rows < kRowsTried && reader->next(row)) ++rows;
      if (rows > 0) return format.name;
    } catch (const InputError& error) {
      if (format.name == "csv") why = sentenceOf(error);
    }
  }
  return {};
}

/// What a YAML or JSON file says it is: "headroom.scenario/1"; "" if it does not.
std::string schemaOf(const std::string& text) {
  try {
    const headroom::Document document = headroom::Document::parse(text, "");
    const std::optional<Value> schema = document.root().isMap() ? document.root().find("schema") : std::nullopt;
    return schema && schema->isScalar() ? schema->string() : "";
  } catch (const InputError&) {
    return {};
  }
}

}  // namespace

bool Desk::openScenario(const QString& path) {
  try {
    const std::string text = readFile(path.toStdString());
    document_.open(QString::fromStdString(text), QFileInfo(path).absoluteFilePath());
  } catch (const InputError& error) {
    document_.say(Document::Tone::bad, tr("It was not opened: %1").arg(sentenceOf(error)));
    return false;
  }
  remember(path);
  if (document_.problem()) {
    document_.say(Document::Tone::bad, tr("This scenario cannot be run yet: %1").arg(document_.problem()->sentence()));
  }
  return true;
}

void Desk::openRun(const QString& path) {
  loading_for_ = QString();
  loader_.load(path);
}

bool Desk::openAny(const QString& path) {
  const QFileInfo info(path);
  if (!info.exists()) {
    document_.say(Document::Tone::bad, tr("There is no file %1.").arg(path));
    return false;
  }
  if (info.isDir()) {
    openRun(path);
    return true;
  }
  if (path.endsWith(QLatin1String(".csv")) || path.contains(QLatin1String(".csv.")) ||
      path.endsWith(QLatin1String(".jsonl"))) {
    return useTrace(path);
  }
  std::string text;
  try {
    text = readFile(path.toStdString());
  } catch (const InputError& error) {
    document_.say(Document::Tone::bad, tr("It was not opened: %1").arg(sentenceOf(error)));
    return false;
  }
  const std::string schema = schemaOf(text);
  if (schema.starts_with("headroom.result")) {
    openRun(info.fileName() == QLatin1String("result.json") ? info.absolutePath() : path);
    return true;
  }
  if (schema.starts_with("headroom.study")) {
    emit studyOpened(QString::fromStdString(text), info.absoluteFilePath());
    return true;
  }
  return openScenario(path);
}

bool Desk::useTrace(const QString& path) {
  const std::string file = QFileInfo(path).absoluteFilePath().toStdString();
  QString why;
  const std::string format = traceFormatOf(file, why);
  if (format.empty()) {
    document_.say(Document::Tone::bad, tr("This is no trace that can be read: %1").arg(why));
    return false;
  }
  try {
    const std::string text = document_.text().toStdString();
    const std::string yaml = "{type: trace, format: " + format + ", file: " + scalarYaml(file, true) + "}";
    std::string changed = text;
    const auto places = placesOf(text);
    const auto arrivals = places.find("/workloads/0/arrivals");
    if (arrivals != places.end() && !arrivals->second.opens_flow) {
      throw InputError("arrivals is written over several lines", "change it in the editor");
    }
    changed = applied(changed, setValue(changed, "/workloads/0/arrivals", yaml));
    for (const char* key : {"/workloads/0/prompt_tokens", "/workloads/0/output_tokens"}) {
      if (const auto edit = removeValue(changed, key)) changed = applied(changed, *edit);
    }
    document_.setText(QString::fromStdString(changed));
  } catch (const InputError& error) {
    document_.say(Document::Tone::bad, tr("The trace was not put in: %1").arg(sentenceOf(error)));
    return false;
  }
  document_.say(
      Document::Tone::good,
      tr("The first workload now replays %1 (%2).").arg(QFileInfo(path).fileName(), QString::fromStdString(format)));
  return true;
}

bool Desk::save(const QString& path) {
  try {
    writeFileAtomically(path.toStdString(), document_.text().toStdString());
  } catch (const InputError& error) {
    document_.say(Document::Tone::bad,
                  tr("It was not saved: %1. Your changes are still here; save them elsewhere.").arg(sentenceOf(error)));
    return false;
  }
  document_.markSaved(QFileInfo(path).absoluteFilePath());
  remember(path);
  document_.say(Document::Tone::note, tr("Saved as %1.").arg(QFileInfo(path).fileName()));
  return true;
}

bool Desk::exportRun(const QString& folder) {
  namespace fs = std::filesystem;
  if (!document_.runA()) {
    document_.say(Document::Tone::warning, tr("There is no run to export yet."));
    return false;
  }
  const fs::path from = document_.runA()->folder;
  const fs::path to = fs::path(folder.toStdString()) / (document_.title().toStdString() + "-run");
  std::error_code error;
  if (fs::exists(to, error)) {
    document_.say(Document::Tone::bad,
                  tr("It was not exported: %1 exists already.").arg(QString::fromStdString(to.string())));
    return false;
  }
  if (!fs::is_directory(from, error)) {
    fs::create_directories(to, error);
    if (!error) fs::copy_file(from, to / "result.json", error);
  } else {
    fs::copy(from, to, fs::copy_options::recursive, error);
  }
  if (error) {
    document_.say(Document::Tone::bad, tr("It was not exported: %1.").arg(QString::fromStdString(error.message())));
    return false;
  }
  document_.say(Document::Tone::good, tr("Exported to %1.").arg(QString::fromStdString(to.string())));
  return true;
}

void Desk::pinB() {
  if (!document_.runA()) {
    document_.say(Document::Tone::warning, tr("There is no run to pin yet: press Run first."));
    return;
  }
  document_.setRunB(document_.runA());
  document_.say(Document::Tone::note, tr("This run is pinned as B. Change something and run again to compare."));
}

QStringList Desk::recentFiles() {
  QStringList files = QSettings().value(QStringLiteral("recent")).toStringList();
  files.removeIf([](const QString& file) { return !QFileInfo::exists(file); });
  return files;
}

void Desk::remember(const QString& path) {
  QStringList files = recentFiles();
  const QString absolute = QFileInfo(path).absoluteFilePath();
  files.removeAll(absolute);
  files.prepend(absolute);
  QSettings().setValue(QStringLiteral("recent"), files.mid(0, kRecentFiles));
}

}  // namespace headroom::gui
