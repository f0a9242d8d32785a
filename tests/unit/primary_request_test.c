/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests as they are judged and answered, without any socket. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>

#include "engine/engine.h"
#include "primary/primary_priv.h"
#include "test_node.h"

enum { FRIEND = 1, SIGNER = 2, STRANGER = 3 }; /* last octet of the address */

#define ZONE_HEAD "example. 3600 IN SOA ns.example. admin.example. %u 1800 900 604800 3600\n"
/* some length, so that the way over two versions is shorter than all of it */
#define TEXT_50 "01234567890123456789012345678901234567890123456789"
#define ZONE_REST                                                                                  \
	"example. 3600 IN NS ns.example.\nns.example. 3600 IN A 198.18.0.53\n"                     \
	"example. 3600 IN TXT \"" TEXT_50 TEXT_50 "\" \"" TEXT_50 TEXT_50 TEXT_50 "\"\n"

struct world {
	struct tsig_keys keys;
	struct publish_slot slot;
	struct primary_settings settings;
	struct primary *primary;
	struct engine_service service;
	unsigned int notified_count;
	uint32_t notified_serial;
	/* of the request that was last made */
	uint8_t message[PRIMARY_MESSAGE_SIZE], reply[PRIMARY_REPLY_SIZE];
	size_t length;
	struct tsig_session session;
	struct sockaddr_in from;
	struct primary_request request;
};

static struct world w;

static void
notified(void *context, const struct wire_name *origin, const struct sockaddr *source,
	bool has_serial, uint32_t serial)
{
	(void)context;
	(void)origin;
	(void)source;
	w.notified_count++;
	w.notified_serial = has_serial ? serial : 0;
}

static struct image *
image_of(uint32_t serial, const char *more)
{
	struct zone_verification done = {0};
	struct image *image = NULL;
	struct zone *zone = NULL;
	struct why why = {0};
	char text[8192];
	int length = snprintf(text, sizeof(text), ZONE_HEAD ZONE_REST "%s", serial, more);

	cr_assert_eq(
		zone_load_text("made up", (const uint8_t *)text, (size_t)length, NULL, &zone, &why),
		0, "%s", why.text);
	cr_assert_eq(image_compile(zone, &done, 0, &image, &why), 0, "%s", why.text);
	zone_free(zone);
	return image;
}

static void
publish(uint32_t serial, const char *more)
{
	struct image_catalogue *catalogue = &w.service.catalogue;

	if (catalogue->count)
		image_free((struct image *)catalogue->images[0]);
	catalogue->count = 1;
	catalogue->images[0] = image_of(serial, more);
	publish_replace(&w.slot, &w.service);
	cr_assert_eq(primary_publish(w.primary, catalogue, NULL), 0);
}

static void
begin(void)
{
	struct primary_access access[] = {
		{4, 32, {198, 18, 0, FRIEND}, NULL, PRIMARY_MAY_TRANSFER | PRIMARY_MAY_NOTIFY},
		{4, 32, {198, 18, 0, SIGNER}, &w.keys.keys[0], PRIMARY_MAY_TRANSFER},
	};
	struct primary_limits limits = primary_limits_default;

	memset(&w, 0, sizeof(w));
	w.keys.count = 1;
	wire_name_from_text(&w.keys.keys[0].name, "k.");
	w.keys.keys[0].secret_length = 32;
	limits.transfers = 3;
	w.settings = (struct primary_settings){.loop = uv_default_loop(),
		.slot = &w.slot,
		.access_count = 2,
		.keys = &w.keys,
		.limits = limits,
		.callbacks = {.notified = notified}};
	memcpy(w.settings.access, access, sizeof(access));
	w.service.self = test_self;
	cr_assert_eq(publish_init(&w.slot, 1), 0);
	cr_assert_eq(primary_start(&w.settings, &w.primary, NULL), 0);
	publish(100, "");
}

static void
end(void)
{
	primary_free(w.primary);
	uv_run(w.settings.loop, UV_RUN_DEFAULT);
	image_free((struct image *)w.service.catalogue.images[0]);
	publish_free(&w.slot);
}

TestSuite(primary_request, .init = begin, .fini = end);

