/* SPDX-License-Identifier: BSD-3-Clause */
/* A request: who may, and what is said to it. */
#include <string.h>
#include <time.h>

#include "engine/engine.h"
#include "primary/primary_priv.h"

static void
refuse(struct primary_request *r, enum wire_rcode rcode, enum wire_ede ede,
	enum primary_count which)
{
	primary_counted(r->primary, which);
	r->reply_length = exchange_refuse(&r->x, rcode, ede, r->reply);
}

static bool
is_allowed(const struct primary_request *r, enum primary_action action)
{
	const struct primary_settings *settings = r->primary->settings;

	return primary_access_allows(
		settings->access, settings->access_count, &r->source, r->session.key, action);
}

static struct primary_zone *
zone_asked(const struct primary_request *r)
{
	struct wire_name origin = r->x.query.qname;

	wire_name_fold(&origin);
	return primary_zone_find(r->primary, &origin);
}

/* ---- transfers ---- */

/* A transfer in the one message that a reply is. @return false: it does not fit */
static bool
contents_reply(struct primary_request *r, const struct primary_contents *contents)
{
	struct primary_names *names = &r->primary->names;
	struct wire_writer w = wire_writer_of(r->reply, r->x.query.size_max);
	size_t signature = primary_signature_size(&r->session);
	struct primary_place place = {0};
	unsigned int count;

	r->x.query.rcode = WIRE_RCODE_NOERROR;
	w.size = exchange_room(&r->x) - signature;
	wire_reply_begin(&w, &r->x.query, r->message);
	r->reply[2] |= WIRE_FLAG1_AA;
	primary_names_begin(names, &r->x.query);
	count = primary_pack(contents, &place, names, SIZE_MAX, &w);
	if (!primary_place_is_end(contents, &place))
		return false;
	wire_u16_patch(r->reply + 6, (uint16_t)count);
	w.size = r->x.query.size_max - signature;
	exchange_opt_write(&r->x, &w);
	r->reply_length = w.offset;
	return true;
}

static void
soa_reply(struct primary_request *r, const struct primary_zone *zone)
{
	struct primary_contents contents;

	primary_counted(r->primary, PRIMARY_IXFR_CURRENT);
	primary_contents_soa(&contents, zone);
	/* a SOA of the longest names, and a key of another, may not fit UDP's least */
	if (!contents_reply(r, &contents)) {
		r->reply_length =
			exchange_refuse(&r->x, WIRE_RCODE_NOERROR, WIRE_EDE_NONE, r->reply);
		r->reply[2] |= WIRE_FLAG1_TC;
	}
	primary_contents_drop(&contents);
}

static void
transfer_start(struct primary_request *r, const struct primary_zone *zone, const char *kind,
	struct primary_contents *contents, enum primary_count which)
{
	if (primary_transfer_is_limited(r->primary, &r->source)) {
		primary_contents_drop(contents);
		refuse(r, WIRE_RCODE_SERVFAIL, WIRE_EDE_NOT_READY, PRIMARY_TRANSFER_LIMITED);
		return;
	}
	r->transfer = primary_transfer_new(r, zone, kind, contents);
	if (r->transfer)
		primary_counted(r->primary, which);
	else
		refuse(r, WIRE_RCODE_SERVFAIL, WIRE_EDE_NOT_READY, PRIMARY_TRANSFER_LIMITED);
}

static void
axfr_start(struct primary_request *r, const struct primary_zone *zone, const char *kind,
	enum primary_count which)
{
	struct primary_contents contents;

	primary_contents_whole(&contents, zone);
	transfer_start(r, zone, kind, &contents, which);
}

/* RFC 1995 2 and 4: our SOA says that nothing is newer, or that TCP is to be used. */
static void
ixfr_start(struct primary_request *r, const struct primary_zone *zone, uint32_t serial)
{
	struct primary_contents contents;
	bool fits;

	if (serial == zone->serial || (int32_t)(serial - zone->serial) > 0) {
		soa_reply(r, zone);
	} else if (!primary_contents_differences(&contents, zone, serial)) {
		if (r->transport == WIRE_UDP)
			soa_reply(r, zone);
		else
			axfr_start(r, zone, "ixfr_as_axfr", PRIMARY_IXFR_AS_AXFR);
	} else if (r->transport == WIRE_TCP) {
		transfer_start(r, zone, "ixfr", &contents, PRIMARY_IXFR_STARTED);
	} else {
		fits = contents_reply(r, &contents);
		primary_contents_drop(&contents);
		if (!fits)
			soa_reply(r, zone);
		else
			primary_counted(r->primary, PRIMARY_IXFR_DATAGRAM);
	}
}

static void
transfer_judge(struct primary_request *r, const struct wire_request *request)
{
	const struct primary_zone *zone = zone_asked(r);

	if (!is_allowed(r, PRIMARY_MAY_TRANSFER))
		refuse(r, WIRE_RCODE_REFUSED, WIRE_EDE_PROHIBITED, PRIMARY_TRANSFER_REFUSED);
	else if (!zone)
		refuse(r, WIRE_RCODE_NOTAUTH, WIRE_EDE_NOT_AUTHORITATIVE,
			PRIMARY_TRANSFER_NOT_AUTH);
	else if (!zone->is_there || !zone->may_serve)
		refuse(r, WIRE_RCODE_SERVFAIL,
			zone->is_there || zone->is_expired ? WIRE_EDE_INVALID_DATA
							   : WIRE_EDE_NOT_READY,
			PRIMARY_TRANSFER_NOT_READY);
	else if (request->kind == WIRE_REQUEST_IXFR)
		ixfr_start(r, zone, request->serial);
	else
		axfr_start(r, zone, "axfr", PRIMARY_AXFR_STARTED);
}

