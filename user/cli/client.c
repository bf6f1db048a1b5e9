/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * client.c - sd-bus client to bpfteamd's private socket. Called by the commands.
 *
 * The connection is peer to peer: no bus daemon, no Hello(), no names. sd_bus_call() would wait as
 * long as sd-bus likes for the far end's authentication, so client_open() waits for that by itself,
 * and a daemon that hangs costs 5 s and gets a clear line.
 */
#include "cli/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "bpfteam/dbus.h"

#define READ_TIMEOUT_S 5
/* The most is to make thousands of VLAN groups. */
#define CHANGE_TIMEOUT_S 120
#define USEC_PER_S 1000000ULL

struct client {
	sd_bus *bus;
	struct sockaddr_un addr;
};

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * USEC_PER_S + ts.tv_nsec / 1000;
}

static int fail_timeout(const struct client *client, unsigned seconds, struct err *err)
{
	return err_set(err, -ETIMEDOUT,
		       "bpfteamd: no answer within %u s on %s; --standalone does without it",
		       seconds, client->addr.sun_path);
}

static int fail_access(const struct client *client, struct err *err)
{
	return err_set(err, -EACCES, "bpfteamd: %s: permission denied: need root",
		       client->addr.sun_path);
}

/* A connected socket, -ENOENT when nobody is behind it. */
static int connect_socket(struct client *client, const char *runtime_dir, struct err *err)
{
	struct timeval limit = {.tv_sec = READ_TIMEOUT_S};
	int fd, r, len;

	client->addr.sun_family = AF_UNIX;
	len = snprintf(client->addr.sun_path, sizeof(client->addr.sun_path), "%s/%s", runtime_dir,
		       BPFTEAM_DBUS_SOCKET);
	if (len >= (int)sizeof(client->addr.sun_path))
		return err_set(err, -ENAMETOOLONG, "%s: too long for the path of a socket",
			       runtime_dir);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(err, -errno, "socket: %s", strerror(errno));
	/* connect() waits when the far end's backlog is full. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (!connect(fd, (struct sockaddr *)&client->addr, sizeof(client->addr)))
		return fd;
	r = -errno;
	close(fd);
	if (r == -ENOENT || r == -ECONNREFUSED || r == -ENOTDIR)
		return -ENOENT;
	if (r == -EACCES || r == -EPERM)
		return fail_access(client, err);
	if (r == -EAGAIN)
		return fail_timeout(client, READ_TIMEOUT_S, err);
	return err_set(err, r, "bpfteamd: %s: %s", client->addr.sun_path, strerror(-r));
}

static int wait_ready(struct client *client, struct err *err)
{
	uint64_t end = now_us() + READ_TIMEOUT_S * USEC_PER_S;

	for (;;) {
		uint64_t now = now_us();
		int r = sd_bus_is_ready(client->bus);

		if (r > 0)
			return 0;
		if (r >= 0)
			r = sd_bus_process(client->bus, NULL);
		if (!r) {
			if (now >= end)
				return fail_timeout(client, READ_TIMEOUT_S, err);
			r = sd_bus_wait(client->bus, end - now);
		}
		if (r == -EACCES || r == -EPERM)
			return fail_access(client, err);
		if (r < 0 && r != -EINTR)
			return err_set(err, r,
				       "bpfteamd: %s: the daemon ended the connection (%s); "
				       "--standalone does without it",
				       client->addr.sun_path, strerror(-r));
	}
}

int client_open(const char *runtime_dir, struct client **ret, struct err *err)
{
	struct client *client = calloc(1, sizeof(*client));
	int fd, r;

	*ret = NULL;
	if (!client)
		return err_set(err, -ENOMEM, "out of memory");
	fd = connect_socket(client, runtime_dir, err);
	r = fd < 0 ? fd : client_check_peer(fd, client->addr.sun_path, err);
	if (r)
		goto out;
	r = sd_bus_new(&client->bus);
	if (r >= 0)
		r = sd_bus_set_fd(client->bus, fd, fd);
	if (r < 0) {
		close(fd);
		err_set(err, r, "sd-bus: %s", strerror(-r));
		goto out;
	}
	r = sd_bus_start(client->bus);
	if (r < 0)
		err_set(err, r, "bpfteamd: %s: %s", client->addr.sun_path, strerror(-r));
	else
		r = wait_ready(client, err);
out:
	if (r < 0) {
		client_close(client);
		return r;
	}
	*ret = client;
	return 0;
}

bool client_there(const char *runtime_dir)
{
	struct client client = {};
	int fd = connect_socket(&client, runtime_dir, NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

void client_close(struct client *client)
{
	if (!client)
		return;
	sd_bus_close_unref(client->bus);
	free(client);
}

sd_bus *client_bus(struct client *client)
{
	return client->bus;
}

/* A call of the manager; arguments are appended by the caller. */
static int call_new(struct client *client, const char *method, sd_bus_message **ret,
		    struct err *err)
{
	int r = sd_bus_message_new_method_call(client->bus, ret, NULL, BPFTEAM_DBUS_PATH,
					       BPFTEAM_DBUS_MANAGER, method);

	return r < 0 ? err_set(err, r, "sd-bus: %s", strerror(-r)) : 0;
}

/* What can't be put into a message is text that is no UTF-8. */
static int fail_append(int r, struct err *err)
{
	return err_set(err, r, "the names given are not valid UTF-8 (%s)", strerror(-r));
}

/* Sends, waits, takes the reference of call. reply may be NULL. */
static int call_do(struct client *client, sd_bus_message *call, unsigned limit_s,
		   sd_bus_message **reply, struct err *err)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_call(client->bus, call, limit_s * USEC_PER_S, &error, reply);

	sd_bus_message_unref(call);
	if (r >= 0) {
		r = 0;
	} else if (sd_bus_error_has_name(&error, BPFTEAM_DBUS_ERROR)) {
		r = err_set(err, -EREMOTEIO, "%s", error.message);
	} else if (r == -ETIMEDOUT) {
		r = fail_timeout(client, limit_s, err);
	} else if (r == -EACCES || r == -EPERM) {
		r = fail_access(client, err);
	} else if (r == -ECONNRESET || r == -ENOTCONN || r == -EPIPE) {
		err_set(err, r,
			"bpfteamd: ended before it answered; `bpfteam show` tells what was done");
	} else {
		err_set(err, r, "bpfteamd: %s", error.message ? error.message : strerror(-r));
	}
	sd_bus_error_free(&error);
	return r;
}

