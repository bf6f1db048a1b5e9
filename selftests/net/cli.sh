#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The command line without a team: help of everything, what wrong usage gets, output that can't be
# written. Nothing of it may touch a device.
#
#	host.eth0 ---- peer.eth0
#	host.eth1 ---- peer.eth1
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_cli.sh"

need_bpfteam
cross_cables 2
for dev in eth0 eth1; do
	port_picture "$dev" >"$TMP/$dev.before"
done

# ---- help ------------------------------------------------------------------------------------

commands=(attach detach apply "port add" "port del" "port set" show explain rdma import monitor doctor)
later=(vport pin unpin flows top)

help_says() { # PATTERN ARGS...
	local pattern=$1
	shift
	run_cli "$@"
	cat "$TMP/out" "$TMP/err"
	[ "$STATUS" = 0 ] && [ ! -s "$TMP/err" ] && grep -q -- "$pattern" "$TMP/out"
}

check "bpfteam -h" help_says '^usage: bpfteam' -h
check "bpfteam --help" help_says '^usage: bpfteam' --help
check "bpfteam help" help_says '^usage: bpfteam' help
check "bpfteam --version" help_says '^bpfteam [0-9]' --version
check "bpfteam show --version" help_says '^bpfteam [0-9]' show --version
check "bpfteam port -h" help_says 'port set TEAM PORT' port -h
for command in "${commands[@]}"; do
	# shellcheck disable=SC2086 # two words are two arguments
	check "bpfteam $command -h" help_says "^usage: bpfteam $command" $command -h
	# shellcheck disable=SC2086
	check "bpfteam help $command" help_says "^usage: bpfteam $command" help $command
	check "bpfteam -h lists $command" help_says "^  $command " -h
done
for command in "${later[@]}"; do
	check_not "bpfteam -h does not list $command" help_says "^  $command " -h
done
check "bpfteam attach -h lists --vlan" help_says ' --vlan' attach -h
check "help as JSON lists the commands" json_is '.commands | length == 12' help -j
check "help as JSON lists the options" json_is '[.commands[] | select(.name == "attach").options[].name] |
	contains(["mode", "hash", "primary", "mac", "mtu", "address", "detect", "move-addresses"])' -j help

run_cli
check_eq "no command is wrong usage" "$STATUS" 2
check "no command prints the help" grep -q '^usage: bpfteam' "$TMP/out"

# ---- wrong usage -----------------------------------------------------------------------------

usage 'did you mean attach' atach team0 eth0
usage 'did you mean monitor' moniter
usage 'unknown command' frobnicate
usage 'did you mean add' port ad team0 eth0
usage 'port -h' port
usage 'unknown option --frob' --frob show
usage 'did you mean --mode' attach team0 eth0 --mdoe active-backup
usage 'did you mean --standalone' show --standalon3
usage 'unknown option -x' show -x
usage 'value is missing' attach team0 eth0 --mode
usage 'takes no value' attach team0 eth0 --no-failover=yes
usage 'TEAM PORT' attach
usage 'TEAM PORT' attach team0
usage 'TEAM' detach
usage 'not eth0' detach team0 eth0
usage 'FILE' apply
usage 'TEAM PORT' port add team0
usage 'no arguments' monitor team0
usage 'no arguments' doctor team0

for command in "${later[@]}"; do
	usage 'not supported by this version' "$command" team0
done
usage "'5x' is not a number from 1 to 4094" attach team0 eth0 eth1 --vlan 5x
usage "'4095' is not a number from 1 to 4094" attach team0 eth0 eth1 --vlan 4095
usage 'VLAN 5 is listed twice' attach team0 eth0 eth1 --vlan 5 --vlan 5
for mode in 802.3ad 4 lacp balance-alb 6 adaptive; do
	usage 'not supported by this version' attach team0 eth0 eth1 --mode "$mode"
done

usage "balance-rr, active-backup, balance-xor, broadcast, balance-tlb or random" \
	attach team0 eth0 eth1 --mode fastest
usage 'layer2, layer2\+3, layer3\+4, encap2\+3, encap3\+4, vlan\+srcmac or txhash' \
	attach team0 eth0 eth1 --hash layer7
usage 'state, fentry, kprobe or poll' attach team0 eth0 eth1 --detect magic
usage 'team.*interface name|team.*characters|team.*name' attach sixteen-letters0 eth0
usage 'name' attach ../team eth0
usage 'name' attach 'team 0' eth0
usage 'name' attach . eth0
usage 'name' attach '' eth0
usage 'name' attach team0 sixteen-letters0
usage 'name' detach ../team0
usage 'name' show a/b
usage 'name' rdma a/b
usage 'not team1' rdma team0 team1
usage 'eth0' attach team0 eth0 eth1 eth0
usage 'eth7' attach team0 eth0 eth1 --primary eth7
usage 'MAC' attach team0 eth0 --mac 02:00:00:00:00
usage 'MAC' attach team0 eth0 --mac 01:00:5e:00:00:01
usage 'MAC' attach team0 eth0 --mac 00:00:00:00:00:00
usage '68 to 65535' attach team0 eth0 --mtu 67
usage '68 to 65535' attach team0 eth0 --mtu 1500x
usage 'address' attach team0 eth0 --address 192.0.2.300/24
usage 'address' attach team0 eth0 --address 192.0.2.1/33
usage 'address' attach team0 eth0 --address 2001:db8::g/64
usage 'IPv4' attach team0 eth0 --arp-interval 100 --arp-ip-target 2001:db8::1
usage 'IPv4' attach team0 eth0 --arp-interval 100 --arp-ip-target 192.0.2.1/24
usage 'arp' attach team0 eth0 --arp-interval 100
usage 'arp' attach team0 eth0 --arp-ip-target 192.0.2.1
usage 'number' attach team0 eth0 --updelay -1
usage 'number' attach team0 eth0 --updelay 99999999999999999999
for option in --rdma-address=192.0.2.1/24 --rdma-vlan=5 --rdma-failover --rdma-smc; do
	usage "${option%%=*}: whose\? Give --rdma PORT" attach team0 eth0 eth1 "$option" --rdma eth1