/* Make a request; `soa` in the answer (NOTIFY) or authority section, if it is not 0. */
static void
ask(uint8_t opcode, const char *qname, uint16_t qtype, uint32_t soa)
{
	static const uint8_t tail[16];
	struct wire_writer m = wire_writer_of(w.message, sizeof(w.message) - TSIG_RECORD_MAX);
	struct wire_name name;

	wire_name_from_text(&name, qname);
	wire_u16_write(&m, 0x1234);
	wire_u16_write(&m, (uint16_t)(opcode << 11));
	wire_u16_write(&m, 1);
	wire_u16_write(&m, soa && opcode ? 1 : 0);
	wire_u16_write(&m, soa && !opcode ? 1 : 0);
	wire_u16_write(&m, 1);
	wire_write(&m, name.octets, name.length);
	wire_u16_write(&m, qtype);
	wire_u16_write(&m, WIRE_CLASS_IN);
	if (soa) {
		wire_u16_write(&m, 0xc00c);
		wire_u16_write(&m, WIRE_TYPE_SOA);
		wire_u16_write(&m, WIRE_CLASS_IN);
		wire_u32_write(&m, 0);
		wire_u16_write(&m, 22);
		wire_u16_write(&m, 0);
		wire_u32_write(&m, soa);
		wire_write(&m, tail, 16);
	}
	/* OPT with 1232 octets */
	wire_u8_write(&m, 0);
	wire_u16_write(&m, WIRE_TYPE_OPT);
	wire_u16_write(&m, 1232);
	wire_u32_write(&m, 0);
	wire_u16_write(&m, 0);
	w.length = m.offset;
	memset(&w.session, 0, sizeof(w.session));
}

static void
sign(const struct tsig_key *key)
{
	tsig_session_begin(&w.session, key);
	cr_assert_eq(tsig_sign(&w.session, (uint64_t)time(NULL), w.message, &w.length,
			     sizeof(w.message)),
		0);
}

/* Let it be answered. @return the reply's RCODE, or -1: none */
static int
answer(unsigned int from, enum wire_transport transport)
{
	w.from = (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons(5353),
		.sin_addr.s_addr = htonl(198u << 24 | 18u << 16 | from)};
	memset(&w.request, 0, sizeof(w.request));
	w.request.primary = w.primary;
	w.request.address = (const struct sockaddr *)&w.from;
	w.request.source = primary_source_of(w.request.address);
	w.request.transport = transport;
	w.request.message = w.message;
	w.request.length = w.length;
	w.request.reply = w.reply;
	primary_request_answer(&w.request);
	return w.request.reply_length ? w.reply[3] & WIRE_FLAG2_RCODE : -1;
}

static uint64_t
counted(enum primary_count which)
{
	return primary_count(w.primary, which);
}

static unsigned int
answers(void)
{
	return (unsigned int)(w.reply[6] << 8 | w.reply[7]);
}

/* Whether the reply's OPT, which is its last record, says why by that code (RFC 8914). */
static bool
says_ede(uint16_t code)
{
	const uint8_t *last = w.reply + w.request.reply_length - 6;

	return w.request.reply_length > 6 && last[1] == WIRE_OPTION_EDE && last[3] == 2 &&
	       (last[4] << 8 | last[5]) == code;
}

Test(primary_request, of_a_stranger_is_refused_whatever_it_is)
{
	static const struct {
		uint8_t opcode;
		uint16_t qtype;
		uint32_t soa;
		enum primary_count counted;
	} requests[] = {
		{0, WIRE_TYPE_SOA, 0, PRIMARY_QUERIES_REFUSED},
		{0, WIRE_TYPE_AXFR, 0, PRIMARY_TRANSFER_REFUSED},
		{0, WIRE_TYPE_IXFR, 99, PRIMARY_TRANSFER_REFUSED},
		{4, WIRE_TYPE_SOA, 0, PRIMARY_NOTIFIES_REFUSED},
	};

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		uint64_t before = counted(requests[i].counted);

		ask(requests[i].opcode, "example.", requests[i].qtype, requests[i].soa);
		cr_expect_eq(answer(STRANGER, WIRE_TCP), WIRE_RCODE_REFUSED, "request %zu", i);
		cr_expect_null(w.request.transfer);
		cr_expect(says_ede(WIRE_EDE_PROHIBITED), "request %zu", i);
		cr_expect_eq(counted(requests[i].counted), before + 1, "request %zu", i);
	}
	cr_expect_eq(w.notified_count, 0);
	/* who must sign and does not is one */
	ask(0, "example.", WIRE_TYPE_SOA, 0);
	cr_expect_eq(answer(SIGNER, WIRE_TCP), WIRE_RCODE_REFUSED);
}

