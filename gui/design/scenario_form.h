// The scenario as a form: sections and fields of gui/design/form_fields.h over the document's text. A field shows what
// the text says and, when it is left, changes just that value there; the loader's message stands beside its field.
#pragma once

#include <QScrollArea>
#include <map>
#include <vector>

#include "gui/design/form_fields.h"

class QLabel;
class QVBoxLayout;

namespace headroom::gui {

class Document;

/// One line of the form. Undo and redo are the document's, never the line's own.
class FieldRow final : public QWidget {
  Q_OBJECT
 public:
  FieldRow(FormField field, QWidget* parent);
  const FormField& field() const { return field_; }
  QString text() const;
  /// Without telling anyone; leaves what is being typed alone.
  void show(const QString& text);
  void showProblem(const QString& message);
  QString problem() const;
  QWidget* editor() const { return editor_; }

 signals:
  void edited(const QString& text);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void commit();
  FormField field_;
  QWidget* editor_;
  QLabel* problem_;
  QString shown_;
};

class ScenarioForm final : public QScrollArea {
  Q_OBJECT
 public:
  ScenarioForm(Document& document, QWidget* parent);
  /// The field of that path; null if there is none.
  FieldRow* row(const QString& path) const;
  /// All fields: label with its section, and path.
  std::vector<std::pair<QString, QString>> entries() const;
  /// Shows a field and gives it the focus.
  void goTo(const QString& path);

 private:
  void refresh();
  void rebuild(std::vector<FormSection> sections);
  void showProblems();
  void change(const FormField& field, const QString& text);

  Document& document_;
  QWidget* inside_;
  QVBoxLayout* rows_;
  QLabel* broken_;
  std::vector<FormSection> sections_;
  std::map<QString, FieldRow*> fields_;
};

}  // namespace headroom::gui
