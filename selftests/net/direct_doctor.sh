#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# `bpfteam doctor` of a team with rx: direct names the firewall rules that it goes past, and what is in
# its way; without nft and iptables, or when they hang or fail, it says that it could not look.
#
#	host.eth0 ---- peer.eth0
#	host.eth1 ---- peer.eth1
#	   team0
. "$(dirname "$0")/lib.sh"

need_bpfteam
cross_cables 2

# Only programs of this folder: what a machine has installed shall not matter.
BIN=$TMP/bin
mkdir "$BIN"

# fake NAME: a program that prints its standard input.
fake() {
	cat >"$BIN/$1.out"
	printf '#!/bin/sh\nexec /bin/cat %s\n' "$BIN/$1.out" >"$BIN/$1"
	chmod +x "$BIN/$1"
}

# The doctor's notes on rx: direct. Its search of /usr/sbin and the like must not find anything: they
# are empty to it.
notes() {
	on host unshare -m sh -c "
		for dir in /usr/sbin /sbin; do
			[ -L \$dir ] || mount -t tmpfs none \$dir
		done
		PATH=$BIN:/usr/bin:/bin exec '$BUILD/bpfteam' doctor -j" |
		jq -r '.notes[] | select(contains("rx: direct"))' >"$TMP/notes"
}

noted() { # PATTERN
	cat "$TMP/notes"
	grep -Eq -- "$1" "$TMP/notes"
}

count() { # PATTERN
	grep -Ec -- "$1" "$TMP/notes"
}

must bpfteam attach team0 eth0 eth1
notes
check_eq "redirect: no word of it" "$(cat "$TMP/notes")" ""
must bpfteam detach team0
must bpfteam attach team0 eth0 eth1 --rx direct
notes
check "no firewall program: it says so" noted 'neither nft nor iptables-save is installed'

# ---- nftables ----

rule() { # HANDLE EXPR
	printf '{"rule":{"family":"inet","table":"t","chain":"c","handle":%s,"expr":[%s]}},\n' "$@"
}
meta() { # KEY RIGHT
	printf '{"match":{"op":"==","left":{"meta":{"key":"%s"}},"right":%s}}' "$@"
}
{
	echo '{"nftables":[{"metainfo":{"version":"1"}},'
	echo '{"set":{"family":"inet","name":"ours","table":"t","elem":["x","team0"]}},'
	echo '{"set":{"family":"inet","name":"others","table":"t","elem":["x","team01"]}},'
	echo '{"map":{"family":"inet","name":"m","table":"t","elem":[["team0",{"accept":null}]]}},'
	echo '{"chain":{"family":"netdev","table":"n","name":"in","hook":"ingress","dev":"team0"}},'
	echo '{"chain":{"family":"netdev","table":"n","name":"no","hook":"ingress","dev":"eth9"}},'
	rule 1 "$(meta iifname '"team0"')"
	rule 2 "$(meta iif '"team0"'),{\"accept\":null}"
	rule 3 "$(meta iifname '{"set":["eth9","team0"]}')"
	rule 4 "$(meta iifname '"team*"')"
	rule 5 "$(meta iifname '"@ours"')"
	rule 6 '{"vmap":{"key":{"meta":{"key":"iifname"}},"data":"@m"}}'
	rule 7 '{"match":{"op":"==","left":{"concat":[{"meta":{"key":"iifname"}},{"payload":
		{"protocol":"tcp","field":"dport"}}]},"right":{"set":[{"concat":["team0",22]}]}}}'
	rule 21 "$(meta iifname '"team"')"
	rule 22 "$(meta iifname '"team01"')"
	rule 23 "$(meta iifname '"@others"')"
	rule 24 "$(meta oifname '"team0"')"
	rule 25 "$(meta oifname '"team0"'),$(meta iifname '"eth9"')"
	rule 26 "$(meta iifname '"tea"')"
	rule 31 '{"match":{"op":"==","left":{"fib":{"result":"oif","flags":["saddr","iif"]}},
		"right":false}},{"drop":null}'
	rule 32 '{"xt":{"type":"match","name":"rpfilter"}},{"drop":null}'
	rule 33 '{"match":{"op":"!=","left":{"fib":{"result":"type","flags":["daddr","iif"]}},
		"right":"local"}}'
	echo '{"rule":{"family":"ip","table":"t","chain":"empty","handle":40,"expr":[]}}]}'
} | fake nft
notes
for handle in 1 2 3 4 5 6 7; do
	check "nftables: rule $handle is named" \
		noted "inet t c handle $handle of nftables does not match"
