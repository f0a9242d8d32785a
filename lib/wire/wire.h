/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DNS messages as octets: names, a bounds-checked reader and writer, and the reading of a query.
 *
 * Everything here is pure: no clock, no global, no allocation; any thread or lcore may call it.
 */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 1035 2.3.4: octets; in a name, length octets and root label counted */
enum { WIRE_LABEL_MAX = 63, WIRE_NAME_MAX = 255, WIRE_LABELS_MAX = 127 };

enum {
	WIRE_HEADER_SIZE = 12,	   /* RFC 1035 4.1.1 */
	WIRE_QUESTION_OFFSET = 12, /* the question follows the header */
	WIRE_QUESTION_MAX = WIRE_NAME_MAX + 4,
	WIRE_OPT_SIZE = 11,	   /* OPT without options, RFC 6891 6.1.2 */
	WIRE_UDP_SIZE_MIN = 512,   /* RFC 1035 4.2.1; a smaller EDNS size counts as this */
	WIRE_UDP_SIZE_OWN = 1232,  /* our limit and what our OPT says: 1280 - 40 - 8 */
	WIRE_TCP_SIZE_MAX = 65535, /* RFC 1035 4.2.2: what two octets of length can say */
	/* RFC 1035 4.1.4: 14 bits; less a question, so that prepared answers can move behind any */
	WIRE_POINTER_MAX = 0x3fff - WIRE_NAME_MAX,
};

/* IANA "Resource Record (RR) TYPEs": those that some code here treats specially */
enum wire_type {
	WIRE_TYPE_A = 1,
	WIRE_TYPE_NS = 2,
	WIRE_TYPE_CNAME = 5,
	WIRE_TYPE_SOA = 6,
	WIRE_TYPE_PTR = 12,
	WIRE_TYPE_MX = 15,
	WIRE_TYPE_TXT = 16,
	WIRE_TYPE_AAAA = 28,
	WIRE_TYPE_SRV = 33,
	WIRE_TYPE_DNAME = 39,
	WIRE_TYPE_OPT = 41,
	WIRE_TYPE_DS = 43,
	WIRE_TYPE_RRSIG = 46,
	WIRE_TYPE_NSEC = 47,
	WIRE_TYPE_DNSKEY = 48,
	WIRE_TYPE_NSEC3 = 50,
	WIRE_TYPE_NSEC3PARAM = 51,
	WIRE_TYPE_ZONEMD = 63,
	WIRE_TYPE_TKEY = 249,
	WIRE_TYPE_TSIG = 250,
	WIRE_TYPE_IXFR = 251,
	WIRE_TYPE_AXFR = 252,
	WIRE_TYPE_ANY = 255,
};

enum wire_class { WIRE_CLASS_IN = 1, WIRE_CLASS_CH = 3, WIRE_CLASS_ANY = 255 };

/* IANA "DNS OpCodes" */
enum wire_opcode { WIRE_OPCODE_QUERY = 0, WIRE_OPCODE_NOTIFY = 4 };

/* IANA "DNS RCODEs"; above 15 only with EDNS (RFC 6891 6.1.3) */
enum wire_rcode {
	WIRE_RCODE_NOERROR = 0,
	WIRE_RCODE_FORMERR = 1,
	WIRE_RCODE_SERVFAIL = 2,
	WIRE_RCODE_NXDOMAIN = 3,
	WIRE_RCODE_NOTIMP = 4,
	WIRE_RCODE_REFUSED = 5,
	WIRE_RCODE_NOTAUTH = 9,
	WIRE_RCODE_BADVERS = 16,
	WIRE_RCODE_BADKEY = 17, /* in a TSIG record only, RFC 8945 4.3 */
	WIRE_RCODE_BADCOOKIE = 23,
};

/* IANA "DNS EDNS0 Option Codes (OPT)": those that are understood here, or hidden */
enum wire_option {
	WIRE_OPTION_NSID = 3,	      /* RFC 5001 */
	WIRE_OPTION_SUBNET = 8,	      /* RFC 7871 */
	WIRE_OPTION_COOKIE = 10,      /* RFC 7873 */
	WIRE_OPTION_KEEPALIVE = 11,   /* RFC 7828 */
	WIRE_OPTION_KEY_TAG = 14,     /* RFC 8145 4.1 */
	WIRE_OPTION_EDE = 15,	      /* RFC 8914 */
	WIRE_OPTION_ZONEVERSION = 19, /* RFC 9660 */
};

