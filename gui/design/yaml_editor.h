// The scenario's text: YAML colours, line numbers, the line that is wrong marked with the loader's message under it.
#pragma once

#include <QPlainTextEdit>
#include <QSyntaxHighlighter>

#include "gui/theme.h"

namespace headroom::gui {

class Document;

class YamlHighlighter final : public QSyntaxHighlighter {
  Q_OBJECT
 public:
  explicit YamlHighlighter(QTextDocument* document);
  void setTheme(const Theme& theme);

 protected:
  void highlightBlock(const QString& line) override;

 private:
  const Theme* theme_;
};

class YamlEditor final : public QPlainTextEdit {
  Q_OBJECT
 public:
  YamlEditor(Document& document, QWidget* parent);
  /// Puts the cursor on a line (1-based) and shows it.
  void goToLine(int line);
  int wrongLine() const { return wrong_line_; }

 protected:
  void changeEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  /// A file that is dropped here is opened, not written into the text.
  bool canInsertFromMimeData(const QMimeData* source) const override;

 private:
  friend class LineNumbers;
  int numbersWidth() const;
  void paintNumbers(QPaintEvent* event);
  void markProblem();

  Document& document_;
  YamlHighlighter* highlighter_;
  QWidget* numbers_;
  int wrong_line_ = 0;
};

}  // namespace headroom::gui
