/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dbus.h - names of the D-Bus interface that bpfteamd offers on RUNTIME_DIR/bus (a private socket,
 * peer to peer) and, where there is one, on the system bus.
 *
 * Manager, at BPFTEAM_DBUS_PATH:
 *   Attach(s config, u flags) -> (s notes)       config: YAML, as in a file; flags: team_attach()'s
 *   Apply(s config, s origin, b check) -> (as changes)   origin: what errors name as the file
 *   Detach(s team)
 *   AddPort(s team, s port), RemovePort(s team, s port)
 *   SetPort(s team, s port, a{sv} settings)      weight u, priority i, drain b, disable b
 *   Status(s team) -> (s json)                   team "" = all; the array of CLI.md's `show -j`
 *   Rdma(s team) -> (s json)                     likewise; the array of `rdma -j`
 *   Refresh()                                    re-read what another process changed
 *   signal Event(s time, s team, s event, s port, s cause, s detector, t datapath_ns, s active_port)
 * Team objects at BPFTEAM_DBUS_PATH/team/NAME (escaped by sd_bus_path_encode(3)), with properties
 * of BPFTEAM_DBUS_TEAM: Name, Mode, Hash, State, ActivePort and Detector s, Failovers t,
 * Ports a(sss) (name, state, reason).
 * Refusals are BPFTEAM_DBUS_ERROR with the line to print as message.
 */
#ifndef BPFTEAM_DBUS_H
#define BPFTEAM_DBUS_H

#define BPFTEAM_DBUS_NAME "org.bpfteam1"
#define BPFTEAM_DBUS_PATH "/org/bpfteam1"
#define BPFTEAM_DBUS_MANAGER "org.bpfteam1.Manager"
#define BPFTEAM_DBUS_TEAM "org.bpfteam1.Team"
#define BPFTEAM_DBUS_ERROR "org.bpfteam1.Error.Refused"
#define BPFTEAM_DBUS_SOCKET "bus"

#endif
