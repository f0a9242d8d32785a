/* SPDX-License-Identifier: BSD-3-Clause */
#include "rootlike.h"

#include <errno.h>
#include <string.h>

#include "wire/wire.h"

#define SUFFIX_LIST "/usr/share/publicsuffix/public_suffix_list.dat"

enum {
	SUFFIX_LIST_SIZE_MAX = 16 << 20,
	TTL_APEX = 518400, /* NS and the addresses of the root's servers */
	TTL_NS = 172800,   /* of delegations, and glue */
	TTL_DS = 86400,
	LETTERS = 13,	/* servers of the root and of com and net */
	OPERATORS = 24, /* each serves many TLDs, so that their glue is a sibling's */
	OPERATOR_HOSTS = 7,
	PERCENT_IN_DOMAIN = 74, /* of the real zone's TLDs: 1,064 of 1,438 */
	PERCENT_DS = 94,	/* 1,350 of 1,438 */
};

struct making {
	uint64_t random; /* xorshift64*, not 0 */
	FILE *file;
	char (*names)[WIRE_LABEL_MAX + 1];
	size_t count, room;
};

static uint32_t
draw(struct making *m, uint32_t bound)
{
	m->random ^= m->random >> 12;
	m->random ^= m->random << 25;
	m->random ^= m->random >> 27;
	return (uint32_t)((m->random * 0x2545f4914f6cdd1d) >> 32) % bound;
}

static bool
draw_percent(struct making *m, uint32_t percent)
{
	return draw(m, 100) < percent;
}

static int
name_compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
name_add(struct making *m, const char *name, size_t length)
{
	if (length == 0 || length > WIRE_LABEL_MAX)
		return;
	if (m->count == m->room) {
		m->room = m->room ? 2 * m->room : 2048;
		m->names = realloc(m->names, m->room * sizeof(*m->names));
		if (!m->names)
			abort();
	}
	memcpy(m->names[m->count], name, length);
	m->names[m->count++][length] = '\0';
}

static bool
label_is_ascii(const char *line, size_t length)
{
	return strspn(line, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

/* A TLD stands alone on its line; of one in another script the A-label stands in a comment. */
static void
suffix_line_take(struct making *m, const char *line, size_t length)
{
	static const char comment[] = "// xn--";
	size_t label = length;

	if (strncmp(line, comment, sizeof(comment) - 1) == 0) {
		line += 3;
		label = strcspn(line, " \t");
	}
	if (label_is_ascii(line, label))
		name_add(m, line, label);
}

static void
names_sort(struct making *m)
{
	size_t kept = 0;

	if (m->count == 0)
		return;
	qsort(m->names, m->count, sizeof(*m->names), name_compare);
	for (size_t i = 0; i < m->count; i++)
		if (kept == 0 || strcmp(m->names[kept - 1], m->names[i]) != 0)
			memmove(m->names[kept++], m->names[i], sizeof(*m->names));
	m->count = kept;
}

static void
suffix_list_take(struct making *m, char *text)
{
	char *end = strstr(text, "===END ICANN DOMAINS===");

	if (end)
		*end = '\0';
	for (char *line = text, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		suffix_line_take(m, line, strlen(line));
	}
	names_sort(m);
}

static bool
name_is_always_there(const char *name)
{
	return strcmp(name, "arpa") == 0 || strcmp(name, "com") == 0 || strcmp(name, "net") == 0;
}

/* As many as wanted: the ones that the servers' names need, then by lot. */
static void
names_choose(struct making *m, unsigned int wanted)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->count; i++)
		if (!name_is_always_there(m->names[i]))
			memmove(m->names[kept++], m->names[i], sizeof(*m->names));
	m->count = kept;
	for (size_t i = m->count; i > 1; i--) {
		size_t other = draw(m, (uint32_t)i);
		char name[WIRE_LABEL_MAX + 1];

		memcpy(name, m->names[i - 1], sizeof(name));
		memcpy(m->names[i - 1], m->names[other], sizeof(name));
		memcpy(m->names[other], name, sizeof(name));
	}
	if (m->count > wanted - 3)
		m->count = wanted - 3;
	name_add(m, "arpa", 4);
	name_add(m, "com", 3);
	name_add(m, "net", 3);
	names_sort(m);
	while (m->count < wanted) {
		while (m->count < wanted) {
			char name[WIRE_LABEL_MAX + 1];
			int length = snprintf(name, sizeof(name), "made-up-%x", draw(m, 1 << 28));

			name_add(m, name, (size_t)length);
		}
		names_sort(m);
	}
}

