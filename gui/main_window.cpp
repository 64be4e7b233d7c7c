#include "gui/main_window.h"

#include <QAction>
#include <QApplication>
#include <QButtonGroup>
#include <QCloseEvent>
#include <QDir>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QMenu>
#include <QMessageBox>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSettings>
#include <QStackedWidget>
#include <QStyle>
#include <QToolButton>
#include <QVBoxLayout>

#include "gui/design/scenario_form.h"
#include "gui/design/yaml_editor.h"
#include "gui/pages/compare_page.h"
#include "gui/pages/design_page.h"
#include "gui/pages/plan_page.h"
#include "gui/pages/run_page.h"
#include "gui/theme.h"
#include "gui/widgets/banner.h"
#include "gui/widgets/panel.h"
#include "models/base/files.h"

namespace headroom::gui {
namespace {

constexpr const char* kExample = "scenarios/chat-70b-burst.yaml";
constexpr int kRunPage = 1;
constexpr int kPlanPage = 3;

bool isText(const QWidget* widget) {
  return qobject_cast<const QLineEdit*>(widget) != nullptr || qobject_cast<const QPlainTextEdit*>(widget) != nullptr;
}

}  // namespace

MainWindow::MainWindow(const QString& worker)
    : desk_(document_, worker.isEmpty() ? WorkerProcess::findProgram() : worker, nullptr) {
  theme_ = QSettings().value(QStringLiteral("theme"), QStringLiteral("dark")).toString();
  setAcceptDrops(true);
  resize(1600, 1000);
  auto* all = new QWidget(this);
  auto* rows = new QVBoxLayout(all);
  rows->setContentsMargins(0, 0, 0, 0);
  rows->setSpacing(0);
  stack_ = new QStackedWidget(all);
  design_ = new DesignPage(document_, stack_);
  run_ = new RunPage(document_, selection_, stack_);
  compare_ = new ComparePage(document_, selection_, stack_);
  plan_ = new PlanPage(document_, stack_);
  pages_ = {design_, run_, compare_, plan_};
  for (Page* page : pages_) stack_->addWidget(page);
  banner_ = new Banner(all);
  auto* banner_frame = new QVBoxLayout;
  banner_frame->setContentsMargins(12, 0, 12, 0);
  banner_frame->addWidget(banner_);
  rows->addWidget(makeTopBar());
  rows->addSpacing(0);
  rows->addLayout(banner_frame);
  rows->addWidget(stack_, 1);
  rows->addWidget(makeStatusLine());
  setCentralWidget(all);
  makeActions();

  connect(&document_, &Document::said, this, [this](Document::Tone tone, const QString& sentence) {
    note_ = tone == Document::Tone::note ? sentence : QString();
    if (tone != Document::Tone::note) banner_->show(tone, sentence);
    refreshStatus();
  });
  for (const auto signal : {&Document::modifiedChanged, &Document::fileChanged, &Document::parsed}) {
    connect(&document_, signal, this, &MainWindow::refreshTitle);
  }
  for (const auto signal : {&Document::runsChanged, &Document::progressChanged, &Document::textChanged}) {
    connect(&document_, signal, this, &MainWindow::refreshStatus);
  }
  connect(&desk_, &Desk::runFinished, this, &MainWindow::refreshStatus);
  connect(&desk_, &Desk::runShown, this, [this] {
    note_.clear();
    selection_.clear();
    refreshStatus();
  });
  connect(&desk_, &Desk::studyOpened, this, [this](const QString& text, const QString& file) {
    plan_->showStudy(text, file);
    showPage(kPlanPage);
  });
  connect(run_, &RunPage::cancelAsked, &desk_, &Desk::cancelRun);
  connect(run_, &RunPage::runAsked, &desk_, &Desk::run);
  connect(compare_, &ComparePage::pinAsked, &desk_, &Desk::pinB);
  connect(plan_, &PlanPage::planAsked, &desk_, &Desk::plan);
  connect(plan_, &PlanPage::cancelAsked, &desk_, &Desk::cancelPlan);
  connect(plan_, &PlanPage::scenarioOpened, this, &MainWindow::openCandidate);
  refreshTitle();
  refreshStatus();
  showPage(0);
}

MainWindow::~MainWindow() {
  delete takeCentralWidget();  // the pages, before what they show
}

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

QString MainWindow::message() const {
  return banner_->sentence();
}

void MainWindow::showPage(int index) {
  const bool other = index != stack_->currentIndex();
  stack_->setCurrentIndex(index);
  if (other) stack_->currentWidget()->setFocus();  // Tab goes on from here
  if (QAbstractButton* button = page_buttons_->button(index)) button->setChecked(true);
}

bool MainWindow::showPage(const QString& title) {
  for (int i = 0; i < static_cast<int>(pages_.size()); ++i) {
    if (pages_[static_cast<std::size_t>(i)]->title().compare(title, Qt::CaseInsensitive) != 0) continue;
    showPage(i);
    return true;
  }
  return false;
}

int MainWindow::currentPage() const {
  return stack_->currentIndex();
}

void MainWindow::openAny(const QString& path) {
  if (!mayDiscard()) return;
  banner_->hide();
  desk_.openAny(path);
}

void MainWindow::openExample() {
  try {
    desk_.openScenario(QString::fromStdString((datasetsRoot() / kExample).string()));
    desk_.run();
    showPage(kRunPage);
  } catch (const std::exception& error) {
    document_.say(Document::Tone::bad, tr("The example was not found: %1").arg(QString::fromUtf8(error.what())));
  }
}

void MainWindow::openCandidate(const QString& yaml, const QString& name) {
  if (!mayDiscard()) return;
  document_.open(yaml, {});
  showPage(0);
  document_.say(Document::Tone::note, tr("Opened from the plan: %1").arg(name));
}

void MainWindow::setTheme(const QString& name) {
  theme_ = name;
  QSettings().setValue(QStringLiteral("theme"), name);
  applyTheme(*qApp, themeNamed(name));
}

bool MainWindow::mayDiscard() {
  if (!document_.isModified()) return true;
  QMessageBox box(QMessageBox::Question, tr("Unsaved changes"),
                  tr("%1 has changes that are not saved.").arg(document_.title()),
                  QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel, this);
  box.setDefaultButton(QMessageBox::Save);
  const int answer = box.exec();
  if (answer == QMessageBox::Save) return save();
  return answer == QMessageBox::Discard;
}

void MainWindow::open() {
  const QString path = QFileDialog::getOpenFileName(
      this, tr("Open a scenario, study, trace or result"), QFileInfo(document_.file()).absolutePath(),
      tr("All that can be opened (*.yaml *.yml *.json *.csv *.gz *.zst *.jsonl);;Everything (*)"));
  if (!path.isEmpty()) openAny(path);
}

bool MainWindow::save() {
  return document_.file().isEmpty() ? saveAs() : desk_.save(document_.file());
}

bool MainWindow::saveAs() {
  const QString start = document_.file().isEmpty() ? document_.title() + QStringLiteral(".yaml") : document_.file();
  const QString path = QFileDialog::getSaveFileName(this, tr("Save the scenario"), start, tr("Scenario (*.yaml)"));
  return !path.isEmpty() && desk_.save(path);
}

void MainWindow::exportRun() {
  if (!document_.runA()) {
    desk_.exportRun({});
    return;
  }
  const QString folder = QFileDialog::getExistingDirectory(this, tr("Export the run into a folder"));
  if (!folder.isEmpty()) desk_.exportRun(folder);
}

std::vector<Goal> MainWindow::goals() {
  std::vector<Goal> all;
  for (int i = 0; i < static_cast<int>(pages_.size()); ++i) {
    Page* page = pages_[static_cast<std::size_t>(i)];
    all.push_back({page->title(), tr("page"), [this, i] { showPage(i); }});
    for (QWidget* panel : page->panels()) {
      all.push_back({panel->accessibleName(), tr("view on %1").arg(page->title()), [this, i, panel] {
                       showPage(i);
                       panel->setFocus(Qt::ShortcutFocusReason);
                     }});
    }
  }
  for (const auto& [name, path] : design_->form().entries()) {
    all.push_back({name, tr("setting"), [this, path = path] {
                     showPage(0);
                     design_->form().goTo(path);
                   }});
  }
  for (QAction* a : actions_) all.push_back({a->text(), a->shortcut().toString(), [a] { a->trigger(); }});
  if (const RunPtr run = document_.runA()) {
    for (std::size_t i = 0; i < run->replicas.size(); ++i) {
      all.push_back({QString::fromStdString(run->replicas[i].name), tr("replica"), [this, i] {
                       showPage(kRunPage);
                       selection_.selectReplica(static_cast<int>(i));
                     }});
    }
  }
  for (const QString& file : Desk::recentFiles()) {
    all.push_back({QFileInfo(file).fileName(), tr("recent file"), [this, file] { openAny(file); }});
  }
  return all;
}

void MainWindow::goTo() {
  auto* dialog = new GoTo(goals(), this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  connect(dialog, &QDialog::finished, this, &QWidget::activateWindow);  // where no window manager does it
  dialog->open();
}

void MainWindow::nextPanel(int step) {
  QList<QWidget*> panels;
  for (QWidget* panel : pages_[static_cast<std::size_t>(currentPage())]->panels()) {
    if (panel->isVisible()) panels.push_back(panel);
  }
  if (panels.isEmpty()) return;
  int now = step > 0 ? -1 : 0;
  const QWidget* focus = focusWidget();
  for (int i = 0; i < panels.size(); ++i) {
    if (focus != nullptr && (panels[i] == focus || panels[i]->isAncestorOf(focus))) now = i;
  }
  QWidget* next = panels[(now + step + panels.size()) % panels.size()];
  next->setFocus(Qt::ShortcutFocusReason);
  if (!next->hasFocus() && !next->isAncestorOf(focusWidget())) {  // a frame that takes no focus: its first that does
    for (QWidget* child : next->findChildren<QWidget*>()) {
      if (!child->isVisible() || !child->isEnabled() || (child->focusPolicy() & Qt::TabFocus) == 0) continue;
      child->setFocus(Qt::ShortcutFocusReason);
      break;
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

void MainWindow::keyPressEvent(QKeyEvent* event) {
  const bool typing = isText(focusWidget());
  if (event->key() == Qt::Key_Escape) {
    if (desk_.running())
      desk_.cancelRun();
    else if (!selection_.back())
      banner_->hide();
    return;
  }
  if (!typing && event->modifiers() == Qt::NoModifier && event->key() == Qt::Key_B) {
    desk_.pinB();
    return;
  }
  QMainWindow::keyPressEvent(event);
}

void MainWindow::closeEvent(QCloseEvent* event) {
  event->setAccepted(mayDiscard());
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  if (event->mimeData()->hasUrls()) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
  const QList<QUrl> urls = event->mimeData()->urls();
  if (urls.isEmpty() || !urls.front().isLocalFile()) return;
  event->acceptProposedAction();
  const QString path = urls.front().toLocalFile();
  const bool replaces = path.endsWith(QLatin1String(".yaml")) || path.endsWith(QLatin1String(".yml"));
  if (replaces)
    openAny(path);
  else
    desk_.openAny(path);
}

}  // namespace headroom::gui
