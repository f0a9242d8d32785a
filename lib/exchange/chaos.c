/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. Class CH: who the node is and what it runs (RFC 4892). */
#include <string.h>

#include "exchange/exchange_priv.h"

static const struct {
	char name[16];
	uint8_t length;
	bool version; /* false: identity */
} names[] = {
	{"\2id\6server", 11, false},
	{"\10hostname\4bind", 15, false},
	{"\7version\6server", 16, true},
	{"\7version\4bind", 14, true},
};

void
exchange_chaos(struct exchange *x)
{
	const struct exchange_self *self = x->self;
	struct wire_name qname = x->query.qname;

	wire_name_fold(&qname);
	x->query.rcode = WIRE_RCODE_REFUSED;
	x->query.ede = WIRE_EDE_NOT_AUTHORITATIVE;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (qname.length != names[i].length ||
			memcmp(qname.octets, names[i].name, names[i].length - 1u) != 0)
			continue;
		x->query.ede = WIRE_EDE_PROHIBITED;
		if (x->query.qtype != WIRE_TYPE_TXT && x->query.qtype != WIRE_TYPE_ANY)
			return;
		x->text_length = names[i].version ? self->version_length : self->identity_length;
		x->text = names[i].version ? self->version : self->identity;
	}
	if (x->text_length == 0) {
		x->text = NULL;
		return;
	}
	x->query.rcode = WIRE_RCODE_NOERROR;
	x->query.ede = WIRE_EDE_NONE;
}

/* One TXT record of one character-string, TTL 0: the answer of the next node may be another. */
void
exchange_chaos_write(const struct exchange *x, struct wire_writer *w)
{
	wire_u16_write(w, 0xc000 | WIRE_QUESTION_OFFSET);
	wire_u16_write(w, WIRE_TYPE_TXT);
	wire_u16_write(w, WIRE_CLASS_CH);
	wire_u32_write(w, 0);
	wire_u16_write(w, (uint16_t)(1 + x->text_length));
	wire_u8_write(w, x->text_length);
	wire_write(w, x->text, x->text_length);
}
