#include "gui/design/yaml_editor.h"

#include <QMimeData>
#include <QPainter>
#include <QRegularExpression>
#include <QTextBlock>

#include "gui/document.h"

namespace headroom::gui {

/// Beside the text, painted by the editor.
class LineNumbers final : public QWidget {
 public:
  explicit LineNumbers(YamlEditor* editor) : QWidget(editor), editor_(editor) {}
  QSize sizeHint() const override { return {editor_->numbersWidth(), 0}; }

 protected:
  void paintEvent(QPaintEvent* event) override { editor_->paintNumbers(event); }

 private:
  YamlEditor* editor_;
};

YamlHighlighter::YamlHighlighter(QTextDocument* document) : QSyntaxHighlighter(document), theme_(&lightTheme()) {}

void YamlHighlighter::setTheme(const Theme& theme) {
  if (theme_ == &theme) return;
  theme_ = &theme;
  rehighlight();
}

void YamlHighlighter::highlightBlock(const QString& line) {
  static const QRegularExpression key(QStringLiteral(R"(([A-Za-z_][\w.\-]*|"[^"]*")(?=\s*:(\s|$)))"));
  static const QRegularExpression number(QStringLiteral(R"((?<![\w\-.])-?\d[\d_]*(\.\d+)?([eE][-+]?\d+)?(?![\w\-]))"));
  static const QRegularExpression quoted(QStringLiteral(R"("[^"]*"|'[^']*')"));
  static const QRegularExpression comment(QStringLiteral(R"((^|\s)#.*$)"));
  const auto colour = [&](const QRegularExpression& pattern, const QColor& c, bool bold = false) {
    QTextCharFormat format;
    format.setForeground(c);
    if (bold) format.setFontWeight(QFont::DemiBold);
    for (auto it = pattern.globalMatch(line); it.hasNext();) {
      const auto match = it.next();
      setFormat(static_cast<int>(match.capturedStart()), static_cast<int>(match.capturedLength()), format);
    }
  };
  colour(number, theme_->warning);
  colour(quoted, theme_->good);
  colour(key, theme_->accent);
  colour(comment, theme_->muted);
}

YamlEditor::YamlEditor(Document& document, QWidget* parent)
    : QPlainTextEdit(parent),
      document_(document),
      highlighter_(new YamlHighlighter(&document.source())),
      numbers_(new LineNumbers(this)) {
  setDocument(&document.source());
  setObjectName(QStringLiteral("yaml"));
  setAccessibleName(tr("Scenario text"));
  setAccessibleDescription(tr("The scenario as YAML. The form beside it changes the same text."));
  setLineWrapMode(QPlainTextEdit::NoWrap);
  setTabChangesFocus(true);
  setFont(sourceFont());
  document.source().setDefaultFont(sourceFont());
  connect(this, &QPlainTextEdit::blockCountChanged, this, [this] { setViewportMargins(numbersWidth(), 0, 0, 0); });
  connect(this, &QPlainTextEdit::updateRequest, this, [this](const QRect& rect, int dy) {
    if (dy != 0)
      numbers_->scroll(0, dy);
    else
      numbers_->update(0, rect.y(), numbers_->width(), rect.height());
  });
  connect(this, &QPlainTextEdit::cursorPositionChanged, this, &YamlEditor::markProblem);
  connect(&document_, &Document::parsed, this, &YamlEditor::markProblem);
  setViewportMargins(numbersWidth(), 0, 0, 0);
  highlighter_->setTheme(themeOf(*this));
}

void YamlEditor::changeEvent(QEvent* event) {
  QPlainTextEdit::changeEvent(event);
  if (event->type() != QEvent::PaletteChange) return;
  highlighter_->setTheme(themeOf(*this));
  markProblem();
}

void YamlEditor::goToLine(int line) {
  const QTextBlock block = document_.source().findBlockByNumber(line - 1);
  if (!block.isValid()) return;
  QTextCursor cursor(block);
  cursor.movePosition(QTextCursor::NextWord);
  setTextCursor(QTextCursor(block));
  centerCursor();
}

bool YamlEditor::canInsertFromMimeData(const QMimeData* source) const {
  return !source->hasUrls() && QPlainTextEdit::canInsertFromMimeData(source);
}

int YamlEditor::numbersWidth() const {
  const int digits = std::max(2, static_cast<int>(QString::number(blockCount()).size()));
  return 18 + fontMetrics().horizontalAdvance(QLatin1Char('9')) * digits;
}

void YamlEditor::resizeEvent(QResizeEvent* event) {
  QPlainTextEdit::resizeEvent(event);
  const QRect inside = contentsRect();
  numbers_->setGeometry(inside.left(), inside.top(), numbersWidth(), inside.height());
}

void YamlEditor::paintNumbers(QPaintEvent* event) {
  const Theme& theme = themeOf(*this);
  QPainter painter(numbers_);
  painter.setFont(sourceFont(12));
  QTextBlock block = firstVisibleBlock();
  double top = blockBoundingGeometry(block).translated(contentOffset()).top();
  for (; block.isValid() && top <= event->rect().bottom(); block = block.next()) {
    const double height = blockBoundingRect(block).height();
    const bool wrong = block.blockNumber() + 1 == wrong_line_;
    if (block.isVisible() && top + height >= event->rect().top()) {
      painter.setPen(wrong ? theme.bad : theme.muted);
      const QString number = wrong ? QStringLiteral("● %1").arg(wrong_line_) : QString::number(block.blockNumber() + 1);
      painter.drawText(QRectF(0, top, numbers_->width() - 10, height), Qt::AlignRight | Qt::AlignVCenter, number);
    }
    top += height;
  }
}

void YamlEditor::markProblem() {
  const Theme& theme = themeOf(*this);
  wrong_line_ = document_.problem() ? document_.problem()->line : 0;
  QList<QTextEdit::ExtraSelection> marks;
  const auto mark = [&](QTextCursor cursor, QColor colour) {
    QTextEdit::ExtraSelection selection;
    selection.format.setBackground(colour);
    selection.format.setProperty(QTextFormat::FullWidthSelection, true);
    cursor.clearSelection();
    selection.cursor = cursor;
    marks.push_back(selection);
  };
  QColor here = theme.raised;
  if (hasFocus()) mark(textCursor(), here);
  if (wrong_line_ > 0) {
    QColor red = theme.bad;
    red.setAlpha(46);
    mark(QTextCursor(document_.source().findBlockByNumber(wrong_line_ - 1)), red);
  }
  setExtraSelections(marks);
  numbers_->update();
}

}  // namespace headroom::gui
