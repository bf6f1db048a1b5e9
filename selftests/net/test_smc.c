// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_smc.c - io/smc: messages whole, cut short and absurd; a fake kernel with a PNET table; a kernel
 * without SMC. With a true table and true sockets: test_smc_real.
 */
#include "netns.h"
#include "netlink_fake.h"

#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/inet_diag.h>
#include <linux/smc.h>
#include <linux/smc_diag.h>
#include <linux/sock_diag.h>

#include "io/smc_priv.h"

#define ROUNDS 200000
#define FAMILY 0x1d

static struct err err;

/* ---- messages as the kernel makes them ---- */

static union {
	struct nlmsghdr nlh;
	char buf[4096];
} family, pnet, fallback, rdma, inet, tcp;

static void put_genl(struct nlmsghdr *nlh, uint16_t type, uint8_t command)
{
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));

	nlh->nlmsg_type = type;
	genl->cmd = command;
	genl->version = 1;
}

static void put_family(struct nlmsghdr *nlh, uint16_t id, const char *name)
{
	put_genl(nlh, GENL_ID_CTRL, CTRL_CMD_NEWFAMILY);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, name);
	mnl_attr_put_u16(nlh, CTRL_ATTR_FAMILY_ID, id);
}

static void put_pnet(struct nlmsghdr *nlh, const char *id, const char *netdev, const char *ib,
		     uint8_t port)
{
	put_genl(nlh, FAMILY, SMC_PNETID_GET);
	mnl_attr_put_strz(nlh, SMC_PNETID_NAME, id);
	mnl_attr_put_strz(nlh, SMC_PNETID_ETHNAME, netdev);
	mnl_attr_put_strz(nlh, SMC_PNETID_IBNAME, ib);
	mnl_attr_put_u8(nlh, SMC_PNETID_IBPORT, port);
}

static struct smc_diag_msg *put_socket(struct nlmsghdr *nlh, uint8_t mode)
{
	struct smc_diag_msg *msg = mnl_nlmsg_put_extra_header(nlh, sizeof(*msg));

	nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	msg->diag_family = AF_SMC;
	msg->diag_state = 1;
	msg->diag_mode = mode;
	msg->id.idiag_sport = htons(5201);
	msg->id.idiag_dport = htons(40001);
	return msg;
}

static void put_fallback(struct nlmsghdr *nlh)
{
	struct smc_diag_fallback why = {.reason = 0x03030000, .peer_diagnosis = 0x05000000};
	struct smc_diag_msg *msg = put_socket(nlh, SMC_DIAG_MODE_FALLBACK_TCP);

	inet_pton(AF_INET, "192.0.2.1", msg->id.idiag_src);
	inet_pton(AF_INET6, "::ffff:192.0.2.2", msg->id.idiag_dst);
	mnl_attr_put(nlh, SMC_DIAG_FALLBACK, sizeof(why), &why);
}

static void put_rdma(struct nlmsghdr *nlh)
{
	struct smc_diag_msg *msg = put_socket(nlh, SMC_DIAG_MODE_SMCR);
	struct smc_diag_lgrinfo group = {.lnk[0] = {.ibname = "rxe0", .ibport = 1}};

	inet_pton(AF_INET6, "2001:db8::1", msg->id.idiag_src);
	inet_pton(AF_INET6, "2001:db8::2", msg->id.idiag_dst);
	mnl_attr_put(nlh, SMC_DIAG_LGRINFO, sizeof(group), &group);
}

/* Of an IPPROTO_SMC socket the kernel tells no addresses, and of the TCP socket below it, these. */
static void put_inet(struct nlmsghdr *nlh)
{
	put_socket(nlh, SMC_DIAG_MODE_SMCR)->diag_family = AF_INET;
}

static void put_tcp(struct nlmsghdr *nlh)
{
	struct inet_diag_msg *msg = mnl_nlmsg_put_extra_header(nlh, sizeof(*msg));

	nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	msg->idiag_family = AF_INET;
	msg->id.idiag_sport = htons(5201);
	msg->id.idiag_dport = htons(40001);
	inet_pton(AF_INET, "192.0.2.1", msg->id.idiag_src);
	inet_pton(AF_INET, "192.0.2.2", msg->id.idiag_dst);
}

static void make_messages(void)
{
	put_family(mnl_nlmsg_put_header(family.buf), FAMILY, SMCR_GENL_FAMILY_NAME);
	put_pnet(mnl_nlmsg_put_header(pnet.buf), "NET1", "n/a", "rxe0", 1);
	put_fallback(mnl_nlmsg_put_header(fallback.buf));
	put_rdma(mnl_nlmsg_put_header(rdma.buf));
	put_inet(mnl_nlmsg_put_header(inet.buf));
	put_tcp(mnl_nlmsg_put_header(tcp.buf));
}

