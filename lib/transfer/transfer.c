/* SPDX-License-Identifier: BSD-3-Clause */
/* One fetch: what is asked next, and when it is enough. */
#include "transfer/transfer.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transfer/transfer_priv.h"

enum { UDP_TRIES = 2 };

const struct transfer_limits transfer_limits_default = {
	.connect_ms = 5000,
	.progress_ms = 10000,
	.total_ms = 120000,
	.octets = 256u << 20,
	.records = 4u << 20,
};

struct transfer {
	uv_loop_t *loop;
	struct transfer_settings settings;
	transfer_callback *callback;
	void *context;
	uv_timer_t step;  /* of what is waited for now */
	uv_timer_t total; /* of all of it */
	unsigned int timers_open;
	int64_t began_ms;

	struct transfer_datagram *datagram; /* NULL: none */
	struct transfer_channel *channel;   /* NULL: none */
	bool channel_ready;
	bool channel_used;  /* an answer came over it, after which a primary may close it */
	unsigned int tries; /* of UDP */
	uint64_t progress;  /* octets since the step's timer was set */

	struct transfer_question question; /* the one that is waited for, or comes next */
	struct tsig_session session;	   /* if there is a key */
	bool is_signed;			   /* the last message was */
	struct transfer_block block;	   /* of IXFR and AXFR */
	struct transfer_result result;
};

/* ---- the end ---- */

static void
timer_closed(uv_handle_t *handle)
{
	struct transfer *t = handle->data;

	if (--t->timers_open == 0)
		free(t);
}

static void
channel_drop(struct transfer *t)
{
	transfer_channel_close(t->channel);
	t->channel = NULL;
	t->channel_ready = t->channel_used = false;
}

static void
datagram_drop(struct transfer *t)
{
	transfer_datagram_close(t->datagram);
	t->datagram = NULL;
}

void
transfer_cancel(struct transfer *transfer)
{
	if (!transfer)
		return;
	channel_drop(transfer);
	datagram_drop(transfer);
	tsig_session_end(&transfer->session);
	transfer_block_end(&transfer->block);
	uv_close((uv_handle_t *)&transfer->step, timer_closed);
	uv_close((uv_handle_t *)&transfer->total, timer_closed);
}

/* What was got is the receiver's; all else goes. */
static void
finish(struct transfer *t, enum transfer_outcome outcome, uint32_t serial)
{
	struct transfer_result result = t->result;
	transfer_callback *callback = t->callback;
	void *context = t->context;

	result.outcome = outcome;
	result.serial = serial;
	result.duration_ms = clock_ms() - t->began_ms;
	if (outcome == TRANSFER_DONE) {
		result.form = t->block.form;
		result.records = t->block.octets;
		result.records_length = t->block.length;
		result.record_count = t->block.count;
		t->block.octets = NULL;
	}
	transfer_cancel(t);
	callback(context, &result);
}

static const char *
type_text(uint16_t type)
{
	return type == WIRE_TYPE_SOA ? "SOA" : type == WIRE_TYPE_IXFR ? "IXFR" : "AXFR";
}

/* "198.18.0.1@53, IXFR over TLS: what": who, at what stage, why */
static void
stage_prefix(const struct transfer *t, struct why *why)
{
	const struct sockaddr *primary = (const struct sockaddr *)&t->settings.primary;
	char address[INET6_ADDRSTRLEN] = "?";
	in_port_t port = primary->sa_family == AF_INET6
				 ? ((const struct sockaddr_in6 *)primary)->sin6_port
				 : ((const struct sockaddr_in *)primary)->sin_port;

	uv_ip_name(primary, address, sizeof(address));
	why_prefix(why, "%s@%u, %s over %s", address, ntohs(port), type_text(t->question.type),
		t->datagram	  ? "UDP"
		: t->settings.tls ? "TLS"
				  : "TCP");
}

static void
fail(struct transfer *t, const struct why *why)
{
	t->result.why = *why;
	stage_prefix(t, &t->result.why);
	finish(t, TRANSFER_FAILED, 0);
}

