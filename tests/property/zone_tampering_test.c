/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whatever is changed in a signed zone with ZONEMD, loading or verification says so, and ends: each
 * case runs in a process of its own with an alarm, since a parser may hang or fall.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rootlike.h"
#include "sign.h"
#include "zone/zone.h"

enum { SECONDS_MAX = 60, CASES_MADE = 600, CASES_REAL = 60, LONG = 12 /* times as many */ };

struct world {
	char *text; /* of the zone, each record on a line of its own */
	size_t length;
	char **lines; /* pointers into text */
	size_t line_count;
	const struct zone *zone;
	struct zone_verify_options options;
	char *anchors;
	uint64_t random; /* xorshift64*, not 0 */
	unsigned int cases;
};

static uint32_t
draw(struct world *w, size_t bound)
{
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return (uint32_t)((w->random * 0x2545f4914f6cdd1d) >> 32) % (uint32_t)bound;
}

/* ---- the zone ---- */

static void
lines_find(struct world *w)
{
	w->lines = malloc(w->length * sizeof(*w->lines));
	cr_assert(w->lines);
	for (char *line = w->text; *line; line = strchr(line, '\n') + 1) {
		if (*line != '\n' && *line != ';')
			w->lines[w->line_count++] = line;
		cr_assert(strchr(line, '\n'), "each record ends with a line");
	}
}

static void
zone_read(struct world *w, const char *path)
{
	const char *at = getenv("MANGROVE_ROOT_AT");
	struct why why = {0};
	uint8_t *text;

	cr_assert_eq(
		file_read(path, ZONE_FILE_SIZE_MAX, &text, &w->length, &why), 0, "%s", why.text);
	w->text = (char *)text;
	w->options.at = time(NULL);
	cr_assert(!at || zone_time_from_text(&w->options.at, at));
	w->options.anchors = getenv("MANGROVE_ROOT_ANCHORS");
	w->cases = CASES_REAL;
}

static void
zone_make(struct world *w)
{
	const struct rootlike_options rootlike = {.serial = 1, .tlds = 40, .seed = 1};
	const struct sign_options sign = {
		.algorithm = 13, .inception = 1, .expiration = 1000000, .dnskey_ttl = 172800};
	size_t plain_length, anchors_length;
	char *plain;
	FILE *file = open_memstream(&plain, &plain_length), *zone, *anchors;
	struct why why = {0};

	cr_assert(file && rootlike_write(&rootlike, file, &why) == 0);
	fclose(file);
	zone = open_memstream(&w->text, &w->length);
	anchors = open_memstream(&w->anchors, &anchors_length);
	cr_assert_eq(sign_zone(plain, plain_length, &sign, zone, anchors, &why), 0, "%s", why.text);
	fclose(zone);
	fclose(anchors);
	free(plain);
	w->options.anchors = "anchors";
	w->options.anchors_text = (const uint8_t *)w->anchors;
	w->options.anchors_length = anchors_length;
	w->options.at = 1000;
	w->cases = CASES_MADE;
}

static void
world_make(struct world *w)
{
	const char *path = getenv("MANGROVE_ROOT_ZONE"), *seed = getenv("MANGROVE_SEED");
	struct zone_verification done;
	struct why why = {0};
	struct zone *zone;

	w->random = seed ? strtoull(seed, NULL, 10) : 20260731;
	w->random += w->random == 0;
	if (path)
		zone_read(w, path);
	else
		zone_make(w);
	if (getenv("MANGROVE_LONG"))
		w->cases *= LONG;
	fprintf(stderr, "zone %s, seed %llu, %u cases\n", path ? path : "made",
		(unsigned long long)w->random, w->cases);
	lines_find(w);
	cr_assert_eq(zone_load_text("zone", (const uint8_t *)w->text, w->length, NULL, &zone, &why),
		0, "%s", why.text);
	cr_assert_eq(zone_verify(zone, &w->options, &done, &why), 0, "%s", why.text);
	cr_assert(done.dnssec && done.zonemd);
	w->zone = zone;
}

static void
world_free(struct world *w)
{
	zone_free((struct zone *)(uintptr_t)w->zone);
	free(w->lines);
	free(w->text);
	free(w->anchors);
}

/* ---- one case ---- */

enum outcome { REFUSED = 1, UNCHANGED, ACCEPTED };

struct report {
	enum outcome outcome;
	struct why why;
};

static bool
records_equal(const struct zone_rdata *a, const struct zone_rdata *b, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (a[i].length != b[i].length ||
			memcmp(a[i].octets, b[i].octets, a[i].length) != 0)
			return false;
	return true;
}

static bool
nodes_equal(const struct zone_node *a, const struct zone_node *b)
{
	if (!wire_name_equal(&a->name, &b->name) || a->count != b->count)
		return false;
	for (unsigned int i = 0; i < a->count; i++) {
		const struct zone_rrset *x = &a->rrsets[i], *y = &b->rrsets[i];

		if (x->type != y->type || x->ttl != y->ttl || x->count != y->count ||
			x->signature_count != y->signature_count ||
			!records_equal(x->rdata, y->rdata, x->count) ||
			!records_equal(x->signatures, y->signatures, x->signature_count))
			return false;
	}
	return true;
}