/* ---- all others ---- */

static void
notify_judge(struct primary_request *r, const struct wire_request *request)
{
	struct primary_zone *zone = zone_asked(r);

	if (!is_allowed(r, PRIMARY_MAY_NOTIFY)) {
		refuse(r, WIRE_RCODE_REFUSED, WIRE_EDE_PROHIBITED, PRIMARY_NOTIFIES_REFUSED);
	} else if (!zone) {
		refuse(r, WIRE_RCODE_NOTAUTH, WIRE_EDE_NOT_AUTHORITATIVE,
			PRIMARY_NOTIFIES_NOT_AUTH);
	} else {
		refuse(r, WIRE_RCODE_NOERROR, WIRE_EDE_NONE, PRIMARY_NOTIFIES_ACCEPTED);
		r->reply[2] |= WIRE_FLAG1_AA;
		primary_notified_take(zone, r->address, request);
		r->is_notified = true;
	}
}

static void
query_judge(struct primary_request *r)
{
	if (!is_allowed(r, PRIMARY_MAY_QUERY)) {
		refuse(r, WIRE_RCODE_REFUSED, WIRE_EDE_PROHIBITED, PRIMARY_QUERIES_REFUSED);
		return;
	}
	primary_counted(r->primary, PRIMARY_QUERIES);
	engine_answer(r->service, &r->peer, r->message, r->length, r->reply, &r->reply_length);
	/* for what is written instead if it cannot be signed */
	r->x.query.rcode = r->reply[3] & WIRE_FLAG2_RCODE;
	r->x.query.ede = WIRE_EDE_NONE;
}

/* RFC 8945 5.2: NOTAUTH, and a TSIG record that says why */
static void
tsig_refuse(struct primary_request *r, enum tsig_verdict verdict)
{
	r->x.query.tsig_length = 0;
	if (verdict == TSIG_MALFORMED) {
		refuse(r, WIRE_RCODE_FORMERR, WIRE_EDE_NONE, PRIMARY_MALFORMED);
		return;
	}
	refuse(r, WIRE_RCODE_NOTAUTH, WIRE_EDE_NONE, PRIMARY_TSIG_FAILED);
	(void)tsig_error_append(&r->session, verdict, (uint64_t)time(NULL), r->message, r->length,
		r->reply, &r->reply_length, r->x.query.size_max);
}

static void
request_judge(struct primary_request *r, enum tsig_verdict verdict)
{
	struct wire_request request;
	enum wire_rcode rcode;

	if (verdict != TSIG_GOOD && verdict != TSIG_UNSIGNED) {
		tsig_refuse(r, verdict);
		return;
	}
	rcode = wire_request_read(r->message, r->length, &r->x.query, &request);
	if (rcode != WIRE_RCODE_NOERROR) {
		refuse(r, rcode, WIRE_EDE_NONE, PRIMARY_MALFORMED);
		return;
	}
	switch (request.kind) {
	case WIRE_REQUEST_NONE:
		query_judge(r);
		break;
	case WIRE_REQUEST_NOTIFY:
		notify_judge(r, &request);
		break;
	case WIRE_REQUEST_AXFR:
	case WIRE_REQUEST_IXFR:
		transfer_judge(r, &request);
		break;
	}
}

/* RFC 8945 5.3: what has no room for its signature goes without records, and says so. */
static void
reply_sign(struct primary_request *r)
{
	uint64_t now = (uint64_t)time(NULL);

	if (tsig_sign(&r->session, now, r->reply, &r->reply_length, r->x.query.size_max) == 0)
		return;
	r->reply_length = exchange_reply(&r->x, r->reply);
	r->reply[2] |= WIRE_FLAG1_TC;
	if (tsig_sign(&r->session, now, r->reply, &r->reply_length, PRIMARY_REPLY_SIZE) < 0)
		r->reply_length = 0;
}

static void
request_serve(struct primary_request *r, enum tsig_verdict verdict)
{
	if (exchange_begin(&r->x, &r->service->self, &r->peer, r->message, r->length) == WIRE_DROP)
		return;
	request_judge(r, verdict);
	if (verdict == TSIG_GOOD && r->reply_length && !r->transfer)
		reply_sign(r);
}

void
primary_request_answer(struct primary_request *r)
{
	static const struct tsig_keys none;
	const struct primary_settings *settings = r->primary->settings;
	enum tsig_verdict verdict;

	r->reply_length = 0;
	r->transfer = NULL;
	r->is_notified = false;
	memset(&r->session, 0, sizeof(r->session));
	if (r->length < WIRE_HEADER_SIZE || r->message[2] & WIRE_FLAG1_QR) {
		primary_counted(r->primary, PRIMARY_DROPPED);
		return;
	}
	r->peer = (struct exchange_peer){
		.address = r->source.octets,
		.address_size = r->source.size,
		.transport = r->transport,
		.keepalive_timeout = (uint16_t)(settings->limits.idle_timeout_ms / 100),
		.now = (uint32_t)time(NULL),
	};
	verdict = tsig_request_verify(&r->session, settings->keys ? settings->keys : &none,
		(uint64_t)time(NULL), r->message, &r->length);
	if (verdict == TSIG_UNSIGNED)
		r->session.key = NULL;
	publish_online(settings->slot, settings->reader);
	r->service = publish_read(settings->slot);
	if (r->service)
		request_serve(r, verdict);
	else
		primary_counted(r->primary, PRIMARY_DROPPED);
	publish_offline(settings->slot, settings->reader);
	r->service = NULL;
	tsig_session_end(&r->session);
	/* now, because whoever is told may publish */
	if (r->is_notified && primary_notified_flush(r->primary))
		primary_tick_need(r->primary);
}