Test(primary_request, that_is_a_query_is_answered_as_lcores_do)
{
	static uint8_t expected[WIRE_TCP_SIZE_MAX];
	struct exchange_peer peer;
	size_t length;

	ask(0, "ns.example.", WIRE_TYPE_A, 0);
	cr_assert_eq(answer(FRIEND, WIRE_UDP), WIRE_RCODE_NOERROR);
	peer = w.request.peer;
	engine_answer(&w.service, &peer, w.message, w.length, expected, &length);
	cr_expect_eq(length, w.request.reply_length);
	cr_expect(memcmp(expected, w.reply, length) == 0);
	cr_expect_eq(counted(PRIMARY_QUERIES), 1);
}

Test(primary_request, that_is_no_request_gets_no_reply)
{
	ask(0, "example.", WIRE_TYPE_SOA, 0);
	w.message[2] |= WIRE_FLAG1_QR;
	cr_expect_eq(answer(FRIEND, WIRE_UDP), -1);
	w.length = 11;
	w.message[2] = 0;
	cr_expect_eq(answer(FRIEND, WIRE_UDP), -1);
	cr_expect_eq(counted(PRIMARY_DROPPED), 2);
}

Test(primary_request, that_is_signed_gets_a_signed_reply)
{
	ask(0, "example.", WIRE_TYPE_SOA, 0);
	sign(&w.keys.keys[0]);
	cr_assert_eq(answer(SIGNER, WIRE_UDP), WIRE_RCODE_NOERROR);
	cr_expect_eq(tsig_answer_verify(
			     &w.session, (uint64_t)time(NULL), w.reply, &w.request.reply_length),
		TSIG_GOOD);
	tsig_session_end(&w.session);
}

Test(primary_request, that_is_signed_wrongly_is_told_why)
{
	struct tsig_key other = w.keys.keys[0];

	ask(0, "example.", WIRE_TYPE_SOA, 0);
	other.secret[0] ^= 1;
	sign(&other);
	cr_expect_eq(answer(SIGNER, WIRE_UDP), WIRE_RCODE_NOTAUTH);
	cr_expect_eq(w.reply[11], 2, "OPT and TSIG");
	wire_name_from_text(&other.name, "unknown.");
	ask(0, "example.", WIRE_TYPE_AXFR, 0);
	sign(&other);
	cr_expect_eq(answer(FRIEND, WIRE_TCP), WIRE_RCODE_NOTAUTH);
	cr_expect_null(w.request.transfer);
	cr_expect_eq(counted(PRIMARY_TSIG_FAILED), 2);
}

Test(primary_request, whose_signed_reply_does_not_fit_is_truncated_and_signed)
{
	char more[4096] = "";

	/* an answer that fits 1232 octets, but not with a signature */
	for (unsigned int i = 0; i < 74; i++)
		snprintf(more + strlen(more), sizeof(more) - strlen(more),
			"x.example. 3600 IN A 192.0.2.%u\n", i);
	publish(101, more);
	ask(0, "x.example.", WIRE_TYPE_A, 0);
	sign(&w.keys.keys[0]);
	cr_assert_eq(answer(SIGNER, WIRE_UDP), WIRE_RCODE_NOERROR);
	cr_expect(w.reply[2] & WIRE_FLAG1_TC);
	cr_expect_eq(answers(), 0);
	cr_expect_eq(tsig_answer_verify(
			     &w.session, (uint64_t)time(NULL), w.reply, &w.request.reply_length),
		TSIG_GOOD);
	tsig_session_end(&w.session);
}