static bool
zones_equal(const struct zone *a, const struct zone *b)
{
	if (a->node_count != b->node_count)
		return false;
	for (size_t i = 0; i < a->node_count; i++)
		if (!nodes_equal(&a->nodes[i], &b->nodes[i]))
			return false;
	return true;
}

static void
judge(const struct world *w, const char *text, size_t length, struct report *report)
{
	struct zone_verification done;
	struct zone *zone;

	report->outcome = REFUSED;
	if (zone_load_text("zone", (const uint8_t *)text, length, NULL, &zone, &report->why) < 0)
		return;
	if (zones_equal(w->zone, zone))
		report->outcome = UNCHANGED;
	else if (zone_verify(zone, &w->options, &done, &report->why) == 0)
		report->outcome = ACCEPTED;
	zone_free(zone);
}

static struct report *
shared_report(void)
{
	static struct report *report;

	if (!report)
		report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(report, MAP_FAILED);
	return report;
}

/* @return what came of it */
static enum outcome
run(const struct world *w, const char *text, size_t length, const char *what)
{
	struct report *report = shared_report();
	int status;
	pid_t pid;

	memset(report, 0, sizeof(*report));
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0) {
		signal(SIGALRM, SIG_DFL);
		alarm(SECONDS_MAX);
		judge(w, text, length, report);
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: ended with status %#x", what,
		(unsigned int)status);
	cr_expect_neq(report->outcome, ACCEPTED, "%s: nobody noticed", what);
	if (report->outcome == REFUSED)
		cr_expect(
			strncmp(report->why.text, "zone:", 5) == 0 && strlen(report->why.text) > 10,
			"%s: \"%s\"", what, report->why.text);
	return report->outcome;
}

/* Put `line` (a whole one or none) in the place of the line `index`. @return outcome */
static enum outcome
line_replace(const struct world *w, size_t index, const char *line, const char *what)
{
	const char *old = w->lines[index], *rest = strchr(old, '\n') + 1;
	size_t before = (size_t)(old - w->text), after = strlen(rest), length = strlen(line);
	char *text = malloc(before + length + after + 1), described[4096];
	enum outcome outcome;

	cr_assert(text);
	memcpy(text, w->text, before);
	memcpy(text + before, line, length);
	memcpy(text + before + length, rest, after + 1);
	snprintf(described, sizeof(described), "%s\n%.*s\n%s", what, (int)(rest - old - 1), old,
		line);
	outcome = run(w, text, before + length + after, described);
	free(text);
	return outcome;
}

static char *
line_copy(const struct world *w, size_t index)
{
	char *copy = strndup(w->lines[index], strcspn(w->lines[index], "\n") + 1);

	cr_assert(copy);
	return copy;
}

/* ---- the ways to tamper ---- */

Test(zone_tampering, an_octet_of_the_text_is_changed)
{
	static const char likely[] = "0123456789abcdefABCDEF.-\\\"();$@* \t\n\r";
	struct world w = {0};
	unsigned int refused = 0;

	world_make(&w);
	for (unsigned int i = 0; i < w.cases; i++) {
		size_t index = draw(&w, w.line_count);
		char *line = line_copy(&w, index);
		size_t at = draw(&w, strlen(line) - 1);

		/* a zero octet would end the string here; zone_load_test has it */
		line[at] = draw(&w, 2) ? likely[draw(&w, sizeof(likely) - 1)]
				       : (char)(1 + draw(&w, 255));
		refused += line_replace(&w, index, line, "an octet of the text") == REFUSED;
		free(line);
	}
	cr_expect_gt(refused, w.cases / 2);
	world_free(&w);
}

/* A record as RFC 3597 has it, so that every octet of it can be changed. */
static char *
record_text(const struct zone_node *node, uint16_t type, uint32_t ttl,
	const struct zone_rdata *rdata, size_t flipped, uint8_t flip)
{
	char owner[WIRE_NAME_TEXT_MAX], *text;
	size_t length;
	FILE *file = open_memstream(&text, &length);

	cr_assert(file);
	fprintf(file, "%s %u IN TYPE%u \\# %u ", wire_name_to_text(&node->name, owner), ttl, type,
		rdata->length);
	for (size_t i = 0; i < rdata->length; i++)
		fprintf(file, "%02x", rdata->octets[i] ^ (i == flipped ? flip : 0));
	fputc('\n', file);
	fclose(file);
	return text;
}

/* Where the line of that number stands among those with a record. */
static size_t
line_index(const struct world *w, uint32_t line)
{
	const char *start = w->text;

	while (--line)
		start = strchr(start, '\n') + 1;
	for (size_t i = 0; i < w->line_count; i++)
		if (w->lines[i] == start)
			return i;
	abort(); /* a record always stands on a line that has one */
}

