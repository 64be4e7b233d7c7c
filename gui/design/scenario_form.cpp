#include "gui/design/scenario_form.h"

#include <QAbstractItemView>
#include <QComboBox>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QVBoxLayout>

#include "gui/document.h"
#include "gui/yaml_patch.h"

namespace headroom::gui {
namespace {

constexpr int kLabelWidth = 112;

bool sameLayout(const std::vector<FormSection>& a, const std::vector<FormSection>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].title != b[i].title || a[i].path != b[i].path || a[i].fields.size() != b[i].fields.size()) return false;
    for (std::size_t j = 0; j < a[i].fields.size(); ++j) {
      if (a[i].fields[j].path != b[i].fields[j].path || a[i].fields[j].yaml != b[i].fields[j].yaml) return false;
    }
  }
  return true;
}

/// What a scalar of YAML says, quotes taken off.
QString plainText(const std::string& yaml) {
  try {
    const headroom::Document document = headroom::Document::parse("v: " + yaml, "");
    const std::optional<Value> value = document.root().find("v");
    if (value && value->isScalar()) return QString::fromStdString(value->node().text);
  } catch (const InputError&) {
  }
  return QString::fromStdString(yaml);
}

}  // namespace

FieldRow::FieldRow(FormField field, QWidget* parent)
    : QWidget(parent), field_(std::move(field)), problem_(new QLabel(this)) {
  auto* rows = new QVBoxLayout(this);
  rows->setContentsMargins(0, 0, 0, 0);
  rows->setSpacing(2);
  auto* line = new QHBoxLayout;
  line->setSpacing(8);
  auto* label = new QLabel(field_.label, this);
  label->setProperty("role", "muted");
  label->setFixedWidth(kLabelWidth);
  line->addWidget(label);
  if (field_.choices.isEmpty()) {
    auto* edit = new QLineEdit(this);
    edit->setPlaceholderText(field_.hint);
    connect(edit, &QLineEdit::editingFinished, this, &FieldRow::commit);
    editor_ = edit;
  } else {
    auto* box = new QComboBox(this);
    box->setEditable(true);
    box->setInsertPolicy(QComboBox::NoInsert);
    box->addItems(field_.choices);
    box->setCurrentIndex(-1);
    box->setCompleter(nullptr);  // what is typed is what is meant
    box->lineEdit()->setPlaceholderText(field_.hint);
    box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    box->setMinimumContentsLength(8);
    connect(box, &QComboBox::activated, this, &FieldRow::commit);
    connect(box->lineEdit(), &QLineEdit::editingFinished, this, &FieldRow::commit);
    box->lineEdit()->installEventFilter(this);
    editor_ = box;
  }
  editor_->installEventFilter(this);
  editor_->setFocusPolicy(Qt::StrongFocus);
  label->setBuddy(editor_);
  editor_->setObjectName(field_.path);
  const QString unit = field_.unit.isEmpty() ? QString() : tr(", with unit, e.g. 5 %1").arg(field_.unit);
  editor_->setAccessibleName(field_.label);
  editor_->setAccessibleDescription(field_.path + unit);
  editor_->setToolTip(field_.path + unit);
  line->addWidget(editor_, 1);
  rows->addLayout(line);
  problem_->setProperty("role", "bad");
  problem_->setWordWrap(true);
  problem_->hide();
  rows->addWidget(problem_);
}

QString FieldRow::text() const {
  if (const auto* box = qobject_cast<QComboBox*>(editor_)) return box->currentText();
  return static_cast<QLineEdit*>(editor_)->text();
}

void FieldRow::show(const QString& text) {
  if (text == shown_ && (text == this->text() || editor_->hasFocus())) return;
  shown_ = text;
  if (auto* box = qobject_cast<QComboBox*>(editor_)) {
    box->setCurrentIndex(box->findText(text));
    box->setEditText(text);
    box->lineEdit()->setCursorPosition(0);
  } else {
    auto* edit = static_cast<QLineEdit*>(editor_);
    edit->setText(text);
    edit->setCursorPosition(0);
  }
}

void FieldRow::commit() {
  if (text() == shown_) return;
  shown_ = text();
  emit edited(shown_);
}

void FieldRow::showProblem(const QString& message) {
  if (problem_->text() == message && problem_->isHidden() == message.isEmpty()) return;
  problem_->setText(message.isEmpty() ? QString() : QStringLiteral("▲ ") + message);
  problem_->setVisible(!message.isEmpty());
  editor_->setProperty("wrong", !message.isEmpty());
  editor_->style()->unpolish(editor_);
  editor_->style()->polish(editor_);
}

QString FieldRow::problem() const {
  return problem_->text();
}

bool FieldRow::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::ShortcutOverride || event->type() == QEvent::KeyPress) {
    const auto* key = static_cast<QKeyEvent*>(event);
    if (key->matches(QKeySequence::Undo) || key->matches(QKeySequence::Redo)) {
      event->ignore();
      return true;
    }
  }
  // The wheel scrolls the form; it changes no value by accident.
  if (event->type() == QEvent::Wheel && watched == editor_) {
    event->ignore();
    return true;
  }
  return QWidget::eventFilter(watched, event);
}