/* IANA "Extended DNS Error Codes" (RFC 8914 4): those that are given here */
enum wire_ede {
	WIRE_EDE_NOT_READY = 14,
	WIRE_EDE_PROHIBITED = 18,
	WIRE_EDE_NOT_AUTHORITATIVE = 20,
	WIRE_EDE_NOT_SUPPORTED = 21,
	WIRE_EDE_INVALID_DATA = 24,
	WIRE_EDE_NONE = 0xffff,
};

/* RFC 7873 4, RFC 9018 4.1 */
enum {
	WIRE_COOKIE_CLIENT_SIZE = 8,
	WIRE_COOKIE_SERVER_SIZE = 16, /* of those that are made here; others' are 8 to 32 */
	WIRE_COOKIE_SIZE = WIRE_COOKIE_CLIENT_SIZE + WIRE_COOKIE_SERVER_SIZE,
};

/* The first and second octet of the header's flags, RFC 1035 4.1.1 */
enum {
	WIRE_FLAG1_QR = 0x80,
	WIRE_FLAG1_OPCODE = 0x78,
	WIRE_FLAG1_AA = 0x04,
	WIRE_FLAG1_TC = 0x02,
	WIRE_FLAG1_RD = 0x01,
	WIRE_FLAG2_RCODE = 0x0f,
};

/* ---- names ---- */

/** A name without compression: each label after its length, the root label last. */
struct wire_name {
	uint8_t length; /* octets in use, root label counted: 1..255 */
	uint8_t labels; /* root label not counted: 0..127 */
	uint8_t octets[WIRE_NAME_MAX];
};

/** The root. */
extern const struct wire_name wire_name_root;

/** Read presentation form (RFC 1035 5.1), with or without the last dot. @return false: malformed.
 */
bool wire_name_from_text(struct wire_name *name, const char *text);

/* "\DDD" for every octet, a dot for each label, a zero octet */
enum { WIRE_NAME_TEXT_MAX = 4 * WIRE_NAME_MAX + 1 };

/** Write presentation form with the last dot; what is not printable becomes \DDD. @return text */
char *wire_name_to_text(const struct wire_name *name, char text[static WIRE_NAME_TEXT_MAX]);

/** Lower the ASCII letters (RFC 4343); length octets are below 'A' and stay. */
void wire_name_fold(struct wire_name *name);

static inline bool
wire_name_is_root(const struct wire_name *name)
{
	return name->length == 1;
}

/** Canonical order (RFC 4034 6.1) of two folded names. @return <0, 0 or >0 */
int wire_name_compare(const struct wire_name *a, const struct wire_name *b);

/** Equality of two folded names. */
bool wire_name_equal(const struct wire_name *a, const struct wire_name *b);

/** Whether folded `name` is `ancestor` or lies below it. */
bool wire_name_is_below(const struct wire_name *name, const struct wire_name *ancestor);

/** Offset in name->octets of what is left when `count` labels (<= labels) go from the front. */
size_t wire_name_skip(const struct wire_name *name, unsigned int count);

/** The last `labels` labels (<= name->labels) of a name. */
void wire_name_suffix(struct wire_name *suffix, const struct wire_name *name, unsigned int labels);

/** How many labels two folded names share, counted from the root. */
unsigned int wire_name_common(const struct wire_name *a, const struct wire_name *b);

/* ---- reading ---- */

/** A cursor that carries its bounds and remembers the first failure; past the end it reads zeros.
 */
struct wire_reader {
	const uint8_t *message; /* not owned */
	size_t length;
	size_t offset; /* next octet, <= length */
	bool failed;   /* once true, stays true */
};

static inline struct wire_reader
wire_reader_of(const uint8_t *message, size_t length)
{
	return (struct wire_reader){.message = message, .length = length};
}

static inline const uint8_t *
wire_take(struct wire_reader *r, size_t count)
{
	if (r->failed || count > r->length - r->offset) {
		r->failed = true;
		return NULL;
	}
	r->offset += count;
	return r->message + r->offset - count;
}

static inline uint8_t
wire_u8_read(struct wire_reader *r)
{
	const uint8_t *p = wire_take(r, 1);

	return p ? p[0] : 0;
}