done
check "nftables: a chain on the interface is named" noted 'chain netdev n in of nftables'
check "nftables: a check of the way back is named" noted 'handle 31 of nftables drops'
check "nftables: that of iptables-nft, too" noted 'handle 32 of nftables drops'
check_eq "nftables: no other is" "$(count nftables)" 10
for i in $(seq 100 140); do
	rule "$i" "$(meta iifname '"team0"')"
done | { echo '{"nftables":['; cat; echo '{"table":{}}]}'; } | fake nft
notes
check "many rules: the rest is counted" noted 'and 25 more rules like these'
echo 'this is no JSON' | fake nft
notes
check "an answer that is none is no answer" noted 'nft does not list its rules'

# ---- iptables ----

rm "$BIN/nft"
fake iptables-save <<'RULES'
*filter
:INPUT DROP [0:0]
-A INPUT -i team0 -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT ! -i team+ -j DROP
-A INPUT -i team01 -j ACCEPT
-A OUTPUT -o team0 -j ACCEPT
-A INPUT -m comment --comment team0 -j ACCEPT
COMMIT
*raw
-A PREROUTING -m rpfilter --invert -j DROP
COMMIT
RULES
notes
check "iptables: a rule is named" noted 'iptables-save: -t filter -A INPUT -i team0'
check "iptables: with a wildcard" noted 'iptables-save: -t filter -A INPUT ! -i team\+'
check "iptables: a check of the way back" noted 'iptables-save: -t raw .*rpfilter.* drops'
check_eq "iptables: no other is" "$(count iptables-save)" 3
mv "$BIN/iptables-save" "$BIN/ip6tables-legacy-save"
mv "$BIN/iptables-save.out" "$BIN/rules"
sed -i "s|/iptables-save.out|/rules|" "$BIN/ip6tables-legacy-save"
notes
check_eq "ip6tables-legacy is asked as well" "$(count ip6tables-legacy-save:)" 3

# ---- programs that do not answer ----

printf '#!/bin/sh\nexec /bin/sleep 60\n' >"$BIN/nft"
chmod +x "$BIN/nft"
from=$(now_ms)
notes
check "a program that hangs is not waited for ($(($(now_ms) - from)) ms)" \
	test $(($(now_ms) - from)) -lt 15000
check "... and named" noted 'nft does not list its rules'
printf '#!/bin/sh\nexit 1\n' >"$BIN/nft"
notes
check "one that fails is, too" noted 'nft does not list its rules'
printf '#!/bin/sh\nexec /bin/cat /dev/zero\n' >"$BIN/nft"
notes
check "and one that does not end" noted 'nft does not list its rules'
rm "$BIN"/*

# ---- what is in its way ----

must on host sh -c 'echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter'
notes
check "rp_filter" noted 'net.ipv4.conf.all.rp_filter is 1, and has to be 0'

# The real ones, where they are.
if command -v nft >/dev/null && on host nft list ruleset >/dev/null 2>&1; then
	on host nft -f - <<-RULES
	table inet filter {
		chain input {
			type filter hook input priority 0
			iifname "team0" tcp dport 22 accept
			fib saddr . iif oif missing drop
		}
	}
	RULES
	on host "$BUILD/bpfteam" doctor >"$TMP/notes"
	check "nft itself: the rule" noted 'rule inet filter input handle .* does not match'
	check "nft itself: the check of the way back" noted 'rule inet filter input handle .* drops'
else
	skip "nft itself" "there is no nft, or no nftables in this kernel"
fi
must bpfteam detach team0
finish
