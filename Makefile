# SPDX-License-Identifier: GPL-2.0-only
# Verbs for people; Kbuild does the building.

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
OUT ?= out

# Folders with a Kbuild file of their own are kbuild's.
MAKEFLAGS += --no-print-directory
export KVER TAKEOVER OUT SERIES CONFIG

.PHONY: help modules install uninstall kernel demo test check bench clean

help:
	@echo 'make demo       two guests side by side, the stock driver and ours: a live figure, a table, a picture in $(OUT)/ (QUICK=1: small guests)'
	@echo '                it and the next three install the Debian packages that they need'
	@echo 'make test       the tests; ends with "N passed, N failed, N skipped"'
	@echo 'make bench      every measurement in docs/benchmarks.md'
	@echo 'make check      the tests that need no guest: style, warnings, sparse; on every kernel, of which the first time it builds four'
	@echo 'make install    build and install with DKMS on this machine (KVER=... for another kernel, TAKEOVER=1 to use it at once, INITRAMFS=no)'
	@echo 'make uninstall  remove all of it, give the balloon device back to the stock driver (INITRAMFS=no)'
	@echo 'make kernel     Debian packages of a kernel with the companion patch (SERIES=6.12 CONFIG=file SOURCES=folder OUT=folder); hours'
	@echo 'make modules    build for the running kernel (KVER=... or KDIR=... for another)'
	@echo 'make clean      remove what was built here'

modules:
	@packaging/check-kernel '$(KVER)' '$(KDIR)'
	$(MAKE) -C '$(KDIR)' M='$(CURDIR)' modules

install:
	@packaging/install

uninstall:
	@packaging/uninstall

kernel:
	@packaging/kernel

demo:
	@packaging/setup
	@tests/demo --out '$(OUT)' $(if $(QUICK),--quick)

test:
	@packaging/setup
	@tests/run

check:
	@packaging/setup
	@tests/run -k static

bench:
	@packaging/setup
	@tests/bench/run --out '$(OUT)'

clean:
	@sh -c 'test ! -d "$(KDIR)" || $(MAKE) -C "$(KDIR)" M="$(CURDIR)" clean'
	rm -rf '$(OUT)'