/* ---- asking ---- */

static void channel_open(struct transfer *t);

static void
step_set(struct transfer *t, uv_timer_cb expired, unsigned int ms)
{
	t->progress = 0;
	uv_timer_start(&t->step, expired, ms, 0);
}

/* @return octets of a request of its own ID; 0: it cannot be signed */
static size_t
request_make(struct transfer *t, uint8_t message[static TRANSFER_REQUEST_MAX])
{
	size_t length;

	t->question.id = (uint16_t)randombytes_random();
	length = transfer_request_write(&t->question, message);
	tsig_session_end(&t->session);
	if (!t->settings.key)
		return length;
	tsig_session_begin(&t->session, t->settings.key);
	if (tsig_sign(&t->session, (uint64_t)time(NULL), message, &length, TRANSFER_REQUEST_MAX) <
		0)
		return 0;
	return length;
}

static void
progress_expired(uv_timer_t *timer)
{
	struct transfer *t = timer->data;
	struct why why;

	if (t->progress >= TRANSFER_PROGRESS_OCTETS) {
		step_set(t, progress_expired, t->settings.limits.progress_ms);
		return;
	}
	why_set(&why, ETIMEDOUT, "too slow: %" PRIu64 " octets in %u ms", t->progress,
		t->settings.limits.progress_ms);
	fail(t, &why);
}

static void
total_expired(uv_timer_t *timer)
{
	struct transfer *t = timer->data;
	struct why why;

	why_set(&why, ETIMEDOUT, "not done after %u ms, %" PRIu64 " octets and %" PRIu64 " records",
		t->settings.limits.total_ms, t->result.octets, t->block.count);
	fail(t, &why);
}

/* Ask t->question over the connection, or make one first. */
static void
channel_ask(struct transfer *t)
{
	uint8_t message[TRANSFER_REQUEST_MAX];
	struct why why = {"the request cannot be signed"};
	size_t length;

	if (!t->channel_ready) {
		channel_open(t);
		return;
	}
	length = request_make(t, message);
	if (length == 0 || transfer_channel_send(t->channel, message, length, &why) < 0) {
		fail(t, &why);
		return;
	}
	transfer_block_end(&t->block);
	if (t->question.type != WIRE_TYPE_SOA)
		transfer_block_begin(&t->block, &t->question, &t->settings.limits);
	step_set(t, progress_expired, t->settings.limits.progress_ms);
}

static void
transfer_ask(struct transfer *t, uint16_t type)
{
	t->question.type = type;
	channel_ask(t);
}

/* The primary's serial is known: is it wanted, and how? */
static void
serial_judge(struct transfer *t, uint32_t serial)
{
	const struct transfer_settings *s = &t->settings;
	bool newer = s->has_serial && transfer_serial_newer(serial, s->serial);

	datagram_drop(t);
	if (s->has_serial && !newer && !s->anew) {
		finish(t, serial == s->serial ? TRANSFER_UP_TO_DATE : TRANSFER_OLDER, serial);
		return;
	}
	t->question.has_serial = newer && !s->anew;
	if (newer && !s->whole) {
		t->question.has_serial = true;
		transfer_ask(t, WIRE_TYPE_IXFR);
		return;
	}
	transfer_ask(t, WIRE_TYPE_AXFR);
}

/* ---- answers ---- */

/* What a TSIG record says that is not as it should be */
static void
verdict_tell(const struct transfer *t, enum tsig_verdict verdict, const uint8_t *message,
	size_t length, struct why *why)
{
	static const char *const errors[] = {"BADSIG", "BADKEY", "BADTIME"};
	char text[TRANSFER_RCODE_TEXT_MAX];
	uint16_t error = t->session.error;

	if (verdict == TSIG_UNSIGNED)
		why_set(why, EACCES, "an answer that is not signed (%s)",
			transfer_rcode_text(
				length >= WIRE_HEADER_SIZE ? message[3] & WIRE_FLAG2_RCODE : 0,
				text));
	else if (verdict != TSIG_ERROR)
		why_set(why, EACCES, "the answer's signature is not accepted: %s",
			tsig_verdict_names[verdict]);
	else if (error >= 16 && error <= 18)
		why_set(why, EACCES, "the primary does not accept our signature: %s",
			errors[error - 16]);
	else
		why_set(why, EACCES, "the primary does not accept our signature: error %u", error);
}

