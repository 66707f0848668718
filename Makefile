# SPDX-License-Identifier: GPL-2.0-only
# The user's targets. Kbuild builds the modules.

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
OUT ?= out

# For kbuild and the scripts.
MAKEFLAGS += --no-print-directory
export KVER TAKEOVER OUT SERIES CONFIG

.PHONY: help modules tool install uninstall deb rpm release kernel patch demo demo-overcommit test check bench soak matrix clean

help:
	@echo 'make demo       two guests side by side, the stock driver and ours: a live figure, a table, a picture in $(OUT)/ (QUICK=1: small guests)'
	@echo 'make demo-overcommit'
	@echo '                eight guests of 1 GiB on a host of 3 GiB, with the stock driver and with ours: which live (root; QUICK=1: four small guests)'
	@echo '                these and the next four install the Debian packages that they need'
	@echo 'make test       the tests; ends with "N passed, N failed, N skipped"'
	@echo 'make bench      every measurement in docs/benchmarks.md'
	@echo 'make soak HOURS=n'
	@echo '                the tests for robustness again and again, each round with another seed, and a report in $(OUT)/soak.md'
	@echo 'make matrix     the packages on each supported Debian release, and the tables of them'
	@echo 'make check      the tests that need no guest: style, warnings, sparse; on every kernel, of which the first time it builds four'
	@echo 'make install    build and install with DKMS on this machine (KVER=... for another kernel, TAKEOVER=1 to use it at once, INITRAMFS=no)'
	@echo 'make uninstall  remove all of it, bind the balloon device to the stock driver (INITRAMFS=no)'
	@echo 'make deb        Debian packages vmhooks-dkms and vmhooks in $(OUT)/'
	@echo 'make rpm        RPM packages in $(OUT)/'
	@echo 'make release    tarball, checksum and tag of the version in dkms.conf (SIGN=key)'
	@echo 'make tool       build the command, tools/vmhooks/vmhooks'
	@echo 'make kernel     Debian packages of a kernel with the companion patch (SERIES=6.12 CONFIG=file SOURCES=folder OUT=folder); hours'
	@echo 'make patch KERNEL=folder'
	@echo '                copy the modules into a kernel source, as drivers that can be built in (CONFIG_VMHOOKS)'
	@echo 'make modules    build for the running kernel (KVER=... or KDIR=... for another)'
	@echo 'make clean      remove what was built here'

modules:
	@packaging/check-kernel '$(KVER)' '$(KDIR)'
	$(MAKE) -C '$(KDIR)' M='$(CURDIR)' modules

install:
	@packaging/install

uninstall:
	@packaging/uninstall

deb:
	@packaging/deb

rpm:
	@packaging/rpm/build

release:
	@packaging/release

tool:
	$(MAKE) -C tools/vmhooks

kernel:
	@packaging/kernel

patch: export KERNEL := $(KERNEL)
patch:
	@packaging/patch

demo:
	@packaging/setup
	@tests/demo --out '$(OUT)' $(if $(QUICK),--quick)

demo-overcommit:
	@packaging/setup
	@tests/overcommit --out '$(OUT)' $(if $(QUICK),--quick)

test:
	@packaging/setup
	@tests/run

check:
	@packaging/setup
	@tests/run -k static

bench:
	@packaging/setup
	@tests/bench/run --out '$(OUT)'

soak: export HOURS := $(HOURS)
soak:
	@packaging/setup
	@tests/soak --out '$(OUT)' "$$HOURS"

matrix:
	@packaging/setup
	@tests/matrix

clean:
	@sh -c 'test ! -d "$(KDIR)" || $(MAKE) -C "$(KDIR)" M="$(CURDIR)" clean'
	$(MAKE) -C tools/vmhooks clean
	rm -rf '$(OUT)'
