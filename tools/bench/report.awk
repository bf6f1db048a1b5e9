# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# report.awk - the tables of results.md, from SUITE.tsv files (tools/bench/report). A cell is what was
# measured of one contender in one case on one kernel: n values. `medians` names a file that gets a line
# for each, for the plots: kernel, table, contender, case, unit, median, median above the raw NIC's.

BEGIN {
	FS = OFS = "\t"
	title["cost"] = "Instructions a packet"
	title["tcp"] = "Bulk TCP: instructions a byte, both ends together"
	title["scale: ports"] = "Scale: instructions a packet with 2 to 64 ports"
	title["scale: flows"] = "Scale: instructions a packet with 1 to 100,000 flows"
	title["scale: rdma"] = "Scale: instructions a packet received on an RNIC, with 0 to 100,000 flows that stay on it"
	title["scale: vports"] = "Scale: vports"
	title["disruption"] = "Flows that move when a port dies, and comes back"
	title["failover"] = "Fail-over: what a cut costs, of 20,000 frames a second"
	title["features"] = "What each feature costs: instructions a packet"
}

FNR == 1 {
	suite = FILENAME
	sub(/.*\//, "", suite)
	sub(/\.tsv$/, "", suite)
	suites[++nsuites] = suite
}

/^# missing/ {
	missing[++nmissing] = $2 " | " $3 " | " $4 " | " $5
	next
}

/^#/ {
	origin[suite, substr($1, 3)] = $2
	next
}

{
	group = $1 SUBSEP $2
	if (!(group in group_seen)) {
		group_seen[group] = 1
		groups[++ngroups] = group
	}
	row = $4 SUBSEP $5
	if (!((group, row) in row_seen)) {
		row_seen[group, row] = 1
		rows[group, ++nrows[group]] = row
	}
	if (!((group, $3) in contender_seen)) {
		contender_seen[group, $3] = 1
		contenders[group, ++ncontenders[group]] = $3
	}
	cell = group SUBSEP row SUBSEP $3
	value[cell, ++count[cell]] = $6 + 0
}

# Insertion sort: mawk has no asort, and a cell has few values.
function sort_cell(cell,    i, j, v) {
	for (i = 2; i <= count[cell]; i++) {
		v = value[cell, i]
		for (j = i - 1; j > 0 && value[cell, j] > v; j--)
			value[cell, j + 1] = value[cell, j]
		value[cell, j + 1] = v
	}
}

function median(cell,    n) {
	n = count[cell]
	return n % 2 ? value[cell, (n + 1) / 2] : (value[cell, n / 2] + value[cell, n / 2 + 1]) / 2
}

function number(v,    s) {
	if (v != int(v))
		return sprintf(v < 10 && v > -10 ? "%.3f" : "%.1f", v)
	s = sprintf("%d", v < 0 ? -v : v)
	while (match(s, /[0-9][0-9][0-9][0-9](,|$)/))
		s = substr(s, 1, RSTART) "," substr(s, RSTART + 1)
	return (v < 0 ? "-" : "") s
}

function signed(v) {
	return (v > 0 ? "+" : "") number(v)
}

function print_table(group,    part, at, r, c, cell, raw, has_raw) {
	split(group, part, SUBSEP)
	printf "\n## %s (Linux %s)\n\n", part[2] in title ? title[part[2]] : part[2], part[1]
	has_raw = (group, "raw") in contender_seen
	print "| case | contender | n | min | median | max | unit |" \
		(has_raw ? " above raw | times raw |" : "")
	print "|---|---|--:|--:|--:|--:|---|" (has_raw ? "--:|--:|" : "")
	for (r = 1; r <= nrows[group]; r++)
		for (c = 1; c <= ncontenders[group]; c++) {
			cell = group SUBSEP rows[group, r] SUBSEP contenders[group, c]
			raw = group SUBSEP rows[group, r] SUBSEP "raw"
			if (!(cell in count))
				continue
			split(rows[group, r], part, SUBSEP)
			split(group, at, SUBSEP)
			print at[1], at[2], contenders[group, c], part[1], part[2], median(cell), \
				raw in count ? median(cell) - median(raw) : "" >medians
			printf "| %s | %s | %d | %s | %s | %s | %s |", part[1], \
				contenders[group, c], count[cell], number(value[cell, 1]), \
				number(median(cell)), number(value[cell, count[cell]]), part[2]
			if (has_raw && raw in count && raw != cell)
				printf " %s | %.3f |", signed(median(cell) - median(raw)), \
					median(cell) / median(raw)
			else if (has_raw)
				printf " | |"
			print ""
		}
}