/* Take all messages of a transfer, each verified. @return how many records */
static unsigned int
transfer_take(struct primary_transfer *transfer)
{
	static uint8_t message[WIRE_TCP_SIZE_MAX];
	unsigned int records = 0;

	while (!primary_transfer_is_done(transfer)) {
		size_t length = primary_transfer_next(transfer, message, sizeof(message));

		cr_assert_gt(length, 0);
		cr_expect(message[2] & WIRE_FLAG1_AA);
		cr_expect_eq(message[0] << 8 | message[1], 0x1234);
		records += (unsigned int)(message[6] << 8 | message[7]);
		if (w.session.key)
			cr_expect_eq(tsig_answer_verify(
					     &w.session, (uint64_t)time(NULL), message, &length),
				TSIG_GOOD);
	}
	primary_transfer_end(transfer, NULL);
	tsig_session_end(&w.session);
	return records;
}

Test(primary_request, for_axfr_begins_a_transfer_that_is_signed_as_it_was_asked)
{
	ask(0, "example.", WIRE_TYPE_AXFR, 0);
	answer(FRIEND, WIRE_TCP);
	cr_assert(w.request.transfer);
	cr_expect_eq(transfer_take(w.request.transfer), 5);
	ask(0, "eXample.", WIRE_TYPE_AXFR, 0);
	sign(&w.keys.keys[0]);
	answer(SIGNER, WIRE_TCP);
	cr_assert(w.request.transfer);
	cr_expect_eq(transfer_take(w.request.transfer), 5);
	cr_expect_eq(counted(PRIMARY_AXFR_STARTED), 2);
	cr_expect_eq(counted(PRIMARY_TRANSFER_DONE), 2);
}

Test(primary_request, for_axfr_over_udp_is_not_implemented)
{
	ask(0, "example.", WIRE_TYPE_AXFR, 0);
	cr_expect_eq(answer(FRIEND, WIRE_UDP), WIRE_RCODE_NOTIMP);
}

Test(primary_request, for_a_transfer_of_what_is_not_ours_is_not_auth)
{
	ask(0, "net.", WIRE_TYPE_AXFR, 0);
	cr_expect_eq(answer(FRIEND, WIRE_TCP), WIRE_RCODE_NOTAUTH);
	cr_expect_eq(counted(PRIMARY_TRANSFER_NOT_AUTH), 1);
	/* below a zone is none */
	ask(0, "ns.example.", WIRE_TYPE_IXFR, 1);
	cr_expect_eq(answer(FRIEND, WIRE_TCP), WIRE_RCODE_NOTAUTH);
}

Test(primary_request, for_a_transfer_of_what_may_not_be_handed_out_fails)
{
	struct wire_name origin;
	struct image_catalogue catalogue = {.withheld_count = 1};

	wire_name_from_text(&origin, "example.");
	primary_zone_serve(w.primary, &origin, false);
	ask(0, "example.", WIRE_TYPE_AXFR, 0);
	cr_expect_eq(answer(FRIEND, WIRE_TCP), WIRE_RCODE_SERVFAIL);
	primary_zone_serve(w.primary, &origin, true);
	answer(FRIEND, WIRE_TCP);
	cr_assert(w.request.transfer);
	primary_transfer_end(w.request.transfer, "test");
	/* expired: it is known, and has no version to be handed out */
	catalogue.withheld[0] = (struct zone_withheld){origin, true};
	cr_assert_eq(primary_publish(w.primary, &catalogue, NULL), 0);
	cr_expect_eq(answer(FRIEND, WIRE_TCP), WIRE_RCODE_SERVFAIL);
	cr_expect(says_ede(WIRE_EDE_INVALID_DATA));
	ask(4, "example.", WIRE_TYPE_SOA, 0);
	cr_expect_eq(answer(FRIEND, WIRE_UDP), WIRE_RCODE_NOERROR);
	cr_expect_eq(w.notified_count, 1);
}

