#include "gui/main_window.h"

#include <QAction>
#include <QAbstractButton>
#include <QApplication>
#include <QButtonGroup>
#include <QCloseEvent>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QLineEdit>
#include <QMessageBox>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QSettings>
#include <QStackedWidget>
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
