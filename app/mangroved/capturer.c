/* SPDX-License-Identifier: BSD-3-Clause */
#include "capturer.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "capture/capture.h"
#include "config.h"
#include "log.h"
#include "report/report.h"

enum { IPV4_SIZE = 4, IPV6_SIZE = 16 };

struct capturer {
	struct capture *capture;
	const char *directory;
	char host[EXCHANGE_TEXT_MAX + 1];
};

/* On the writer's thread. */
static void
say(void *context, enum capture_event event, const char *text)
{
	static const enum event events[CAPTURE_EVENTS] = {
		[CAPTURE_FILE_DONE] = EVENT_CAPTURE_FILE,
		[CAPTURE_FAULT] = EVENT_CAPTURE_FAULT,
		[CAPTURE_RESUMED] = EVENT_CAPTURE_RESUMED,
		[CAPTURE_CLOCK_STEPPED] = EVENT_CAPTURE_CLOCK,
		[CAPTURE_DROPPING] = EVENT_CAPTURE_DROPPING,
	};

	(void)context;
	log_event(events[event], "%s", text);
}

static void
servers_fill(struct capture_settings *settings, const struct packet_service *service)
{
	static_assert((int)CAPTURE_SERVERS_MAX >= 2 * (int)PACKET_SERVICE_MAX, "room for all");

	for (unsigned int i = 0; i < service->ipv4_count; i++) {
		struct capture_server *server = &settings->servers[settings->server_count++];

		server->size = IPV4_SIZE;
		memcpy(server->octets, service->ipv4[i], IPV4_SIZE);
	}
	for (unsigned int i = 0; i < service->ipv6_count; i++) {
		struct capture_server *server = &settings->servers[settings->server_count++];

		server->size = IPV6_SIZE;
		memcpy(server->octets, service->ipv6[i], IPV6_SIZE);
	}
}

/* Without a file a key that ends with the process: nobody can make addresses of pseudonyms then. */
static int
privacy_fill(struct capture_privacy *privacy, const struct config_capture *wanted, struct why *why)
{
	struct guard_secrets secrets = {0};
	int rc;

	privacy->ipv4_prefix = wanted->ipv4_prefix;
	privacy->ipv6_prefix = wanted->ipv6_prefix;
	privacy->pseudonyms = wanted->clients == CONFIG_CLIENTS_PSEUDONYMS;
	randombytes_buf(privacy->key, sizeof(privacy->key));
	if (!wanted->pseudonym_key)
		return 0;
	rc = guard_secrets_read(wanted->pseudonym_key, &secrets, why);
	if (rc < 0)
		return rc;
	static_assert((int)sizeof(privacy->key) == (int)GUARD_SECRET_SIZE, "a key of each kind");
	memcpy(privacy->key, secrets.secrets[0], sizeof(privacy->key));
	sodium_memzero(&secrets, sizeof(secrets));
	return 0;
}

static size_t
power_of_two(size_t size)
{
	size_t power = 1;

	while (power < size)
		power *= 2;
	return power;
}

int
capturer_start(const struct config *config, struct capturer **capturer, struct why *why)
{
	const struct config_capture *wanted = config->capture;
	struct capture_settings settings = {.say = say};
	struct capturer *c;
	int rc;

	if (!wanted)
		return 0;
	c = calloc(1, sizeof(*c));
	if (!c)
		return why_set(why, ENOMEM, "out of memory");
	memcpy(c->host, config->self.identity, config->self.identity_length);
	if (!c->host[0])
		memcpy(c->host, "mangrove", sizeof("mangrove"));
	c->directory = wanted->directory;
	settings.directory = wanted->directory;
	settings.host = c->host;
	settings.generator = "Mangrove " MANGROVE_VERSION;
	settings.one_in = wanted->one_in;
	settings.ring_size = power_of_two((size_t)wanted->ring_kib << 10);
	settings.rotate_seconds = wanted->rotate_seconds;
	settings.rotate_size = (uint64_t)wanted->rotate_mib << 20;
	settings.compression = wanted->compression;
	/* ports know 53 only */
	settings.server_port =
		(uint16_t)(config->ports_count ? PACKET_DNS_PORT : config->sockets.port);
	servers_fill(&settings, &config->service);
	rc = privacy_fill(&settings.privacy, wanted, why);
	if (rc == 0)
		rc = capture_start(&settings, &c->capture, why);
	sodium_memzero(&settings.privacy, sizeof(settings.privacy));
	if (rc < 0) {
		free(c);
		return rc;
	}
	*capturer = c;
	return 0;
}

int
capturer_join(struct capturer *capturer, struct ledger_readers *readers, struct why *why)
{
	struct capture_ring *ring;

	if (!capturer)
		return 0;
	ring = capture_ring_add(capturer->capture);
	if (!ring)
		return why_set(why, ENOMEM, "capture: out of memory");
	readers->readers[readers->count++] = (struct ledger_reader){capture_read, ring};
	return 0;
}

struct capture_privacy
capturer_privacy(const struct capturer *capturer)
{
	static const struct capture_privacy otherwise = {.ipv4_prefix = 24, .ipv6_prefix = 48};

	return capturer ? *capture_privacy_of(capturer->capture) : otherwise;
}

json_t *
capturer_json(const struct capturer *capturer)
{
	struct capture_counts counts;

	if (!capturer)
		return json_null();
	capture_counts(capturer->capture, &counts);
	return json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "directory",
		capturer->directory, "failing", counts.failing, "queries",
		(json_int_t)counts.records, "dropped", (json_int_t)counts.dropped, "strained",
		(json_int_t)counts.strained, "lost", (json_int_t)counts.lost, "files",
		(json_int_t)counts.files, "octets", (json_int_t)counts.octets, "faults",
		(json_int_t)counts.faults, "clock_steps", (json_int_t)counts.clock_steps);
}

void
capturer_tell(const struct capturer *capturer, struct report *report)
{
	struct capture_counts counts;

	if (!capturer)
		return;
	capture_counts(capturer->capture, &counts);
	report_count(report, REPORT_CAPTURE_QUERIES, counts.records, "taken");
	report_count(report, REPORT_CAPTURE_QUERIES, counts.dropped, "dropped");
	report_count(report, REPORT_CAPTURE_QUERIES, counts.strained, "strained");
	report_count(report, REPORT_CAPTURE_QUERIES, counts.lost, "lost");
	report_count(report, REPORT_CAPTURE_BYTES, counts.octets);
	report_count(report, REPORT_CAPTURE_FILES, counts.files);
	report_gauge(report, REPORT_CAPTURE_FAILING, counts.failing);
}

bool
capturer_fails(const struct capturer *capturer, uint64_t *missed, struct why *why)
{
	struct capture_counts counts;

	*missed = 0;
	if (!capturer)
		return false;
	capture_counts(capturer->capture, &counts);
	*missed = counts.dropped + counts.lost;
	return capture_fails(capturer->capture, why);
}

void
capturer_stop(struct capturer *capturer)
{
	if (!capturer)
		return;
	capture_stop(capturer->capture);
	free(capturer);
}
