// One run: progress while it lasts, then figures, topology, timeline, latencies and one request's life, all filtered by
// the selection, which stands in a bar above them.
#pragma once

#include "gui/page.h"

class QLabel;
class QProgressBar;

namespace headroom::gui {

class Document;
class Selection;

class RunPage final : public Page {
  Q_OBJECT
 public:
  RunPage(Document& document, Selection& selection, QWidget* parent);
  QString title() const override { return tr("Run"); }
  QList<QWidget*> panels() const override;

 signals:
  void cancelAsked();
  void runAsked();

 private:
  QWidget* makeProgress();
  QWidget* makeFilterBar();
  QWidget* makeEmpty();
  void refreshProgress();
  void refreshFilter();
  void refreshViews();

  Document& document_;
  Selection& selection_;
  QList<QWidget*> views_;
  QWidget *progress_, *filter_, *empty_, *content_;
  QProgressBar* bar_;
  QLabel *live_, *chosen_;
};

}  // namespace headroom::gui
