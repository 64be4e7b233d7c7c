// Run A beside the pinned run B: what went in differently, what came out differently, both in the latency curves.
#pragma once

#include "gui/page.h"

class QLabel;
class QTableView;

namespace headroom::gui {

class Document;
class InputDifferenceModel;
class OutcomeModel;
class Panel;
class Selection;

class ComparePage final : public Page {
  Q_OBJECT
 public:
  ComparePage(Document& document, Selection& selection, QWidget* parent);
  QString title() const override { return tr("Compare"); }
  QList<QWidget*> panels() const override;
  InputDifferenceModel& inputs() { return *inputs_; }
  OutcomeModel& outcomes() { return *outcomes_; }

 signals:
  void pinAsked();

 private:
  void refresh();

  Document& document_;
  InputDifferenceModel* inputs_;
  OutcomeModel* outcomes_;
  Panel *input_panel_, *outcome_panel_;
  QTableView *input_table_, *outcome_table_;
  QWidget *latency_, *tiles_, *content_, *empty_;
  QLabel *why_, *same_;
};

}  // namespace headroom::gui
