// The search of a study: its candidates as they come, the recommendation with its evidence, the ledger of everything
// that was tried.
#pragma once

#include "gui/page.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QTableView;
class QVBoxLayout;

namespace headroom::gui {

class Document;
class LedgerModel;
class Panel;
class ParetoView;

class PlanPage final : public Page {
  Q_OBJECT
 public:
  PlanPage(Document& document, QWidget* parent);
  QString title() const override { return tr("Plan"); }
  QList<QWidget*> panels() const override;
  /// A study that was opened from a file, chosen from now on.
  void showStudy(const QString& text, const QString& file);
  ParetoView& pareto() { return *pareto_; }
  LedgerModel& ledger() { return *ledger_; }

 public slots:
  void start();

 signals:
  void planAsked(QString study_text, QString file);
  void cancelAsked();
  void scenarioOpened(QString yaml, QString name);

 private:
  QWidget* makeStudyPanel();
  QWidget* makeResultPanel();
  QWidget* makeLedgerPanel();
  void refresh();

  Document& document_;
  LedgerModel* ledger_;
  ParetoView* pareto_;
  Panel *study_panel_, *pareto_panel_, *result_panel_, *ledger_panel_;
  QComboBox* studies_;
  QPushButton *start_, *open_recommended_;
  QLabel *stage_, *headline_;
  QVBoxLayout* evidence_;
  QTableView* table_;
};

}  // namespace headroom::gui
