// The views of a run as the Run and Compare pages place them. Each is a Panel (or a row of tiles) that knows Document
// and Selection and nothing else.
#pragma once

class QWidget;

namespace headroom::gui {

class Document;
class Selection;

QWidget* makeTiles(Document& document, Selection& selection, QWidget* parent);
QWidget* makeTopology(Document& document, Selection& selection, QWidget* parent);
QWidget* makeTimeline(Document& document, Selection& selection, QWidget* parent);
QWidget* makeLatency(Document& document, Selection& selection, QWidget* parent);
QWidget* makeInspector(Document& document, Selection& selection, QWidget* parent);

}  // namespace headroom::gui