done
usage 'value is missing' attach team0 eth0 --rdma
usage 'takes no value' attach team0 eth0 --rdma eth0 --rdma-smc=yes
usage 'name' attach team0 eth0 --rdma ../eth0
usage 'rdma.port: eth7 is not among the ports' attach team0 eth0 --rdma eth7
usage 'rdma.port: eth0 is listed twice' attach team0 eth0 eth1 --rdma eth0 --rdma eth0
usage "--rdma-address: '192.0.2.300' is no address" attach team0 eth0 --rdma eth0 --rdma-address 192.0.2.300
usage 'not the address of a host' attach team0 eth0 --rdma eth0 --rdma-address 224.0.0.1
usage 'give RDMA a subnet of its own' attach team0 eth0 --address 192.0.2.1/24 --rdma eth0 --rdma-vlan 20 \
	--rdma-address 192.0.2.2/24
usage 'rdma.vport: team0r is one of the ports' attach team0 eth0 team0r --rdma eth0
usage '0 to 4094' attach team0 eth0 --rdma eth0 --rdma-vlan 4095
usage 'at most 4 RNICs' attach team0 a b c d e --rdma a --rdma b --rdma c --rdma d --rdma e
usage 'more than 4 of eth0' attach team0 eth0 --rdma eth0 \
	--rdma-address=10.0.0.{1,2,3,4,5}/24
ports=()
for ((i = 0; i < 65; i++)); do
	ports+=("p$i")
done
usage '64' attach team0 "${ports[@]}"
targets=()
for ((i = 1; i < 18; i++)); do
	targets+=(--arp-ip-target "192.0.2.$i")
done
usage '16' attach team0 eth0 --arp-interval 100 "${targets[@]}"

usage 'nothing to set' port set team0 eth0
usage '1 to 256' port set team0 eth0 --weight 0
usage '1 to 256' port set team0 eth0 --weight 257
usage '1 to 256' port set team0 eth0 --weight 1e2
usage 'number' port set team0 eth0 --priority 2147483648
usage 'contradicts --drain' port set team0 eth0 --drain --undrain
usage 'contradicts --enable' port set team0 eth0 --enable --disable

flow=(--src 192.0.2.1 --dst 192.0.2.2 --proto udp)
usage '--src is missing' explain team0
usage '--dst is missing' explain team0 --src 192.0.2.1
usage '--proto is missing' explain team0 --src 192.0.2.1 --dst 192.0.2.2
usage 'TEAM' explain "${flow[@]}"
usage 'address' explain team0 --src 192.0.2 --dst 192.0.2.2 --proto tcp
usage 'address' explain team0 --src 192.0.2.1/24 --dst 192.0.2.2 --proto tcp
usage 'IPv6' explain team0 --src 192.0.2.1 --dst 2001:db8::1 --proto tcp
usage 'tcp, udp' explain team0 --src 192.0.2.1 --dst 192.0.2.2 --proto ospf
usage '255' explain team0 --src 192.0.2.1 --dst 192.0.2.2 --proto 256
usage '65535' explain team0 "${flow[@]}" --sport 65536 --dport 1
usage 'both or none' explain team0 "${flow[@]}" --sport 1
usage 'no ports' explain team0 --src 192.0.2.1 --dst 192.0.2.2 --proto icmp --sport 1 --dport 1
usage 'MAC' explain team0 "${flow[@]}" --dmac 02:00
usage '4094' explain team0 "${flow[@]}" --vlan 4095

# ---- errors are one line, whatever they quote ------------------------------------------------

usage 'unknown command' $'two\nlines'
usage 'unknown command' $'\e[31mred'
check_not "no control character gets to the terminal" grep -q $'\e' "$TMP/err"

# ---- output that goes nowhere ----------------------------------------------------------------

full_disk() {
	bpfteam -h 2>"$TMP/err" >/dev/full
	[ $? = 1 ] && grep -q '^bpfteam: standard output: No space left' "$TMP/err"
}
check "a full disk is an error" full_disk
reader_gone() {
	bpfteam -h 2>"$TMP/err" > >(exec true) && [ ! -s "$TMP/err" ]
}
check "a reader that has gone is none" reader_gone
closed() {
	bpfteam show >&- 2>&-
}
check "closed standard output and error do no harm" closed

# ---- nothing there ---------------------------------------------------------------------------

run_cli show
check_eq "show without teams says so" "$STATUS $(cat "$TMP/out")" "0 no teams"
check "and as JSON prints an empty array" json_is '. == []' show -j
refused 'team9: no such team' show team9
run_cli rdma
check_eq "rdma without teams says so" "$STATUS $(cat "$TMP/out")" "0 no teams"
check "and as JSON prints an empty array" json_is '. == []' rdma -j
refused 'team9: no such team' rdma team9
refused 'team9: no such team' detach team9
refused 'team9: no such team' port add team9 eth0
refused 'team9: no such team' explain team9 "${flow[@]}"
refused 'No such file' apply "$TMP/nofile.yaml"

for dev in eth0 eth1; do
	check_eq "nothing of this touched $dev" "$(port_picture "$dev")" "$(cat "$TMP/$dev.before")"
done
check_no_leftovers
finish
