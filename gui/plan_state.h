// The search of a study as far as it has come: candidates in the order they were run, and at the end the ledger and the
// recommendation. What `headroom plan` prints, for views.
#pragma once

#include <QString>
#include <QStringList>
#include <optional>
#include <vector>

namespace headroom::gui {

/// One run of the search.
struct PlanCandidate {
  QString name;  ///< "h100-sxm, tp 1, max_num_seqs 64, least-loaded"
  int replicas = 0, accelerators = 0;
  double usd_per_h = 0;
  double goodput_per_s = 0, attainment = 0, ttft_p99_ms = 0, tpot_p99_ms = 0;
  bool meets_slo = false;
  QString scenario;  ///< YAML text
};

struct PlanLedgerRow {
  QString name;
  QString status;  ///< feasible, infeasible, dominated, failed, timed-out
  QString code, reason;
  int replicas = 0, accelerators = 0;
  std::optional<double> usd_per_h, attainment, ttft_p99_ms;
};

struct PlanRecommendation {
  QString headline;
  struct Evidence {
    bool good = true;
    QString what, figure;
  };
  std::vector<Evidence> evidence;
  QString scenario;  ///< YAML text
  QString name;      ///< as a candidate's
  int replicas = 0;
};

struct PlanState {
  enum class Stage { none, running, done, failed };
  Stage stage = Stage::none;
  QString study;
  QString problem;  ///< why it failed, or why nothing is recommended
  int runs = 0, shapes = 0, shapes_open = 0;
  double demand_per_s = 0;  ///< 0: unknown
  std::vector<PlanCandidate> candidates;
  std::vector<PlanLedgerRow> ledger;
  std::optional<PlanRecommendation> recommendation;
};

}  // namespace headroom::gui
