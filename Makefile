# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# bpfteam: `make help` lists the targets; V=1 shows the commands.
#
# Everything that is built goes to $(B). What the machine has is probed once, by tools/configure.sh.
# The targets that run things (demo, check...) first bring what is missing, as root on Debian and
# Ubuntu: tools/install-deps.sh.

VERSION := 0.1.0
B ?= build
PREFIX ?= /usr
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/bpfteam
UNITDIR ?= $(PREFIX)/lib/systemd/system
COMPDIR ?= $(PREFIX)/share/bash-completion/completions
CONFDIR ?= /etc/bpfteam
# The bus reads only its own prefix's share, and /etc.
DBUSDIR ?= $(if $(filter /usr,$(PREFIX)),/usr/share,/etc)/dbus-1/system.d

ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
CFLAGS ?= -O2 -g

.DEFAULT_GOAL := all
GOALS := $(or $(MAKECMDGOALS),all)
ifneq ($(filter-out help clean uninstall lint,$(GOALS)),)
include $(B)/config.mk
endif
$(B)/config.mk: tools/configure.sh | $(if $(filter demo bench check%,$(GOALS)),deps)
	@mkdir -p $(@D)
	@CC="$(CC)" CLANG="$(CLANG)" tools/configure.sh $@

WARN := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wshadow -Wno-unused-parameter
ALL_CFLAGS = -std=gnu11 $(WARN) $(CFLAGS) -D_GNU_SOURCE -DBPFTEAM_VERSION='"$(VERSION)"' \
	-Iinclude -Iuser -I$(B)/bpf $(PKG_CFLAGS)
LIBS = $(PKG_LIBS) -lm
BPF_CFLAGS = -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Werror -Wno-unused-parameter \
	-Iinclude -Ibpf -I/usr/include/$(ARCH)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-7s %s\n'
MAKEFLAGS += --no-print-directory
endif

