/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * smc.c - what smc-tools do, where a distribution has none: SMC's table of physical networks, and the
 * ids of those who shall speak SMC with each other (RFC 7609; SMCv2's EID). Generic netlink.
 *
 *   smc eid NAME    makes it an EID of this machine: SMC-R over RoCE v2 takes one in common
 *   smc pnet        the table, an entry a line: PNETID NETDEV RDMA-DEVICE, "n/a" for none
 *   smc join PNETID NETDEV RDMA-DEVICE   makes the two of one network
 */
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/smc.h>
#include <sys/socket.h>

#include "lab.h"

#define EID_LEN 32 /* SMC_MAX_EID_LEN, filled up with blanks */

static int nl;
static struct {
	struct nlmsghdr nlh;
	struct genlmsghdr genl;
	char attrs[256];
} request;
static char answer[32768] __attribute__((aligned(8)));

static void begin(uint16_t family, uint8_t command, uint16_t flags)
{
	memset(&request, 0, sizeof(request));
	request.nlh = (struct nlmsghdr){.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
					.nlmsg_type = family,
					.nlmsg_flags = NLM_F_REQUEST | flags};
	request.genl = (struct genlmsghdr){.cmd = command, .version = 1};
}

static void put_string(uint16_t type, const char *text)
{
	struct nlattr *attr = (void *)((char *)&request + NLMSG_ALIGN(request.nlh.nlmsg_len));

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + strlen(text) + 1;
	strcpy((char *)attr + NLA_HDRLEN, text);
	request.nlh.nlmsg_len = NLMSG_ALIGN(request.nlh.nlmsg_len) + NLA_ALIGN(attr->nla_len);
}

static const void *get(const struct nlmsghdr *nlh, uint16_t type)
{
	const char *at = (const char *)NLMSG_DATA(nlh) + GENL_HDRLEN;
	const char *end = (const char *)nlh + nlh->nlmsg_len;

	while (at + NLA_HDRLEN <= end && ((const struct nlattr *)at)->nla_len >= NLA_HDRLEN) {
		const struct nlattr *attr = (const void *)at;

		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			return at + NLA_HDRLEN;
		at += NLA_ALIGN(attr->nla_len);
	}
	return NULL;
}

/* Calls fn for each message of the answer; returns the kernel's errno. */
static int ask(void (*fn)(const struct nlmsghdr *nlh))
{
	if (send(nl, &request, request.nlh.nlmsg_len, 0) < 0)
		lab_die("netlink: %s", strerror(errno));
	for (;;) {
		ssize_t n = recv(nl, answer, sizeof(answer), 0);
		unsigned len = n > 0 ? n : 0;

		if (n <= 0)
			lab_die("netlink: %s", strerror(errno));
		for (struct nlmsghdr *nlh = (void *)answer; NLMSG_OK(nlh, len);
		     nlh = NLMSG_NEXT(nlh, len)) {
			if (nlh->nlmsg_type == NLMSG_DONE)
				return 0;
			if (nlh->nlmsg_type == NLMSG_ERROR)
				return -((struct nlmsgerr *)NLMSG_DATA(nlh))->error;
			fn(nlh);
		}
	}
}

static uint16_t family;

static void note_family(const struct nlmsghdr *nlh)
{
	const uint16_t *id = get(nlh, CTRL_ATTR_FAMILY_ID);

	family = id ? *id : 0;
}

static void find_family(const char *name)
{
	begin(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_ACK);
	put_string(CTRL_ATTR_FAMILY_NAME, name);
	if (ask(note_family) || !family)
		lab_die("this kernel has no %s (modprobe smc)", name);
}

static void print_entry(const struct nlmsghdr *nlh)
{
	const char *name = get(nlh, SMC_PNETID_NAME), *netdev = get(nlh, SMC_PNETID_ETHNAME);
	const char *rdma = get(nlh, SMC_PNETID_IBNAME);

	printf("%s %s %s\n", name ?: "?", netdev ?: "n/a", rdma ?: "n/a");
}

static int add_eid(const char *name)
{
	char eid[EID_LEN + 1];
	int error;

	snprintf(eid, sizeof(eid), "%-*s", EID_LEN, name);
	find_family(SMC_GENL_FAMILY_NAME);
	begin(family, SMC_NETLINK_ADD_UEID, NLM_F_ACK);
	put_string(SMC_NLA_EID_TABLE_ENTRY, eid);
	error = ask(print_entry);
	if (error)
		lab_die("EID %s: %s", name, strerror(error));
	return 0;
}

static int print_table(void)
{
	find_family(SMCR_GENL_FAMILY_NAME);
	begin(family, SMC_PNETID_GET, NLM_F_DUMP);
	return ask(print_entry);
}

static int join(const char *pnetid, const char *netdev, const char *rdma)
{
	find_family(SMCR_GENL_FAMILY_NAME);
	begin(family, SMC_PNETID_ADD, NLM_F_ACK);
	put_string(SMC_PNETID_NAME, pnetid);
	put_string(SMC_PNETID_ETHNAME, netdev);
	put_string(SMC_PNETID_IBNAME, rdma); /* its first port */
	errno = ask(print_entry);
	if (errno)
		lab_die("PNET id %s: %s", pnetid, strerror(errno));
	return 0;
}

int main(int argc, char **argv)
{
	nl = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (nl < 0)
		lab_die("netlink: %s", strerror(errno));
	if (argc == 3 && !strcmp(argv[1], "eid"))
		return add_eid(argv[2]);
	if (argc == 2 && !strcmp(argv[1], "pnet"))
		return print_table();
	if (argc == 5 && !strcmp(argv[1], "join"))
		return join(argv[2], argv[3], argv[4]);
	lab_die("usage: smc eid NAME | smc pnet | smc join PNETID NETDEV RDMA-DEVICE");
}
