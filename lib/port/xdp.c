/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "port/port.h"
#include "port/xdp_table.h"

static_assert((int)XDP_ADDRESSES == PACKET_SERVICE_MAX, "one table serves both");
static_assert(sizeof(((struct port_xdp *)NULL)->tag) == BPF_TAG_SIZE, "the kernel's tag");

enum { OBJECT_SIZE_MAX = 1 << 20 };

static int
libbpf_hush(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

/* Put the service addresses into a copy of the program, for which there is no file. */
static int
program_specialize(
	const char *object, const struct packet_service *service, int *program, struct why *why)
{
	struct xdp_table table = {.marker = XDP_MARKER,
		.ipv4_count = service->ipv4_count,
		.ipv6_count = service->ipv6_count};
	uint8_t *octets __attribute__((cleanup(free_memory))) = NULL;
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
	*program = memfd_create(XDP_PROGRAM_NAME, MFD_CLOEXEC);
	if (*program < 0)
		return why_errno(why, "memfd");
	rc = file_write_all(*program, octets, size);
	return rc < 0 ? why_set(why, -rc, "memfd: %s", strerror(-rc)) : 0;
}

static bool
program_facts(int fd, char name[static BPF_OBJ_NAME_LEN], uint8_t tag[static BPF_TAG_SIZE])
{
	struct bpf_prog_info info = {0};
	uint32_t length = sizeof(info);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &length) < 0)
		return false;
	memcpy(name, info.name, BPF_OBJ_NAME_LEN);
	memcpy(tag, info.tag, BPF_TAG_SIZE);
	return true;
}

/* Load the program once without attaching it: the kernel tells its tag, or what it has against
 * it, before anything else has been started. */
static int
program_try(struct port_xdp *xdp, const char *interface, struct why *why)
{
	char path[32], name[BPF_OBJ_NAME_LEN] = "";
	const struct bpf_program *program;
	struct bpf_object *object;
	int rc = 0;

	port_xdp_path(xdp, path);
	libbpf_set_print(libbpf_hush);
	object = bpf_object__open_file(path, NULL);
	if (!object)
		return why_errno(why, "%s: the XDP program cannot be read", interface);
	rc = bpf_object__load(object);
	program = bpf_object__next_program(object, NULL);
	if (rc == -EPERM || rc == -EACCES)
		why_set(why, -rc,
			"%s: no right to load an XDP program; be root, or have CAP_NET_ADMIN, "
			"CAP_NET_RAW, CAP_BPF, CAP_PERFMON and CAP_IPC_LOCK",
			interface);
	else if (rc < 0)
		why_set(why, -rc, "%s: the kernel refuses the XDP program: %s", interface,
			strerror(-rc));
	else if (!program || !program_facts(bpf_program__fd(program), name, xdp->tag) ||
		 strcmp(name, XDP_PROGRAM_NAME) != 0)
		rc = why_set(why, EINVAL, "%s: not our XDP program", interface);
	bpf_object__close(object);
	return rc;
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

static int
interface_find(const char *interface, unsigned int *index, struct why *why)
{
	int fd __attribute__((cleanup(close_fd))) = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {0};

	if (interface[0] == '\0' || strlen(interface) >= IFNAMSIZ)
		return why_set(why, ENODEV, "\"%s\" is not an interface's name", interface);
	*index = if_nametoindex(interface);
	if (*index == 0)
		return why_set(why, ENODEV, "%s: no such interface", interface);
	memcpy(request.ifr_name, interface, strlen(interface));
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return why_errno(why, "%s", interface);
	if (!(request.ifr_flags & IFF_UP))
		return why_set(why, ENETDOWN, "%s: the interface is down; ip link set dev %s up",
			interface, interface);
	return 0;
}

/* What is attached. @param fd  of the program, or -1 if nothing is, or it cannot be known */
static int
attached_find(unsigned int index, uint32_t *id, int *fd)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, found);
	int rc = bpf_xdp_query((int)index, 0, &found);

	*id = 0;
	*fd = -1;
	if (rc < 0 || found.attach_mode == XDP_ATTACHED_NONE)
		return rc;
	*id = found.prog_id;
	*fd = bpf_prog_get_fd_by_id(found.prog_id);
	return 1;
}