/* @return 0: the message is one that we may read */
static int
signature_check(struct transfer *t, uint8_t *message, size_t *length, struct why *why)
{
	enum tsig_verdict verdict;

	t->is_signed = true;
	if (!t->settings.key)
		return 0;
	verdict = tsig_answer_verify(&t->session, (uint64_t)time(NULL), message, length);
	t->is_signed = verdict == TSIG_GOOD;
	if (t->is_signed || (verdict == TSIG_UNSIGNED && t->session.in_series))
		return 0;
	verdict_tell(t, verdict, message, *length, why);
	return -EACCES;
}

static void
soa_arrived(struct transfer *t, uint8_t *message, size_t length)
{
	uint32_t serial;
	struct why why;

	if (signature_check(t, message, &length, &why) < 0 ||
		transfer_soa_read(&t->question, message, length, &serial, &why) < 0)
		fail(t, &why);
	else
		serial_judge(t, serial);
}

/*
 * What is wrong with the differences need not be wrong with the zone. Behind an error the
 * connection can be used on; behind broken differences the rest of them would come first.
 */
static void
broken(struct transfer *t, uint16_t rcode, const struct why *why)
{
	if (t->question.type != WIRE_TYPE_IXFR) {
		fail(t, why);
		return;
	}
	t->result.fell_back = true;
	t->result.ixfr = *why;
	stage_prefix(t, &t->result.ixfr);
	if (rcode == WIRE_RCODE_NOERROR)
		channel_drop(t);
	transfer_ask(t, WIRE_TYPE_AXFR);
}

static void
block_arrived(struct transfer *t, uint8_t *message, size_t length)
{
	uint16_t rcode = WIRE_RCODE_NOERROR;
	enum transfer_fed fed;
	struct why why;

	if (signature_check(t, message, &length, &why) < 0) {
		fail(t, &why);
		return;
	}
	fed = transfer_block_feed(&t->block, message, length, &rcode, &why);
	/* RFC 8945 5.3.1 */
	if ((fed == TRANSFER_FED_END || fed == TRANSFER_FED_STALE) && !t->is_signed) {
		why_set(&why, EACCES, "the last message is not signed");
		fail(t, &why);
		return;
	}
	switch (fed) {
	case TRANSFER_FED_MORE:
		break;
	case TRANSFER_FED_END:
		finish(t, TRANSFER_DONE, t->block.newest.serial);
		break;
	case TRANSFER_FED_STALE:
		finish(t,
			t->block.newest.serial == t->settings.serial ? TRANSFER_UP_TO_DATE
								     : TRANSFER_OLDER,
			t->block.newest.serial);
		break;
	case TRANSFER_FED_BROKEN:
		broken(t, rcode, &why);
		break;
	}
}

/* ---- TCP and TLS ---- */

static void
channel_opened(void *context)
{
	struct transfer *t = context;

	t->channel_ready = true;
	channel_ask(t);
}

static void
channel_arrived(void *context, uint8_t *message, size_t length)
{
	struct transfer *t = context;

	t->channel_used = true;
	if (t->question.type == WIRE_TYPE_SOA)
		soa_arrived(t, message, length);
	else
		block_arrived(t, message, length);
}

static void
octets_count(struct transfer *t, size_t count)
{
	t->progress += count;
	t->result.octets += count;
}

static void
channel_progressed(void *context, size_t count)
{
	struct transfer *t = context;
	struct why why;

	octets_count(t, count);
	if (t->result.octets <= t->settings.limits.octets)
		return;
	why_set(&why, EFBIG, "more than %" PRIu64 " octets", t->settings.limits.octets);
	fail(t, &why);
}

