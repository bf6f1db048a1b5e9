// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * link_rule.c - routing rules: added once, deleted. Called by team/.
 *
 * RTM_NEWRULE, RTM_DELRULE, RTM_GETRULE (net/core/fib_rules.c, net/ipv4/fib_rules.c,
 * net/ipv6/fib6_rules.c). To NLM_F_EXCL a rule "to any" equals one to whatever address
 * (fib4_rule_compare()), and to a deletion each thing left out is a pattern that everything fits
 * (rule_find()): so in both cases the rules are read, and compared here.
 */
#include <errno.h>
#include <linux/fib_rules.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/link_nl.h"

#define SUBJECT_LEN 32
/* Attributes of newer kernels are there to be seen, if not understood. */
#define ATTR_MAX 63

static bool is_valid(const struct link_rule *rule)
{
	return (rule->family == AF_INET || rule->family == AF_INET6) && rule->table &&
	       rule->protocol &&
	       (rule->to.family == AF_UNSPEC || (rule->to.family == rule->family &&
						 rule->to.prefixlen <= addr_size(&rule->to) * 8));
}

/* As the kernel would show it: no bits behind the prefix, and none of it is any address. */
static struct link_rule canonical(const struct link_rule *rule)
{
	struct link_rule ret = *rule;

	if (ret.to.family == AF_UNSPEC || !ret.to.prefixlen) {
		memset(&ret.to, 0, sizeof(ret.to));
		return ret;
	}
	for (unsigned i = 0; i < sizeof(ret.to.byte); i++) {
		unsigned bits = ret.to.prefixlen > i * 8 ? ret.to.prefixlen - i * 8 : 0;

		if (bits < 8)
			ret.to.byte[i] &= 0xff00 >> bits;
	}
	return ret;
}

static bool is_any(const struct link_rule *rule)
{
	return rule->to.family == AF_UNSPEC;
}

static bool has_same_to(const struct link_rule *a, const struct link_rule *b)
{
	return is_any(a) ? is_any(b) : addr_equal(&a->to, &b->to);
}

/* Would the kernel take it for the one to delete? In the order of the list the first is. */
static bool fits(const struct link_rule *pattern, const struct link_rule *rule)
{
	return pattern->priority == rule->priority && pattern->table == rule->table &&
	       pattern->protocol == rule->protocol &&
	       (!pattern->ipproto || pattern->ipproto == rule->ipproto) &&
	       (is_any(pattern) || has_same_to(pattern, rule));
}

/* Nothing in it that struct link_rule lacks. */
static bool is_plain(const struct fib_rule_hdr *frh, const struct nlattr **tb)
{
	if (frh->src_len || frh->tos || frh->flags)
		return false;
	for (unsigned i = 0; i <= ATTR_MAX; i++) {
		switch (i) {
		case FRA_DST:
		case FRA_PRIORITY:
		case FRA_TABLE:
		case FRA_PAD:
		case FRA_PROTOCOL:
		case FRA_IP_PROTO:
			break;
		case FRA_SUPPRESS_PREFIXLEN:
			if (link_nl_u32(tb[i], UINT32_MAX) != UINT32_MAX)
				return false;
			break;
		default:
			if (tb[i])
				return false;
		}
	}
	return true;
}

/* false when it is none of that family. */
static bool parse_rule(const struct nlmsghdr *nlh, int family, struct link_rule *ret,
		       uint8_t *action, bool *plain)
{
	const struct fib_rule_hdr *frh = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[ATTR_MAX + 1];

	if (nlh->nlmsg_type != RTM_NEWRULE || mnl_nlmsg_get_payload_len(nlh) < sizeof(*frh) ||
	    frh->family != family)
		return false;
	link_nl_attrs(nlh, sizeof(*frh), tb, ATTR_MAX);
	*ret = (struct link_rule){.family = frh->family};
	ret->priority = link_nl_u32(tb[FRA_PRIORITY], 0);
	ret->table = link_nl_u32(tb[FRA_TABLE], frh->table);
	ret->ipproto = link_nl_u8(tb[FRA_IP_PROTO], 0);
	ret->protocol = link_nl_u8(tb[FRA_PROTOCOL], 0);
	if (frh->dst_len)
		link_nl_addr(tb[FRA_DST], frh->family, frh->dst_len, &ret->to);
	*action = frh->action;
	*plain = is_plain(frh, tb);
	return true;
}

static int dump_rules(struct link *link, int family, link_nl_fn *fn, void *arg)
{
	struct link_request req;
	struct fib_rule_hdr *frh = link_nl_begin(&req, RTM_GETRULE, 0, sizeof(*frh));

	frh->family = family;
	return link_nl_dump(link, &req, fn, arg);
}

struct rule_search {
	const struct link_rule *want;
	bool found; /* exactly this one */
	bool other_first; /* before it is one that a deletion would take */
};

static int search_rule(const struct nlmsghdr *nlh, void *arg)
{
	struct rule_search *search = arg;
	struct link_rule rule;
	uint8_t action;
	bool plain;

	if (!nlh) {
		search->found = search->other_first = false;
		return 0;
	}
	if (!parse_rule(nlh, search->want->family, &rule, &action, &plain) || search->found ||
	    action != FR_ACT_TO_TBL || !fits(search->want, &rule))
		return 0;
	if (plain && rule.ipproto == search->want->ipproto && has_same_to(&rule, search->want))
		search->found = true;
	else
		search->other_first = true;
	return 0;
}

