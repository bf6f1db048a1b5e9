// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_fuzz.c - config_parse() and record_parse() with good texts gone bad. Under ASan and UBSan: no
 * crash, no leak; and whatever comes in, either a configuration that keeps all rules and is read
 * back from its own text, or one line that begins with the file's name. BPFTEAM_FUZZ=N does N rounds
 * from another seed.
 */
#include <time.h>

#include "random_config.h"

#define TEXT_MAX 65536

static const char *const snippets[] = {
	"\t",
	": ",
	"- ",
	"[",
	"]",
	"{",
	"}",
	",",
	"\n",
	"  ",
	"&a ",
	"*a",
	"|\n",
	">-\n",
	"\n---\n",
	"\n...\n",
	"\"",
	"'",
	"\\0",
	"\\x00",
	"!!map ",
	"!x ",
	"? ",
	"# ",
	"%YAML 1.2\n",
	"\xc3\xa9",
	"\xff",
	"\r",
	"\xef\xbb\xbf",
	"~",
	"null",
	"-1",
	"99999999999999999999",
	"\xe2\x80\xa8",
	"<<: ",
	"team: ",
	"ports:",
	"name: ",
	"default",
	"::/0",
	"rdma: ",
	"- {port: eth0}\n",
	"%00",
};

static const char handwritten[] =
	"# a team\nteam: team0   # its name\nmode: 'active-backup'\nhash: \"layer3\\x2b4\"\n"
	"addresses:\n  - 192.0.2.10/24\n  - \"2001:db8::1/64\"\nroutes: [{to: default, via: "
	"192.0.2.1}]\nports:\n  - {name: eth0, priority: 100}\n  - name: eth1\n    drain: yes\n"
	"  - {name: rnic0,\n     rdma: auto}\nrdma:\n  vport: team0r\n  addresses: "
	"[198.51.100.10/24]\n"
	"  vlan: 20\ndetect:\n  method: auto\n  poll_ms: 5\nprimary: >-\n"
	"  eth1\narp_interval_ms: 100\narp_ip_target: [192.0.2.1]\n"
	"vlans:\n- {id: 100, ports: [eth0]}\n";

static struct config config, again;
static struct record record;
static char text[TEXT_MAX];

static size_t splice(size_t len, size_t at, size_t cut, const char *insert, size_t insert_len)
{
	cut = cut < len - at ? cut : len - at;
	if (len - cut + insert_len > TEXT_MAX)
		return len;
	memmove(text + at + insert_len, text + at + cut, len - at - cut);
	memcpy(text + at, insert, insert_len);
	return len - cut + insert_len;
}

static size_t mutate(uint64_t *seed, size_t len)
{
	size_t at = unit_below(seed, len + 1), from, n;
	char copy[256];
	const char *snippet;

	switch (unit_below(seed, 6)) {
	case 0: /* a bit */
		if (at < len)
			text[at] ^= 1 << unit_below(seed, 8);
		return len;
	case 1: /* a byte */
		copy[0] = unit_random(seed);
		return splice(len, at, 1, copy, 1);
	case 2: /* a piece less */
		return splice(len, at, unit_below(seed, 40), "", 0);
	case 3: /* a piece of the text once more */
		from = unit_below(seed, len + 1);
		n = unit_below(seed, sizeof(copy));
		n = n < len - from ? n : len - from;
		memcpy(copy, text + from, n);
		return splice(len, at, 0, copy, n);
	case 4: /* the end is missing */
		return unit_below(seed, 8) ? len : at;
	default:
		snippet = snippets[unit_below(seed, ARRAY_SIZE(snippets))];
		return splice(len, at, unit_below(seed, 3), snippet, strlen(snippet));
	}
}

static void check_refusal(const struct err *err, const char *origin)
{
	if (strncmp(err->text, origin, strlen(origin)) || strchr(err->text, '\n') ||
	    strlen(err->text) < strlen(origin) + 4)
		fail_msg("no good message: \"%s\"", err->text);
}

static bool try_config(const char *copy, size_t len)
{
	struct err err = {""};
	char *out;

	if (config_parse(copy, len, "file:", &config, &err)) {
		check_refusal(&err, "file::");
		return false;
	}
	if (config_check(&config, &err))
		fail_msg("accepted what breaks a rule: %s", err.text);
	assert_int_equal(config_format(&config, &out), 0);
	if (config_parse(out, strlen(out), "file", &again, &err))
		fail_msg("%s in\n%s", err.text, out);
	assert_memory_equal(&config, &again, sizeof(config));
	free(out);
	return true;
}

static bool try_record(const char *copy, size_t len)
{
	struct err err = {""};
	char *out;

	if (record_parse(copy, len, &record, &err)) {
		check_refusal(&err, "record:");
		return false;
	}
	assert_int_equal(record_format(&record, &out), 0);
	free(out);
	return true;
}

/* One text to begin with: by hand, or a random configuration or record. */
static size_t seed_text(uint64_t *seed, bool of_record)
{
	char *out;
	size_t len;

	if (!of_record && unit_below(seed, 3)) {
		memcpy(text, handwritten, sizeof(handwritten) - 1);
		len = sizeof(handwritten) - 1;
		return len;
	}
	if (of_record) {
		random_record(seed, &record);
		record.n_ports = record.n_ports < 2 ? record.n_ports : 2;
		assert_int_equal(record_format(&record, &out), 0);
	} else {
		random_config(seed, &config);
		assert_int_equal(config_format(&config, &out), 0);
	}
	len = strlen(out) < TEXT_MAX / 2 ? strlen(out) : TEXT_MAX / 2;
	memcpy(text, out, len);
	free(out);
	return len;
}

/*
 * Passes the text at the end of a heap block, so that ASan sees a read beyond it. Returns how many
 * percent were accepted.
 */
static unsigned fuzz(unsigned rounds, bool of_record)
{
	uint64_t seed = of_record ? 21 : 22;
	unsigned accepted = 0;

	if (getenv("BPFTEAM_FUZZ")) {
		rounds = atoi(getenv("BPFTEAM_FUZZ"));
		seed = time(NULL);
		print_message("# seed %llu\n", (unsigned long long)seed);
	}
	for (unsigned i = 0; i < rounds; i++) {
		size_t len = seed_text(&seed, of_record);
		unsigned n = unit_below(&seed, 6);
		char *copy;

		while (n--)
			len = mutate(&seed, len);
		copy = malloc(len ? len : 1);
		memcpy(copy, text, len);
		accepted += of_record ? try_record(copy, len) : try_config(copy, len);
		free(copy);
	}
	return accepted * 100 / rounds;
}

/* Enough must be accepted, or the mutations test nothing but the YAML parser's first line. */
static void test_config(void **state)
{
	assert_in_range(fuzz(2500, false), 10, 80);
}

static void test_record(void **state)
{
	assert_in_range(fuzz(500, true), 10, 80);
}

/* Bytes without any sense. */
static void test_noise(void **state)
{
	static const char signs[] = "ab:-[]{}\"' \n#&*!|>%@,?\t";
	uint64_t seed = 23;
	char noise[512];

	for (unsigned i = 0; i < 2000; i++) {
		size_t len = unit_below(&seed, sizeof(noise));

		for (size_t j = 0; j < len; j++)
			noise[j] = i & 1 ? (char)unit_random(&seed)
					 : signs[unit_below(&seed, sizeof(signs) - 1)];
		try_config(noise, len);
		try_record(noise, len);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_config),
	cmocka_unit_test(test_record),
	cmocka_unit_test(test_noise),
};

UNIT_MAIN(tests)
