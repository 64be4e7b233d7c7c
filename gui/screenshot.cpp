#include "gui/screenshot.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QImage>
#include <QPixmap>
#include <QTimer>

#include "gui/main_window.h"
#include "gui/pages/plan_page.h"
#include "gui/theme.h"

namespace headroom::gui {
namespace {

constexpr int kPatienceMs = 120'000;
constexpr int kSettleMs = 400;

void settle(int ms) {
  QEventLoop loop;
  QTimer::singleShot(ms, &loop, &QEventLoop::quit);
  loop.exec();
}

/// Until nothing runs any more; false: it took too long.
template <class Busy>
bool waitWhile(Busy busy) {
  QElapsedTimer clock;
  clock.start();
  while (busy()) {
    if (clock.elapsed() > kPatienceMs) return false;
    settle(20);
  }
  return true;
}

/// Runs what is open and waits for its figures.
QString runAndWait(MainWindow& window) {
  const RunPtr before = window.document().runA();
  window.desk().run();
  waitWhile([&] { return window.desk().running(); });
  waitWhile([&] { return window.message().isEmpty() && window.document().runA() == before; });
  return window.document().runA() == before ? window.message() : QString();
}

}  // namespace

QString takeScreenshot(QApplication& application, const ScreenshotOptions& options) {
  const QStringList size = options.size.split(QLatin1Char('x'));
  if (size.size() != 2 || size[0].toInt() < 400 || size[1].toInt() < 300)
    return QStringLiteral("--size %1: must be WIDTHxHEIGHT").arg(options.size);
  if (options.theme != QLatin1String("dark") && options.theme != QLatin1String("light"))
    return QStringLiteral("--theme %1: must be dark or light").arg(options.theme);
  applyTheme(application, themeNamed(options.theme));  // first: a widget keeps the font it is made with
  MainWindow window;
  window.resize(size[0].toInt(), size[1].toInt());
  if (!window.showPage(options.page))
    return QStringLiteral("--page %1: must be design, run, compare or plan").arg(options.page);
  window.show();
  if (!options.pin.isEmpty()) {
    if (!window.desk().openScenario(options.pin)) return window.message();
    if (const QString problem = runAndWait(window); !problem.isEmpty()) return problem;
    window.desk().pinB();
  }
  const RunPtr before = window.document().runA();
  if (options.open.isEmpty())
    window.openExample();
  else
    window.openAny(options.open);
  waitWhile([&] { return window.desk().loading(); });
  const bool study = window.currentPage() == 3;
  window.showPage(options.page);
  if (study) {
    window.planPage().start();
    waitWhile([&] { return window.desk().planning(); });
  } else if (!window.document().text().isEmpty()) {
    waitWhile([&] { return window.desk().running(); });
    const bool shown = window.document().runA() != before;  // what was opened is a run
    if (!options.open.isEmpty() && !shown && window.document().scenario()) {
      if (const QString problem = runAndWait(window); !problem.isEmpty()) return problem;
    }
  }
  if (options.page.compare(QLatin1String("plan"), Qt::CaseInsensitive) == 0 && !study) {
    window.planPage().start();
    waitWhile([&] { return window.desk().planning(); });
  }
  settle(kSettleMs);
  window.showPage(options.page);
  settle(kSettleMs);
  const QImage image = window.grab().toImage();
  return image.save(options.file, "PNG") ? QString() : QStringLiteral("%1 cannot be written").arg(options.file);
}

}  // namespace headroom::gui
