// What each verb is asked for, and the verbs: one function a verb, in a file of its name. They return an exit code and
// throw InputError. How options are spelled is in command_line.cpp alone.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace headroom::cli {

enum class Format { table, json };

struct SimulateOptions {
  std::string scenario;                           ///< a file; empty: the short form
  std::map<std::string, std::string> short_form;  ///< option -> value (scenario_options.h)
  std::vector<std::string> set;                   ///< path=value
  std::optional<std::uint64_t> seed;
  Format format = Format::table;
  std::string out;  ///< a folder; empty: none
  bool overwrite = false;
  bool exact_steps = false;
  bool no_load_estimate = false;
  std::int64_t timeline_requests = 20'000;
};
int simulate(const SimulateOptions& options);

struct ExplainOptions {
  std::string run;  ///< a folder that simulate --out wrote, or its requests.csv.zst
  double percentile = 99;
  std::optional<std::uint64_t> request;  ///< only this one
  Format format = Format::table;
};
int explain(const ExplainOptions& options);

struct PlanOptions {
  std::string study;
  std::vector<std::string> set;  ///< path=value, in the study
  int workers = 0;               ///< processes; 0: one per core
  Format format = Format::table;
  std::string out;  ///< a folder; empty: none
  bool overwrite = false;
};
int plan(const PlanOptions& options);

struct GuiOptions {
  std::string file;  ///< what to open; empty: the example
};
/// Does not return if the desktop program starts.
int gui(const GuiOptions& options);

struct WorkerOptions {};
int worker(const WorkerOptions& options);

struct ListOptions {
  std::string kind;
  Format format = Format::table;
};
int list(const ListOptions& options);

struct TopologyOptions {
  std::string scenario;
  std::vector<std::string> set;  ///< path=value
  std::string svg;               ///< a file; empty: none
  Format format = Format::table;
};
int topology(const TopologyOptions& options);

struct SchemaOptions {
  std::string kind;
};
int schema(const SchemaOptions& options);

struct ModelImportOptions {
  std::string config;
  std::string name;  ///< empty: from the file's name
  std::string out;   ///< empty: stdout
  bool overwrite = false;
};
int modelImport(const ModelImportOptions& options);

struct ProfileImportOptions {
  std::vector<std::string> sources;  ///< files and folders
  std::string out;                   ///< a folder
  Format format = Format::table;
  bool overwrite = false;
};
int profileImport(const ProfileImportOptions& options);

struct ProfileFitOptions {
  std::string folder;
  std::string accelerator;
  std::string engine = "vllm";
  std::string engine_version;
  std::string origin, date, licence;
  std::string out;
  bool overwrite = false;
};
int profileFit(const ProfileFitOptions& options);

struct ProfileFitPowerOptions {
  std::string runs;  ///< CSV of measured runs
  std::string accelerator;
  std::string idle;  ///< watts with unit
  std::string source = "your own measurements";
  std::string out;  ///< empty: stdout
  bool overwrite = false;
};
int profileFitPower(const ProfileFitPowerOptions& options);

struct ProfileCalibrateOptions {
  std::string scenario;              ///< what was benchmarked
  std::vector<std::string> results;  ///< of vllm bench serve or inference-perf, one load each
  std::vector<std::string> set;      ///< path=value
  std::string out;                   ///< empty: stdout
  bool overwrite = false;
};
int profileCalibrate(const ProfileCalibrateOptions& options);

struct ProfileShowOptions {
  std::string profile;  ///< a shipped name, or a file
  std::string model;    ///< empty: the header and tables only
  int tp = 1;
  std::string weights;  ///< empty: the model's own
  std::string kv_cache = "bf16";
  int decode_sequences = 64;
  int context = 1024;
  int prompt_tokens = 2048;
  Format format = Format::table;
};
int profileShow(const ProfileShowOptions& options);

struct ProfileCheckOptions {
  std::string profile;
  std::string folder;
  double held_out = 0;  ///< share left out of a fresh fit; 0: check the profile as it is
  std::uint64_t seed = 1;
  Format format = Format::table;
};
int profileCheck(const ProfileCheckOptions& options);

struct ValidateOptions {
  bool kernels = false;  ///< only this rung
  bool steps = false;    ///< and this one, and so on
  bool runs = false;
  bool power = false;
  std::string data = "../shared/data";  ///< folder with kernels/, measured/ and traces/
  std::string points;                   ///< CSV of every load point, measured and simulated; empty: none
  bool overwrite = false;
  Format format = Format::table;
};
int validate(const ValidateOptions& options);

struct TraceInspectOptions {
  std::string trace;  ///< FORMAT:FILE
  double rate_scale = 1;
  Format format = Format::table;
};
int traceInspect(const TraceInspectOptions& options);

struct TraceGenerateOptions {
  std::string model;
  std::string out;
  std::uint64_t seed = 1;
  std::string duration;  ///< with unit; empty: none
  std::optional<std::int64_t> requests;
  bool overwrite = false;
};
int traceGenerate(const TraceGenerateOptions& options);

struct TraceFitOptions {
  std::string trace;  ///< FORMAT:FILE
  std::string out;
  std::string name;    ///< empty: from the file's name
  std::string source;  ///< whose statistics these are, with licence
  Format format = Format::table;
  bool overwrite = false;
};
int traceFit(const TraceFitOptions& options);

struct TraceConvertOptions {
  std::string trace;  ///< FORMAT:FILE
  std::string to;     ///< format to write
  std::string out;
  double rate_scale = 1;
  bool overwrite = false;
};
int traceConvert(const TraceConvertOptions& options);

}  // namespace headroom::cli
