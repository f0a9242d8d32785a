/* SPDX-License-Identifier: BSD-3-Clause */
/* Files: whole frames under a hidden name until they end, then on disk under their own. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "capture/capture_priv.h"

enum { NAMES_MAX = 1000, HOST_MAX = 128, FILE_MODE = 0640, PREAMBLE_SIZE = 2048 };

bool
capture_file_init(struct capture_file *file, const struct capture_settings *settings)
{
	size_t room = capture_compress_bound(settings->compression, CAPTURE_BLOCK_SIZE);

	*file = (struct capture_file){
		.settings = settings, .fd = -1, .frame = malloc(room), .frame_room = room};
	return file->frame != NULL;
}

void
capture_file_free(struct capture_file *file)
{
	close_fd(&file->fd);
	free(file->frame);
}

/* Names of hosts are letters, digits, dots and hyphens; whatever else one is called, it becomes a
 * name. */
static void
host_name(const char *host, char name[static HOST_MAX])
{
	size_t length = 0;

	for (; host[length] && length < HOST_MAX - 1; length++) {
		char c = host[length];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || c == '-' || (c == '.' && length > 0);

		if (plain)
			name[length] = c;
		else
			name[length] = '_';
	}
	name[length] = '\0';
}

/* @param turn  0, or 1 and more where the second has a file already: the clock was set back */
static int
names_make(struct capture_file *file, int64_t real_ns, unsigned int turn, struct why *why)
{
	const struct capture_settings *settings = file->settings;
	const char *suffix = capture_suffixes[settings->compression];
	time_t seconds = real_ns / 1000000000;
	char host[HOST_MAX], at[32], more[16] = "";
	struct tm utc;

	host_name(settings->host, host);
	gmtime_r(&seconds, &utc);
	strftime(at, sizeof(at), "%Y%m%dT%H%M%SZ", &utc);
	if (turn)
		snprintf(more, sizeof(more), "-%u", turn);
	snprintf(file->name, sizeof(file->name), "%s/%s_%s%s.cdns%s", settings->directory, host, at,
		more, suffix);
	if ((size_t)snprintf(file->part, sizeof(file->part), "%s/.%s_%s%s.cdns%s.part",
		    settings->directory, host, at, more, suffix) >= sizeof(file->part))
		return why_set(why, ENAMETOOLONG, "%s", settings->directory);
	return 0;
}

/* A name that nothing has, neither before nor after the file is done. */
static int
file_create(struct capture_file *file, int64_t real_ns, struct why *why)
{
	for (unsigned int turn = 0; turn < NAMES_MAX; turn++) {
		int rc = names_make(file, real_ns, turn, why);

		if (rc < 0)
			return rc;
		if (access(file->name, F_OK) == 0)
			continue;
		file->fd = open(file->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
		if (file->fd >= 0)
			return 0;
		if (errno != EEXIST)
			return why_errno(why, "%s", file->part);
	}
	return why_set(why, EEXIST, "%s: too many of this second", file->name);
}

int
capture_file_open(struct capture_file *file, const struct capture_moment *now, struct why *why)
{
	uint8_t preamble[PREAMBLE_SIZE];
	size_t size = capture_preamble_encode(file->settings, preamble, sizeof(preamble));
	int rc = file_create(file, now->real_ns, why);

	if (rc < 0)
		return rc;
	file->begun_ns = now->monotonic_ns;
	file->size = file->items = 0;
	file->ended = false;
	rc = capture_file_append(file, preamble, size, why);
	if (rc < 0) {
		unlink(file->part);
		capture_file_abandon(file);
	}
	return rc;
}

/* @return 0 or -errno */
static int
frame_write(const struct capture_file *file, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pwrite(
			file->fd, file->frame + done, size - done, (off_t)(file->size + done));

		if (n > 0)
			done += (size_t)n;
		else if (n == 0)
			return -ENOSPC;
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

int
capture_file_append(struct capture_file *file, const uint8_t *octets, size_t size, struct why *why)
{
	size_t length = capture_compress(
		file->settings->compression, octets, size, file->frame, file->frame_room);
	struct stat stat;
	int rc;

	if (length == 0)
		return why_set(why, ENOMEM, "%s: compression failed", file->part);
	/* a file without a name takes whatever is written, and nobody will read it */
	if (fstat(file->fd, &stat) == 0 && stat.st_nlink == 0)
		return why_set(why, ENOENT, "%s was removed", file->part);
	rc = frame_write(file, length);
	if (rc < 0) {
		/* what is cut off makes room for the end, if the disk is full */
		if (ftruncate(file->fd, (off_t)file->size) < 0)
			return why_errno(why, "%s", file->part);
		return why_set(why, -rc, "%s: %s", file->part, strerror(-rc));
	}
	file->size += length;
	return 0;
}

/* A name is on disk when its directory is. */
static void
directory_sync(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		(void)fsync(fd);
	close_fd(&fd);
}

int
capture_file_close(struct capture_file *file, struct why *why)
{
	uint8_t end[8];
	int rc = 0;

	if (!file->ended)
		rc = capture_file_append(file, end, capture_end_encode(end, sizeof(end)), why);
	if (rc < 0)
		return rc;
	file->ended = true;
	if (fsync(file->fd) < 0 || rename(file->part, file->name) < 0)
		return why_errno(why, "%s", file->part);
	directory_sync(file->settings->directory);
	capture_file_abandon(file);
	return 0;
}

void
capture_file_abandon(struct capture_file *file)
{
	close_fd(&file->fd);
	file->fd = -1;
}
