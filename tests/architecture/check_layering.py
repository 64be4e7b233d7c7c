"""A folder may include only what stands to its left: models <- workloads <- sim <- planner <- cli, gui.

Only sim/loop sees SimGrid; the GUI sees only the value types of sim. Exits 1 and lists every arrow to the right.
"""
import pathlib
import re
import sys
import tempfile

ORDER = {"models": 0, "workloads": 1, "sim": 2, "planner": 3, "cli": 4, "gui": 4}
HEAVY = {"CLI/": ["cli/"], "valijson/": ["tests/", "models/base/"], "yaml-cpp/": ["models/base/"], "Random123/": ["workloads/"]}
# The desktop program looks at values; what runs them is in the worker process.
NOT_IN_GUI = ("sim/loop/", "sim/engine/", "sim/cluster/cluster.h", "sim/cluster/simulation.h", "planner/search.h", "planner/worker")
ALLOWED_IN_GUI = ("sim/engine/engines.h",)  # names of engines
INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', re.M)


def problems(root):
    found = []
    for file in sorted(root.rglob("*")):
        if file.suffix not in {".h", ".hpp", ".cpp"}:
            continue
        name = file.relative_to(root).as_posix()
        folder = name.split("/")[0]
        if folder not in ORDER and folder != "tests":
            continue
        for include in INCLUDE.findall(file.read_text(errors="replace")):
            target = include.split("/")[0]
            if folder in ORDER and target in ORDER:
                if ORDER[target] > ORDER[folder] or (ORDER[target] == ORDER[folder] and target != folder):
                    found.append(f"{name}: includes {include}, which stands to its right")
            if include.startswith("simgrid/") and not name.startswith(("sim/loop/", "tests/")):
                found.append(f"{name}: only sim/loop may see SimGrid ({include})")
            if folder == "gui" and include.startswith(NOT_IN_GUI) and include not in ALLOWED_IN_GUI:
                found.append(f"{name}: the desktop program simulates nothing itself ({include})")
            for prefix, allowed in HEAVY.items():
                if include.startswith(prefix) and not name.startswith(tuple(allowed)):
                    found.append(f"{name}: {include} belongs in {' or '.join(allowed)}")
    return found


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "models").mkdir()
        (root / "cli").mkdir()
        (root / "gui").mkdir()
        (root / "gui" / "c.cpp").write_text('#include "sim/loop/event_loop.h"\n#include "sim/result.h"\n')
        (root / "models" / "a.h").write_text('#include "sim/result.h"\n')
        (root / "cli" / "b.cpp").write_text('#include "sim/result.h"\n#include <simgrid/s4u.hpp>\n')
        found = problems(root)
        assert len(found) == 3 and "cli/b.cpp" in found[0] and "gui/c.cpp" in found[1] and "models/a.h" in found[2], found


if sys.argv[1] == "--self-test":
    self_test()
    sys.exit(0)
found = problems(pathlib.Path(sys.argv[1]))
print("\n".join(found) or "every include points left")
sys.exit(1 if found else 0)