ScenarioForm::ScenarioForm(Document& document, QWidget* parent)
    : QScrollArea(parent),
      document_(document),
      inside_(new QWidget),
      rows_(new QVBoxLayout(inside_)),
      broken_(new QLabel(inside_)) {
  setObjectName(QStringLiteral("form"));
  setAccessibleName(tr("Scenario form"));
  setFrameShape(QFrame::NoFrame);
  setWidgetResizable(true);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  inside_->setObjectName(QStringLiteral("plain"));
  rows_->setContentsMargins(0, 0, 8, 0);
  rows_->setSpacing(6);
  broken_->setProperty("role", "warning");
  broken_->setWordWrap(true);
  broken_->hide();
  rows_->addWidget(broken_);
  rows_->addStretch(1);
  setWidget(inside_);
  connect(&document_, &Document::parsed, this, &ScenarioForm::refresh);
  refresh();
}

FieldRow* ScenarioForm::row(const QString& path) const {
  const auto found = fields_.find(path);
  return found == fields_.end() ? nullptr : found->second;
}

std::vector<std::pair<QString, QString>> ScenarioForm::entries() const {
  std::vector<std::pair<QString, QString>> all;
  for (const FormSection& section : sections_) {
    for (const FormField& field : section.fields)
      all.emplace_back(section.title + QStringLiteral(" › ") + field.label, field.path);
  }
  return all;
}

void ScenarioForm::goTo(const QString& path) {
  FieldRow* found = row(path);
  if (found == nullptr) return;
  ensureWidgetVisible(found);
  found->editor()->setFocus(Qt::OtherFocusReason);
}

void ScenarioForm::refresh() {
  const std::string text = document_.text().toStdString();
  try {
    const headroom::Document parsed = headroom::Document::parse(text, "");
    std::vector<FormSection> sections = formSections(parsed, FormChoices::shipped());
    if (!sameLayout(sections, sections_)) rebuild(std::move(sections));
    const std::map<std::string, Place> places = placesOf(text);
    for (const auto& [path, field] : fields_) {
      const std::optional<std::string> value = valueText(text, places, path.toStdString());
      const bool there = places.contains(path.toStdString());
      const QString shown = !value                ? QString()
                            : field->field().yaml ? QString::fromStdString(*value)
                                                  : plainText(*value);
      field->show(shown);
      field->editor()->setEnabled(value.has_value() || !there);  // what spans lines is changed in the editor
    }
    broken_->hide();
    for (const auto& [path, field] : fields_) field->setEnabled(true);
  } catch (const InputError& error) {
    broken_->setText(tr("The form rests until the text reads again: %1").arg(QString::fromStdString(error.message())));
    broken_->show();
    for (const auto& [path, field] : fields_) field->setEnabled(false);
  }
  showProblems();
}

void ScenarioForm::rebuild(std::vector<FormSection> sections) {
  QString focused;
  for (const auto& [path, field] : fields_) {
    if (field->isAncestorOf(window()->focusWidget() != nullptr ? window()->focusWidget() : this)) focused = path;
  }
  while (rows_->count() > 1) {  // all but the notice
    QLayoutItem* item = rows_->takeAt(1);
    if (item->widget() != nullptr) item->widget()->deleteLater();
    delete item;
  }
  fields_.clear();
  sections_ = std::move(sections);
  for (const FormSection& section : sections_) {
    auto* heading = new QLabel(section.title, inside_);
    heading->setProperty("role", "heading");
    heading->setContentsMargins(0, rows_->count() > 1 ? 10 : 0, 0, 2);
    rows_->addWidget(heading);
    for (const FormField& field : section.fields) {
      auto* line = new FieldRow(field, inside_);
      connect(line, &FieldRow::edited, this, [this, field](const QString& text) { change(field, text); });
      rows_->addWidget(line);
      fields_[field.path] = line;
    }
  }
  rows_->addStretch(1);
  if (FieldRow* again = row(focused)) again->editor()->setFocus();
}

void ScenarioForm::showProblems() {
  const std::optional<TextProblem>& problem = document_.problem();
  // The field the loader names, or the one that holds or lies on the way to what it names.
  FieldRow* closest = nullptr;
  if (problem && !problem->path.isEmpty()) {
    for (const auto& [path, field] : fields_) {
      const bool inside = problem->path == path || problem->path.startsWith(path + QLatin1Char('/')) ||
                          path.startsWith(problem->path + QLatin1Char('/'));
      if (inside && (closest == nullptr || path == problem->path)) closest = field;
    }
  }
  for (const auto& [path, field] : fields_) {
    if (field != closest) {
      field->showProblem({});
      continue;
    }
    const QString hint = problem->hint.isEmpty() ? QString() : QStringLiteral(" (%1)").arg(problem->hint);
    field->showProblem(problem->message + hint);
  }
}

void ScenarioForm::change(const FormField& field, const QString& text) {
  const std::string before = document_.text().toStdString();
  const std::string path = field.path.toStdString();
  try {
    std::optional<TextEdit> edit;
    if (text.trimmed().isEmpty()) {
      edit = removeValue(before, path);
    } else {
      const std::map<std::string, Place> places = placesOf(before);
      const auto found = places.find(path);
      // Inside {} a comma ends a value; a new key is always written so that it may stand there.
      const bool in_flow = found == places.end() || found->second.flow;
      edit = setValue(before, path, fieldYaml(field, text, in_flow));
    }
    if (!edit) return;
    const auto position = [&](std::size_t bytes) {
      return static_cast<int>(QString::fromUtf8(before.data(), static_cast<qsizetype>(bytes)).size());
    };
    const int begin = position(edit->begin);
    document_.replace(begin, position(edit->begin + edit->length) - begin, QString::fromStdString(edit->text));
    document_.parseNow();
  } catch (const InputError& error) {
    if (FieldRow* line = row(field.path)) line->showProblem(QString::fromUtf8(error.what()));
  }
}

}  // namespace headroom::gui
