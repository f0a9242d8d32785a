/* SPDX-License-Identifier: BSD-3-Clause */
/* fetch: a zone from a primary, as a master file. */
#include <errno.h>
#include <ldns/ldns.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "options.h"
#include "transfer/transfer.h"

enum { PORT_DNS = 53, PORT_DNS_TLS = 853 }; /* IANA; RFC 7858 3.1 */

/* What the settings borrow, and the outcome */
struct fetch {
	struct transfer_settings settings;
	struct tsig_keys *keys;
	struct tls_context *tls;
	struct transfer_result result;
};

/* ---- settings ---- */

/* ADDRESS[@PORT], or the name of a public source, of which the IPv4 address is taken */
static int
primary_read(const char *from, bool tls, struct sockaddr_storage *primary, struct why *why)
{
	const struct transfer_public_source *source = transfer_public_source_find(from);
	char text[INET6_ADDRSTRLEN + 8];
	unsigned long port = tls ? PORT_DNS_TLS : PORT_DNS;
	char *at, *end = "";

	snprintf(text, sizeof(text), "%s", source ? source->addresses[0] : from);
	at = strchr(text, '@');
	if (at) {
		*at++ = '\0';
		port = *at >= '0' && *at <= '9' ? strtoul(at, &end, 10) : 0;
	}
	if (*end || port == 0 || port > UINT16_MAX)
		return why_set(why, EINVAL, "--from %s: not a port", from);
	if (uv_ip4_addr(text, (int)port, (struct sockaddr_in *)primary) == 0 ||
		uv_ip6_addr(text, (int)port, (struct sockaddr_in6 *)primary) == 0)
		return 0;
	return why_set(why, EINVAL, "--from %s: neither an address nor a public source", from);
}

/* FILE:NAME; names have no colon, paths may */
static int
key_read(struct fetch *fetch, const char *value, struct why *why)
{
	const char *colon = strrchr(value, ':');
	char path[PATH_MAX];
	struct wire_name name;
	int rc;

	if (!colon || colon - value >= (ptrdiff_t)sizeof(path) ||
		!wire_name_from_text(&name, colon + 1))
		return why_set(why, EINVAL, "--key %s: not FILE:NAME", value);
	wire_name_fold(&name);
	snprintf(path, sizeof(path), "%.*s", (int)(colon - value), value);
	rc = tsig_keys_read(path, &fetch->keys, why);
	if (rc < 0)
		return rc;
	fetch->settings.key = tsig_key_find(fetch->keys, &name);
	return fetch->settings.key ? 0 : why_set(why, ENOENT, "%s: no key %s", path, colon + 1);
}

static int
fetch_prepare(const struct options *options, struct fetch *fetch, struct why *why)
{
	const struct fetch_options *asked = &options->fetch;
	bool tls = asked->tls.name || asked->tls.pin;
	int rc = primary_read(asked->from, tls, &fetch->settings.primary, why);

	fetch->settings.origin = options->origin;
	wire_name_fold(&fetch->settings.origin);
	fetch->settings.has_serial = options->serial != 0;
	fetch->settings.serial = options->serial;
	fetch->settings.whole = asked->whole;
	fetch->settings.limits = transfer_limits_default;
	if (asked->octets)
		fetch->settings.limits.octets = asked->octets;
	if (asked->seconds)
		fetch->settings.limits.total_ms = asked->seconds * 1000;
	if (rc == 0 && tls)
		rc = tls_client_context(&asked->tls, &fetch->tls, why);
	if (rc == 0 && asked->key)
		rc = key_read(fetch, asked->key, why);
	fetch->settings.tls = fetch->tls;
	return rc;
}

/* ---- the fetch ---- */

static void
fetched(void *context, const struct transfer_result *result)
{
	*(struct transfer_result *)context = *result;
}

static int
fetch_run(struct fetch *fetch, struct why *why)
{
	uv_loop_t loop;
	int rc = uv_loop_init(&loop);

	if (rc < 0)
		return why_set(why, -rc, "%s", uv_strerror(rc));
	signal(SIGPIPE, SIG_IGN);
	if (!transfer_begin(&loop, &fetch->settings, fetched, &fetch->result))
		rc = why_set(why, ENOMEM, "out of memory");
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	if (rc == 0 && fetch->result.outcome == TRANSFER_FAILED) {
		*why = fetch->result.why;
		rc = -EIO;
	}
	return rc;
}

