/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. */
#include <string.h>

#include "exchange/exchange_priv.h"

static void
options_choose(struct exchange *x, const struct exchange_peer *peer)
{
	const struct exchange_self *self = x->self;
	const struct wire_query *query = &x->query;

	/* what the options of another version mean is not known (RFC 6891 6.1.3) */
	if (query->rcode == WIRE_RCODE_BADVERS)
		return;
	if (query->wants_nsid) {
		x->options.nsid = self->nsid;
		x->options.nsid_length = self->nsid_length;
	}
	if (query->wants_keepalive) {
		x->options.keepalive = true;
		x->options.keepalive_timeout = peer->keepalive_timeout;
	}
	if (query->cookie && self->secrets.count) {
		x->cookie_is_valid =
			guard_cookie_judge(&self->secrets, peer->address, peer->address_size,
				peer->now, query->cookie, query->cookie_length, x->options.cookie);
		x->options.cookie_length = WIRE_COOKIE_SIZE;
	}
}

/* RFC 7873 5.2.3: TCP has proven the address already. */
static bool
cookie_is_demanded(const struct exchange *x)
{
	return x->options.cookie_length && !x->cookie_is_valid &&
	       x->self->cookies == EXCHANGE_COOKIES_DEMAND && x->query.transport == WIRE_UDP;
}

enum wire_verdict
exchange_begin(struct exchange *x, const struct exchange_self *self,
	const struct exchange_peer *peer, const uint8_t *message, size_t length)
{
	enum wire_verdict verdict;

	x->self = self;
	x->message = message;
	x->options = (struct wire_reply_options){.nsid_length = 0};
	x->cookie_is_valid = false;
	x->text = NULL;
	x->text_length = 0;
	verdict = wire_query_read(message, length, peer->transport, &x->query);
	if (verdict == WIRE_DROP)
		return verdict;
	options_choose(x, peer);
	if (verdict == WIRE_ANSWER && cookie_is_demanded(x)) {
		x->query.rcode = WIRE_RCODE_BADCOOKIE;
		return WIRE_REPLY;
	}
	if (verdict == WIRE_ANSWER && x->query.qclass == WIRE_CLASS_CH) {
		exchange_chaos(x);
		return WIRE_REPLY;
	}
	return verdict;
}

size_t
exchange_room(const struct exchange *x)
{
	return x->query.size_max - wire_opt_size(&x->query, &x->options);
}

void
exchange_zone_say(struct exchange *x, const struct wire_name *origin, uint32_t serial)
{
	x->options.zone_version = x->query.wants_zone_version;
	x->options.zone_labels = origin->labels;
	x->options.zone_serial = serial;
}

static size_t
chaos_reply(const struct exchange *x, uint8_t *reply)
{
	struct wire_writer w = wire_writer_of(reply, exchange_room(x) < WIRE_UDP_SIZE_OWN
							     ? exchange_room(x)
							     : (size_t)WIRE_UDP_SIZE_OWN);
	size_t mark;

	wire_reply_begin(&w, &x->query, x->message);
	reply[2] |= WIRE_FLAG1_AA;
	mark = w.offset;
	exchange_chaos_write(x, &w);
	if (w.failed) {
		wire_writer_rewind(&w, mark);
		reply[2] |= WIRE_FLAG1_TC;
	} else {
		wire_u16_patch(reply + 6, 1);
	}
	w.size = x->query.size_max;
	exchange_opt_write(x, &w);
	return w.offset;
}

size_t
exchange_reply(const struct exchange *x, uint8_t *reply)
{
	if (x->text)
		return chaos_reply(x, reply);
	return wire_error_write(&x->query, &x->options, x->message, reply);
}

size_t
exchange_refuse(struct exchange *x, enum wire_rcode rcode, enum wire_ede ede, uint8_t *reply)
{
	x->query.rcode = rcode;
	x->query.ede = ede;
	return exchange_reply(x, reply);
}
