// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rdma_port.c - a port's counters and GIDs. Called by team/.
 *
 * Counters come from netlink by the driver's own names; where those have no packets (mlx5, mlx4), from
 * the port's standard counters in sysfs (drivers/infiniband/core/sysfs.c), which on RoCE are RDMA's
 * alone, too. GIDs are in sysfs only.
 */
#include "io/rdma_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLASS "/sys/class/infiniband"

/* The first line of a file of a port; false when it can't be read. */
static bool read_line(const char *name, uint32_t port, const char *file, char *ret, size_t size)
{
	char path[RDMA_NAME_MAX + 128];
	ssize_t n;
	int fd;

	ret[0] = '\0';
	if (!name[0] || name[0] == '.' || strchr(name, '/'))
		return false;
	snprintf(path, sizeof(path), CLASS "/%.63s/ports/%u/%s", name, port, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, ret, size - 1);
	close(fd);
	ret[n > 0 ? n : 0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	return n > 0;
}

/* ---- counters ---- */

static bool read_counter(const char *name, uint32_t port, const char *file, uint64_t *ret)
{
	char text[32], path[64], *end;

	snprintf(path, sizeof(path), "counters/%s", file);
	if (!read_line(name, port, path, text, sizeof(text)))
		return false;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	return end != text && *end == '\0' && !errno;
}

/* Bytes are counted in words of four (InfiniBand Architecture, PortCounters). */
static void read_standard(const char *name, uint32_t port, struct rdma_load *load)
{
	uint64_t tx, rx;

	if (!read_counter(name, port, "port_xmit_packets", &tx) ||
	    !read_counter(name, port, "port_rcv_packets", &rx))
		return;
	load->tx_packets = tx;
	load->rx_packets = rx;
	load->known = true;
	if (read_counter(name, port, "port_xmit_data", &tx))
		load->tx_bytes = tx * 4;
	if (read_counter(name, port, "port_rcv_data", &rx))
		load->rx_bytes = rx * 4;
}

static int note_load(const struct nlmsghdr *nlh, void *arg)
{
	return rdma_parse_load(nlh, arg);
}

static int note_device(const struct nlmsghdr *nlh, void *arg)
{
	return rdma_parse_device(nlh, arg);
}

int rdma_read_load(struct rdma *rdma, uint32_t index, uint32_t port, struct rdma_load *ret,
		   struct err *err)
{
	struct rdma_device device = {0};
	struct rdma_request req;
	int code;

	memset(ret, 0, sizeof(*ret));
	rdma_nl_begin(&req, RDMA_NLDEV_CMD_STAT_GET, NLM_F_ACK);
	mnl_attr_put_u32(&req.nlh, RDMA_NLDEV_ATTR_DEV_INDEX, index);
	mnl_attr_put_u32(&req.nlh, RDMA_NLDEV_ATTR_PORT_INDEX, port);
	code = rdma_nl_talk(rdma, &req, note_load, ret, NULL);
	if (!code && ret->known)
		return 0;
	/* EINVAL: no such counters, or no such device. */
	if (code && code != -EINVAL && code != -EOPNOTSUPP)
		return rdma_nl_fail(rdma, code, err, "read the counters of device #%u", index);
	rdma_nl_begin(&req, RDMA_NLDEV_CMD_GET, NLM_F_ACK);
	mnl_attr_put_u32(&req.nlh, RDMA_NLDEV_ATTR_DEV_INDEX, index);
	code = rdma_nl_talk(rdma, &req, note_device, &device, NULL);
	if (code == -EINVAL)
		return err_set(err, -ENODEV, "RDMA: there is no device #%u", index);
	if (code)
		return rdma_nl_fail(rdma, code, err, "read the name of device #%u", index);
	read_standard(device.name, port, ret);
	if (ret->known)
		return 0;
	return err_set(err, -EOPNOTSUPP, "%s: port %u counts no RDMA packets", device.name, port);
}

/* ---- GIDs ---- */

/* "fe80:0000:0000:0000:5054:00ff:fe00:0a00": eight words of four digits. */
static bool parse_gid(const char *text, uint8_t ret[16])
{
	unsigned word[8];
	int used = -1;

	if (sscanf(text, "%4x:%4x:%4x:%4x:%4x:%4x:%4x:%4x%n", &word[0], &word[1], &word[2],
		   &word[3], &word[4], &word[5], &word[6], &word[7], &used) != 8 ||
	    used < 0 || text[used])
		return false;
	for (unsigned i = 0; i < 8; i++) {
		ret[2 * i] = (uint8_t)(word[i] >> 8);
		ret[2 * i + 1] = (uint8_t)word[i];
	}
	return true;
}

/* False: there is none at this index; the kernel shows zeros, and refuses the type. */
static bool read_gid(const char *name, uint32_t port, unsigned index, struct rdma_gid *ret)
{
	static const uint8_t none[16];
	char file[64], text[64];

	memset(ret, 0, sizeof(*ret));
	ret->index = index;
	snprintf(file, sizeof(file), "gids/%u", index);
	if (!read_line(name, port, file, text, sizeof(text)) || !parse_gid(text, ret->gid) ||
	    !memcmp(ret->gid, none, sizeof(none)))
		return false;
	snprintf(file, sizeof(file), "gid_attrs/types/%u", index);
	if (!read_line(name, port, file, ret->type, sizeof(ret->type)))
		return false;
	snprintf(file, sizeof(file), "gid_attrs/ndevs/%u", index);
	read_line(name, port, file, ret->netdev, sizeof(ret->netdev));
	return true;
}

static int compare(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}

/* The indices that the folder has, in order. */
static int list_gids(const char *name, uint32_t port, struct rdma_list *list)
{
	char path[RDMA_NAME_MAX + 64];
	struct dirent *entry;
	int ret = 0;
	DIR *dir;

	if (!name[0] || name[0] == '.' || strchr(name, '/'))
		return -ENODEV;
	snprintf(path, sizeof(path), CLASS "/%.63s/ports/%u/gids", name, port);
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? -ENODEV : -errno;
	while (!ret && (entry = readdir(dir))) {
		char *end;
		unsigned index = (unsigned)strtoul(entry->d_name, &end, 10);

		if (end != entry->d_name && *end == '\0')
			ret = rdma_list_add(list, &index);
	}
	closedir(dir);
	if (!ret && list->n)
		qsort(list->items, list->n, list->size, compare);
	return ret;
}

int rdma_each_gid(const char *name, uint32_t port, int (*fn)(const struct rdma_gid *gid, void *arg),
		  void *arg)
{
	struct rdma_list indices = {.size = sizeof(unsigned)};
	int ret = list_gids(name, port, &indices);
	struct rdma_gid gid;

	for (size_t i = 0; !ret && i < indices.n; i++) {
		if (read_gid(name, port, ((unsigned *)indices.items)[i], &gid))
			ret = fn(&gid, arg);
	}
	rdma_list_free(&indices);
	return ret;
}
