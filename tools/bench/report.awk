# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# report.awk - the tables of results.md, from SUITE.tsv files. A cell is what was measured of one
# contender in one case on one kernel.

BEGIN {
	FS = "\t"
}

FNR == 1 {
	suite = FILENAME
	sub(/.*\//, "", suite)
	sub(/\.tsv$/, "", suite)
	suites[++nsuites] = suite
}

/^# missing/ {
	missing[++nmissing] = $2 "\t" $3 "\t" $4 "\t" $5
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
	row = group SUBSEP $4
	if (!(row in row_seen)) {
		row_seen[row] = 1
		rows[group, ++nrows[group]] = $4
	}
	if (!(group SUBSEP $3 in contender_seen)) {
		contender_seen[group, $3] = 1
		contenders[group, ++ncontenders[group]] = $3
	}
	cell = row SUBSEP $3
	unit[row] = $5
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

function number(v,    s, head) {
	if (v != int(v))
		return sprintf(v < 10 && v > -10 ? "%.3f" : "%.1f", v)
	s = sprintf("%d", v < 0 ? -v : v)
	while (match(s, /[0-9][0-9][0-9][0-9]($|,)/)) {
		head = substr(s, 1, RSTART)
		s = head "," substr(s, RSTART + 1)
	}
	return (v < 0 ? "-" : "") s
}

function above_raw(group, what, contender,    raw, d) {
	raw = group SUBSEP what SUBSEP "raw"
	if (!(raw in count) || contender == "raw")
		return "|"
	d = median(group SUBSEP what SUBSEP contender) - median(raw)
	return sprintf("%s%s | %.3f", d > 0 ? "+" : "", number(d), \
		median(group SUBSEP what SUBSEP contender) / median(raw))
}

function table(group,    part, r, c, what, cell, has_raw) {
	split(group, part, SUBSEP)
	printf "\n## %s, Linux %s\n\n", part[2], part[1]
	has_raw = (group SUBSEP "raw") in contender_seen
	print "| case | contender | n | min | median | max | unit |" (has_raw ? " above raw | x raw |" : "")
	print "|---|---|--:|--:|--:|--:|---|" (has_raw ? "--:|--:|" : "")
	for (r = 1; r <= nrows[group]; r++)
		for (c = 1; c <= ncontenders[group]; c++) {
			what = rows[group, r]
			cell = group SUBSEP what SUBSEP contenders[group, c]
			if (!(cell in count))
				continue
			printf "| %s | %s | %d | %s | %s | %s | %s |", what, contenders[group, c], \
				count[cell], number(value[cell, 1]), number(median(cell)), \
				number(value[cell, count[cell]]), unit[group, what]
			if (has_raw)
				printf " %s |", above_raw(group, what, contenders[group, c])
			print ""
		}
}

END {
	for (cell in count)
		sort_cell(cell)
	print "# bpfteam's benchmark\n"
	print "Made by `tools/bench/run`; tools/bench/README.md says what is measured, and how.\n"
	print "| suite | commit | date | command | kernel and CPU | QEMU | gcc | clang |"
	print "|---|---|---|---|---|---|---|---|"
	for (i = 1; i <= nsuites; i++) {
		s = suites[i]
		printf "| %s | %s | %s | `%s` | %s | %s | %s | %s |\n", s, origin[s, "commit"], \
			origin[s, "date"], origin[s, "command"], origin[s, "machine"], \
			origin[s, "qemu"], origin[s, "gcc"], origin[s, "clang"]
	}
	for (i = 1; i <= ngroups; i++)
		table(groups[i])
	if (nmissing)
		print "\n## Not measured\n\n| kernel | table | contender | why |\n|---|---|---|---|"
	for (i = 1; i <= nmissing; i++) {
		split(missing[i], part, "\t")
		printf "| %s | %s | %s | %s |\n", part[1], part[2], part[3], part[4]
	}
}
