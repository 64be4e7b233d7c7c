#include "gui/document.h"

#include <QFileInfo>
#include <QPlainTextDocumentLayout>
#include <QTextCursor>
#include <QTextDocument>
#include <QTimer>
#include <utility>

#include "models/base/error.h"

namespace headroom::gui {
namespace {

constexpr int kParseDelayMs = 120;

TextProblem problemOf(const InputError& error) {
  return {QString::fromStdString(error.message()), QString::fromStdString(error.hint()),
          QString::fromStdString(error.where().path), error.where().line};
}

}  // namespace

QString TextProblem::sentence() const {
  QString text;
  if (line > 0) text += QStringLiteral("line %1: ").arg(line);
  if (!path.isEmpty()) text += path + QStringLiteral(": ");
  text += message;
  if (!hint.isEmpty()) text += QStringLiteral(" (%1)").arg(hint);
  return text;
}

Document::Document(QObject* parent) : QObject(parent), source_(new QTextDocument(this)), parse_soon_(new QTimer(this)) {
  source_->setDocumentLayout(new QPlainTextDocumentLayout(source_));
  parse_soon_->setSingleShot(true);
  parse_soon_->setInterval(kParseDelayMs);
  connect(parse_soon_, &QTimer::timeout, this, &Document::parseNow);
  connect(source_, &QTextDocument::contentsChange, this, [this](int, int removed, int added) {
    if (removed != 0 || added != 0) onContentsChanged();  // a highlighter changes formats only
  });
  connect(source_, &QTextDocument::modificationChanged, this, &Document::modifiedChanged);
}

Document::~Document() = default;

void Document::onContentsChanged() {
  parse_soon_->start();
  emit textChanged();
}

QString Document::text() const {
  return source_->toPlainText();
}

void Document::setText(const QString& text) {
  replace(0, source_->characterCount() - 1, text);
}

void Document::replace(int begin, int length, const QString& text) {
  QTextCursor cursor(source_);
  cursor.beginEditBlock();
  cursor.setPosition(begin);
  cursor.setPosition(begin + length, QTextCursor::KeepAnchor);
  cursor.insertText(text);
  cursor.endEditBlock();
}

void Document::open(const QString& text, const QString& file) {
  file_ = file;
  source_->setPlainText(text);  // also forgets the history
  source_->setModified(false);
  emit fileChanged();
  parseNow();
}

QString Document::title() const {
  if (!file_.isEmpty()) return QFileInfo(file_).completeBaseName();
  if (scenario_ && !scenario_->name.empty()) return QString::fromStdString(scenario_->name);
  return tr("untitled");
}

bool Document::isModified() const {
  return source_->isModified();
}

void Document::markSaved(const QString& file) {
  file_ = file;
  source_->setModified(false);
  emit fileChanged();
}

bool Document::canUndo() const {
  return source_->isUndoAvailable();
}

bool Document::canRedo() const {
  return source_->isRedoAvailable();
}

void Document::undo() {
  source_->undo();
}

void Document::redo() {
  source_->redo();
}

void Document::parseNow() {
  parse_soon_->stop();
  const std::string now = text().toStdString();
  scenario_.reset();
  problem_.reset();
  feasibility_.reset();
  try {
    scenario_ = sim::readScenario(headroom::Document::parse(now, file_.isEmpty() ? "scenario" : file_.toStdString()));
  } catch (const InputError& error) {
    problem_ = problemOf(error);
  }
  emit parsed();
}

void Document::setFeasibility(std::optional<Feasibility> feasibility) {
  feasibility_ = std::move(feasibility);
  emit feasibilityChanged();
}

void Document::setProblem(const TextProblem& problem) {
  scenario_.reset();
  feasibility_.reset();
  problem_ = problem;
  emit parsed();
}

void Document::setRunA(RunPtr run, const QString& made_from) {
  run_a_ = std::move(run);
  run_text_ = made_from;
  emit runsChanged();
}

void Document::setRunB(RunPtr run) {
  run_b_ = std::move(run);
  emit runsChanged();
}

bool Document::runIsStale() const {
  return run_a_ && !run_text_.isNull() && run_text_ != text();
}

void Document::setProgress(std::optional<RunProgress> progress) {
  progress_ = progress;
  emit progressChanged();
}

void Document::setPlan(PlanState plan) {
  plan_ = std::move(plan);
  emit planChanged();
}

void Document::addCandidate(const PlanCandidate& candidate) {
  plan_.candidates.push_back(candidate);
  emit candidateAdded(static_cast<int>(plan_.candidates.size()) - 1);
}

void Document::say(Tone tone, const QString& sentence) {
  emit said(tone, sentence);
}

}  // namespace headroom::gui