# target(NAME, TABLE, CONTENDER, CASE, UNIT, HOW, LIMIT): HOW is above (the raw NIC, medians), times
# (the raw NIC), max (of all values) or below (bonding, medians above raw).
function target(name, table, contender, what, unit, how, limit,    group, row, got, base, met) {
	group = "6.12" SUBSEP table
	row = group SUBSEP what SUBSEP unit SUBSEP
	got = row contender
	base = row "raw"
	if (how == "max" ? !(got in count) : !(got in count) || !(base in count)) {
		printf "| %s | %s | %s | %s | not measured | |\n", name, contender, what, \
			how == "below" ? "below bonding's" : "at most " number(limit)
		return
	}
	if (how == "max")
		met = value[got, count[got]]
	else if (how == "times")
		met = median(got) / median(base)
	else
		met = median(got) - median(base)
	if (how == "below")
		limit = median(row "bonding") - median(base) - 1
	printf "| %s | %s | %s | %s %s | %s | %s |\n", name, contender, what, \
		how == "below" ? "below bonding's" : "at most", \
		number(how == "below" ? limit + 1 : limit), \
		how == "times" ? sprintf("%.3f", met) : number(met), \
		met <= limit ? "yes" : "**no**, by " number(met - limit)
}

function print_targets(    mode, i, modes) {
	print "\n## Targets (Linux 6.12)\n"
	print "| what | contender | case | target | measured | met |\n|---|---|---|---|--:|---|"
	split("balance-xor active-backup", modes, " ")
	for (i = 1; i <= 2; i++) {
		mode = modes[i]
		target("above the raw NIC", "cost", "bpfteam", mode " TX IPv4", "instructions", \
			"above", 480)
		target("above the raw NIC", "cost", "bpfteam", mode " RX IPv4", "instructions", \
			"above", 800)
		target("above the raw NIC", "cost", "bpfteam-direct", mode " RX IPv4", \
			"instructions", "above", 260)
		target("above the raw NIC", "cost", "bpfteam-direct", mode " round trip IPv4", \
			"instructions", "below", 0)
	}
	for (i = 1; i <= 2; i++) {
		mode = i == 1 ? "sending" : "receiving"
		target("times the raw NIC", "tcp", "bpfteam", mode, "instructions a byte", "times", \
			1.02)
		target("times the raw NIC", "tcp", "bpfteam-direct", mode, "instructions a byte", \
			"times", 1.02)
	}
	split("single second", modes, " ")
	for (i = 1; i <= 2; i++) {
		target("lost frames, worst cut", "failover", "bpfteam", "TX " modes[i], "frames", \
			"max", 2)
		target("gap in ms, worst cut", "failover", "bpfteam", "RX " modes[i], "ms", "max", 1)
		target("gap in ms, worst cut", "failover", "bpfteam", "RX alone " modes[i], "ms", \
			"max", 1)
	}
}

END {
	for (cell in count)
		sort_cell(cell)
	print "# bpfteam's benchmark\n"
	print "Made by `make bench`. tools/bench/README.md says what is measured, and how.\n"
	print "| suite | commit | date | command | kernel and CPU | QEMU | gcc | clang |"
	print "|---|---|---|---|---|---|---|---|"
	for (i = 1; i <= nsuites; i++) {
		s = suites[i]
		printf "| %s | %s | %s | `%s` | %s | %s | %s | %s |\n", s, origin[s, "commit"], \
			origin[s, "date"], origin[s, "command"], origin[s, "machine"], \
			origin[s, "qemu"], origin[s, "gcc"], origin[s, "clang"]
	}
	print_targets()
	for (i = 1; i <= ngroups; i++)
		print_table(groups[i])
	if (nmissing)
		print "\n## Not measured\n\n| kernel | table | contender | why |\n|---|---|---|---|"
	for (i = 1; i <= nmissing; i++)
		print "| " missing[i] " |"
}
