// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bus_driver.c - org.freedesktop.DBus on the private socket. Called by peers.c.
 *
 * There is no message bus between the two ends of the private socket, but clients that were written
 * for one greet it (Hello), subscribe (AddMatch) and ask for names before they come to the point:
 * busctl, gdbus and libdbus do. So each connection plays a bus with two members, the daemon and the
 * client, as far as those need it (D-Bus specification, "Message Bus Messages"). Every signal goes
 * to the client anyway, which filters by itself.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/bus_private.h"

#define DRIVER_PATH "/org/freedesktop/DBus"
#define DRIVER_NAME "org.freedesktop.DBus"
#define OUR_UNIQUE_NAME ":1.0"

static const char *unique_name(const struct bus_peer *peer, char buf[16])
{
	snprintf(buf, 16, ":1.%u", peer->id);
	return buf;
}

/* The unique name of who has name, NULL when nobody has. */
static const char *owner_of(const struct bus_peer *peer, const char *name, char buf[16])
{
	if (!strcmp(name, DRIVER_NAME))
		return DRIVER_NAME;
	if (!strcmp(name, BPFTEAM_DBUS_NAME) || !strcmp(name, OUR_UNIQUE_NAME))
		return OUR_UNIQUE_NAME;
	if (!strcmp(name, unique_name(peer, buf)))
		return buf;
	return NULL;
}

static int method_hello(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	char buf[16];

	return sd_bus_reply_method_return(m, "s", unique_name(arg, buf));
}

static int method_nothing(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	return sd_bus_reply_method_return(m, NULL);
}

static int method_list_names(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	char buf[16];

	return sd_bus_reply_method_return(m, "as", 4, DRIVER_NAME, BPFTEAM_DBUS_NAME,
					  OUR_UNIQUE_NAME, unique_name(arg, buf));
}

static int method_list_activatable(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	return sd_bus_reply_method_return(m, "as", 0);
}

static int method_has_owner(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	const char *name;
	char buf[16];
	int r = sd_bus_message_read(m, "s", &name);

	if (r < 0)
		return r;
	return sd_bus_reply_method_return(m, "b", owner_of(arg, name, buf) != NULL);
}

/* Reads a name; when nobody has it, sets error and returns what the method shall return. */
static int read_owner(sd_bus_message *m, void *arg, char buf[16], const char **ret,
		      sd_bus_error *error)
{
	const char *name;
	int r = sd_bus_message_read(m, "s", &name);

	if (r < 0)
		return r;
	*ret = owner_of(arg, name, buf);
	if (*ret)
		return 0;
	return sd_bus_error_setf(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER, "%s: nobody has this name",
				 name);
}

static int method_get_owner(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	const char *owner;
	char buf[16];
	int r = read_owner(m, arg, buf, &owner, error);

	return r < 0 ? r : sd_bus_reply_method_return(m, "s", owner);
}

/* The client asks about itself, or about the daemon, which is also the driver. */
static int peer_credentials(struct bus_peer *peer, const char *owner, uint32_t *uid, uint32_t *pid)
{
	sd_bus_creds *creds = NULL;
	uid_t peer_uid;
	pid_t peer_pid;
	int r;

	*uid = geteuid();
	*pid = getpid();
	if (!strcmp(owner, DRIVER_NAME) || !strcmp(owner, OUR_UNIQUE_NAME))
		return 0;
	r = sd_bus_get_owner_creds(peer->conn, SD_BUS_CREDS_EUID | SD_BUS_CREDS_PID, &creds);
	if (r >= 0)
		r = sd_bus_creds_get_euid(creds, &peer_uid);
	if (r >= 0)
		r = sd_bus_creds_get_pid(creds, &peer_pid);
	if (r >= 0) {
		*uid = peer_uid;
		*pid = peer_pid;
	}
	sd_bus_creds_unref(creds);
	return r;
}

