/* SPDX-License-Identifier: BSD-3-Clause */
/* What survives a restart: a day's figures, as they are in memory, and a digest of them. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rssac002/rssac002_priv.h"

struct state {
	char magic[8];
	uint32_t version, size;
	struct rssac002_figures figures;
	uint8_t digest[32];
};

static const char magic[8] = "rssac002";
enum { STATE_VERSION = 1 };

static int
state_path(const struct rssac002_place *place, char path[static RSSAC002_PATH_MAX], struct why *why)
{
	return snprintf(path, RSSAC002_PATH_MAX, "%s/state", place->directory) < RSSAC002_PATH_MAX
		       ? 0
		       : why_set(why, ENAMETOOLONG, "%s: the path is too long", place->directory);
}

static void
digest_make(const struct state *state, uint8_t digest[static 32])
{
	crypto_generichash(
		digest, 32, (const uint8_t *)state, offsetof(struct state, digest), NULL, 0);
}

int
rssac002_state_read(
	const struct rssac002_place *place, struct rssac002_figures *figures, struct why *why)
{
	char path[RSSAC002_PATH_MAX];
	uint8_t *data __attribute__((cleanup(free_memory))) = NULL, digest[32];
	const struct state *state;
	size_t size = 0;
	int rc = state_path(place, path, why);

	if (rc == 0)
		rc = file_read(path, sizeof(*state), &data, &size, why);
	if (rc < 0)
		return rc;
	state = (const struct state *)data;
	if (size != sizeof(*state) || memcmp(state->magic, magic, sizeof(magic)) != 0 ||
		state->version != STATE_VERSION || state->size != sizeof(*state))
		return why_set(why, EINVAL, "%s: not a state of this version", path);
	digest_make(state, digest);
	if (memcmp(digest, state->digest, sizeof(digest)) != 0)
		return why_set(why, EBADMSG, "%s: damaged", path);
	if (state->figures.version_count > RSSAC002_VERSIONS_MAX)
		return why_set(why, EINVAL, "%s: too many versions", path);
	*figures = state->figures;
	return 0;
}

int
rssac002_state_write(
	const struct rssac002_place *place, const struct rssac002_figures *figures, struct why *why)
{
	char path[RSSAC002_PATH_MAX];
	struct state *state = calloc(1, sizeof(*state));
	int rc = state_path(place, path, why);

	if (!state)
		return why_set(why, ENOMEM, "out of memory");
	memcpy(state->magic, magic, sizeof(magic));
	state->version = STATE_VERSION;
	state->size = sizeof(*state);
	state->figures = *figures;
	digest_make(state, state->digest);
	if (rc == 0)
		rc = rssac002_file_put(path, state, sizeof(*state), why);
	free(state);
	return rc;
}
