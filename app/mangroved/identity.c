/* SPDX-License-Identifier: BSD-3-Clause */
/* What the configuration lets the node say of itself. */
#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

/* RFC 4892 3: what is printable, and no quotation marks, so that it reads the same everywhere */
static int
text_take(const struct config *config, const char *key, const char *text, size_t max, void *to,
	uint8_t *length, struct why *why)
{
	size_t size = strlen(text);

	if (size > max)
		return port_settings_fault(config->settings, why, key,
			"%zu characters, at most %zu are possible", size, max);
	for (size_t i = 0; i < size; i++)
		if (!isprint((unsigned char)text[i]) || text[i] == '"')
			return port_settings_fault(
				config->settings, why, key, "a character that cannot be printed");
	memcpy(to, text, size);
	*length = (uint8_t)size;
	return 0;
}

int
config_self_take(struct config *config, struct why *why)
{
	struct exchange_self *self = &config->self;
	char host[EXCHANGE_TEXT_MAX + 1] = "";
	const char *identity = config->identity, *nsid = config->nsid, *version = config->version;
	int rc;

	if (gethostname(host, sizeof(host) - 1) < 0)
		host[0] = '\0';
	if (!identity)
		identity = host;
	/* RFC 7720 and 8109 ask for neither; both tell an operator which node answered */
	if (!nsid)
		nsid = identity;
	if (!version)
		version = "Mangrove " MANGROVE_VERSION;
	self->cookies = config->cookies.policy;
	rc = text_take(config, "identity", identity, EXCHANGE_TEXT_MAX, self->identity,
		&self->identity_length, why);
	if (rc == 0)
		rc = text_take(config, "version", version, EXCHANGE_TEXT_MAX, self->version,
			&self->version_length, why);
	if (rc == 0)
		rc = text_take(
			config, "nsid", nsid, WIRE_NSID_MAX, self->nsid, &self->nsid_length, why);
	return rc;
}

int
server_self_make(const struct server *server, struct exchange_self *self, struct why *why)
{
	const struct config *config = server->config;

	*self = config->self;
	if (config->cookies.secrets)
		return guard_secrets_read(config->cookies.secrets, &self->secrets, why);
	self->secrets = server->secrets;
	return 0;
}
