# Names only: what a target does stands in Scripts/.

PREFIX ?= /usr/local
DESTDIR ?=
MINUTES ?= 3
ARGS ?=
DIR ?=

.DEFAULT_GOAL := build
.PHONY: build demo test check format bench torture fuzz docs install uninstall clean

build:
	@Scripts/build.sh

demo:
	@Scripts/demo.sh $(DIR)

test:
	@Scripts/test.sh $(ARGS)

check:
	@Scripts/check.sh

format:
	@Scripts/format.sh

bench:
	@Scripts/bench.sh $(ARGS)

torture:
	@Scripts/torture.sh --minutes $(MINUTES) $(ARGS)

fuzz:
	@Scripts/fuzz.sh $(ARGS)

docs:
	@Scripts/docs.sh

install:
	@PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" Scripts/install.sh

uninstall:
	@PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" Scripts/install.sh --uninstall

clean:
	@Scripts/clean.sh