static void
glue_write(struct making *m, const char *host, unsigned int ttl)
{
	/* RFC 5737 and 3849 */
	static const char *const nets[] = {"192.0.2", "198.51.100", "203.0.113"};

	fprintf(m->file, "%s %u IN A %s.%u\n", host, ttl, nets[draw(m, 3)], 1 + draw(m, 254));
	if (draw_percent(m, 95) || ttl == TTL_APEX)
		fprintf(m->file, "%s %u IN AAAA 2001:db8:%x:%x::%x\n", host, ttl, draw(m, 65536),
			draw(m, 65536), 1 + draw(m, 65535));
}

static void
ds_write(struct making *m, const char *tld)
{
	fprintf(m->file, "%s. %u IN DS %u %u 2 ", tld, TTL_DS, draw(m, 65536),
		draw_percent(m, 84) ? 8 : 13);
	for (unsigned int i = 0; i < 8; i++)
		fprintf(m->file, "%04X%04X", draw(m, 65536), draw(m, 65536));
	fputc('\n', m->file);
}

static void
apex_write(struct making *m, uint32_t serial)
{
	char host[64];

	fprintf(m->file,
		". 86400 IN SOA a.root-servers.net. hostmaster.example. %u 1800 900 604800 86400\n",
		serial);
	for (int letter = 'a'; letter < 'a' + LETTERS; letter++) {
		snprintf(host, sizeof(host), "%c.root-servers.net.", letter);
		fprintf(m->file, ". %u IN NS %s\n", TTL_APEX, host);
		glue_write(m, host, TTL_APEX);
	}
}

/* Hosts that more than one TLD has; they lie below com or net. */
static void
shared_hosts_write(struct making *m)
{
	char host[64];

	for (int letter = 'a'; letter < 'a' + LETTERS; letter++) {
		snprintf(host, sizeof(host), "%c.gtld-servers.net.", letter);
		glue_write(m, host, TTL_NS);
	}
	for (unsigned int i = 0; i < OPERATORS; i++)
		for (unsigned int k = 0; k < OPERATOR_HOSTS; k++) {
			snprintf(host, sizeof(host), "%c.operator-%u.%s.", 'a' + k, i,
				i % 3 ? "net" : "com");
			glue_write(m, host, TTL_NS);
		}
}

static void
delegation_write(struct making *m, const char *tld)
{
	bool is_in_domain = draw_percent(m, PERCENT_IN_DOMAIN) || strcmp(tld, "arpa") == 0;
	unsigned int hosts = draw_percent(m, 10) ? 2 : 4 + draw(m, OPERATOR_HOSTS - 3);
	unsigned int server_operator = draw(m, OPERATORS);
	bool is_of_letters = strcmp(tld, "com") == 0 || strcmp(tld, "net") == 0;
	char host[WIRE_LABEL_MAX + 64];

	for (int letter = 'a'; is_of_letters && letter < 'a' + LETTERS; letter++)
		fprintf(m->file, "%s. %u IN NS %c.gtld-servers.net.\n", tld, TTL_NS, letter);
	for (unsigned int i = 0; !is_of_letters && i < hosts; i++) {
		/* some TLDs have one server elsewhere, beside their own */
		bool is_own = is_in_domain && !(i == 0 && server_operator % 8 == 0);

		if (is_own)
			snprintf(host, sizeof(host), "%c.nic.%s.", 'a' + i, tld);
		else
			snprintf(host, sizeof(host), "%c.operator-%u.%s.", 'a' + i, server_operator,
				server_operator % 3 ? "net" : "com");
		fprintf(m->file, "%s. %u IN NS %s\n", tld, TTL_NS, host);
		if (is_own)
			glue_write(m, host, TTL_NS);
	}
	if (draw_percent(m, PERCENT_DS)) {
		ds_write(m, tld);
		if (draw_percent(m, 8))
			ds_write(m, tld);
	}
}

int
rootlike_write(const struct rootlike_options *options, FILE *file, struct why *why)
{
	/* any seed but 0 will do; odd steps keep neighbours apart */
	struct making m = {.random = (options->seed + 1) * 0x9e3779b97f4a7c15, .file = file};
	uint8_t *list __attribute__((cleanup(free_memory))) = NULL;
	size_t length;

	if (m.random == 0)
		m.random = 1;
	if (file_read(SUFFIX_LIST, SUFFIX_LIST_SIZE_MAX, &list, &length, NULL) == 0)
		suffix_list_take(&m, (char *)list);
	names_choose(&m, options->tlds);
	apex_write(&m, options->serial);
	shared_hosts_write(&m);
	for (size_t i = 0; i < m.count; i++)
		delegation_write(&m, m.names[i]);
	free(m.names);
	return ferror(file) ? why_set(why, EIO, "writing the plain zone failed") : 0;
}
