#include "cli/report_errors.h"

#include <filesystem>
#include <new>
#include <string>

#include "cli/interrupt.h"
#include "cli/streams.h"
#include "models/base/error.h"
#include "sim/cluster/simulation.h"

namespace headroom::cli {

int reportErrors(const std::function<int()>& body) {
  try {
    return body();
  } catch (const OutputClosed&) {
    return kExitOk;
  } catch (const sim::Interrupted&) {
    printNote("interrupted; nothing was written");
    return kExitInterrupted;
  } catch (const InputError& error) {
    printNote(std::string("error: ") + error.what());
    return kExitInput;
  } catch (const std::filesystem::filesystem_error& error) {
    printNote(std::string("error: ") + error.what());
    return kExitInput;
  } catch (const std::bad_alloc&) {
    printNote("error: out of memory");
    return kExitBug;
  } catch (const std::exception& error) {
    printNote(std::string("this is a bug in Headroom: ") + error.what());
    return kExitBug;
  }
}

}  // namespace headroom::cli