static inline uint16_t
wire_u16_read(struct wire_reader *r)
{
	const uint8_t *p = wire_take(r, 2);

	return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

static inline uint32_t
wire_u32_read(struct wire_reader *r)
{
	const uint8_t *p = wire_take(r, 4);

	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

/** Read a name. A compression pointer is a failure: in a question it could only point at the
 * header. */
void wire_name_read(struct wire_reader *r, struct wire_name *name);

/** A record as zones and transfers hold it: no compression. */
struct wire_record {
	struct wire_name owner;
	uint16_t type, class;
	uint32_t ttl;
	uint16_t length;      /* of the RDATA */
	const uint8_t *rdata; /* not owned */
};

/** Read a record without compression; `record` borrows from the reader's octets. */
void wire_record_read(struct wire_reader *r, struct wire_record *record);

/**
 * Order of the records of a zone, owners folded: by owner and RDATA as RFC 4034 6.1 and 6.3, by
 * type between, an RRset's RRSIGs behind it, the SOA's RRset before all others of its owner. TTL
 * and class do not count.
 *
 * @return <0, 0 or >0
 */
int wire_record_compare(const struct wire_record *a, const struct wire_record *b);

/**
 * Read a name that may be compressed (RFC 1035 4.1.4): each pointer must go to before what it
 * stands in, so that no chain of them can loop.
 */
void wire_name_expand(struct wire_reader *r, struct wire_name *name);

/* ---- writing ---- */

/** The reader's twin: what does not fit is a failure, and rewinding to a mark takes it back. */
struct wire_writer {
	uint8_t *message; /* not owned */
	size_t size;	  /* room */
	size_t offset;	  /* next octet, <= size */
	bool failed;
};

static inline struct wire_writer
wire_writer_of(uint8_t *message, size_t size)
{
	return (struct wire_writer){.message = message, .size = size};
}

/** Take back all that was written behind `mark` (an earlier offset), and a failure with it. */
static inline void
wire_writer_rewind(struct wire_writer *w, size_t mark)
{
	w->offset = mark;
	w->failed = false;
}

void wire_write(struct wire_writer *w, const void *octets, size_t count);
void wire_u8_write(struct wire_writer *w, uint8_t value);
void wire_u16_write(struct wire_writer *w, uint16_t value);
void wire_u32_write(struct wire_writer *w, uint32_t value);

/** Put a 16-bit number where two octets were written before. */
static inline void
wire_u16_patch(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/** Write a record without compression. */
void wire_record_write(struct wire_writer *w, const struct wire_record *record);

/* A message of 64 KiB cannot hold more distinct names worth a pointer; further ones are not
 * entered. */
enum { WIRE_COMPRESSION_MAX = 512 };

/**
 * Names that stand in a message already (RFC 1035 4.1.4). Entries borrow the octets of the names
 * given: those must be folded and outlive the table.
 */
struct wire_compression {
	uint16_t count;
	struct {
		const uint8_t *octets;
		uint16_t offset;
		uint8_t length;
	} entries[WIRE_COMPRESSION_MAX];
};

/** Say that `name`, and with it every ancestor but the root, stands at `offset`. */
void wire_compression_add(
	struct wire_compression *table, const struct wire_name *name, size_t offset);

/** Write a name, its longest known suffix as a pointer to the first place where it stands. */
void wire_name_write(
	struct wire_writer *w, struct wire_compression *table, const struct wire_name *name);

/* ---- the query ---- */

/* How a message came: UDP truncates, TCP does not; some options are for one of them only. */
enum wire_transport { WIRE_UDP, WIRE_TCP };

/** What a message asks for, and what of it a reply must carry. */
struct wire_query {
	uint8_t flags1; /* as received */
	enum wire_transport transport;
	enum wire_rcode rcode;	/* of the reply if the verdict is WIRE_REPLY */
	enum wire_ede ede;	/* why it is that; told if there is EDNS */
	struct wire_name qname; /* as sent; valid if question_length > 0 */
	uint16_t qtype, qclass;
	uint16_t question_length; /* octets of the question that a reply repeats; 0: none */
	bool edns;		  /* the reply carries an OPT */
	bool dnssec_ok;		  /* DO, RFC 3225 */
	bool wants_nsid, wants_zone_version, wants_keepalive;
	bool key_tags;		/* it brings edns-key-tag, in whatever form (RFC 8145 4.1) */
	const uint8_t *cookie;	/* in the message; NULL: none */
	uint16_t cookie_length; /* 8, or 16 to 40 */
	uint16_t size_max;  /* of the reply: UDP 512 or min(max(512, client's), 1232); TCP 65535 */
	uint16_t edns_size; /* as the client said; without EDNS: 0 */
	uint8_t edns_version;
	uint16_t tsig_offset,
		tsig_length; /* the TSIG record that a NOTAUTH reply answers; length 0: none */
};

enum wire_verdict {
	WIRE_DROP,   /* no reply: shorter than a header, or itself a reply */
	WIRE_REPLY,  /* the message decides the reply: wire_error_write() */
	WIRE_ANSWER, /* a well-formed QUERY in class IN, or CH: zones or identity decide */
};

/**
 * Read a message that a client sent. The order of the checks is the order in which a broken message
 * is judged: opcode (nothing behind the header of an unknown one is read, RFC 8906 3.1.4), QDCOUNT
 * (RFC 9619), question, sections, EDNS and its options (RFC 6891), TSIG (RFC 8945), EDNS version,
 * class and type. A query without a question that brings a cookie asks for a cookie: WIRE_REPLY
 * with NOERROR (RFC 7873 5.4).
 *
 * @param query  filled in unless the verdict is WIRE_DROP; borrows from the message
 */
enum wire_verdict wire_query_read(const uint8_t *message, size_t length,
	enum wire_transport transport, struct wire_query *query);

/* ---- what servers ask each other ---- */

/** A query that only a primary of the zone, or a secondary of it, has an answer to. */
enum wire_request_kind {
	WIRE_REQUEST_NONE,   /* an ordinary query, or malformed: as wire_query_read() judged it */
	WIRE_REQUEST_AXFR,   /* RFC 5936; over TCP, else it is none */
	WIRE_REQUEST_IXFR,   /* RFC 1995 */
	WIRE_REQUEST_NOTIFY, /* RFC 1996 */
};

struct wire_request {
	enum wire_request_kind kind;
	bool has_serial; /* IXFR: always; NOTIFY: if its answer section has the SOA, a hint */
	uint32_t serial;
};

/**
 * Read what wire_query_read() leaves to whoever hands out zones or is told of new ones. A TSIG
 * record is verified and taken away before.
 *
 * @param query    as wire_query_read() filled it in from the message
 * @param request  filled in
 * @return NOERROR, or the RCODE of the reply: FORMERR for an IXFR without its SOA, a SOA of another
 *         name, a NOTIFY of anything but a SOA (RFC 1996 3.7); NOTAUTH for one in another class
 */
enum wire_rcode wire_request_read(const uint8_t *message, size_t length,
	const struct wire_query *query, struct wire_request *request);

/** What the OPT of a reply says beside its fixed part; zeros: nothing. */
struct wire_reply_options {
	const uint8_t *nsid; /* not owned */
	uint8_t nsid_length;
	uint8_t cookie_length; /* 0 or WIRE_COOKIE_SIZE */
	uint8_t cookie[WIRE_COOKIE_SIZE];
	bool keepalive;
	uint16_t keepalive_timeout; /* in units of 100 ms */
	bool zone_version;
	uint8_t zone_labels;
	uint32_t zone_serial;
};

/* So that any reply with its question and all options fits in WIRE_UDP_SIZE_MIN octets */
enum { WIRE_NSID_MAX = 128 };

/** Octets that wire_opt_write() will write: 0 if the query had no OPT. */
size_t wire_opt_size(const struct wire_query *query, const struct wire_reply_options *options);

/**
 * Write the reply to a query whose verdict was WIRE_REPLY, or to one that the zones could not
 * answer (query->rcode set by the caller).
 *
 * @param reply  may not overlap the message; at least WIRE_UDP_SIZE_OWN octets
 * @return  octets of the reply
 */
size_t wire_error_write(const struct wire_query *query, const struct wire_reply_options *options,
	const uint8_t *message, uint8_t *reply);

/** Write the header and question of a reply; counts other than QDCOUNT are zero. */
void wire_reply_begin(
	struct wire_writer *w, const struct wire_query *query, const uint8_t *message);

/** Append the OPT of a reply and count it, if the query had one; wire_opt_size() octets are free.
 */
void wire_opt_write(struct wire_writer *w, const struct wire_query *query,
	const struct wire_reply_options *options);

#endif