/* Calls whose arguments are strings and whose answer is empty. b may be NULL. */
static int call_strings(struct client *client, const char *method, const char *a, const char *b,
			struct err *err)
{
	sd_bus_message *call;
	int r = call_new(client, method, &call, err);

	if (r)
		return r;
	r = sd_bus_message_append_basic(call, 's', a);
	if (r >= 0 && b)
		r = sd_bus_message_append_basic(call, 's', b);
	if (r < 0) {
		sd_bus_message_unref(call);
		return fail_append(r, err);
	}
	return call_do(client, call, CHANGE_TIMEOUT_S, NULL, err);
}

json_t *client_lines(const char *text)
{
	json_t *lines = json_array();

	while (lines && *text) {
		size_t len = strcspn(text, "\n");

		if (len && json_array_append_new(lines, json_stringn(text, len))) {
			json_decref(lines);
			return NULL;
		}
		text += len + (text[len] == '\n');
	}
	return lines;
}

static int fail_answer(int r, struct err *err)
{
	return err_set(err, r < 0 ? r : -EPROTO,
		       "bpfteamd: its answer is not what this version expects");
}

int client_attach(struct client *client, const struct config *config, unsigned flags,
		  json_t **notes, struct err *err)
{
	sd_bus_message *call, *reply = NULL;
	const char *text;
	char *yaml;
	int r = config_format(config, &yaml);

	if (r)
		return err_set(err, r, "out of memory");
	r = call_new(client, "Attach", &call, err);
	if (r)
		goto out;
	r = sd_bus_message_append(call, "su", yaml, flags);
	if (r < 0) {
		sd_bus_message_unref(call);
		fail_append(r, err);
		goto out;
	}
	r = call_do(client, call, CHANGE_TIMEOUT_S, &reply, err);
	if (r)
		goto out;
	r = sd_bus_message_read(reply, "s", &text);
	*notes = r < 0 ? NULL : client_lines(text);
	r = *notes ? 0 : fail_answer(r, err);
out:
	sd_bus_message_unref(reply);
	free(yaml);
	return r;
}

