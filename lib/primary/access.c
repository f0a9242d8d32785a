/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may what. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "primary/primary_priv.h"

enum { NEAR_IPV4_BITS = 24, NEAR_IPV6_BITS = 56 };

struct primary_source
primary_source_of(const struct sockaddr *address)
{
	const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)address;
	struct primary_source source = {.size = 4};

	if (address->sa_family == AF_INET) {
		memcpy(source.octets, &ipv4->sin_addr, 4);
		source.port = ntohs(ipv4->sin_port);
		return source;
	}
	source.port = ntohs(ipv6->sin6_port);
	if (IN6_IS_ADDR_V4MAPPED(&ipv6->sin6_addr)) {
		memcpy(source.octets, ipv6->sin6_addr.s6_addr + 12, 4);
		return source;
	}
	source.size = 16;
	memcpy(source.octets, &ipv6->sin6_addr, 16);
	return source;
}

const char *
primary_source_text(const struct primary_source *source, char text[static PRIMARY_SOURCE_TEXT_MAX])
{
	char address[INET6_ADDRSTRLEN];

	inet_ntop(source->size == 4 ? AF_INET : AF_INET6, source->octets, address, sizeof(address));
	snprintf(text, PRIMARY_SOURCE_TEXT_MAX, "%s@%u", address, source->port);
	return text;
}

static bool
bits_equal(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int whole = bits / 8, rest = bits % 8;

	return memcmp(a, b, whole) == 0 &&
	       (rest == 0 || (uint8_t)(a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

bool
primary_source_is_near(const struct primary_source *a, const struct primary_source *b)
{
	return a->size == b->size &&
	       bits_equal(a->octets, b->octets, a->size == 4 ? NEAR_IPV4_BITS : NEAR_IPV6_BITS);
}

static bool
address_fits(const struct primary_access *entry, const struct primary_source *source)
{
	return entry->address_size == 0 ||
	       (entry->address_size == source->size &&
		       bits_equal(entry->address, source->octets, entry->prefix_length));
}

bool
primary_access_allows(const struct primary_access *list, unsigned int count,
	const struct primary_source *source, const struct tsig_key *key, enum primary_action action)
{
	for (unsigned int i = 0; i < count; i++) {
		const struct primary_access *entry = &list[i];
		unsigned int actions = entry->actions;

		if (!address_fits(entry, source) || (entry->key && entry->key != key))
			continue;
		if (actions == 0)
			return false;
		if (actions & PRIMARY_MAY_TRANSFER)
			actions |= PRIMARY_MAY_QUERY;
		if (actions & action)
			return true;
	}
	return false;
}

bool
primary_access_knows(
	const struct primary_access *list, unsigned int count, const struct primary_source *source)
{
	for (unsigned int i = 0; i < count; i++) {
		if (!address_fits(&list[i], source))
			continue;
		if (list[i].actions)
			return true;
		if (!list[i].key)
			return false;
	}
	return false;
}
