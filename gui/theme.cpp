#include "gui/theme.h"

#include <QApplication>
#include <QPalette>
#include <QStyleFactory>
#include <QWidget>
#include <algorithm>
#include <cmath>

/// Of a static library: what refers to it keeps it.
static void loadResources() {
  Q_INIT_RESOURCE(headroom);
}

namespace headroom::gui {
namespace {

Theme makeDark() {
  Theme t{};
  t.name = "dark";
  t.dark = true;
  t.window = QColor(0x12, 0x14, 0x19);
  t.card = QColor(0x1a, 0x1d, 0x24);
  t.field = QColor(0x23, 0x27, 0x30);
  t.raised = QColor(0x2a, 0x2f, 0x3a);
  t.outline = QColor(0x33, 0x39, 0x45);
  t.grid = QColor(0x2a, 0x2f, 0x39);
  t.text = QColor(0xec, 0xee, 0xf3);
  t.muted = QColor(0xa6, 0xad, 0xbb);
  t.accent = QColor(0x6a, 0xad, 0xf7);
  t.good = QColor(0x4f, 0xc9, 0x8f);
  t.warning = QColor(0xec, 0xab, 0x45);
  t.bad = QColor(0xf8, 0x7f, 0x74);
  t.accent_fill = QColor(0x5a, 0xa3, 0xf5);
  t.on_accent = QColor(0x08, 0x16, 0x26);
  t.selection_fill = QColor(0x5a, 0xa3, 0xf5, 56);
  t.bad_fill = QColor(0xf2, 0x69, 0x5c, 26);
  t.prefill = QColor(0x35, 0x6f, 0xb8);
  t.decode = QColor(0x22, 0x78, 0x69);
  t.transfer = QColor(0x8a, 0x5c, 0xc9);
  t.loading = QColor(0x8c, 0x62, 0x10);
  t.failure = QColor(0xb3, 0x3f, 0x36);
  t.queue = QColor(0x8f, 0x5a, 0x1e);
  t.idle = QColor(0x20, 0x24, 0x2c);
  t.on_box = QColor(0xff, 0xff, 0xff);
  t.series_a = QColor(0x5a, 0xa3, 0xf5);
  t.series_b = QColor(0xb8, 0xbf, 0xcc);
  t.heat = {QColor(0x3a, 0x46, 0x58), QColor(0x6f, 0x8d, 0xb5), QColor(0xd9, 0xb4, 0x6a), QColor(0xf0, 0x9a, 0x3e),
            QColor(0xf2, 0x69, 0x5c)};
  return t;
}

Theme makeLight() {
  Theme t{};
  t.name = "light";
  t.dark = false;
  t.window = QColor(0xf3, 0xf5, 0xf8);
  t.card = QColor(0xff, 0xff, 0xff);
  t.field = QColor(0xf7, 0xf8, 0xfa);
  t.raised = QColor(0xff, 0xff, 0xff);
  t.outline = QColor(0xd5, 0xda, 0xe3);
  t.grid = QColor(0xe6, 0xe9, 0xef);
  t.text = QColor(0x15, 0x1a, 0x24);
  t.muted = QColor(0x56, 0x5f, 0x70);
  t.accent = QColor(0x11, 0x5c, 0xbd);
  t.good = QColor(0x10, 0x75, 0x4b);
  t.warning = QColor(0x92, 0x56, 0x00);
  t.bad = QColor(0xc0, 0x2a, 0x22);
  t.accent_fill = QColor(0x14, 0x60, 0xc4);
  t.on_accent = QColor(0xff, 0xff, 0xff);
  t.selection_fill = QColor(0x14, 0x60, 0xc4, 36);
  t.bad_fill = QColor(0xd0, 0x3b, 0x32, 18);
  t.prefill = QColor(0x8c, 0xb8, 0xf0);
  t.decode = QColor(0x7c, 0xcb, 0xb8);
  t.transfer = QColor(0xc2, 0xa2, 0xee);
  t.loading = QColor(0xf2, 0xc6, 0x76);
  t.failure = QColor(0xf2, 0x9b, 0x92);
  t.queue = QColor(0xec, 0xc0, 0x8a);
  t.idle = QColor(0xee, 0xf1, 0xf5);
  t.on_box = QColor(0x10, 0x18, 0x24);
  t.series_a = QColor(0x14, 0x60, 0xc4);
  t.series_b = QColor(0x5c, 0x64, 0x73);
  t.heat = {QColor(0xc6, 0xd3, 0xe6), QColor(0x8f, 0xae, 0xd6), QColor(0xd9, 0xa8, 0x4a), QColor(0xe0, 0x7b, 0x1c),
            QColor(0xcf, 0x3a, 0x2c)};
  return t;
}

QPalette paletteOf(const Theme& t) {
  QPalette p;
  p.setColor(QPalette::Window, t.window);
  p.setColor(QPalette::WindowText, t.text);
  p.setColor(QPalette::Base, t.field);
  p.setColor(QPalette::AlternateBase, t.card);
  p.setColor(QPalette::Text, t.text);
  p.setColor(QPalette::PlaceholderText, t.muted);
  p.setColor(QPalette::Button, t.raised);
  p.setColor(QPalette::ButtonText, t.text);
  p.setColor(QPalette::BrightText, t.bad);
  p.setColor(QPalette::Highlight, t.accent_fill);
  p.setColor(QPalette::HighlightedText, t.on_accent);
  p.setColor(QPalette::ToolTipBase, t.raised);
  p.setColor(QPalette::ToolTipText, t.text);
  p.setColor(QPalette::Link, t.accent);
  p.setColor(QPalette::Light, t.raised);
  p.setColor(QPalette::Mid, t.outline);
  p.setColor(QPalette::Dark, t.outline);
  for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText}) {
    QColor faded = t.muted;
    faded.setAlphaF(0.6F);
    p.setColor(QPalette::Disabled, role, faded);
  }
  return p;
}

