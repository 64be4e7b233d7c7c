// The window: page bar, message, page, status line; and the keys that work everywhere.
#pragma once

#include <QMainWindow>
#include <vector>

#include "gui/document.h"
#include "gui/selection.h"
#include "gui/widgets/go_to.h"
#include "gui/work/desk.h"

class QAction;
class QButtonGroup;
class QLabel;
class QMenu;
class QPushButton;
class QStackedWidget;

namespace headroom::gui {

class Banner;
class ComparePage;
class DesignPage;
class Page;
class PlanPage;
class RunPage;

class MainWindow final : public QMainWindow {
  Q_OBJECT
 public:
  /// `worker` instead of the one that is found; for tests.
  explicit MainWindow(const QString& worker = {});
  ~MainWindow() override;

  Document& document() { return document_; }
  Selection& selection() { return selection_; }
  Desk& desk() { return desk_; }
  DesignPage& designPage() { return *design_; }
  PlanPage& planPage() { return *plan_; }
  ComparePage& comparePage() { return *compare_; }
  QString message() const;

  /// By number, 0 is Design.
  void showPage(int index);
  /// By title, in any case; false if there is none.
  bool showPage(const QString& title);
  int currentPage() const;
  /// A scenario, study, trace, result or run folder; asks about unsaved changes first.
  void openAny(const QString& path);
  /// The ready example, run.
  void openExample();
  void setTheme(const QString& name);
  QString themeName() const { return theme_; }

 protected:
  void closeEvent(QCloseEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  static constexpr int kRunPage = 1, kPlanPage = 3;
  // main_window_bars.cpp
  QWidget* makeTopBar();
  QWidget* makeStatusLine();
  void makeActions();
  void fillMenu(QMenu& menu);
  QAction* action(const QString& name, const QKeySequence& keys, const std::function<void()>& go);
  void showHelp();
  void refreshTitle();
  void refreshStatus();

  std::vector<Goal> goals();
  void goTo();
  void nextPanel(int step);
  void open();
  bool save();
  bool saveAs();
  bool mayDiscard();
  void exportRun();
  void openCandidate(const QString& yaml, const QString& name);

  Document document_;
  Selection selection_;
  Desk desk_;
  QString theme_;
  std::vector<Page*> pages_;
  DesignPage* design_;
  RunPage* run_;
  ComparePage* compare_;
  PlanPage* plan_;
  QStackedWidget* stack_;
  Banner* banner_;
  QButtonGroup* page_buttons_;
  QLabel *title_, *state_, *facts_;
  QPushButton *run_button_, *pin_button_;
  QAction *undo_, *redo_;
  std::vector<QAction*> actions_;
  QString note_;
};

}  // namespace headroom::gui
