# Two commands matter: `make run` hears a question and answers it; `make test` proves that it does.
# CPU=v3 builds for any x86-64-v3 machine (what images use); the default is this machine's own CPU.
CPU ?= native
export CPU

GO ?= go
WITH := .build/with-engines
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
CACHE := $(if $(TENIN_CACHE),$(TENIN_CACHE),$(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)/tenin)
PROGRAM ?= bin/tenin
RUNTIME := audio/internal/onnx/libonnxruntime.so

.PHONY: run test test-image test-image-long soak build fonts packages test-packages engines weights race bench lint clean help install uninstall

run: build
	bin/tenin run --headless --output bin/answers

help:
	@echo 'make run    build everything that is missing and answer questions (microphone, or recorded ones)'
	@echo 'make test   every test, with real engines and real weights'
	@echo 'make test-image   a device from its build to a power cut, in a virtual machine; -long with twenty real cuts'
	@echo 'make build  bin/tenin alone; CPU=v3 for one that runs on other machines'
	@echo 'make bench  the figures: turn, answers, asr, workers, hub, screen'
	@echo 'make soak   500 visits at a running kiosk, with crashes; 200 shoppers who leave nothing'
	@echo 'make lint   gofmt, go vet, staticcheck'
	@echo 'make install [PREFIX=/usr] [DESTDIR=]   program, weights, systemd units, manual, completions'
	@echo 'make uninstall                          takes them away; data and settings stay'

packages:
	@.build/packages.sh

test-packages:
	@.build/packages.sh test

engines: packages
	@.build/engines.sh $(CPU) >/dev/null

# The pure-Go program fetches the weights, and with them the library that the full program embeds.
weights: packages
	@$(GO) build -o $(CACHE)/fetch ./cmd/tenin
	@$(CACHE)/fetch models pull --build
	@lib=$$($(CACHE)/fetch models path libonnxruntime.so) && { cmp -s "$$lib" $(RUNTIME) || cp "$$lib" $(RUNTIME).part && mv -f $(RUNTIME).part $(RUNTIME) 2>/dev/null || cmp -s "$$lib" $(RUNTIME); }

# The screens' fonts come from the distribution; what is embedded is checked, never committed.
FONTS := /usr/share/fonts/truetype/bizud-gothic/BIZUDPGothic-Regular.ttf /usr/share/fonts-droid-fallback/truetype/DroidSansFallback.ttf

fonts: packages
	@for f in $(FONTS); do cmp -s "$$f" ui/fonts/$${f##*/} || { cp "$$f" ui/fonts/$${f##*/}.part && mv -f ui/fonts/$${f##*/}.part ui/fonts/$${f##*/}; }; done
	@cd ui/fonts && sha256sum --quiet -c SHA256SUMS || { echo 'ui/fonts: a font is not the one that the screens were drawn with; look at the golden pictures, then update ui/fonts/SHA256SUMS' >&2; exit 1; }

build: engines weights fonts
	@$(WITH) sh -c '$(GO) build -trimpath -tags engines \
		-ldflags "-s -w -X main.version=$(VERSION) -X main.cpuFeatures=tenin-needs-cpu:$$(cat $$TENIN_ENGINES/features);" \
		-o $(PROGRAM) ./cmd/tenin'

# Rooms with parts behind the tag; the others are tested once, without it.
ENGINE_ROOMS := ./audio/... ./asr/... ./llm/... ./ui/... ./cmd/...

test: build test-packages
	$(GO) vet ./...
	$(GO) test -timeout 20m ./...
	cd llm/llamacpp && $(GO) vet ./... && $(GO) test ./...
	$(WITH) $(GO) vet -tags engines ./...
	@bin/tenin bench recordings $(CACHE)/recordings --home $(CACHE)/recordings/home --quiet
	cd llm/llamacpp && ../../$(WITH) $(GO) test -tags engines ./...
	TENIN_SPEECH=$(CACHE)/recordings $(WITH) $(GO) test -tags engines -p 1 -timeout 30m $(ENGINE_ROOMS)

# A whole device, tried in a virtual machine: as root, with packages from Debian's archive. The shop is a small one and its
# answers are spoken beforehand; -long takes the demo shop. What was built stays in the cache for the next time, and so do
# pictures of each screen. The machine may be an emulated one, so the program is one for any PC.
IMAGES := $(CACHE)/image
test-image test-image-long:
	@.build/packages.sh test image
	@$(MAKE) --no-print-directory build CPU=v3 PROGRAM=bin/tenin-v3
	@mkdir -p $(IMAGES)
	TENIN_IMAGE=$(IMAGES) TENIN_IMAGE_LONG=$(findstring long,$@) TENIN_PROGRAM=$(CURDIR)/bin/tenin-v3 $(GO) test -count=1 -timeout 4h -v -run TestTheWholeDevice ./firmware/vm

# Many visits at a running kiosk, a worker killed in every tenth: memory must not grow; and 200 invented shoppers, of whom
# nothing may be found. Hours.
VISITS ?= 500
soak: build
	TENIN_SOAK=$(VISITS) $(WITH) $(GO) test -tags engines -count=1 -timeout 6h -v -run 'TestManyVisitsLeaveTheKioskAsItWas|TestTheRunningKioskOutlives' ./cmd/tenin
	TENIN_CANARY_SESSIONS=200 TENIN_SPEECH=$(CACHE)/recordings $(WITH) $(GO) test -tags engines -count=1 -timeout 6h -v -run RealEnginesLeave ./cmd/tenin

race: packages
	$(GO) test -race ./...

bench: build
	bin/tenin bench turn
	bin/tenin bench answers
	bin/tenin bench asr
	bin/tenin bench workers
	bin/tenin bench hub
	bin/tenin bench screen

lint: build
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	$(GO) vet ./...
	$(WITH) $(GO) vet -tags engines ./...
	$(WITH) $(GO) run honnef.co/go/tools/cmd/staticcheck@v0.7.0 -tags engines ./...

# Installs what was built; as root, or into DESTDIR. WEIGHTS=no leaves the weights out.
PREFIX ?= /usr
export PREFIX DESTDIR WEIGHTS

install: bin/tenin
	@.build/install.sh install

uninstall:
	@.build/install.sh uninstall

# Under sudo nothing is built anew: what is there is what its owner built.
bin/tenin:
	@$(MAKE) build

clean:
	rm -rf bin $(RUNTIME) ui/fonts/*.ttf