/* ---- messages, whole and not ---- */

static unsigned read_as_all(const struct nlmsghdr *nlh)
{
	struct smc_connection connection;
	struct smc_pnet entry;
	uint16_t id = 0;
	unsigned n = !smc_parse_family(nlh, SMCR_GENL_FAMILY_NAME, &id);

	assert_true(!n || id >= NLMSG_MIN_TYPE);
	if (!smc_parse_pnet(nlh, FAMILY, &entry)) {
		assert_in_range(strlen(entry.pnetid), 1, SMC_PNETID_LEN);
		assert_true(strlen(entry.netdev) < IFNAMSIZ && strlen(entry.rdma) < 64);
		n++;
	}
	if (!smc_parse_connection(nlh, &connection)) {
		assert_non_null(memchr(connection.rdma, '\0', sizeof(connection.rdma)));
		assert_true(addr_size(&connection.src) && addr_size(&connection.dst));
		n++;
	}
	return n;
}

static void whole_messages(void **state)
{
	struct smc_connection c;
	struct smc_pnet entry;
	char text[ADDR_STRLEN];
	uint16_t id;

	assert_int_equal(smc_parse_family(&family.nlh, SMCR_GENL_FAMILY_NAME, &id), 0);
	assert_int_equal(id, FAMILY);
	assert_int_equal(smc_parse_family(&family.nlh, "OTHER", &id), -EPROTO);
	assert_int_equal(smc_parse_pnet(&pnet.nlh, FAMILY, &entry), 0);
	assert_string_equal(entry.pnetid, "NET1");
	assert_string_equal(entry.netdev, "");
	assert_string_equal(entry.rdma, "rxe0");
	assert_int_equal(entry.port, 1);
	assert_int_equal(smc_parse_connection(&fallback.nlh, &c), 0);
	assert_true(c.fallback && !c.smcd);
	assert_int_equal(c.reason, 0x03030000);
	assert_int_equal(c.peer_reason, 0x05000000);
	assert_string_equal(addr_format(&c.src, false, text), "192.0.2.1");
	assert_string_equal(addr_format(&c.dst, false, text), "192.0.2.2");
	assert_int_equal(c.sport, 5201);
	assert_int_equal(c.dport, 40001);
	assert_string_equal(c.rdma, "");
	assert_int_equal(smc_parse_connection(&rdma.nlh, &c), 0);
	assert_true(!c.fallback && !c.smcd && !c.reason);
	assert_string_equal(c.rdma, "rxe0");
	assert_string_equal(addr_format(&c.dst, false, text), "2001:db8::2");
}

/* What the kernel leaves out of the one is in the other, when that is the same connection's. */
static void two_halves(void **state)
{
	struct smc_connection c;
	char text[ADDR_STRLEN];

	assert_int_equal(smc_parse_connection(&inet.nlh, &c), 0);
	assert_string_equal(addr_format(&c.src, false, text), "0.0.0.0");
	for (uint32_t len = sizeof(struct nlmsghdr); len < tcp.nlh.nlmsg_len; len++) {
		struct nlmsghdr *copy = fake_copy(&tcp.nlh, len);

		assert_int_equal(smc_parse_tcp(copy, &c), -EPROTO);
		free(copy);
	}
	c.dport++;
	assert_int_equal(smc_parse_tcp(&tcp.nlh, &c), -EPROTO);
	c.dport--;
	assert_string_equal(addr_format(&c.src, false, text), "0.0.0.0");
	assert_int_equal(smc_parse_tcp(&tcp.nlh, &c), 0);
	assert_string_equal(addr_format(&c.src, false, text), "192.0.2.1");
	assert_string_equal(addr_format(&c.dst, false, text), "192.0.2.2");
}

static const struct nlmsghdr *const all[] = {&family.nlh, &pnet.nlh, &fallback.nlh, &rdma.nlh};

static void message_at_every_length(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(read_as_all(all[i]), 1);
		for (uint32_t len = sizeof(struct nlmsghdr); len < all[i]->nlmsg_len; len++) {
			struct nlmsghdr *copy = fake_copy(all[i], len);

			assert_in_range(read_as_all(copy), 0, 1);
			if (len < sizeof(*copy) + sizeof(struct genlmsghdr))
				assert_int_equal(read_as_all(copy), 0);
			free(copy);
		}
	}
}

static void damaged_messages(void **state)
{
	srand(4711);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct nlmsghdr *copy = fake_copy(all[i % 4], all[i % 4]->nlmsg_len);

		fake_damage(copy);
		assert_in_range(read_as_all(copy), 0, 1);
		free(copy);
	}
}

