/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "port/port.h"
#include "port/xdp_table.h"

static_assert((int)XDP_ADDRESSES == PACKET_SERVICE_MAX, "one table serves both");

enum { OBJECT_SIZE_MAX = 1 << 20 };

int
port_xdp_specialize(
	const char *object, const struct packet_service *service, const char *path, struct why *why)
{
	struct xdp_table table = {.marker = XDP_MARKER,
		.ipv4_count = service->ipv4_count,
		.ipv6_count = service->ipv6_count};
	uint8_t *octets __attribute__((cleanup(free_memory))) = NULL;
	int fd __attribute__((cleanup(close_fd))) = -1;
	uint8_t *at;
	size_t size;
	int rc = file_read(object, OBJECT_SIZE_MAX, &octets, &size, why);

	if (rc < 0)
		return rc;
	memcpy(table.ipv4, service->ipv4, sizeof(table.ipv4));
	memcpy(table.ipv6, service->ipv6, sizeof(table.ipv6));
	at = memmem(octets, size, table.marker, sizeof(table.marker));
	if (!at || (size_t)(octets + size - at) < sizeof(table))
		return why_set(why, EINVAL, "%s: not our XDP program", object);
	memcpy(at, &table, sizeof(table));
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return why_errno(why, "%s", path);
	rc = file_write_all(fd, octets, size);
	return rc < 0 ? why_set(why, -rc, "%s: %s", path, strerror(-rc)) : 0;
}

/* Bound in the network namespace, gone with the process, killed or not. */
static int
lock_take(const char *interface, struct why *why)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int length;

	if (fd < 0)
		return why_errno(why, "%s", interface);
	length = snprintf(
		address.sun_path + 1, sizeof(address.sun_path) - 1, "mangrove-xdp/%s", interface);
	if (bind(fd, (struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)) == 0)
		return fd;
	close(fd);
	if (errno == EADDRINUSE)
		return why_set(
			why, EBUSY, "%s: another mangroved serves this interface", interface);
	return why_errno(why, "%s", interface);
}

static bool
program_is_ours(uint32_t id, char name[static BPF_OBJ_NAME_LEN])
{
	struct bpf_prog_info info = {0};
	uint32_t length = sizeof(info);
	int fd __attribute__((cleanup(close_fd))) = bpf_prog_get_fd_by_id(id);

	name[0] = '\0';
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &length) < 0)
		return false;
	memcpy(name, info.name, BPF_OBJ_NAME_LEN);
	return info.type == BPF_PROG_TYPE_XDP && strcmp(info.name, XDP_PROGRAM_NAME) == 0;
}

int
port_xdp_claim(const char *interface, struct port_xdp *xdp, struct why *why)
{
	char name[BPF_OBJ_NAME_LEN];
	uint32_t id = 0;
	int rc;

	*xdp = (struct port_xdp){.lock = -1, .index = if_nametoindex(interface)};
	if (xdp->index == 0)
		return why_set(why, ENODEV, "%s: no such interface", interface);
	xdp->lock = lock_take(interface, why);
	if (xdp->lock < 0)
		return xdp->lock;
	rc = bpf_xdp_query_id((int)xdp->index, 0, &id);
	if (rc < 0) {
		why_set(why, -rc, "%s: %s", interface, strerror(-rc));
		goto fail;
	}
	if (id == 0)
		return 0;
	if (!program_is_ours(id, name)) {
		rc = why_set(why, EBUSY,
			"%s: carries another XDP program (id %u, \"%s\"); detach it first: ip link "
			"set "
			"dev %s xdp off",
			interface, id, name, interface);
		goto fail;
	}
	rc = bpf_xdp_detach((int)xdp->index, 0, NULL);
	if (rc == 0)
		return 0;
	why_set(why, -rc, "%s: a stale XDP program cannot be detached: %s", interface,
		strerror(-rc));
fail:
	close_fd(&xdp->lock);
	xdp->lock = -1;
	return rc;
}

void
port_xdp_release(struct port_xdp *xdp)
{
	char name[BPF_OBJ_NAME_LEN];
	uint32_t id = 0;

	if (xdp->lock < 0)
		return;
	if (bpf_xdp_query_id((int)xdp->index, 0, &id) == 0 && id && program_is_ours(id, name))
		bpf_xdp_detach((int)xdp->index, 0, NULL);
	close_fd(&xdp->lock);
	xdp->lock = -1;
}