Test(zone_tampering, an_octet_of_the_data_is_changed)
{
	struct world w = {0};
	unsigned int refused = 0;

	world_make(&w);
	for (unsigned int i = 0; i < w.cases; i++) {
		const struct zone_node *node = &w.zone->nodes[draw(&w, w.zone->node_count)];
		const struct zone_rrset *rrset = &node->rrsets[draw(&w, node->count)];
		size_t record = draw(&w, (size_t)rrset->count + rrset->signature_count);
		bool is_signature = record >= rrset->count;
		const struct zone_rdata *rdata = is_signature
							 ? &rrset->signatures[record - rrset->count]
							 : &rrset->rdata[record];
		char *line = record_text(node, is_signature ? WIRE_TYPE_RRSIG : rrset->type,
			rrset->ttl, rdata, draw(&w, rdata->length), (uint8_t)(1 + draw(&w, 255)));

		refused += line_replace(&w, line_index(&w, rdata->line), line,
				   "an octet of the data") == REFUSED;
		free(line);
	}
	/* the rest are letters whose case does not matter */
	cr_expect_gt(refused, w.cases * 9 / 10);
	world_free(&w);
}

Test(zone_tampering, a_record_is_written_as_octets)
{
	struct world w = {0};

	world_make(&w);
	for (unsigned int i = 0; i < w.cases / 10; i++) {
		const struct zone_node *node = &w.zone->nodes[draw(&w, w.zone->node_count)];
		const struct zone_rrset *rrset = &node->rrsets[draw(&w, node->count)];
		const struct zone_rdata *rdata = &rrset->rdata[draw(&w, rrset->count)];
		char *line = record_text(node, rrset->type, rrset->ttl, rdata, SIZE_MAX, 0);

		cr_expect_eq(line_replace(&w, line_index(&w, rdata->line), line, "as octets"),
			UNCHANGED, "%s", line);
		free(line);
	}
	world_free(&w);
}

Test(zone_tampering, a_ttl_is_changed)
{
	struct world w = {0};

	world_make(&w);
	for (unsigned int i = 0; i < w.cases / 3; i++) {
		size_t index = draw(&w, w.line_count);
		char *line = line_copy(&w, index), *changed, *ttl = line + strcspn(line, " \t");
		unsigned long old = strtoul(ttl, &ttl, 10);
		const unsigned long other[] = {old + 1, old - 1, 0, 2 * old, old / 2};

		cr_assert(old > 0);
		cr_assert_geq(asprintf(&changed, "%.*s %lu%s", (int)strcspn(line, " \t"), line,
				      other[draw(&w, 5)], ttl),
			0);
		cr_expect_eq(line_replace(&w, index, changed, "a TTL"), REFUSED);
		free(changed);
		free(line);
	}
	world_free(&w);
}

Test(zone_tampering, a_record_is_removed)
{
	struct world w = {0};

	world_make(&w);
	for (unsigned int i = 0; i < w.cases / 3; i++)
		cr_expect_eq(line_replace(&w, draw(&w, w.line_count), "", "removed"), REFUSED);
	world_free(&w);
}

static const char *const additions[] = {
	"com. 172800 IN NS x.gtld-servers.net.",
	"a.gtld-servers.net. 172800 IN A 192.0.2.77",
	"a.gtld-servers.net. 172800 IN AAAA 2001:db8::77",
	"nobody-asked-for-this. 172800 IN NS ns.nobody-asked-for-this.",
	"x.com. 172800 IN A 192.0.2.77",
	"com. 172800 IN A 192.0.2.77",
	"com. 86400 IN TXT x",
	". 86400 IN TXT x",
	". 518400 IN NS n.root-servers.net.",
	". 172800 IN DNSKEY 256 3 13 AAECAwQFBgcICQoLDA0ODw==",
	". 86400 IN NSEC com. NS",
	"x. 86400 IN NSEC com. NS RRSIG NSEC",
	". 86400 IN SOA a. b. 1 2 3 4 5",
	"com. 86400 IN DS 1 8 2 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	". 86400 IN ZONEMD 1 1 2 000102030405060708090a0b0c0d0e0f",
	". 86400 IN TYPE65280 \\# 1 00",
	". 86400 IN RRSIG SOA 13 0 86400 20300101000000 20200101000000 1 . QUJD",
	"com. 172800 IN RRSIG NS 13 1 172800 20300101000000 20200101000000 1 . QUJD",
	". 86400 IN CAA 0 issue \"x\"",
	"x.y.z. 60 IN A 192.0.2.77",
};

Test(zone_tampering, a_record_is_added)
{
	struct world w = {0};

	world_make(&w);
	for (size_t i = 0; i < sizeof(additions) / sizeof(additions[0]); i++) {
		char *text;
		int length = asprintf(&text, "%s%s\n", w.text, additions[i]);

		cr_assert_geq(length, 0);
		cr_expect_eq(
			run(&w, text, (size_t)length, additions[i]), REFUSED, "%s", additions[i]);
		free(text);
	}
	world_free(&w);
}
