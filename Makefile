# The two commands of the README: `make demo` and `make check`. Both work on a fresh Debian 12.
PRESET ?= release
BUILD := build/$(PRESET)
JOBS ?= $(shell nproc)
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
PACKAGES := $(shell grep -v '^\#' deb-packages.txt)

.PHONY: help deps build demo check test asan bench screenshots format tidy clean

help:
	@echo "make demo    install packages, build, size a fleet for the shipped study"
	@echo "make check   install packages, build, run every test (and the fast ones under ASan and UBSan)"
	@echo "make build | test | asan | bench | screenshots | format | tidy | clean"

deps:
	@missing=$$(dpkg-query -W -f='$${Package} $${Status}\n' $(PACKAGES) 2>/dev/null | awk -v want="$(PACKAGES)" \
	  '/install ok installed/ { have[$$1] = 1 } END { n = split(want, w, " "); for (i = 1; i <= n; i++) if (!(w[i] in have)) print w[i] }'); \
	if [ -n "$$missing" ]; then \
	  $(SUDO) apt-get update -qq && \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
	fi

$(BUILD)/build.ninja: CMakePresets.json
	cmake --preset $(PRESET) > /dev/null

build: deps
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	cmake --build $(BUILD) -j $(JOBS)

demo: deps
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	cmake --build $(BUILD) -j $(JOBS) --target headroom
	$(BUILD)/bin/headroom plan datasets/scenarios/size-chat.study.yaml

check: test asan

test: build
	ctest --test-dir $(BUILD) -j $(JOBS) --output-on-failure

# The fast tests once more under AddressSanitizer and UndefinedBehaviorSanitizer.
asan:
	@$(MAKE) --no-print-directory PRESET=asan build
	ctest --test-dir build/asan -j $(JOBS) -L fast --output-on-failure

bench: build
	@for b in $(BUILD)/bin/bench_*; do $$b $(BENCH_ARGS); done

# Every page in both themes, from runs of the shipped scenarios; 8 bits a pixel where pngquant is installed.
SHOTS ?= docs/screenshots
SCALE ?= 1
screenshots: deps
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	cmake --build $(BUILD) -j $(JOBS) --target headroom-gui
	@mkdir -p $(SHOTS)
	@for theme in dark light; do for page in design run compare plan; do \
	  $(BUILD)/bin/headroom-gui --screenshot $(SHOTS)/$$page-$$theme.png --page $$page --theme $$theme --scale $(SCALE) \
	    --pin datasets/scenarios/chat-70b-burst-b.yaml datasets/scenarios/chat-70b-burst.yaml || exit 1; \
	done; \
	$(BUILD)/bin/headroom-gui --screenshot $(SHOTS)/run-links-$$theme.png --theme $$theme --scale $(SCALE) \
	  datasets/scenarios/pd-70b-fabric.yaml || exit 1; \
	$(BUILD)/bin/headroom-gui --screenshot $(SHOTS)/run-faults-$$theme.png --theme $$theme --scale $(SCALE) \
	  datasets/scenarios/chat-8b-faults.yaml || exit 1; \
	done
	@if command -v pngquant > /dev/null; then for f in $(SHOTS)/*.png; do pngquant --force --ext .png --speed 1 $$f; done; fi

FORMATTED := $(shell git ls-files '*.h' '*.cpp' 2>/dev/null)
format:
	clang-format -i $(FORMATTED)

tidy: deps
	cmake --preset tidy > /dev/null && cmake --build --preset tidy -j $(JOBS)

clean:
	rm -rf build
