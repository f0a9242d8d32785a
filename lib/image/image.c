/* SPDX-License-Identifier: BSD-3-Clause */
#include "image/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { HUGE_PAGE = 2 << 20 };

struct image_handle *
image_allocate(size_t size)
{
	struct image_handle *handle = calloc(1, sizeof(*handle));
	size_t room = (size + HUGE_PAGE - 1) & ~(size_t)(HUGE_PAGE - 1);

	if (!handle)
		return NULL;
	handle->memory_size = room;
	handle->memory =
		mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (handle->memory == MAP_FAILED) {
		free(handle);
		return NULL;
	}
	/* a wish: without huge pages the image only costs more TLB entries */
	madvise(handle->memory, room, MADV_HUGEPAGE);
	return handle;
}

void
image_view(struct image_handle *handle, const uint8_t *block)
{
	const struct image_header *header = (const struct image_header *)block;
	struct image *image = &handle->image;

#define SECTION(name) ((const void *)(block + header->sections[name].offset))
	*image = (struct image){
		.block = block,
		.radix =
			{
				.node_count = header->node_count,
				.leaf_count = header->leaf_count,
				.labels_size = header->sections[IMAGE_LABELS].size,
				.origin_labels = header->origin_labels,
				.nodes = SECTION(IMAGE_NODES),
				.labels = SECTION(IMAGE_LABELS),
			},
		.answers = SECTION(IMAGE_ANSWERS),
		.type_first = SECTION(IMAGE_TYPE_FIRST),
		.types = SECTION(IMAGE_TYPES),
		.common = SECTION(IMAGE_COMMON),
		.origin = header->origin,
		.serial = header->serial,
		.size = header->size,
	};
	if (header->has_wide) {
		image->radix.entries = SECTION(IMAGE_WIDE_ENTRIES);
		image->radix.keys = SECTION(IMAGE_WIDE_KEYS);
		image->radix.wide_labels = SECTION(IMAGE_WIDE_LABELS);
		image->radix.wide_lengths = SECTION(IMAGE_WIDE_LENGTHS);
	}
#undef SECTION
}

void
image_digest(const uint8_t *block, size_t size, uint8_t digest[static IMAGE_DIGEST_SIZE])
{
	static const uint8_t zeros[IMAGE_DIGEST_SIZE];
	size_t before = offsetof(struct image_header, digest), behind = before + IMAGE_DIGEST_SIZE;
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, IMAGE_DIGEST_SIZE);
	crypto_generichash_update(&state, block, before);
	crypto_generichash_update(&state, zeros, sizeof(zeros));
	crypto_generichash_update(&state, block + behind, size - behind);
	crypto_generichash_final(&state, digest, IMAGE_DIGEST_SIZE);
}

int
image_write(const struct image *image, int fd)
{
	return file_write_all(fd, image->block, image->size);
}

static int
block_read(int fd, uint8_t *block, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = pread(fd, block + done, size - done, (off_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -EIO;
		done += (size_t)got;
	}
	return 0;
}

/* Format, byte order, size, digest and the places of the sections. */
static int
header_check(const uint8_t *block, size_t size, struct why *why)
{
	const struct image_header *header = (const struct image_header *)block;
	uint8_t digest[IMAGE_DIGEST_SIZE];

	if (memcmp(header->magic, IMAGE_MAGIC, sizeof(header->magic)) != 0)
		return why_set(why, EINVAL, "not an image");
	if (header->byte_order != IMAGE_BYTE_ORDER)
		return why_set(why, EINVAL, "made on a machine of another byte order");
	if (header->version != IMAGE_VERSION)
		return why_set(
			why, EINVAL, "format version %u, not %u", header->version, IMAGE_VERSION);
	if (header->size != size)
		return why_set(why, EINVAL, "%zu octets, but it says %llu", size,
			(unsigned long long)header->size);
	image_digest(block, size, digest);
	if (memcmp(digest, header->digest, sizeof(digest)) != 0)
		return why_set(why, EINVAL, "damaged: its digest is wrong");
	for (unsigned int i = 0; i < IMAGE_SECTIONS; i++) {
		uint64_t offset = header->sections[i].offset, length = header->sections[i].size;

		if (offset % IMAGE_LINE || offset < sizeof(*header) ||
			offset + length + IMAGE_SLACK > size)
			return why_set(why, EINVAL, "section %u lies outside", i);
	}
	return 0;
}

int
image_open(int fd, const char *name, struct image **image, struct why *why)
{
	struct image_handle *handle;
	struct stat st;
	int rc;

	if (fstat(fd, &st) < 0)
		return why_errno(why, "%s", name);
	if (st.st_size < (off_t)sizeof(struct image_header) || st.st_size > IMAGE_SIZE_MAX)
		return why_set(
			why, EINVAL, "%s: not an image: %lld octets", name, (long long)st.st_size);
	handle = image_allocate((size_t)st.st_size);
	if (!handle)
		return why_set(why, ENOMEM, "%s: out of memory", name);
	rc = block_read(fd, handle->memory, (size_t)st.st_size);
	if (rc < 0)
		why_set(why, -rc, "%s", strerror(-rc));
	if (rc == 0)
		rc = header_check(handle->memory, (size_t)st.st_size, why);
	if (rc == 0) {
		image_view(handle, handle->memory);
		rc = image_check(&handle->image, (const struct image_header *)handle->memory, why);
	}
	if (rc < 0) {
		why_prefix(why, "%s", name);
		image_free(&handle->image);
		return rc;
	}
	mprotect(handle->memory, handle->memory_size, PROT_READ);
	*image = &handle->image;
	return 0;
}

int
image_open_path(const char *path, struct image **image, struct why *why)
{
	int fd __attribute__((cleanup(close_fd))) = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return why_errno(why, "%s", path);
	return image_open(fd, path, image, why);
}

void
image_free(struct image *image)
{
	struct image_handle *handle = (struct image_handle *)image;

	if (!handle)
		return;
	munmap(handle->memory, handle->memory_size);
	free(handle);
}

void
image_facts(const struct image *image, struct image_facts *facts)
{
	const struct image_header *header = (const struct image_header *)image->block;

	*facts = (struct image_facts){
		.origin = header->origin,
		.serial = header->serial,
		.earliest_expiry = header->earliest_expiry,
		.verified_at = header->verified_at,
		.dnssec = header->dnssec,
		.zonemd = header->zonemd,
		.node_count = header->node_count,
		.size = header->size,
	};
	image_soa_read(header, facts);
}

static void
other_add(struct image_catalogue *catalogue, const struct wire_name *origin)
{
	size_t tld;
	bool found;

	if (origin->labels == 0)
		return;
	tld = wire_name_skip(origin, origin->labels - 1u);
	catalogue->others[catalogue->other_count++] = (struct image_other){
		.node = radix_child_before(
			&catalogue->root->radix, 0, origin->octets + tld, &found),
		.origin = origin,
	};
}

void
image_catalogue_index(struct image_catalogue *catalogue)
{
	catalogue->root = NULL;
	catalogue->other_count = 0;
	for (unsigned int i = 0; i < catalogue->count; i++)
		if (catalogue->images[i]->origin.labels == 0) {
			catalogue->root = catalogue->images[i];
			catalogue->root_index = i;
		}
	if (!catalogue->root)
		return;
	for (unsigned int i = 0; i < catalogue->count; i++)
		other_add(catalogue, &catalogue->images[i]->origin);
	for (unsigned int i = 0; i < catalogue->withheld_count; i++)
		other_add(catalogue, &catalogue->withheld[i].origin);
}