/* ---- as text ---- */

/* ldns writes presentation form; a record that it cannot read is none. */
static int
record_print(FILE *file, const uint8_t *octets, size_t length, struct why *why)
{
	ldns_rr *rr = NULL;
	size_t at = 0;

	if (ldns_wire2rr(&rr, octets, length, &at, LDNS_SECTION_ANSWER) != LDNS_STATUS_OK)
		return why_set(why, EBADMSG, "a record with RDATA that its type does not have");
	ldns_rr_print(file, rr);
	ldns_rr_free(rr);
	return 0;
}

/*
 * In order of arrival. All of a zone without the SOA that closes it; differences with a comment
 * before those that go and those that come.
 */
static int
records_print(FILE *file, const struct transfer_result *result, struct why *why)
{
	struct wire_reader r = wire_reader_of(result->records, result->records_length);
	bool is_ixfr = result->form == TRANSFER_IXFR;
	uint64_t last = result->record_count - 1;
	unsigned int soas = 0;
	int rc = 0;

	for (uint64_t i = 0; i < result->record_count && rc == 0; i++) {
		size_t begin = r.offset;
		struct wire_record record;

		wire_record_read(&r, &record);
		if (i == last && !is_ixfr)
			break;
		if (is_ixfr && record.type == WIRE_TYPE_SOA && i > 0 && i < last)
			fputs(soas++ % 2 ? "; added\n" : "; deleted\n", file);
		rc = record_print(file, result->records + begin, r.offset - begin, why);
	}
	return rc;
}

/* Whole or not at all: written beside, then renamed. */
static int
records_save(const struct transfer_result *result, const char *path, struct why *why)
{
	char beside[4096];
	FILE *file;
	int rc;

	if (snprintf(beside, sizeof(beside), "%s.new", path) >= (int)sizeof(beside))
		return why_set(why, ENAMETOOLONG, "%s: the path is too long", path);
	file = fopen(beside, "we");
	if (!file)
		return why_errno(why, "%s", beside);
	rc = records_print(file, result, why);
	if (rc == 0 && (fflush(file) != 0 || fsync(fileno(file)) < 0))
		rc = why_errno(why, "%s", beside);
	if (fclose(file) != 0 && rc == 0)
		rc = why_errno(why, "%s", beside);
	if (rc == 0 && rename(beside, path) < 0)
		rc = why_errno(why, "%s", path);
	if (rc < 0)
		unlink(beside);
	return rc;
}

static int
outcome_tell(const struct options *options, const struct transfer_result *result, struct why *why)
{
	int rc;

	if (result->fell_back)
		fprintf(stderr, "no differences: %s\n", result->ixfr.text);
	if (result->outcome != TRANSFER_DONE) {
		printf("serial %u is %s\n", result->serial,
			result->outcome == TRANSFER_OLDER ? "older" : "no newer");
		return 0;
	}
	rc = records_save(result, options->output, why);
	if (rc == 0)
		printf("%s: serial %u by %s, %llu records, %llu octets, %lld ms\n", options->output,
			result->serial, result->form == TRANSFER_IXFR ? "IXFR" : "AXFR",
			(unsigned long long)result->record_count,
			(unsigned long long)result->octets, (long long)result->duration_ms);
	return rc;
}

int
command_fetch(const struct options *options)
{
	struct fetch fetch = {.result = {.outcome = TRANSFER_FAILED}};
	struct why why = {""};
	int rc;

	if (!options->fetch.from || !options->has_origin || !options->output) {
		fputs("mangrove-zone: fetch needs --from, --origin and --output; try --help\n",
			stderr);
		return 2;
	}
	rc = fetch_prepare(options, &fetch, &why);
	if (rc == 0)
		rc = fetch_run(&fetch, &why);
	if (rc == 0)
		rc = outcome_tell(options, &fetch.result, &why);
	free(fetch.result.records);
	tls_context_free(fetch.tls);
	tsig_keys_free(fetch.keys);
	if (rc < 0)
		fprintf(stderr, "%s\n", why.text);
	return rc < 0;
}