static int change_rule(struct link *link, uint16_t type, uint16_t flags,
		       const struct link_rule *rule)
{
	struct link_request req;
	struct fib_rule_hdr *frh = link_nl_begin(&req, type, flags, sizeof(*frh));
	struct nlmsghdr *nlh = &req.nlh;

	frh->family = rule->family;
	frh->action = rule->table ? FR_ACT_TO_TBL : FR_ACT_UNSPEC;
	if (!is_any(rule)) {
		frh->dst_len = rule->to.prefixlen;
		mnl_attr_put(nlh, FRA_DST, addr_size(&rule->to), rule->to.byte);
	}
	mnl_attr_put_u32(nlh, FRA_PRIORITY, rule->priority);
	if (rule->table)
		mnl_attr_put_u32(nlh, FRA_TABLE, rule->table);
	mnl_attr_put_u8(nlh, FRA_PROTOCOL, rule->protocol);
	if (rule->ipproto)
		mnl_attr_put_u8(nlh, FRA_IP_PROTO, rule->ipproto);
	return link_nl_talk(link, &req, NULL, NULL);
}

static const char *family_name(uint8_t family)
{
	return family == AF_INET6 ? "IPv6" : "IPv4";
}

static int fail_rule(const struct link *link, int ret, const char *verb,
		     const struct link_rule *rule, struct err *err)
{
	char subject[SUBJECT_LEN], to[ADDR_STRLEN] = "any address";

	snprintf(subject, sizeof(subject), "%s rule %u", family_name(rule->family), rule->priority);
	if (addr_size(&rule->to))
		addr_format(&rule->to, true, to);
	return link_nl_fail_on(link, ret, subject, err, "%s it (to %s, IP protocol %u, table %u)",
			       verb, to, rule->ipproto, rule->table);
}

int link_add_rule(struct link *link, const struct link_rule *rule, struct err *err)
{
	struct link_rule wanted = canonical(rule);
	struct rule_search search = {.want = &wanted};
	int ret;

	link->extack[0] = '\0';
	if (!is_valid(rule))
		return fail_rule(link, -EINVAL, "add", rule, err);
	ret = change_rule(link, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, &wanted);
	if (ret == -EEXIST) {
		ret = dump_rules(link, wanted.family, search_rule, &search);
		/* One to a particular address stood in the way of this one, to any. */
		if (!ret && !search.found)
			ret = change_rule(link, RTM_NEWRULE, NLM_F_CREATE, &wanted);
	}
	if (ret)
		return fail_rule(link, ret, "add", &wanted, err);
	return 0;
}

int link_del_rule(struct link *link, const struct link_rule *rule, struct err *err)
{
	struct link_rule wanted = canonical(rule);
	struct rule_search search = {.want = &wanted};
	int ret;

	link->extack[0] = '\0';
	if (!is_valid(rule))
		return fail_rule(link, -EINVAL, "delete", rule, err);
	ret = dump_rules(link, wanted.family, search_rule, &search);
	if (!ret && !search.found)
		ret = -ENOENT;
	else if (!ret && search.other_first)
		ret = -EBUSY;
	if (!ret)
		ret = change_rule(link, RTM_DELRULE, 0, &wanted);
	if (ret)
		return fail_rule(link, ret, "delete", &wanted, err);
	return 0;
}

struct rule_list {
	uint8_t family, protocol;
	uint32_t from, to;
	uint32_t *priorities;
	size_t n, size;
};

static int list_rule(const struct nlmsghdr *nlh, void *arg)
{
	struct rule_list *list = arg;
	struct link_rule rule;
	uint32_t *more;
	uint8_t action;
	bool plain;

	if (!nlh) {
		list->n = 0;
		return 0;
	}
	if (!parse_rule(nlh, list->family, &rule, &action, &plain) ||
	    rule.protocol != list->protocol || rule.priority < list->from ||
	    rule.priority > list->to)
		return 0;
	if (list->n == list->size) {
		more = reallocarray(list->priorities, list->size * 2 + 16, sizeof(*more));
		if (!more)
			return -ENOMEM;
		list->priorities = more;
		list->size = list->size * 2 + 16;
	}
	list->priorities[list->n++] = rule.priority;
	return 0;
}

/* Whatever they do: a deletion by priority and maker alone, as often as there are such. */
static int del_listed(struct link *link, struct rule_list *list)
{
	struct link_rule pattern = {.family = list->family, .protocol = list->protocol};
	int ret = dump_rules(link, list->family, list_rule, list);

	/* No IPv6 in this kernel. */
	if (ret == -EAFNOSUPPORT)
		return 0;
	for (size_t i = 0; !ret && i < list->n; i++) {
		pattern.priority = list->priorities[i];
		ret = change_rule(link, RTM_DELRULE, 0, &pattern);
		if (ret == -ENOENT)
			ret = 0;
	}
	return ret;
}

int link_del_rules(struct link *link, uint8_t protocol, uint32_t priority_from,
		   uint32_t priority_to, struct err *err)
{
	struct rule_list list = {.protocol = protocol, .from = priority_from, .to = priority_to};
	static const uint8_t families[] = {AF_INET, AF_INET6};
	char subject[SUBJECT_LEN];
	int ret = protocol ? 0 : -EINVAL;

	link->extack[0] = '\0';
	for (unsigned i = 0; !ret && i < sizeof(families); i++) {
		list.family = families[i];
		ret = del_listed(link, &list);
	}
	free(list.priorities);
	if (!ret)
		return 0;
	snprintf(subject, sizeof(subject), "%s rules", protocol ? family_name(list.family) : "IP");
	return link_nl_fail_on(link, ret, subject, err,
			       "delete those of protocol %u, priorities %u to %u", protocol,
			       priority_from, priority_to);
}