BPF_OBJS := $(patsubst bpf/%.bpf.c,$(B)/bpf/%.bpf.o,$(wildcard bpf/*.bpf.c))
SKELS := $(BPF_OBJS:.bpf.o=.skel.h)
obj = $(patsubst %.c,$(B)/%.o,$(wildcard $(1)))
CORE := $(call obj,user/core/*.c)
CORE_SANITIZED := $(CORE:$(B)/%=$(B)/sanitized/%)
IO := $(call obj,user/io/*.c)
TEAM := $(call obj,user/team/*.c)
DAEMON := $(call obj,user/daemon/*.c)
CLI := $(call obj,user/cli/*.c)
# Programs for tests and the demo: one file each.
program = $(patsubst $(1)/%.c,$(B)/$(2)/%,$(wildcard $(1)/$(3).c))
TOOLS := $(call program,tools/lab,tools,*) $(call program,tools/bench,tools,*)
UNIT := $(call program,selftests/unit,selftests/unit,test_*)
BPFT := $(call program,selftests/bpf,selftests/bpf,test_*)
NETT := $(call program,selftests/net,selftests/net,test_*)

all: $(B)/bpfteam $(B)/bpfteamd $(B)/parity.md $(B)/bpfteam-options.7 ## build both programs

# ---- building ----

$(B)/bpf/%.bpf.o: bpf/%.bpf.c
	@mkdir -p $(@D)
	$(say) CLANG $@
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -c $< -o $@
$(B)/bpf/%.skel.h: $(B)/bpf/%.bpf.o
	$(say) SKEL $@
	$(Q)(echo '#include "bpfteam/abi.h"' && $(BPFTOOL) gen skeleton $< name $*_bpf) > $@.tmp && \
		mv $@.tmp $@
# Only io/ and the tests of the BPF programs include skeletons; later builds know by which from the
# dependency files.
$(IO) $(BPFT): | $(SKELS)
$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@
$(B)/sanitized/%.o: %.c
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(ALL_CFLAGS) $(SANITIZE) -MMD -MP -c $< -o $@
$(B)/bpfteam: $(CLI) $(TEAM) $(IO) $(CORE)
$(B)/bpfteamd: $(DAEMON) $(TEAM) $(IO) $(CORE)
$(B)/bpfteam $(B)/bpfteamd:
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@
# What bonding and teamd do and we, of the table that the import reads.
$(B)/parity: $(B)/tools/parity/parity.o $(CORE)
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@
$(B)/parity.md: $(B)/parity
	$(Q)$< md >$@
$(B)/bpfteam-options.7: $(B)/parity
	$(Q)$< man >$@
define tool
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -MF $@.d $< -o $@ -lm -lpthread $(TOOL_LIBS)
endef
$(B)/tools/beside $(B)/tools/exempt: TOOL_LIBS := -lbpf
$(B)/tools/%: tools/lab/%.c
	$(tool)
$(B)/tools/%: tools/bench/%.c
	$(tool)
$(B)/selftests/unit/%: $(B)/sanitized/selftests/unit/%.o $(CORE_SANITIZED)
	@mkdir -p $(@D)
	$(say) LINK $@
	$(Q)$(CC) $(SANITIZE) $^ -lcmocka -lcyaml -lyaml -ljansson -lm -o $@
$(B)/selftests/unit/test_render: $(B)/sanitized/user/cli/render.o $(B)/sanitized/user/cli/render_rdma.o
$(B)/selftests/bpf/%: selftests/bpf/%.c $(IO) $(CORE)
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(ALL_CFLAGS) -Iselftests/bpf -MMD -MP -MF $@.d $(filter %.c %.o,$^) -lcmocka $(LIBS) -o $@
$(B)/selftests/net/%: selftests/net/%.c $(IO) $(CORE)
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -MF $@.d $(filter %.c %.o,$^) -lcmocka $(LIBS) -o $@

# ---- running ----

deps:
	@tools/install-deps.sh --auto
RUN = $(Q)B=$(B) selftests/run

demo: all $(TOOLS) ## a team that loses and regains its ports under traffic (root)
	$(Q)B=$(B) tools/demo.sh
check: lint all $(TOOLS) $(UNIT) $(BPFT) $(NETT) ## lint and all tests (root)
	$(RUN) unit bpf net vm
check-unit: all $(UNIT) ## tests of what decides, and of what is installed
	$(RUN) unit
check-bpf: $(BPFT) ## tests of the BPF programs, a frame at a time (root)
	$(RUN) bpf
check-net: all $(TOOLS) $(NETT) ## tests with traffic between network namespaces (root)
	$(RUN) net
check-vm: all $(TOOLS) $(BPFT) $(NETT) ## the tests of bpf and net on Debian's 6.1 and 6.12 in VMs (root, long)
	$(Q)VM=long B=$(B) selftests/run -t 600 vm
lint: ## form of C and shell, and who may include what
	$(Q)tools/lint.sh

bench: all $(TOOLS) ## measured beside the kernel's bonding and team; BENCH='-s cost' (root)
	$(Q)B=$(B) tools/bench/run $(BENCH)

# ---- installing ----

# mode|file|where
INSTALLED := \
	755|$(B)/bpfteam|$(SBINDIR)/bpfteam \
	755|$(B)/bpfteamd|$(SBINDIR)/bpfteamd \
	644|$(B)/bpfteamd.service|$(UNITDIR)/bpfteamd.service \
	644|tools/systemd/org.bpfteam1.conf|$(DBUSDIR)/org.bpfteam1.conf \
	644|tools/systemd/team0.yaml.example|$(CONFDIR)/team0.yaml.example \
	644|tools/completion/bpfteam.bash|$(COMPDIR)/bpfteam \
	644|$(B)/bpfteam-options.7|$(MANDIR)/man7/bpfteam-options.7 \
	644|$(B)/parity.md|$(DOCDIR)/parity.md \
	$(foreach f,$(wildcard tools/man/*.[58]),644|$f|$(MANDIR)/man$(subst .,,$(suffix $f))/$(notdir $f)) \
	$(foreach f,$(wildcard tools/systemd/examples/*),644|$f|$(DOCDIR)/examples/$(notdir $f)) \
	$(foreach f,README.md NEWS.md ARCHITECTURE.md $(wildcard LICENSES/*),644|$f|$(DOCDIR)/$(notdir $f))
field = $(word $(2),$(subst |, ,$(1)))
define newline


endef

$(B)/bpfteamd.service: tools/systemd/bpfteamd.service.in FORCE
	$(Q)sed 's|@SBINDIR@|$(SBINDIR)|g' $< > $@
install: all $(B)/bpfteamd.service ## install under DESTDIR, for PREFIX (/usr)
	$(foreach i,$(INSTALLED),$(Q)install -Dm$(call field,$i,1) $(call field,$i,2) \
		'$(DESTDIR)$(call field,$i,3)'$(newline))
uninstall: ## remove what install put there; teams go on
	$(foreach i,$(INSTALLED),$(Q)rm -f '$(DESTDIR)$(call field,$i,3)'$(newline))

clean: ## remove what was built
	$(Q)rm -rf $(B)

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */\1\t/' | expand -t 14

.PHONY: all deps demo bench check check-unit check-bpf check-net check-vm lint install uninstall clean help FORCE
.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