/// Names of Theme colours in braces.
constexpr const char* kSheet = R"(
QToolTip { background: {raised}; color: {text}; border: 1px solid {outline}; padding: 4px 6px; }
QFrame#panel, QFrame#card { background: {card}; border: 1px solid {outline}; border-radius: 8px; }
QFrame#panel[focused="true"] { border: 1px solid {accent}; }
QLabel { background: transparent; }
QLabel[role="title"] { color: {text}; font-weight: 600; font-size: 15px; }
QLabel[role="heading"] { color: {text}; font-weight: 600; }
QLabel[role="muted"] { color: {muted}; }
QLabel[role="good"] { color: {good}; }
QLabel[role="warning"] { color: {warning}; }
QLabel[role="bad"] { color: {bad}; }
QLineEdit, QComboBox, QSpinBox, QPlainTextEdit, QTextBrowser, QListView, QTableView {
  background: {field}; color: {text}; border: 1px solid {outline}; border-radius: 5px; }
QLineEdit, QComboBox, QSpinBox { padding: 3px 8px; min-height: 20px; }
QLineEdit:focus, QComboBox:focus, QSpinBox:focus, QPlainTextEdit:focus, QListView:focus, QTableView:focus {
  border: 1px solid {accent}; }
QLineEdit[wrong="true"], QComboBox[wrong="true"] { border: 1px solid {bad}; }
QLineEdit:disabled, QComboBox:disabled { color: {muted}; }
QComboBox::drop-down { border: 0; width: 22px; }
QComboBox::down-arrow { image: url({arrow}); width: 10px; height: 10px; }
QComboBox QAbstractItemView { background: {raised}; color: {text}; border: 1px solid {outline};
  selection-background-color: {accent_fill}; selection-color: {on_accent}; }
QPushButton { background: {raised}; color: {text}; border: 1px solid {outline}; border-radius: 5px;
  padding: 6px 14px; font-weight: 500; }
QPushButton:hover { border: 1px solid {muted}; }
QPushButton:focus { border: 1px solid {accent}; }
QPushButton:disabled { color: {muted}; background: {card}; }
QPushButton[main="true"] { background: {accent_fill}; color: {on_accent}; border: 1px solid {accent_fill}; }
QPushButton[main="true"]:disabled { background: {raised}; color: {muted}; border: 1px solid {outline}; }
QPushButton[main="true"]:focus { border: 1px solid {text}; }
QToolButton { background: transparent; color: {muted}; border: 1px solid transparent; border-radius: 5px;
  padding: 4px 8px; }
QToolButton:hover { color: {text}; background: {raised}; }
QToolButton:focus { border: 1px solid {accent}; }
QToolButton[segment="true"] { color: {muted}; padding: 3px 9px; }
QToolButton[segment="true"]:checked { background: {segment}; color: {accent}; font-weight: 600; }
QToolButton[page="true"] { color: {muted}; font-size: 14px; padding: 12px 16px; border: 0; border-radius: 0;
  border-bottom: 2px solid transparent; }
QToolButton[page="true"]:hover { color: {text}; background: transparent; }
QToolButton[page="true"]:focus { color: {text}; background: {raised}; }
QToolButton[page="true"]:checked { color: {text}; font-weight: 600; border-bottom: 2px solid {accent}; }
QWidget#topbar { background: {card}; border-bottom: 1px solid {outline}; }
QWidget#statusbar { background: {card}; border-top: 1px solid {outline}; }
QFrame#banner { border-radius: 6px; border: 1px solid {outline}; background: {card}; }
QFrame#banner[tone="bad"] { border: 1px solid {bad}; }
QFrame#banner[tone="warning"] { border: 1px solid {warning}; }
QFrame#banner[tone="good"] { border: 1px solid {good}; }
QFrame#rule { background: {outline}; border: 0; }
QHeaderView { background: {card}; border: 0; }
QHeaderView::section { background: {card}; color: {muted}; border: 0; border-bottom: 1px solid {outline};
  padding: 5px 8px; font-weight: 500; }
QTableView, QTableWidget, QTreeView { gridline-color: {grid}; background: {card}; alternate-background-color: {field};
  selection-background-color: {accent_fill}; selection-color: {on_accent}; }
