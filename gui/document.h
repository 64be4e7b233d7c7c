// What the program is open on: the scenario as text (the one source of truth; form and editor both change it, so undo
// is shared), what the text means or where it is wrong, whether it fits, the runs A and B, and the plan. Signals tell
// what changed; nothing here starts a process (gui/desk.h does).
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>
#include <memory>
#include <optional>
#include <vector>

#include "gui/plan_state.h"
#include "gui/run_data.h"
#include "sim/scenario.h"

class QTextDocument;
class QTimer;

namespace headroom::gui {

/// The loader's own words about a text that is not a scenario.
struct TextProblem {
  QString message;  ///< without file and line
  QString hint;
  QString path;  ///< /deployments/0/model; empty: unknown
  int line = 0;  ///< 1-based; 0: unknown
  bool operator==(const TextProblem&) const = default;
  QString sentence() const;
};

/// Bytes of one accelerator of a pool.
struct PoolMemory {
  QString deployment, pool, accelerator, model;
  int replicas = 0, accelerators = 0;
  double memory = 0, usable = 0, weights = 0, activations = 0, other = 0, kv_cache = 0;
  double kv_tokens = 0;
  int max_num_seqs = 0, max_num_batched_tokens = 0;
  QString problem;  ///< why it cannot run; empty: it fits
  QStringList warnings;
};

/// Whether the text fits its hardware: known some time after the text.
struct Feasibility {
  std::vector<PoolMemory> pools;
  QString problem;  ///< of the first pool that does not fit; empty: all do
  std::optional<double> usd_per_h;
  int accelerators = 0;
};

/// Of a run that is under way.
struct RunProgress {
  double simulated_s = 0;
  qint64 requests_finished = 0, requests_expected = 0;  ///< 0: not known
  qint64 running = 0, waiting = 0;
  std::optional<double> ttft_p50_ms, ttft_p99_ms;  ///< so far
  double wall_s = 0;
};

class Document final : public QObject {
  Q_OBJECT
 public:
  explicit Document(QObject* parent = nullptr);
  ~Document() override;

  // The text.
  QTextDocument& source() { return *source_; }
  QString text() const;
  /// Replaces everything as one step that undo takes back.
  void setText(const QString& text);
  /// Replaces [begin, begin + length) as one step of undo.
  void replace(int begin, int length, const QString& text);
  /// Forgets the history and takes `text` as what is saved under `file` (empty: nowhere).
  void open(const QString& text, const QString& file);
  QString file() const { return file_; }
  /// File name without folder and ending, or the scenario's name.
  QString title() const;
  bool isModified() const;
  void markSaved(const QString& file);
  bool canUndo() const;
  bool canRedo() const;
  void undo();
  void redo();

  // What it means. Parsed a moment after a change, at once by parseNow().
  void parseNow();
  const std::optional<sim::Scenario>& scenario() const { return scenario_; }
  const std::optional<TextProblem>& problem() const { return problem_; }

  // Whether it fits. None: not known yet.
  const std::optional<Feasibility>& feasibility() const { return feasibility_; }
  void setFeasibility(std::optional<Feasibility> feasibility);
  void setProblem(const TextProblem& problem);

  // Runs.
  RunPtr runA() const { return run_a_; }
  RunPtr runB() const { return run_b_; }
  /// `made_from`: the text it is a run of; null: unknown.
  void setRunA(RunPtr run, const QString& made_from = {});
  void setRunB(RunPtr run);
  /// Is A a run of another text than the present one?
  bool runIsStale() const;
  /// None: nothing runs.
  const std::optional<RunProgress>& progress() const { return progress_; }
  void setProgress(std::optional<RunProgress> progress);

  // The plan.
  const PlanState& plan() const { return plan_; }
  void setPlan(PlanState plan);
  void addCandidate(const PlanCandidate& candidate);

  /// A sentence for the window: what went wrong, or was done.
  enum class Tone { note, good, warning, bad };
  void say(Tone tone, const QString& sentence);

 signals:
  void textChanged();
  void modifiedChanged();
  void fileChanged();
  void parsed();  ///< scenario() or problem() is new
  void feasibilityChanged();
  void runsChanged();  ///< A or B
  void progressChanged();
  void planChanged();
  void candidateAdded(int index);
  void said(headroom::gui::Document::Tone tone, QString sentence);

 private:
  void onContentsChanged();

  QTextDocument* source_;
  QTimer* parse_soon_;
  QString file_;
  QString parsed_text_;
  QString run_text_;  ///< what the shown run was made from; null: unknown
  std::optional<sim::Scenario> scenario_;
  std::optional<TextProblem> problem_;
  std::optional<Feasibility> feasibility_;
  RunPtr run_a_, run_b_;
  std::optional<RunProgress> progress_;
  PlanState plan_;
};

}  // namespace headroom::gui
