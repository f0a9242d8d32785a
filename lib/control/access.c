/* SPDX-License-Identifier: BSD-3-Clause */
/* The socket's file, and who gets in. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>

#include "control/control_priv.h"

enum { SOCKET_MODE = 0660, GROUP_RECORD_MAX = 1 << 20, PEER_GROUPS_MAX = 65536 };

/* getgrnam_r() with as much room as the group's members need. */
static int
group_find(const char *name, gid_t *gid, struct why *why)
{
	struct group record, *found = NULL;
	int error = ERANGE;

	for (size_t size = 4096; error == ERANGE && size <= GROUP_RECORD_MAX; size *= 4) {
		char *room = malloc(size);

		if (!room)
			return why_set(why, ENOMEM, "group %s: out of memory", name);
		error = getgrnam_r(name, &record, room, size, &found);
		if (error == 0 && found)
			*gid = found->gr_gid;
		free(room);
	}
	if (error || !found)
		return why_set(why, ENOENT, "group %s: there is no such group", name);
	return 0;
}

/* Nobody can connect before it listens, so that there is no moment with too wide a mode. */
static int
restrict_access(struct control *control, struct why *why)
{
	const char *path = control->address.sun_path;
	struct stat st;

	if (control->has_group && chown(path, (uid_t)-1, control->group) < 0)
		return why_errno(why, "%s: giving it to the group", path);
	if (chmod(path, SOCKET_MODE) < 0 || lstat(path, &st) < 0)
		return why_errno(why, "%s", path);
	control->device = st.st_dev;
	control->inode = st.st_ino;
	return 0;
}

int
access_listen(struct control *control, const struct control_options *options, struct why *why)
{
	struct sockaddr_un *address = &control->address;
	int fd, rc = 0;

	if (options->group)
		rc = group_find(options->group, &control->group, why);
	control->has_group = options->group != NULL;
	if (rc == 0)
		rc = socket_stale_remove(options->path, why);
	if (rc < 0)
		return rc;
	/* it fits, or the path would have been refused */
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, options->path, strlen(options->path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return why_errno(why, "socket");
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0) {
		rc = why_errno(why, "%s", options->path);
	} else {
		rc = restrict_access(control, why);
		if (rc < 0)
			unlink(options->path);
	}
	if (rc < 0) {
		close(fd);
		return rc;
	}
	return fd;
}

void
access_remove(const struct control *control)
{
	struct stat st;

	if (lstat(control->address.sun_path, &st) == 0 && st.st_dev == control->device &&
		st.st_ino == control->inode)
		unlink(control->address.sun_path);
}

/* The supplementary groups as they were when the peer connected: no race with /proc. */
static bool
is_in_group(int fd, gid_t group)
{
	gid_t *groups __attribute__((cleanup(free_memory))) =
		malloc(PEER_GROUPS_MAX * sizeof(*groups));
	socklen_t size = PEER_GROUPS_MAX * sizeof(*groups);

	if (!groups || getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
		return false;
	for (size_t i = 0; i < size / sizeof(*groups); i++)
		if (groups[i] == group)
			return true;
	return false;
}

bool
access_granted(const struct control *control, int fd, uid_t *uid, pid_t *pid)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	*uid = (uid_t)-1;
	*pid = 0;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return false;
	*uid = peer.uid;
	*pid = peer.pid;
	if (peer.uid == 0 || peer.uid == geteuid())
		return true;
	return control->has_group &&
	       (peer.gid == control->group || is_in_group(fd, control->group));
}