static void absurd_names(void **state)
{
	struct smc_diag_lgrinfo group;
	struct smc_connection c;
	struct smc_pnet entry;
	char buf[1024] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	put_pnet(nlh, "ABCDEFGHIJKLMNOPQ", "eth0", "n/a", 255);
	assert_int_equal(smc_parse_pnet(nlh, FAMILY, &entry), -EPROTO);
	nlh = mnl_nlmsg_put_header(buf);
	put_pnet(nlh, "", "eth0", "n/a", 255);
	assert_int_equal(smc_parse_pnet(nlh, FAMILY, &entry), -EPROTO);
	nlh = mnl_nlmsg_put_header(buf);
	put_pnet(nlh, "A", "an_interface_name", "n/a", 255);
	assert_int_equal(smc_parse_pnet(nlh, FAMILY, &entry), -EPROTO);
	/* An RDMA device's name without an end. */
	nlh = mnl_nlmsg_put_header(buf);
	put_socket(nlh, SMC_DIAG_MODE_SMCR);
	memset(&group, 'x', sizeof(group));
	mnl_attr_put(nlh, SMC_DIAG_LGRINFO, sizeof(group), &group);
	assert_int_equal(smc_parse_connection(nlh, &c), 0);
	assert_string_equal(c.rdma, "");
}

static void reasons(void **state)
{
	assert_string_equal(smc_reason(0x01010000), "out of memory");
	assert_string_equal(smc_reason(0x03010000), "the peer does not speak SMC");
	assert_non_null(strstr(smc_reason(0x03030000), "no SMC device"));
	assert_string_equal(smc_reason(0x05000000), "the peer declined");
	assert_string_equal(smc_reason(0x0999ffff), "not known");
	assert_string_equal(smc_reason(0), "not known");
}

/* ---- a fake kernel ---- */

static enum { NONE, CUT, SILENT, NO_SMC, EXISTS, NO_ENTRY, NO_DEVICE, FORBIDDEN } trouble;
static unsigned interrupts;

static void say(const struct nlmsghdr *req)
{
	struct fake_datagram *datagram = fake_datagram();
	struct nlmsghdr *nlh = fake_message(datagram, 0);

	if (req->nlmsg_type == GENL_ID_CTRL) {
		put_family(nlh, FAMILY, SMCR_GENL_FAMILY_NAME);
	} else if (req->nlmsg_type == FAMILY) {
		put_pnet(nlh, "NET1", "eth0", "n/a", 255);
		fake_end(datagram, nlh);
		nlh = fake_message(datagram, 0);
		put_pnet(nlh, "NET2", "n/a", "rxe0", 1);
	} else {
		put_fallback(nlh);
		fake_end(datagram, nlh);
		nlh = fake_message(datagram, 0);
		put_rdma(nlh);
	}
	fake_end(datagram, nlh);
}