static int method_get_user(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	const char *owner;
	char buf[16];
	uint32_t uid, pid;
	int r = read_owner(m, arg, buf, &owner, error);

	if (r >= 0)
		r = peer_credentials(arg, owner, &uid, &pid);
	return r < 0 ? r : sd_bus_reply_method_return(m, "u", uid);
}

static int method_get_pid(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	const char *owner;
	char buf[16];
	uint32_t uid, pid;
	int r = read_owner(m, arg, buf, &owner, error);

	if (r >= 0)
		r = peer_credentials(arg, owner, &uid, &pid);
	return r < 0 ? r : sd_bus_reply_method_return(m, "u", pid);
}

static int method_get_credentials(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	const char *owner;
	char buf[16];
	uint32_t uid, pid;
	int r = read_owner(m, arg, buf, &owner, error);

	if (r >= 0)
		r = peer_credentials(arg, owner, &uid, &pid);
	if (r < 0)
		return r;
	return sd_bus_reply_method_return(m, "a{sv}", 2, "UnixUserID", "u", uid, "ProcessID", "u",
					  pid);
}

static int method_get_id(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct bus_peer *peer = arg;
	char text[SD_ID128_STRING_MAX];
	sd_id128_t id;
	int r = sd_bus_get_bus_id(peer->conn, &id);

	return r < 0 ? r : sd_bus_reply_method_return(m, "s", sd_id128_to_string(id, text));
}

/* A real bus takes a monitor's name away, and busctl waits for that before it shows anything. */
static int method_become_monitor(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct bus_peer *peer = arg;
	sd_bus_message *lost = NULL;
	char buf[16];
	int r;

	r = sd_bus_reply_method_return(m, NULL);
	if (r >= 0)
		r = sd_bus_message_new_signal(peer->conn, &lost, DRIVER_PATH, DRIVER_NAME,
					      "NameLost");
	if (r >= 0)
		r = sd_bus_message_set_sender(lost, DRIVER_NAME);
	if (r >= 0)
		r = sd_bus_message_append(lost, "s", unique_name(peer, buf));
	if (r >= 0)
		r = sd_bus_send(peer->conn, lost, NULL);
	sd_bus_message_unref(lost);
	return r < 0 ? r : 1;
}

#define METHOD(name, in, out, handler) \
	SD_BUS_METHOD(name, in, out, handler, SD_BUS_VTABLE_UNPRIVILEGED)

static const sd_bus_vtable driver_vtable[] = {
	SD_BUS_VTABLE_START(0),
	METHOD("Hello", "", "s", method_hello),
	METHOD("AddMatch", "s", "", method_nothing),
	METHOD("RemoveMatch", "s", "", method_nothing),
	METHOD("ListNames", "", "as", method_list_names),
	METHOD("ListActivatableNames", "", "as", method_list_activatable),
	METHOD("NameHasOwner", "s", "b", method_has_owner),
	METHOD("GetNameOwner", "s", "s", method_get_owner),
	METHOD("GetConnectionUnixUser", "s", "u", method_get_user),
	METHOD("GetConnectionUnixProcessID", "s", "u", method_get_pid),
	METHOD("GetConnectionCredentials", "s", "a{sv}", method_get_credentials),
	METHOD("GetId", "", "s", method_get_id),
	SD_BUS_SIGNAL("NameLost", "s", 0),
	SD_BUS_VTABLE_END,
};

static const sd_bus_vtable monitoring_vtable[] = {
	SD_BUS_VTABLE_START(0),
	METHOD("BecomeMonitor", "asu", "", method_become_monitor),
	SD_BUS_VTABLE_END,
};

int bus_driver_export(struct bus_peer *peer)
{
	int r;

	r = sd_bus_add_object_vtable(peer->conn, NULL, DRIVER_PATH, DRIVER_NAME, driver_vtable,
				     peer);
	if (r < 0)
		return r;
	return sd_bus_add_object_vtable(peer->conn, NULL, DRIVER_PATH, DRIVER_NAME ".Monitoring",
					monitoring_vtable, peer);
}
