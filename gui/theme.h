// How the program looks: one palette for dark and one for light, the colours of plots, and the fonts. Text colours
// stand out from every surface they are drawn on by at least 4.5:1 (WCAG 2.1, tested). A view asks themeOf(*this) in
// its paint and repaints on QEvent::PaletteChange; nothing else tells it of a switch.
#pragma once

#include <QColor>
#include <QFont>
#include <QString>
#include <array>

class QApplication;
class QWidget;

namespace headroom::gui {

struct Theme {
  const char* name;
  bool dark;

  // Surfaces, from back to front.
  QColor window;   ///< behind the cards
  QColor card;     ///< a panel
  QColor field;    ///< an input, a track of a bar
  QColor raised;   ///< a button, a hover card
  QColor outline;  ///< of cards and fields
  QColor grid;     ///< lines of a plot

  // Words, on any surface.
  QColor text;   ///< figures, names
  QColor muted;  ///< labels, units
  // Meaning, on any surface; always with a shape and a word beside it.
  QColor accent, good, warning, bad;
  QColor accent_fill;     ///< the main button
  QColor on_accent;       ///< text on it
  QColor selection_fill;  ///< behind a chosen segment or a selected time range (translucent)
  QColor bad_fill;        ///< the region beyond an SLO (translucent)

  // What replicas do.
  QColor prefill, decode, transfer, loading, failure, queue, idle;
  QColor on_box;               ///< text on boxes of those colours
  QColor series_a, series_b;   ///< runs A and B
  std::array<QColor, 5> heat;  ///< of a link, from 0 to 100 %

  /// Heat at a share of 0..1.
  QColor heatAt(double share) const;
};

const Theme& darkTheme();
const Theme& lightTheme();
/// By name; light for anything that is not "dark".
const Theme& themeNamed(const QString& name);
/// The theme a widget is shown in, from its palette.
const Theme& themeOf(const QWidget& widget);

/// Palette, style sheet and fonts of the whole program.
void applyTheme(QApplication& application, const Theme& theme);

/// Inter for words. `pixels` is the size at 1x; `weight` a QFont::Weight.
QFont textFont(int pixels = 13, int weight = 400);
/// Noto Sans with figures of one width.
QFont figureFont(int pixels = 13, int weight = 400);
/// For source text.
QFont sourceFont(int pixels = 13);

/// WCAG 2.1 contrast ratio of two opaque colours, 1..21.
double contrast(const QColor& a, const QColor& b);

}  // namespace headroom::gui
