// headroom-gui: the desktop program, or with --screenshot a picture of one page.
#include <QApplication>
#include <QCommandLineParser>
#include <QIcon>
#include <QTextStream>

#include "gui/main_window.h"
#include "gui/screenshot.h"
#include "gui/theme.h"
#include "sim/version.h"

namespace {

using headroom::gui::ScreenshotOptions;

/// Read before the program object: they decide how it draws.
bool wants(int count, char** arguments, const char* option) {
  for (int i = 1; i < count; ++i) {
    const QString text = QString::fromLocal8Bit(arguments[i]);
    if (text == QLatin1String(option) || text.startsWith(QLatin1String(option) + QLatin1Char('='))) return true;
  }
  return false;
}

QString valueOf(int count, char** arguments, const char* option) {
  for (int i = 1; i < count; ++i) {
    const QString text = QString::fromLocal8Bit(arguments[i]);
    if (text == QLatin1String(option) && i + 1 < count) return QString::fromLocal8Bit(arguments[i + 1]);
    if (text.startsWith(QLatin1String(option) + QLatin1Char('='))) return text.section(QLatin1Char('='), 1);
  }
  return {};
}

/// What the platform without a screen says about itself is no news for whoever asked for a picture.
void leaveOutPlatformNotes(QtMsgType type, const QMessageLogContext& context, const QString& text) {
  if (text.startsWith(QLatin1String("This plugin does not support propagateSizeHints"))) return;
  if (text.startsWith(QLatin1String("QStandardPaths: XDG_RUNTIME_DIR not set"))) return;
  QTextStream(stderr) << qFormatLogMessage(type, context, text) << '\n';
}

}  // namespace

int main(int count, char** arguments) {
  const bool picture = wants(count, arguments, "--screenshot");
  if (picture && qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
  if (picture && wants(count, arguments, "--scale"))
    qputenv("QT_SCALE_FACTOR", valueOf(count, arguments, "--scale").toLatin1());
  if (picture) qInstallMessageHandler(leaveOutPlatformNotes);
  QApplication application(count, arguments);
  QApplication::setApplicationName(QStringLiteral("headroom-gui"));
  QApplication::setOrganizationName(QStringLiteral("headroom"));
  QApplication::setApplicationVersion(QString::fromLatin1(headroom::sim::kVersion));
  QApplication::setWindowIcon(QIcon(QStringLiteral(":/headroom/icon.png")));

  QCommandLineParser parser;
  parser.setApplicationDescription(QStringLiteral("Opens a scenario, study, trace, run folder or result."));
  parser.addHelpOption();
  parser.addVersionOption();
  parser.addPositionalArgument(QStringLiteral("FILE"), QStringLiteral("what to open; without it, the example"),
                               QStringLiteral("[FILE]"));
  parser.addOptions(
      {{QStringLiteral("screenshot"), QStringLiteral("render one page into this PNG and exit"), QStringLiteral("PNG")},
       {QStringLiteral("page"), QStringLiteral("design, run, compare or plan"), QStringLiteral("NAME"),
        QStringLiteral("run")},
       {QStringLiteral("theme"), QStringLiteral("dark or light"), QStringLiteral("NAME")},
       {QStringLiteral("scale"), QStringLiteral("pixels per unit of the picture"), QStringLiteral("N")},
       {QStringLiteral("size"), QStringLiteral("of the picture's window"), QStringLiteral("WxH"),
        QStringLiteral("1720x1080")},
       {QStringLiteral("pin"), QStringLiteral("pin this scenario's run as B first"), QStringLiteral("FILE")}});
  parser.process(application);

  if (picture) {
    ScreenshotOptions options;
    options.file = parser.value(QStringLiteral("screenshot"));
    options.page = parser.value(QStringLiteral("page"));
    options.theme =
        parser.isSet(QStringLiteral("theme")) ? parser.value(QStringLiteral("theme")) : QStringLiteral("dark");
    options.size = parser.value(QStringLiteral("size"));
    options.pin = parser.value(QStringLiteral("pin"));
    if (!parser.positionalArguments().isEmpty()) options.open = parser.positionalArguments().constFirst();
    const QString problem = takeScreenshot(application, options);
    if (problem.isEmpty()) return 0;
    QTextStream(stderr) << "headroom-gui: " << problem << '\n';
    return 2;
  }

  headroom::gui::applyTheme(application, headroom::gui::darkTheme());  // first: a widget keeps the font it is made with
  headroom::gui::MainWindow window;
  window.setTheme(parser.isSet(QStringLiteral("theme")) ? parser.value(QStringLiteral("theme")) : window.themeName());
  window.show();
  if (parser.positionalArguments().isEmpty())
    window.openExample();
  else
    window.openAny(parser.positionalArguments().constFirst());
  if (parser.isSet(QStringLiteral("page"))) window.showPage(parser.value(QStringLiteral("page")));
  return QApplication::exec();
}
