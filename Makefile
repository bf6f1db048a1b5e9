# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# bpfteam: `make help` lists the targets; V=1 shows the commands.

VERSION := 0.1.0
B ?= build
PREFIX ?= /usr
CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(firstword $(shell command -v bpftool 2>/dev/null) /usr/sbin/bpftool)

PKGS := libbpf libxdp libmnl libsystemd libcyaml jansson
ARCH := $(shell $(CC) -dumpmachine)
CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wshadow -Wno-unused-parameter
ALL_CFLAGS = -std=gnu11 $(WARN) $(CFLAGS) -D_GNU_SOURCE -DBPFTEAM_VERSION='"$(VERSION)"' \
	-Iinclude -Iuser -I$(B)/bpf $(shell pkg-config --cflags $(PKGS))
LIBS = $(shell pkg-config --libs $(PKGS)) -lm
BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Werror -Wno-unused-parameter \
	-Iinclude -Ibpf -I/usr/include/$(ARCH)

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
IO := $(call obj,user/io/*.c)
TEAM := $(call obj,user/team/*.c)
DAEMON := $(call obj,user/daemon/*.c)
CLI := $(call obj,user/cli/*.c)
TOOLS := $(patsubst tools/lab/%.c,$(B)/tools/%,$(wildcard tools/lab/*.c))
UNIT := $(patsubst selftests/unit/%.c,$(B)/selftests/unit/%,$(wildcard selftests/unit/test_*.c))
BPFT := $(patsubst selftests/bpf/%.c,$(B)/selftests/bpf/%,$(wildcard selftests/bpf/test_*.c))

all: $(B)/bpfteam $(B)/bpfteamd ## build everything

$(B)/bpf/%.bpf.o: bpf/%.bpf.c
	@mkdir -p $(@D)
	$(say) CLANG $@
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -c $< -o $@
$(B)/bpf/%.skel.h: $(B)/bpf/%.bpf.o
	$(say) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@.tmp && mv $@.tmp $@
$(B)/%.o: %.c | $(SKELS)
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@
$(B)/bpfteam: $(CLI) $(TEAM) $(IO) $(CORE)
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@
$(B)/bpfteamd: $(DAEMON) $(TEAM) $(IO) $(CORE)
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@
# Programs for tests and demo: one file each.
$(B)/tools/%: tools/lab/%.c
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -MF $@.d $< -o $@ -lm -lpthread
$(B)/selftests/unit/%: selftests/unit/%.c $(wildcard user/core/*.c)
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(ALL_CFLAGS) -fsanitize=address,undefined -fno-sanitize-recover=all -MMD -MP \
		-MF $@.d $^ -lcmocka -lcyaml -lyaml -lm -o $@
$(B)/selftests/bpf/%: selftests/bpf/%.c $(IO) $(CORE) | $(SKELS)
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(ALL_CFLAGS) -Iselftests/bpf -MMD -MP -MF $@.d $(filter %.c %.o,$^) -lcmocka $(LIBS) -o $@

clean: ## remove what was built
	$(Q)rm -rf $(B)

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */\1\t/' | expand -t 14

.PHONY: all clean help
.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