Test(primary_request, for_more_transfers_than_may_run_fails_and_may_be_repeated)
{
	struct primary_transfer *running[2];

	/* of a network two, by the limits' default */
	for (unsigned int i = 0; i < 2; i++) {
		ask(0, "example.", WIRE_TYPE_AXFR, 0);
		answer(FRIEND, WIRE_TCP);
		running[i] = w.request.transfer;
		cr_assert(running[i]);
	}
	ask(0, "example.", WIRE_TYPE_AXFR, 0);
	cr_expect_eq(answer(FRIEND, WIRE_TCP), WIRE_RCODE_SERVFAIL);
	cr_expect_eq(counted(PRIMARY_TRANSFER_LIMITED), 1);
	/* what is one message takes no place */
	ask(0, "example.", WIRE_TYPE_IXFR, 100);
	cr_expect_eq(answer(FRIEND, WIRE_TCP), WIRE_RCODE_NOERROR);
	primary_transfer_end(running[0], NULL);
	ask(0, "example.", WIRE_TYPE_AXFR, 0);
	answer(FRIEND, WIRE_TCP);
	cr_assert(w.request.transfer);
	primary_transfer_end(w.request.transfer, NULL);
	primary_transfer_end(running[1], NULL);
}

Test(primary_request, for_ixfr_is_answered_by_the_way_from_there_to_here)
{
	publish(101, "a.example. 3600 IN A 192.0.2.1\n");
	publish(102, "b.example. 3600 IN A 192.0.2.1\n");
	/* nothing newer, or newer than ours */
	for (uint32_t serial = 102; serial <= 103; serial++) {
		ask(0, "example.", WIRE_TYPE_IXFR, serial);
		cr_expect_eq(answer(FRIEND, WIRE_TCP), WIRE_RCODE_NOERROR);
		cr_expect_eq(answers(), 1);
	}
	/* one step, over UDP: new SOA; old SOA, a record; new SOA, a record; new SOA */
	ask(0, "example.", WIRE_TYPE_IXFR, 101);
	cr_expect_eq(answer(FRIEND, WIRE_UDP), WIRE_RCODE_NOERROR);
	cr_expect_eq(answers(), 6);
	cr_expect_eq(counted(PRIMARY_IXFR_DATAGRAM), 1);
	/* two steps, over TCP */
	ask(0, "example.", WIRE_TYPE_IXFR, 100);
	answer(FRIEND, WIRE_TCP);
	cr_assert(w.request.transfer);
	cr_expect_eq(transfer_take(w.request.transfer), 9);
	/* a version that is not known: all of it, over UDP the SOA */
	ask(0, "example.", WIRE_TYPE_IXFR, 99);
	answer(FRIEND, WIRE_TCP);
	cr_assert(w.request.transfer);
	cr_expect_eq(transfer_take(w.request.transfer), 6);
	cr_expect_eq(counted(PRIMARY_IXFR_AS_AXFR), 1);
	ask(0, "example.", WIRE_TYPE_IXFR, 99);
	cr_expect_eq(answer(FRIEND, WIRE_UDP), WIRE_RCODE_NOERROR);
	cr_expect_eq(answers(), 1);
}

Test(primary_request, that_is_a_notify_is_acknowledged_and_a_burst_is_told_twice)
{
	for (unsigned int i = 0; i < 20; i++) {
		ask(4, "EXAMPLE.", WIRE_TYPE_SOA, 200 + i);
		cr_expect_eq(answer(FRIEND, WIRE_UDP), WIRE_RCODE_NOERROR);
		cr_expect_eq((w.reply[2] & WIRE_FLAG1_OPCODE) >> 3, WIRE_OPCODE_NOTIFY);
		cr_expect(w.reply[2] & WIRE_FLAG1_AA);
	}
	cr_expect_eq(w.notified_count, 1);
	cr_expect_eq(w.notified_serial, 200);
	cr_expect_eq(counted(PRIMARY_NOTIFIES_ACCEPTED), 20);
	for (unsigned int i = 0; i < 100 && w.notified_count < 2; i++)
		uv_run(w.settings.loop, UV_RUN_ONCE);
	cr_expect_eq(w.notified_count, 2);
	cr_expect_eq(w.notified_serial, 219);
	ask(4, "net.", WIRE_TYPE_SOA, 0);
	cr_expect_eq(answer(FRIEND, WIRE_UDP), WIRE_RCODE_NOTAUTH);
	ask(4, "example.", WIRE_TYPE_NS, 0);
	cr_expect_eq(answer(FRIEND, WIRE_UDP), WIRE_RCODE_FORMERR);
	cr_expect_eq(counted(PRIMARY_MALFORMED), 1);
}