QTableView::item { border: 0; padding: 0 6px; }
QTableCornerButton::section { background: {card}; border: 0; }
QScrollArea, QScrollArea > QWidget > QWidget#plain { background: transparent; border: 0; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: {outline}; border-radius: 4px; min-height: 28px; min-width: 28px; margin: 1px; }
QScrollBar::handle:hover { background: {muted}; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QSplitter::handle { background: transparent; }
QSplitter::handle:hover { background: {outline}; }
QMenu { background: {raised}; color: {text}; border: 1px solid {outline}; padding: 4px; }
QMenu::item { padding: 5px 22px 5px 12px; border-radius: 4px; }
QMenu::item:selected { background: {accent_fill}; color: {on_accent}; }
QMenu::item:disabled { color: {muted}; }
QMenu::separator { height: 1px; background: {outline}; margin: 4px 6px; }
QProgressBar { background: {field}; border: 1px solid {outline}; border-radius: 4px; height: 8px; }
QProgressBar::chunk { background: {accent_fill}; border-radius: 3px; }
QDialog, QMessageBox { background: {card}; }
)";

QString sheetOf(const Theme& t) {
  QColor segment = t.accent;
  segment.setAlpha(t.dark ? 46 : 28);
  const std::pair<const char*, QColor> colours[] = {{"{window}", t.window},      {"{card}", t.card},
                                                    {"{field}", t.field},        {"{raised}", t.raised},
                                                    {"{outline}", t.outline},    {"{grid}", t.grid},
                                                    {"{text}", t.text},          {"{muted}", t.muted},
                                                    {"{accent}", t.accent},      {"{good}", t.good},
                                                    {"{warning}", t.warning},    {"{bad}", t.bad},
                                                    {"{segment}", segment},      {"{accent_fill}", t.accent_fill},
                                                    {"{on_accent}", t.on_accent}};
  QString sheet = QString::fromUtf8(kSheet);
  for (const auto& [name, colour] : colours) {
    sheet.replace(QLatin1String(name), QStringLiteral("rgba(%1,%2,%3,%4)")
                                           .arg(colour.red())
                                           .arg(colour.green())
                                           .arg(colour.blue())
                                           .arg(colour.alpha()));
  }
  return sheet.replace(QStringLiteral("{arrow}"), t.dark ? QStringLiteral(":/headroom/arrow-dark.png")
                                                         : QStringLiteral(":/headroom/arrow-light.png"));
}

double luminance(const QColor& colour) {
  const auto channel = [](double c) { return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); };
  return 0.2126 * channel(colour.redF()) + 0.7152 * channel(colour.greenF()) + 0.0722 * channel(colour.blueF());
}

QFont font(const QStringList& families, int pixels, int weight) {
  QFont f(families);
  f.setPixelSize(pixels);
  f.setWeight(static_cast<QFont::Weight>(weight));
  return f;
}

}  // namespace

QColor Theme::heatAt(double share) const {
  const double at = std::clamp(std::isfinite(share) ? share : 0.0, 0.0, 1.0) * static_cast<double>(heat.size() - 1);
  const auto low = std::min(static_cast<std::size_t>(at), heat.size() - 2);
  const auto part = static_cast<float>(at - static_cast<double>(low));
  const auto mix = [part](float a, float b) { return a + (b - a) * part; };
  const QColor &a = heat[low], &b = heat[low + 1];
  return QColor::fromRgbF(mix(a.redF(), b.redF()), mix(a.greenF(), b.greenF()), mix(a.blueF(), b.blueF()));
}

const Theme& darkTheme() {
  static const Theme theme = makeDark();
  return theme;
}

const Theme& lightTheme() {
  static const Theme theme = makeLight();
  return theme;
}

const Theme& themeNamed(const QString& name) {
  return name == QLatin1String("dark") ? darkTheme() : lightTheme();
}

const Theme& themeOf(const QWidget& widget) {
  return widget.palette().color(QPalette::Window).lightness() < 128 ? darkTheme() : lightTheme();
}

void applyTheme(QApplication& application, const Theme& theme) {
  loadResources();
  if (application.styleSheet().isEmpty()) {  // each polishes every widget anew
    QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
    QApplication::setFont(textFont());
  }
  // Taking the sheet off and putting the other on takes 30 ms, changing it 100: Qt then polishes every widget anew.
  application.setStyleSheet({});
  QApplication::setPalette(paletteOf(theme));
  application.setStyleSheet(sheetOf(theme));
}

QFont textFont(int pixels, int weight) {
  return font({QStringLiteral("Inter"), QStringLiteral("DejaVu Sans")}, pixels, weight);
}

QFont figureFont(int pixels, int weight) {
  return font({QStringLiteral("Noto Sans"), QStringLiteral("DejaVu Sans")}, pixels, weight);
}

QFont sourceFont(int pixels) {
  return font({QStringLiteral("Noto Sans Mono"), QStringLiteral("DejaVu Sans Mono")}, pixels, QFont::Normal);
}

double contrast(const QColor& a, const QColor& b) {
  const double la = luminance(a), lb = luminance(b);
  return (std::max(la, lb) + 0.05) / (std::min(la, lb) + 0.05);
}

}  // namespace headroom::gui