static void
channel_ended(void *context, const struct why *why)
{
	struct transfer *t = context;
	struct why more = *why;
	/* a primary may close behind each answer: then the next question has its own connection */
	bool again = t->channel_used && t->progress == 0 && t->block.message_count == 0;

	if (again) {
		channel_drop(t);
		channel_ask(t);
		return;
	}
	if (t->block.count)
		why_prefix(&more, "cut short after %" PRIu64 " records", t->block.count);
	else if (!t->channel_ready)
		why_prefix(&more, "connecting");
	fail(t, &more);
}

static void
connect_expired(uv_timer_t *timer)
{
	struct transfer *t = timer->data;
	struct why why;

	why_set(&why, ETIMEDOUT, "connecting: nothing for %u ms", t->settings.limits.connect_ms);
	fail(t, &why);
}

static void
channel_open(struct transfer *t)
{
	static const struct transfer_channel_events events = {
		channel_opened, channel_arrived, channel_progressed, channel_ended};
	struct why why;

	t->channel = transfer_channel_open(t->loop, &t->settings, &events, t, &why);
	if (!t->channel) {
		why_prefix(&why, "connecting");
		fail(t, &why);
		return;
	}
	step_set(t, connect_expired, t->settings.limits.connect_ms);
}

/* ---- UDP ---- */

/* UDP was worth a try; TCP then tells what is wrong, if anything is. */
static void
datagram_leave(struct transfer *t)
{
	datagram_drop(t);
	channel_ask(t);
}

static void
datagram_arrived(void *context, uint8_t *message, size_t length)
{
	struct transfer *t = context;
	struct why why;
	uint32_t serial;
	int rc;

	octets_count(t, length);
	/* anybody can send what does not fit the question; it is as if it had not come */
	rc = signature_check(t, message, &length, &why);
	if (rc == 0)
		rc = transfer_soa_read(&t->question, message, length, &serial, &why);
	if (rc == 0)
		serial_judge(t, serial);
	else if (rc != -ENOMSG)
		datagram_leave(t);
}

static void
datagram_failed(void *context, const struct why *why)
{
	(void)why;
	datagram_leave(context);
}

static void
datagram_ask(uv_timer_t *timer)
{
	struct transfer *t = timer->data;
	uint8_t message[TRANSFER_REQUEST_MAX];
	size_t length;

	if (t->tries++ == UDP_TRIES) {
		datagram_leave(t);
		return;
	}
	length = request_make(t, message);
	if (length == 0 || transfer_datagram_send(t->datagram, message, length, NULL) < 0) {
		datagram_leave(t);
		return;
	}
	step_set(t, datagram_ask, t->settings.limits.connect_ms / 2);
}

/* ---- the beginning ---- */

static void
start(uv_timer_t *timer)
{
	static const struct transfer_datagram_events events = {datagram_arrived, datagram_failed};
	struct transfer *t = timer->data;

	t->question.type = WIRE_TYPE_SOA;
	if (!t->settings.tls)
		t->datagram = transfer_datagram_open(t->loop, &t->settings, &events, t, NULL);
	if (t->datagram)
		datagram_ask(timer);
	else
		channel_ask(t);
}

struct transfer *
transfer_begin(uv_loop_t *loop, const struct transfer_settings *settings,
	transfer_callback *callback, void *context)
{
	struct transfer *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->loop = loop;
	t->settings = *settings;
	t->callback = callback;
	t->context = context;
	t->began_ms = clock_ms();
	t->question.origin = &t->settings.origin;
	t->question.serial = settings->serial;
	/* timers of libuv cannot fail to begin */
	uv_timer_init(loop, &t->step);
	uv_timer_init(loop, &t->total);
	t->step.data = t->total.data = t;
	t->timers_open = 2;
	uv_update_time(loop);
	uv_timer_start(&t->step, start, 0, 0);
	uv_timer_start(&t->total, total_expired, settings->limits.total_ms, 0);
	return t;
}
