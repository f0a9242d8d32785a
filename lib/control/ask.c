/* SPDX-License-Identifier: BSD-3-Clause */
/* The client's side: one question, one answer, and a deadline. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "control/control_priv.h"

/* A listener's queue that is full has no event to wait for. */
enum { RETRY_MS = 20 };

/* @return 0, -ETIMEDOUT or -errno */
static int
wait_for(int fd, short events, int64_t deadline_ms)
{
	for (;;) {
		struct pollfd wanted = {.fd = fd, .events = events};
		int64_t left = deadline_ms - clock_ms();
		int rc;

		if (left <= 0)
			return -ETIMEDOUT;
		rc = poll(&wanted, 1, left > INT32_MAX ? INT32_MAX : (int)left);
		if (rc > 0)
			return 0;
		if (rc < 0 && errno != EINTR)
			return -errno;
	}
}

static int
connect_until(int fd, const struct sockaddr_un *address, int64_t deadline_ms)
{
	while (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		if (clock_ms() >= deadline_ms)
			return -ETIMEDOUT;
		poll(NULL, 0, RETRY_MS);
	}
	return 0;
}

static int
send_all(int fd, const uint8_t *octets, size_t length, int64_t deadline_ms)
{
	while (length) {
		ssize_t sent = send(fd, octets, length, MSG_NOSIGNAL);

		if (sent < 0 && errno == EAGAIN) {
			int rc = wait_for(fd, POLLOUT, deadline_ms);

			if (rc < 0)
				return rc;
			continue;
		}
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return -errno;
		octets += sent;
		length -= (size_t)sent;
	}
	return 0;
}

static int
receive_all(int fd, uint8_t *octets, size_t length, int64_t deadline_ms)
{
	while (length) {
		int rc = wait_for(fd, POLLIN, deadline_ms);
		ssize_t got;

		if (rc < 0)
			return rc;
		got = recv(fd, octets, length, 0);
		if (got == 0)
			return -ECONNRESET;
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0)
			return -errno;
		octets += got;
		length -= (size_t)got;
	}
	return 0;
}

static int
request_send(int fd, const json_t *request, int64_t deadline_ms)
{
	char *text __attribute__((cleanup(free_memory))) = json_dumps(request, JSON_COMPACT);
	uint8_t length[CONTROL_LENGTH_SIZE];
	int rc;

	if (!text)
		return -ENOMEM;
	if (strlen(text) > CONTROL_REQUEST_MAX)
		return -EMSGSIZE;
	message_length_write(length, strlen(text));
	rc = send_all(fd, length, sizeof(length), deadline_ms);
	if (rc == 0)
		rc = send_all(fd, (const uint8_t *)text, strlen(text), deadline_ms);
	return rc;
}

static int
reply_parse(const uint8_t *text, size_t length, json_t **reply)
{
	json_t *read = json_loadb((const char *)text, length, JSON_REJECT_DUPLICATES, NULL);

	if (!json_is_object(read) || !json_is_boolean(json_object_get(read, "ok"))) {
		json_decref(read);
		return -EBADMSG;
	}
	*reply = read;
	return 0;
}

static int
reply_receive(int fd, int64_t deadline_ms, json_t **reply)
{
	uint8_t front[CONTROL_LENGTH_SIZE], *text;
	size_t length;
	int rc = receive_all(fd, front, sizeof(front), deadline_ms);

	if (rc < 0)
		return rc;
	length = (size_t)front[0] << 24 | (size_t)front[1] << 16 | (size_t)front[2] << 8 | front[3];
	if (length == 0 || length > CONTROL_REPLY_MAX)
		return -EBADMSG;
	text = malloc(length);
	if (!text)
		return -ENOMEM;
	rc = receive_all(fd, text, length, deadline_ms);
	if (rc == 0)
		rc = reply_parse(text, length, reply);
	free(text);
	return rc;
}

int
control_ask(
	const char *path, const json_t *request, int timeout_ms, json_t **reply, struct why *why)
{
	int fd __attribute__((cleanup(close_fd))) =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int64_t deadline_ms = clock_ms() + timeout_ms;
	int rc, sent;

	if (fd < 0)
		return why_errno(why, "socket");
	if (strlen(path) >= sizeof(address.sun_path))
		return why_set(why, ENAMETOOLONG, "%s: too long for a socket's path", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	rc = connect_until(fd, &address, deadline_ms);
	if (rc == 0) {
		/* one that turns us away may have closed already, but said why */
		sent = request_send(fd, request, deadline_ms);
		rc = sent == 0 || sent == -EPIPE ? reply_receive(fd, deadline_ms, reply) : sent;
	}
	if (rc == -EBADMSG)
		return why_set(why, EBADMSG, "%s: a reply that cannot be read", path);
	if (rc < 0)
		return why_set(why, -rc, "%s: %s", path, strerror(-rc));
	return 0;
}
