// A page of the main window, and the panels on it that F6 walks through.
#pragma once

#include <QList>
#include <QString>
#include <QWidget>

namespace headroom::gui {

class Page : public QWidget {
  Q_OBJECT
 public:
  using QWidget::QWidget;
  /// On the page bar.
  virtual QString title() const = 0;
  /// In reading order; each takes the focus.
  virtual QList<QWidget*> panels() const = 0;
};

}  // namespace headroom::gui
