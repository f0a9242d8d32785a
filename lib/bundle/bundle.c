/* SPDX-License-Identifier: BSD-3-Clause */
#include "bundle/bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"

enum { FILE_MODE = 0600 };

struct bundle {
	struct archive *archive;
	FILE *stream; /* into `octets` */
	char *octets;
	size_t size;
	time_t at;
	char folder[NAME_MAX + 1];
};

static int
archive_why(const struct bundle *bundle, struct why *why)
{
	const char *text = archive_error_string(bundle->archive);
	int error = archive_errno(bundle->archive);

	return why_set(why, error > 0 ? error : EIO, "bundle: %s", text ? text : "no archive");
}

static int
begin(struct bundle *bundle, struct why *why)
{
	bundle->stream = open_memstream(&bundle->octets, &bundle->size);
	bundle->archive = archive_write_new();
	if (!bundle->stream || !bundle->archive)
		return why_set(why, ENOMEM, "out of memory");
	/* level 1 needs 9 MiB of memory, 6 needs 94; this node may have an incident */
	if (archive_write_set_format_pax_restricted(bundle->archive) != ARCHIVE_OK ||
		archive_write_add_filter_xz(bundle->archive) != ARCHIVE_OK ||
		archive_write_set_filter_option(bundle->archive, "xz", "compression-level", "1") !=
			ARCHIVE_OK ||
		archive_write_open_FILE(bundle->archive, bundle->stream) != ARCHIVE_OK)
		return archive_why(bundle, why);
	return 0;
}

int
bundle_new(const char *folder, time_t at, struct bundle **bundle, struct why *why)
{
	struct bundle *made = calloc(1, sizeof(*made));
	int rc;

	if (!made)
		return why_set(why, ENOMEM, "out of memory");
	made->at = at;
	snprintf(made->folder, sizeof(made->folder), "%s", folder);
	rc = begin(made, why);
	if (rc < 0) {
		bundle_free(made);
		return rc;
	}
	*bundle = made;
	return 0;
}

int
bundle_add(struct bundle *bundle, const char *name, const void *data, size_t size, struct why *why)
{
	struct archive_entry *entry = archive_entry_new();
	char path[PATH_MAX];
	int rc = 0;

	if (!entry)
		return why_set(why, ENOMEM, "out of memory");
	snprintf(path, sizeof(path), "%s/%s", bundle->folder, name);
	archive_entry_set_pathname(entry, path);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, FILE_MODE);
	archive_entry_set_mtime(entry, bundle->at, 0);
	archive_entry_set_size(entry, (la_int64_t)size);
	if (archive_write_header(bundle->archive, entry) != ARCHIVE_OK ||
		archive_write_data(bundle->archive, data, size) != (la_ssize_t)size)
		rc = archive_why(bundle, why);
	archive_entry_free(entry);
	return rc;
}

/* ---- to disk ---- */

/* What is no file, as a device, must not be replaced by one. */
static int
target_check(const char *path, struct why *why)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? 0 : why_errno(why, "%s", path);
	return S_ISREG(st.st_mode) ? 0 : why_set(why, EEXIST, "%s: is not a regular file", path);
}

static int
file_write(
	const struct bundle *bundle, int fd, const char *fresh, const char *path, struct why *why)
{
	int rc = file_write_all(fd, bundle->octets, bundle->size);

	if (rc < 0)
		return why_set(why, -rc, "%s: %s", path, strerror(-rc));
	if (fsync(fd) < 0 || rename(fresh, path) < 0)
		return why_errno(why, "%s", path);
	return 0;
}

int
bundle_write(struct bundle *bundle, const char *path, size_t *size, struct why *why)
{
	int fd __attribute__((cleanup(close_fd))) = -1;
	char fresh[PATH_MAX];
	int rc;

	if (archive_write_close(bundle->archive) != ARCHIVE_OK)
		return archive_why(bundle, why);
	if (fflush(bundle->stream) != 0)
		return why_errno(why, "bundle");
	rc = target_check(path, why);
	if (rc < 0)
		return rc;
	if (snprintf(fresh, sizeof(fresh), "%s.XXXXXX", path) >= (int)sizeof(fresh))
		return why_set(why, ENAMETOOLONG, "%s: %s", path, strerror(ENAMETOOLONG));
	fd = mkostemp(fresh, O_CLOEXEC);
	if (fd < 0)
		return why_errno(why, "%s", path);
	rc = file_write(bundle, fd, fresh, path, why);
	if (rc < 0)
		unlink(fresh);
	else
		*size = bundle->size;
	return rc;
}

void
bundle_free(struct bundle *bundle)
{
	if (!bundle)
		return;
	/* writes to the stream what is left */
	archive_write_free(bundle->archive);
	if (bundle->stream)
		fclose(bundle->stream);
	free(bundle->octets);
	free(bundle);
}
