// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rdma_list.c - lists RDMA devices' ports and CM IDs (drivers/infiniband/core/nldev.c). Called by
 * team/.
 *
 * Each list is read to its end before the caller's function sees any of it, so that the function may
 * ask further questions. A device that goes meanwhile has its own dump refused with EINVAL, and is
 * left out.
 */
#include "io/rdma_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int rdma_list_add(struct rdma_list *list, const void *item)
{
	if (list->n >= RDMA_ENTRIES_MAX)
		return -EPROTO;
	if (list->n == list->room) {
		size_t room = list->room ? list->room * 2 : 16;
		char *items = realloc(list->items, room * list->size);

		if (!items)
			return -ENOMEM;
		list->items = items;
		list->room = room;
	}
	memcpy(list->items + list->n++ * list->size, item, list->size);
	return 0;
}

void rdma_list_free(struct rdma_list *list)
{
	free(list->items);
	list->items = NULL;
	list->n = list->room = 0;
}

/* ---- devices and their ports ---- */

static int add_device(const struct nlmsghdr *nlh, void *arg)
{
	struct rdma_device device;

	return rdma_parse_device(nlh, &device) ? 0 : rdma_list_add(arg, &device);
}

static int list_devices(struct rdma *rdma, struct rdma_list *devices)
{
	struct rdma_request req;

	rdma_nl_begin(&req, RDMA_NLDEV_CMD_GET, NLM_F_DUMP);
	return rdma_nl_talk(rdma, &req, add_device, devices, devices);
}

/* A dump that belongs to a device. */
static int dump_of(struct rdma *rdma, unsigned command, uint32_t index, nlmsg_fn *fn, void *arg,
		   struct rdma_list *list)
{
	size_t before = list->n;
	struct rdma_request req;
	int ret;

	rdma_nl_begin(&req, command, NLM_F_DUMP);
	mnl_attr_put_u32(&req.nlh, RDMA_NLDEV_ATTR_DEV_INDEX, index);
	ret = rdma_nl_talk(rdma, &req, fn, arg, list);
	if (ret != -EINVAL)
		return ret;
	list->n = before;
	return 0;
}

static int add_link(const struct nlmsghdr *nlh, void *arg)
{
	struct rdma_link link;

	return rdma_parse_link(nlh, &link) ? 0 : rdma_list_add(arg, &link);
}

static int list_links(struct rdma *rdma, struct rdma_list *devices, struct rdma_list *links)
{
	int ret = list_devices(rdma, devices);

	for (size_t i = 0; !ret && i < devices->n; i++) {
		const struct rdma_device *device = (struct rdma_device *)devices->items + i;
		size_t first = links->n;

		ret = dump_of(rdma, RDMA_NLDEV_CMD_PORT_GET, device->index, add_link, links, links);
		for (; first < links->n; first++)
			memcpy(((struct rdma_link *)links->items)[first].driver_proto,
			       device->proto, sizeof(device->proto));
	}
	return ret;
}

int rdma_each_link(struct rdma *rdma, int (*fn)(const struct rdma_link *link, void *arg), void *arg,
		   struct err *err)
{
	struct rdma_list devices = {.size = sizeof(struct rdma_device)};
	struct rdma_list links = {.size = sizeof(struct rdma_link)};
	int ret = list_links(rdma, &devices, &links);

	if (ret)
		rdma_nl_fail(rdma, ret, err, "list devices");
	for (size_t i = 0; !ret && i < links.n; i++)
		ret = fn((struct rdma_link *)links.items + i, arg);
	rdma_list_free(&devices);
	rdma_list_free(&links);
	return ret;
}

static int is_of(const struct rdma_link *link, void *arg)
{
	struct rdma_link *wanted = arg;

	if (link->ifindex != wanted->ifindex)
		return 0;
	*wanted = *link;
	return 1;
}

int rdma_find(struct rdma *rdma, uint32_t ifindex, struct rdma_link *ret, struct err *err)
{
	struct rdma_link wanted = {.ifindex = ifindex};
	int found = ifindex ? rdma_each_link(rdma, is_of, &wanted, err) : 0;

	if (found < 0)
		return found;
	if (!found)
		return err_set(err, -ENODEV, "RDMA: interface #%u has no RDMA device", ifindex);
	*ret = wanted;
	return 0;
}

/* ---- CM IDs ---- */

struct cms {
	struct rdma_list list;
	struct rdma_list links;
};

/* The network device of that port; of the only port when the CM ID has none yet. */
static uint32_t netdev_of(const struct cms *cms, uint32_t index, uint32_t port)
{
	uint32_t ifindex = 0;
	unsigned ports = 0;

	for (size_t i = 0; i < cms->links.n; i++) {
		const struct rdma_link *link = (struct rdma_link *)cms->links.items + i;

		if (link->index != index)
			continue;
		if (link->port == port)
			return link->ifindex;
		ifindex = link->ifindex;
		ports++;
	}
	return port == 0 && ports == 1 ? ifindex : 0;
}

/* For a process's CM IDs the kernel names the process and leaves its name to be looked up. */
static void read_comm(uint32_t pid, char ret[32])
{
	char path[32];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, ret, 31);
	close(fd);
	ret[n > 0 ? n : 0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
}

static int add_cm(const struct rdma_cm *found, uint32_t port, void *arg)
{
	struct cms *cms = arg;
	struct rdma_cm cm = *found;

	cm.ifindex = netdev_of(cms, cm.index, port);
	if (cm.pid)
		read_comm(cm.pid, cm.comm);
	return rdma_list_add(&cms->list, &cm);
}

/* What can't be read is passed over; only what add_cm() says ends it. */
static int add_cms(const struct nlmsghdr *nlh, void *arg)
{
	struct cms *cms = arg;
	int ret = rdma_parse_cms(nlh, add_cm, cms);

	return ret == -EPROTO && cms->list.n < RDMA_ENTRIES_MAX ? 0 : ret;
}

int rdma_each_cm(struct rdma *rdma, int (*fn)(const struct rdma_cm *cm, void *arg), void *arg,
		 struct err *err)
{
	struct rdma_list devices = {.size = sizeof(struct rdma_device)};
	struct cms cms = {
		.list = {.size = sizeof(struct rdma_cm)},
		.links = {.size = sizeof(struct rdma_link)},
	};
	int ret = list_links(rdma, &devices, &cms.links);

	for (size_t i = 0; !ret && i < devices.n; i++)
		ret = dump_of(rdma, RDMA_NLDEV_CMD_RES_CM_ID_GET,
			      ((struct rdma_device *)devices.items)[i].index, add_cms, &cms,
			      &cms.list);
	if (ret)
		rdma_nl_fail(rdma, ret, err, "list connections");
	for (size_t i = 0; !ret && i < cms.list.n; i++)
		ret = fn((struct rdma_cm *)cms.list.items + i, arg);
	rdma_list_free(&devices);
	rdma_list_free(&cms.links);
	rdma_list_free(&cms.list);
	return ret;
}
