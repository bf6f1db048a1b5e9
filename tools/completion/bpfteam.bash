# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
#
# bpfteam.bash - completion of bpfteam(8) for bash. Loaded by bash-completion when `bpfteam` is first
# completed, or sourced by hand. selftests/unit/install.sh holds it against `bpfteam -h`.

# Global options, commands, and the options of each command.
_bpfteam_global='--runtime-dir --bpffs --standalone --json --help --version'
_bpfteam_commands='attach detach apply port show explain rdma import monitor doctor help'
declare -gA _bpfteam_options=(
	[attach]='--mode --hash --primary --primary-reselect --mac --mtu --address --detect --rx --move-addresses
		--no-failover --updelay --downdelay --arp-interval --arp-ip-target --xdp
		--rdma --rdma-address --rdma-vlan --rdma-failover --rdma-smc --vlan'
	[apply]='--check'
	[port]='--weight --priority --drain --undrain --disable --enable'
	[import]='--format --bond --team --list'
	[explain]='--src --dst --proto --sport --dport --smac --dmac --vlan'
)
# What follows these options is one of these words; what follows the others is the user's own.
declare -gA _bpfteam_values=(
	[--mode]='balance-rr active-backup balance-xor broadcast balance-tlb random'
	[--hash]='layer2 layer2+3 layer3+4 encap2+3 encap3+4 vlan+srcmac txhash'
	[--detect]='auto state fentry kprobe poll'
	[--primary-reselect]='always better failure'
	[--rx]='redirect direct'
	[--format]='auto teamd netplan networkd ifcfg interfaces'
	[--proto]='tcp udp sctp icmp'
)
_bpfteam_free='--rdma --rdma-address --rdma-vlan --primary --mac --mtu --address --updelay --downdelay --arp-interval --arp-ip-target
	--weight --priority --src --dst --sport --dport --smac --dmac --vlan --bond --team'

_bpfteam_takes_value() { # OPTION
	[ -n "${_bpfteam_values[$1]-}" ] || [[ " ${_bpfteam_free//[$'\n\t']/ } " == *" $1 "* ]]
}

# _bpfteam_show NEXT: the names in `show -j` that the key NEXT follows: "mode" for teams, "ifindex"
# for ports.
_bpfteam_show() {
	"${COMP_WORDS[0]}" "${_bpfteam_where[@]}" show -j ${2:+"$2"} 2>/dev/null | tr -d ' \n' |
		grep -oE "\"name\":\"[^\"]*\",\"$1\"" | cut -d'"' -f4
}

# Devices that could be ports.
_bpfteam_devices() {
	local dev
	for dev in /sys/class/net/*; do
		[ "${dev##*/}" = lo ] || [ ! -e "$dev/ifindex" ] || echo "${dev##*/}"
	done
}

# Bonds of the kernel's.
_bpfteam_bonds() {
	local dev
	for dev in /sys/class/net/*/bonding; do
		[ ! -d "$dev" ] || basename "${dev%/bonding}"
	done
}

_bpfteam_reply() { # WORDS
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

_bpfteam() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local word command='' skip='' args=() _bpfteam_where=() i

	# Readline makes words of their own of the '=' in --mode=xor.
	[ "$cur" = = ] && cur=''
	[ "$prev" = = ] && prev=${COMP_WORDS[COMP_CWORD - 2]}
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [ "$word" = = ]; then
			skip=1
		elif [ -n "$skip" ]; then
			[ "$skip" != where ] || _bpfteam_where+=("$word")
			skip=''
		elif [ "$word" = --runtime-dir ] || [ "$word" = --bpffs ]; then
			_bpfteam_where+=("$word") skip=where
		elif _bpfteam_takes_value "$word"; then
			skip=1
		elif [[ $word != -* ]]; then
			[ -n "$command" ] && args+=("$word") || command=$word
		fi
	done
	# A global --runtime-dir=DIR.
	[ "$skip" != where ] || unset '_bpfteam_where[-1]'

	COMPREPLY=()
	case $prev in
	--runtime-dir | --bpffs)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	--primary | --rdma)
		_bpfteam_reply "$(_bpfteam_devices)" "$cur"
		return
		;;
	--*)
		if [ -n "${_bpfteam_values[$prev]-}" ]; then
			_bpfteam_reply "${_bpfteam_values[$prev]}" "$cur"
			return
		fi
		_bpfteam_takes_value "$prev" && return
		;;
	esac
	if [[ $cur == -* ]]; then
		_bpfteam_reply "$_bpfteam_global ${_bpfteam_options[${command:-none}]-}" "$cur"
		return
	fi
	case $command:${#args[@]} in
	:*) _bpfteam_reply "$_bpfteam_commands" "$cur" ;;
	help:0) _bpfteam_reply "$_bpfteam_commands" "$cur" ;;
	attach:0 | apply:[1-9]* | import:[1-9]*) ;;
	attach:*) _bpfteam_reply "$(_bpfteam_devices)" "$cur" ;;
	detach:0 | show:0 | explain:0 | rdma:0) _bpfteam_reply "$(_bpfteam_show mode)" "$cur" ;;
	import:0) mapfile -t COMPREPLY < <(compgen -f -- "$cur"; compgen -W "$(_bpfteam_bonds)" -- "$cur") ;;
	apply:0) mapfile -t COMPREPLY < <(compgen -f -X '!*.yaml' -- "$cur"; compgen -d -- "$cur") ;;
	port:0) _bpfteam_reply 'add del set' "$cur" ;;
	port:1) _bpfteam_reply "$(_bpfteam_show mode)" "$cur" ;;
	port:2)
		if [ "${args[0]}" = add ]; then
			_bpfteam_reply "$(_bpfteam_devices)" "$cur"
		else
			_bpfteam_reply "$(_bpfteam_show ifindex "${args[1]}")" "$cur"
		fi
		;;
	esac
}
complete -F _bpfteam -o filenames bpfteam
