/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * datapath_btf.c - looks up a few type ids in the kernel's BTF (Documentation/bpf/btf.rst).
 *
 * Called by datapath_try.c. libbpf could do it, too, but builds an index of all 130,000 types first,
 * which takes ten times as long as one walk over them, and an attach waits for it.
 */
#include <fcntl.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/datapath_priv.h"

#define VMLINUX "/sys/kernel/btf/vmlinux"

/* Bytes behind a type's header, or -1 for a kind that is newer than this code. */
static long tail_len(const struct btf_type *type)
{
	long n = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return n * (long)sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return n * (long)sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return n * (long)sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return n * (long)sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return n * (long)sizeof(struct btf_var_secinfo);
	default:
		return BTF_INFO_KIND(type->info) <= BTF_KIND_ENUM64 ? 0 : -1;
	}
}

/* sysfs hands out a page a read. */
static int read_all(const char *path, char **ret, size_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r = 0;
	struct stat st;
	size_t len = 0;
	char *data;

	if (fd < 0)
		return -errno;
	data = fstat(fd, &st) || st.st_size <= 0 ? NULL : malloc((size_t)st.st_size);
	while (data && len < (size_t)st.st_size) {
		ssize_t n = read(fd, data + len, (size_t)st.st_size - len);

		if (n <= 0) {
			r = n ? -errno : -EIO;
			break;
		}
		len += (size_t)n;
	}
	close(fd);
	if (!data || r) {
		free(data);
		return r ? r : -ENOMEM;
	}
	*ret = data;
	*ret_len = len;
	return 0;
}

/* Fills want[].id; returns how many were found. */
static unsigned walk(const char *types, const char *end, const char *strings, size_t strings_len,
		     struct dp_btf *want, unsigned n)
{
	unsigned found = 0, i;
	uint32_t id;

	for (id = 1; types + sizeof(struct btf_type) <= end && found < n; id++) {
		const struct btf_type *type = (const void *)types;
		long tail = tail_len(type);

		if (tail < 0 || type->name_off >= strings_len)
			break;
		for (i = 0; i < n; i++)
			if (want[i].kind == BTF_INFO_KIND(type->info) && !want[i].id &&
			    !strcmp(strings + type->name_off, want[i].name)) {
				want[i].id = id;
				found++;
			}
		types += sizeof(*type) + (size_t)tail;
	}
	return found;
}

int dp_btf_find(struct dp_btf *want, unsigned n)
{
	const struct btf_header *header;
	const char *types, *strings;
	char *data = NULL;
	size_t len = 0;
	int r;

	r = read_all(VMLINUX, &data, &len);
	if (r)
		return r;
	header = (const void *)data;
	r = -EINVAL;
	if (len < sizeof(*header) || header->magic != BTF_MAGIC ||
	    (__u64)header->hdr_len + header->type_off + header->type_len > len ||
	    (__u64)header->hdr_len + header->str_off + header->str_len > len || !header->str_len)
		goto out;
	types = data + header->hdr_len + header->type_off;
	strings = data + header->hdr_len + header->str_off;
	if (strings[header->str_len - 1])
		goto out;
	r = walk(types, types + header->type_len, strings, header->str_len, want, n) == n ? 0
											  : -ENOENT;
out:
	free(data);
	return r;
}