static int read_lines(sd_bus_message *reply, json_t **ret, struct err *err)
{
	json_t *lines = json_array();
	const char *line;
	int r = sd_bus_message_enter_container(reply, 'a', "s");

	while (r > 0) {
		r = sd_bus_message_read_basic(reply, 's', &line);
		if (r > 0 && json_array_append_new(lines, json_string(line)))
			r = -ENOMEM;
	}
	if (r < 0) {
		json_decref(lines);
		return fail_answer(r, err);
	}
	*ret = lines;
	return 0;
}

int client_apply(struct client *client, const struct config *config, const char *origin, bool check,
		 json_t **changes, struct err *err)
{
	sd_bus_message *call, *reply = NULL;
	char *yaml;
	int r = config_format(config, &yaml);

	if (r)
		return err_set(err, r, "out of memory");
	r = call_new(client, "Apply", &call, err);
	if (r)
		goto out;
	r = sd_bus_message_append(call, "ssb", yaml, origin, check);
	if (r < 0) {
		sd_bus_message_unref(call);
		fail_append(r, err);
		goto out;
	}
	r = call_do(client, call, CHANGE_TIMEOUT_S, &reply, err);
	if (!r)
		r = read_lines(reply, changes, err);
out:
	sd_bus_message_unref(reply);
	free(yaml);
	return r;
}

int client_detach(struct client *client, const char *team, struct err *err)
{
	return call_strings(client, "Detach", team, NULL, err);
}

int client_add_port(struct client *client, const char *team, const char *port, struct err *err)
{
	return call_strings(client, "AddPort", team, port, err);
}

int client_remove_port(struct client *client, const char *team, const char *port, struct err *err)
{
	return call_strings(client, "RemovePort", team, port, err);
}

int client_set_port(struct client *client, const char *team, const char *port,
		    const struct team_port_settings *s, struct err *err)
{
	sd_bus_message *call;
	int r = call_new(client, "SetPort", &call, err);

	if (r)
		return r;
	r = sd_bus_message_append(call, "ss", team, port);
	if (r >= 0)
		r = sd_bus_message_open_container(call, 'a', "{sv}");
	if (r >= 0 && s->weight)
		r = sd_bus_message_append(call, "{sv}", "weight", "u", *s->weight);
	if (r >= 0 && s->priority)
		r = sd_bus_message_append(call, "{sv}", "priority", "i", *s->priority);
	if (r >= 0 && s->drain)
		r = sd_bus_message_append(call, "{sv}", "drain", "b", *s->drain);
	if (r >= 0 && s->disable)
		r = sd_bus_message_append(call, "{sv}", "disable", "b", *s->disable);
	if (r >= 0)
		r = sd_bus_message_close_container(call);
	if (r < 0) {
		sd_bus_message_unref(call);
		return fail_append(r, err);
	}
	return call_do(client, call, CHANGE_TIMEOUT_S, NULL, err);
}

/* Calls that take a team's name, or "", and answer with an array as JSON. */
static int call_json(struct client *client, const char *method, const char *name, json_t **ret,
		     struct err *err)
{
	sd_bus_message *call, *reply = NULL;
	const char *text;
	int r = call_new(client, method, &call, err);

	if (r)
		return r;
	r = sd_bus_message_append_basic(call, 's', name);
	if (r < 0) {
		sd_bus_message_unref(call);
		return fail_append(r, err);
	}
	r = call_do(client, call, READ_TIMEOUT_S, &reply, err);
	if (r)
		return r;
	r = sd_bus_message_read_basic(reply, 's', &text);
	*ret = r < 0 ? NULL : json_loads(text, 0, NULL);
	r = json_is_array(*ret) ? 0 : fail_answer(r, err);
	if (r)
		json_decref(*ret);
	sd_bus_message_unref(reply);
	return r;
}

int client_status(struct client *client, const char *name, json_t **ret, struct err *err)
{
	return call_json(client, "Status", name, ret, err);
}

int client_rdma(struct client *client, const char *name, json_t **ret, struct err *err)
{
	return call_json(client, "Rdma", name, ret, err);
}

int client_refresh(struct client *client, struct err *err)
{
	sd_bus_message *call;
	int r = call_new(client, "Refresh", &call, err);

	return r ? r : call_do(client, call, READ_TIMEOUT_S, NULL, err);
}
