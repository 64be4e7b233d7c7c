// A card with a title line: title, subtitle, legend and segments on the right, the view below. "Show as table" is on
// its menu when the view gives a table.
#pragma once

#include <QFrame>
#include <QString>
#include <QStringList>
#include <QWidget>
#include <functional>
#include <memory>
#include <vector>

class QAbstractItemModel;
class QButtonGroup;
class QHBoxLayout;
class QLabel;
class QToolButton;
class QVBoxLayout;

namespace headroom::gui {

/// A row of choices of which one holds: "TTFT | TPOT | End to end".
class Segments final : public QWidget {
  Q_OBJECT
 public:
  explicit Segments(const QStringList& names, QWidget* parent = nullptr);
  int current() const;
  void setCurrent(int index);

 signals:
  void chosen(int index);

 private:
  QButtonGroup* group_;
};

/// A line that is cut with an ellipsis where there is no room; all of it is in the tool tip.
class ShortLabel final : public QWidget {
  Q_OBJECT
 public:
  explicit ShortLabel(QWidget* parent = nullptr);
  void setText(const QString& text);
  QString text() const { return text_; }
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return {0, sizeHint().height()}; }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  QString text_;
};

class Panel final : public QFrame {
  Q_OBJECT
 public:
  explicit Panel(const QString& title, QWidget* parent = nullptr);

  void setSubtitle(const QString& text);
  /// Right of the title line, from left to right.
  void addToHeader(QWidget* widget);
  /// What the panel shows; the panel owns it.
  void setBody(QWidget* body);
  QWidget* body() const { return body_; }
  QString title() const;

  /// "Show as table": `make` is called each time; the dialog owns the model.
  using MakeTable = std::function<std::unique_ptr<QAbstractItemModel>()>;
  void offerTable(MakeTable make);
  void showTable();

 private:
  QVBoxLayout* rows_;
  QHBoxLayout* header_;
  QLabel* title_;
  ShortLabel* subtitle_;
  QToolButton* table_button_ = nullptr;
  QWidget* body_ = nullptr;
  MakeTable make_table_;
};

}  // namespace headroom::gui