static int
program_detach(unsigned int index, int fd)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, only, .old_prog_fd = fd);

	return bpf_xdp_detach((int)index, 0, &only);
}

/* By name and tag: what bears our name and does something else is not ours to remove. */
static bool
program_is_ours(const struct port_xdp *xdp, int fd, char name[static BPF_OBJ_NAME_LEN])
{
	uint8_t tag[BPF_TAG_SIZE];

	name[0] = '\0';
	return program_facts(fd, name, tag) && strcmp(name, XDP_PROGRAM_NAME) == 0 &&
	       memcmp(tag, xdp->tag, sizeof(tag)) == 0;
}

static int
interface_clear(const struct port_xdp *xdp, const char *interface, bool *stale, struct why *why)
{
	int fd __attribute__((cleanup(close_fd))) = -1;
	char name[BPF_OBJ_NAME_LEN];
	uint32_t id;
	int rc = attached_find(xdp->index, &id, &fd);

	*stale = false;
	if (rc < 0)
		return why_set(why, -rc, "%s: %s", interface, strerror(-rc));
	if (rc == 0)
		return 0;
	if (!program_is_ours(xdp, fd, name))
		return why_set(why, EBUSY,
			"%s: carries another XDP program (id %u, \"%s\"%s); if nothing needs it: "
			"ip link set dev %s xdp off",
			interface, id, name,
			strcmp(name, XDP_PROGRAM_NAME) == 0 ? ", of another version" : "",
			interface);
	rc = program_detach(xdp->index, fd);
	if (rc < 0)
		return why_set(why, -rc, "%s: a stale XDP program cannot be detached: %s",
			interface, strerror(-rc));
	*stale = true;
	return 0;
}

int
port_xdp_claim(const char *interface, const char *object, const struct packet_service *service,
	struct port_xdp *xdp, bool *stale, struct why *why)
{
	int rc;

	*xdp = (struct port_xdp){.lock = -1, .program = -1};
	rc = interface_find(interface, &xdp->index, why);
	if (rc < 0)
		return rc;
	xdp->lock = lock_take(interface, why);
	if (xdp->lock < 0)
		return xdp->lock;
	rc = program_specialize(object, service, &xdp->program, why);
	if (rc == 0)
		rc = program_try(xdp, interface, why);
	if (rc == 0)
		rc = interface_clear(xdp, interface, stale, why);
	if (rc == 0)
		return 0;
	close_fd(&xdp->program);
	close_fd(&xdp->lock);
	*xdp = (struct port_xdp){.lock = -1, .program = -1};
	return rc;
}

void
port_xdp_path(const struct port_xdp *xdp, char path[static 32])
{
	snprintf(path, 32, "/proc/self/fd/%d", xdp->program);
}

int
port_xdp_check(const struct port_xdp *xdp, struct why *why)
{
	int fd __attribute__((cleanup(close_fd))) = -1;
	char name[BPF_OBJ_NAME_LEN];
	uint32_t id;

	if (xdp->lock < 0)
		return 0;
	if (attached_find(xdp->index, &id, &fd) > 0 && program_is_ours(xdp, fd, name))
		return 0;
	return why_set(why, ENOENT, "the XDP program is not on the interface");
}

void
port_xdp_release(struct port_xdp *xdp)
{
	int fd __attribute__((cleanup(close_fd))) = -1;
	char name[BPF_OBJ_NAME_LEN];
	uint32_t id;

	if (xdp->lock < 0)
		return;
	if (attached_find(xdp->index, &id, &fd) > 0 && program_is_ours(xdp, fd, name))
		program_detach(xdp->index, fd);
	close_fd(&xdp->program);
	close_fd(&xdp->lock);
	*xdp = (struct port_xdp){.lock = -1, .program = -1};
}
