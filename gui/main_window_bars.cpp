// What stands around the pages of the window: top bar, status line, menu, help.
#include <QAction>
#include <QButtonGroup>
#include <QDir>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QMenu>
#include <QMessageBox>
#include <QPushButton>
#include <QToolButton>

#include "gui/main_window.h"
#include "gui/pages/plan_page.h"
#include "gui/theme.h"
#include "models/base/files.h"

namespace headroom::gui {

QWidget* MainWindow::makeTopBar() {
  auto* bar = new QWidget(this);
  bar->setObjectName(QStringLiteral("topbar"));
  bar->setAttribute(Qt::WA_StyledBackground);
  auto* row = new QHBoxLayout(bar);
  row->setContentsMargins(10, 0, 12, 0);
  row->setSpacing(8);
  auto* menu_button = new QToolButton(bar);
  menu_button->setText(QStringLiteral("≡"));
  menu_button->setFont(textFont(18));
  menu_button->setAccessibleName(tr("Menu"));
  menu_button->setPopupMode(QToolButton::InstantPopup);
  auto* menu = new QMenu(menu_button);
  connect(menu, &QMenu::aboutToShow, this, [this, menu] { fillMenu(*menu); });
  menu_button->setMenu(menu);
  menu_button->setStyleSheet(QStringLiteral("QToolButton::menu-indicator { image: none; }"));
  title_ = new QLabel(bar);
  title_->setAccessibleName(tr("Open scenario"));
  title_->setMinimumWidth(120);
  row->addWidget(menu_button);
  row->addWidget(title_);
  row->addSpacing(16);
  page_buttons_ = new QButtonGroup(this);
  for (std::size_t i = 0; i < pages_.size(); ++i) {
    auto* button = new QToolButton(bar);
    button->setText(pages_[i]->title());
    button->setToolTip(tr("Ctrl+%1").arg(i + 1));
    button->setAccessibleName(tr("Page %1").arg(pages_[i]->title()));
    button->setCheckable(true);
    button->setProperty("page", true);
    page_buttons_->addButton(button, static_cast<int>(i));
    row->addWidget(button);
  }
  connect(page_buttons_, &QButtonGroup::idClicked, this, [this](int id) { showPage(id); });
  row->addStretch(1);
  auto* go = new QPushButton(tr("Go to setting, view, replica …   Ctrl+K"), bar);
  go->setAccessibleName(tr("Go to anything"));
  go->setProperty("quiet", true);
  go->setMinimumWidth(150);
  connect(go, &QPushButton::clicked, this, &MainWindow::goTo);
  pin_button_ = new QPushButton(tr("Pin as B"), bar);
  pin_button_->setAccessibleName(tr("Pin the present run as B"));
  connect(pin_button_, &QPushButton::clicked, &desk_, &Desk::pinB);
  auto* plan_button = new QPushButton(tr("Plan …"), bar);
  plan_button->setAccessibleName(tr("Go to the plan"));
  connect(plan_button, &QPushButton::clicked, this, [this] { showPage(kPlanPage); });
  run_button_ = new QPushButton(bar);
  run_button_->setProperty("main", true);
  run_button_->setMinimumWidth(120);
  connect(run_button_, &QPushButton::clicked, this, [this] {
    if (desk_.running()) {
      desk_.cancelRun();
    } else {
      desk_.run();
      if (desk_.running()) showPage(kRunPage);
    }
  });
  for (QWidget* widget : {static_cast<QWidget*>(go), static_cast<QWidget*>(pin_button_),
                          static_cast<QWidget*>(plan_button), static_cast<QWidget*>(run_button_)})
    row->addWidget(widget);
  return bar;
}

QWidget* MainWindow::makeStatusLine() {
  auto* line = new QWidget(this);
  line->setObjectName(QStringLiteral("statusbar"));
  line->setAttribute(Qt::WA_StyledBackground);
  auto* row = new QHBoxLayout(line);
  row->setContentsMargins(18, 6, 18, 6);
  row->setSpacing(24);
  state_ = new QLabel(line);
  state_->setAccessibleName(tr("State"));
  facts_ = new QLabel(line);
  facts_->setProperty("role", "muted");
  facts_->setAccessibleName(tr("About the shown run"));
  row->addWidget(state_);
  row->addWidget(facts_, 1);
  return line;
}

QAction* MainWindow::action(const QString& name, const QKeySequence& keys, const std::function<void()>& go) {
  auto* made = new QAction(name, this);
  made->setShortcut(keys);
  connect(made, &QAction::triggered, this, go);
  addAction(made);
  actions_.push_back(made);
  return made;
}

void MainWindow::makeActions() {
  action(tr("Open …"), QKeySequence::Open, [this] { open(); });
  action(tr("Save"), QKeySequence::Save, [this] { save(); });
  action(tr("Save as …"), QKeySequence(tr("Ctrl+Shift+S")), [this] { saveAs(); });
  action(tr("Export run …"), QKeySequence(tr("Ctrl+E")), [this] { exportRun(); });
  undo_ = action(tr("Undo"), QKeySequence::Undo, [this] { document_.undo(); });
  redo_ = action(tr("Redo"), QKeySequence(tr("Ctrl+Y")), [this] { document_.redo(); });
  redo_->setShortcuts({QKeySequence(tr("Ctrl+Y")), QKeySequence(tr("Ctrl+Shift+Z"))});
  action(tr("Run"), QKeySequence(tr("Ctrl+R")), [this] {
    if (!desk_.running()) run_button_->click();
  });
  action(tr("Plan"), QKeySequence(tr("Ctrl+P")), [this] {
    showPage(kPlanPage);
    if (!desk_.planning()) plan_->start();
  });
  action(tr("Go to …"), QKeySequence(tr("Ctrl+K")), [this] { goTo(); });
  action(tr("Next panel"), QKeySequence(tr("F6")), [this] { nextPanel(1); });
  action(tr("Previous panel"), QKeySequence(tr("Shift+F6")), [this] { nextPanel(-1); });
  for (int i = 0; i < static_cast<int>(pages_.size()); ++i) {
    action(pages_[static_cast<std::size_t>(i)]->title(), QKeySequence(tr("Ctrl+%1").arg(i + 1)),
           [this, i] { showPage(i); });
  }
  action(tr("Dark or light"), QKeySequence(tr("Ctrl+T")),
         [this] { setTheme(theme_ == QLatin1String("dark") ? QStringLiteral("light") : QStringLiteral("dark")); });
  action(tr("Help"), QKeySequence(tr("F1")), [this] { showHelp(); });
  action(tr("Quit"), QKeySequence(tr("Ctrl+Q")), [this] { close(); });
}

void MainWindow::fillMenu(QMenu& menu) {
  menu.clear();
  undo_->setEnabled(true);
  for (QAction* a : actions_) {
    menu.addAction(a);
    if (a->text() == tr("Open …")) {
      QMenu* recent = menu.addMenu(tr("Open recent"));
      for (const QString& file : Desk::recentFiles()) {
        recent->addAction(QDir::toNativeSeparators(file), this, [this, file] { openAny(file); });
      }
      recent->setEnabled(!recent->isEmpty());
      QMenu* shipped = menu.addMenu(tr("Open example"));
      try {
        const QDir folder(QString::fromStdString((datasetsRoot() / "scenarios").string()));
        for (const QString& file : folder.entryList({QStringLiteral("*.yaml")}, QDir::Files, QDir::Name)) {
          shipped->addAction(file, this, [this, path = folder.filePath(file)] { openAny(path); });
        }
      } catch (const std::exception&) {
        shipped->setEnabled(false);
      }
    }
  }
}

void MainWindow::showHelp() {
  auto* box = new QMessageBox(this);
  box->setAttribute(Qt::WA_DeleteOnClose);
  box->setWindowTitle(tr("Help"));
  box->setTextFormat(Qt::RichText);
  box->setText(
      tr("<p><b>Design</b> the scenario as form or text, <b>run</b> it, <b>pin</b> the run as B, change something, run "
         "again and <b>compare</b>; <b>plan</b> searches a study.</p>"
         "<table cellspacing=4><tr><td><b>Ctrl+R</b></td><td>run</td></tr><tr><td><b>Esc</b></td><td>stop the run, or "
         "take back a selection</td></tr><tr><td><b>Ctrl+P</b></td><td>search the study</td></tr><tr><td><b>Ctrl+1 … "
         "4</b></td><td>pages</td></tr><tr><td><b>Ctrl+K</b></td><td>go to anything</td></tr><tr><td><b>F6</b></td>"
         "<td>next panel</td></tr><tr><td><b>B</b></td><td>pin the run as B</td></tr><tr><td><b>W S A D</b></td>"
         "<td>zoom and move the timeline</td></tr><tr><td><b>Home</b></td><td>show all</td></tr><tr><td><b>Ctrl+Z, "
         "Ctrl+Y</b></td><td>undo, redo</td></tr><tr><td><b>Ctrl+E</b></td><td>export the run</td></tr><tr><td>"
         "<b>Ctrl+T</b></td><td>dark or light</td></tr></table>"));
  box->open();
}

void MainWindow::refreshTitle() {
  const QString changed = document_.isModified()
                              ? QStringLiteral(" <span style='color:%1'>●</span>").arg(themeOf(*this).warning.name())
                              : QString();
  title_->setText(QStringLiteral("<b>%1</b>%2").arg(document_.title().toHtmlEscaped(), changed));
  title_->setToolTip(document_.isModified() ? tr("%1, with unsaved changes").arg(document_.file()) : document_.file());
  setWindowTitle(
      tr("%1%2 – Headroom").arg(document_.title(), document_.isModified() ? QStringLiteral(" *") : QString()));
}

void MainWindow::refreshStatus() {
  const bool running = desk_.running();
  run_button_->setText(running ? tr("Stop   Esc") : tr("Run   Ctrl+R"));
  run_button_->setAccessibleName(running ? tr("Stop the run") : tr("Run the scenario"));
  const RunPtr run = document_.runA();
  pin_button_->setEnabled(run != nullptr);
  if (running)
    state_->setText(tr("● Running"));
  else if (!note_.isEmpty())
    state_->setText(note_);
  else if (run && document_.runIsStale())
    state_->setText(tr("▲ The text has changed since this run"));
  else if (run)
    state_->setText(tr("✓ Run finished"));
  else
    state_->setText(tr("Ready"));
  if (!run) {
    facts_->clear();
    return;
  }
  const QLocale locale(QLocale::English);
  QStringList facts;
  QString simulated = tr("simulated %1 s").arg(locale.toString(run->result.simulated_s, 'f', 0));
  if (run->wall_s > 0) simulated += tr(" in %1 s").arg(run->wall_s, 0, 'f', run->wall_s < 1 ? 2 : 1);
  facts << simulated << tr("%1 requests").arg(locale.toString(static_cast<qlonglong>(run->result.requests.offered)))
        << tr("seed %1").arg(run->result.seed)
        << tr("inputs %1").arg(QString::fromStdString(run->result.scenario_hash).left(8));
  if (document_.runB()) facts << tr("B: %1").arg(document_.runB()->title);
  facts_->setText(facts.join(QStringLiteral("      ")));
}

}  // namespace headroom::gui