static void answer(const struct nlmsghdr *req)
{
	bool dump = (req->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	int code = 0;

	if (trouble == SILENT)
		return;
	if (trouble == NO_SMC)
		code = -ENOENT;
	else if (trouble == FORBIDDEN)
		code = -EPERM;
	else if (trouble == EXISTS && !dump)
		code = -EEXIST;
	else if (trouble == NO_ENTRY)
		code = -ENOENT;
	else if (trouble == NO_DEVICE)
		code = -ENODEV;
	else if (dump || req->nlmsg_type == GENL_ID_CTRL)
		say(req);
	if (interrupts && interrupts--)
		fake_done(code)->nlmsg_flags |= NLM_F_DUMP_INTR;
	else
		fake_done(code);
	fake_queue[0].cut = trouble == CUT;
}

static struct smc *opened(void)
{
	struct smc *smc;

	fake_answer = answer;
	trouble = NONE;
	interrupts = 0;
	assert_int_equal(smc_open(&smc, &err), 0);
	return smc;
}

static void entries_are_added(void **state)
{
	struct smc *smc = opened();

	assert_int_equal(smc_add_netdev(smc, "NET1", "eth0", &err), 0);
	assert_int_equal(smc_add_netdev(smc, "net1", "eth0", &err), -EINVAL);
	assert_int_equal(smc_add_netdev(smc, "", "eth0", &err), -EINVAL);
	assert_int_equal(smc_add_netdev(smc, "ABCDEFGHIJKLMNOPQ", "eth0", &err), -EINVAL);
	assert_int_equal(smc_add_netdev(smc, "A", "an_interface_name", &err), -EINVAL);
	assert_int_equal(smc_add_rdma(smc, "A", "rxe0", 256, &err), -EINVAL);
	trouble = EXISTS;
	assert_int_equal(smc_add_netdev(smc, "NET1", "eth0", &err), 0);
	assert_int_equal(smc_add_netdev(smc, "NET3", "eth0", &err), -EEXIST);
	assert_string_equal(err.text, "SMC: eth0 has the PNET id NET1 already");
	assert_int_equal(smc_add_rdma(smc, "NET2", "rxe0", 1, &err), 0);
	assert_int_equal(smc_add_rdma(smc, "NET3", "rxe0", 1, &err), -EEXIST);
	assert_string_equal(err.text, "SMC: rxe0 has the PNET id NET2 already");
	assert_int_equal(smc_add_rdma(smc, "NET2", "rxe0", 2, &err), -EEXIST);
	assert_non_null(strstr(err.text, "in the initial network namespace only"));
	trouble = FORBIDDEN;
	assert_int_equal(smc_add_netdev(smc, "NET1", "eth0", &err), -EPERM);
	assert_string_equal(err.text, "SMC: can't give eth0 the PNET id NET1: not permitted; it "
				      "takes CAP_NET_ADMIN");
	smc_close(smc);
}

static void entries_are_removed(void **state)
{
	struct smc *smc = opened();

	assert_int_equal(smc_del_pnetid(smc, "NET1", &err), 0);
	trouble = NO_ENTRY;
	assert_int_equal(smc_del_pnetid(smc, "NET1", &err), 0);
	trouble = NO_DEVICE;
	assert_int_equal(smc_del_pnetid(smc, "NET1", &err), -ENODEV);
	assert_int_equal(smc_del_pnetid(smc, "n/a", &err), -EINVAL);
	smc_close(smc);
}

static int count(const struct smc_connection *c, void *arg)
{
	return ++*(unsigned *)arg == 40 ? 42 : 0;
}

static void connections_are_listed(void **state)
{
	struct smc *smc = opened();
	unsigned n = 0;

	assert_int_equal(smc_each(smc, count, &n, &err), 0);
	assert_int_equal(n, 2);
	interrupts = 3;
	assert_int_equal(smc_each(smc, count, &n, &err), 0);
	assert_int_equal(n, 4);
	interrupts = 1000;
	assert_int_equal(smc_each(smc, count, &n, &err), -EAGAIN);
	interrupts = 0;
	n = 38;
	assert_int_equal(smc_each(smc, count, &n, &err), 42);
	trouble = CUT;
	assert_int_equal(smc_each(smc, count, &n, &err), -EPROTO);
	assert_string_equal(err.text,
			    "SMC: can't list connections: the kernel's answer can't be read");
	trouble = SILENT;
	assert_int_equal(smc_each(smc, count, &n, &err), -ETIMEDOUT);
	trouble = NO_SMC;
	assert_int_equal(smc_each(smc, count, &n, &err), -EOPNOTSUPP);
	trouble = NONE;
	n = 0;
	assert_int_equal(smc_each(smc, count, &n, &err), 0);
	assert_int_equal(n, 2);
	smc_close(smc);
}

static void no_family(void **state)
{
	struct smc *smc = NULL;

	fake_answer = answer;
	trouble = NO_SMC;
	assert_int_equal(smc_open(&smc, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "this kernel has no SMC"));
	trouble = CUT;
	assert_int_equal(smc_open(&smc, &err), -EPROTO);
	trouble = NONE;
	assert_null(smc);
	smc_close(NULL);
}

static void a_kernel_without_smc(void **state)
{
	struct smc *smc = NULL;

	fake_answer = NULL;
	assert_int_equal(smc_open(&smc, &err), -EOPNOTSUPP);
	assert_string_equal(err.text, "SMC: can't find its PNET table: this kernel has no SMC, or "
				      "its modules are not loaded (modprobe smc smc_diag)");
	assert_null(smc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_messages),
		cmocka_unit_test(two_halves),
		cmocka_unit_test(message_at_every_length),
		cmocka_unit_test(damaged_messages),
		cmocka_unit_test(absurd_names),
		cmocka_unit_test(reasons),
		cmocka_unit_test(entries_are_added),
		cmocka_unit_test(entries_are_removed),
		cmocka_unit_test(connections_are_listed),
		cmocka_unit_test(no_family),
	};
	const struct CMUnitTest without[] = {cmocka_unit_test(a_kernel_without_smc)};
	int fd = socket(AF_SMC, SOCK_STREAM, 0), failed;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	make_messages();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (fd < 0)
		return !!(failed + cmocka_run_group_tests(without, NULL, NULL));
	printf("1..1\nok 1 - a_kernel_without_smc # SKIP this one has SMC\n");
	return !!failed;
}
