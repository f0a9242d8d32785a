/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include "hex.h"
#include "wire/wire.h"

#define HEADER(flags, counts) "abcd " flags " " counts " "
#define ARPA "04'arpa'00 "
#define SOA_RDATA "00 00 12345678 00000001 00000001 00000001 00000001 "
#define SOA(owner) owner "0006 0001 00000000 0016 " SOA_RDATA
#define OPT "00 0029 04d0 00000000 0000 "

static const struct {
	const char *what, *hex;
	enum wire_request_kind kind;
	enum wire_rcode rcode;
	bool has_serial;
} requests[] = {
	{"a query", HEADER("0000", "0001 0000 0000 0000") ARPA "0006 0001", WIRE_REQUEST_NONE},
	{"AXFR", HEADER("0000", "0001 0000 0000 0000") ARPA "00fc 0001", WIRE_REQUEST_AXFR},
	{"AXFR with EDNS", HEADER("0000", "0001 0000 0000 0001") ARPA "00fc 0001" OPT,
		WIRE_REQUEST_AXFR},
	{"AXFR in CH", HEADER("0000", "0001 0000 0000 0000") ARPA "00fc 0003", WIRE_REQUEST_NONE},
	{"a broken AXFR", HEADER("0000", "0001 0000 0000 0000") ARPA "00fc 0001 00",
		WIRE_REQUEST_NONE},
	{"AXFR of EDNS version 1",
		HEADER("0000", "0001 0000 0000 0001") ARPA "00fc 0001 00 0029 04d0 00010000 0000",
		WIRE_REQUEST_NONE},
	{"IXFR", HEADER("0000", "0001 0000 0001 0000") ARPA "00fb 0001" SOA("c00c "),
		WIRE_REQUEST_IXFR, WIRE_RCODE_NOERROR, true},
	{"IXFR, the SOA's owner in other case",
		HEADER("0000", "0001 0000 0001 0000") ARPA "00fb 0001" SOA("04'ARPA'00 "),
		WIRE_REQUEST_IXFR, WIRE_RCODE_NOERROR, true},
	{"IXFR and EDNS", HEADER("0000", "0001 0000 0001 0001") ARPA "00fb 0001" SOA("c00c ") OPT,
		WIRE_REQUEST_IXFR, WIRE_RCODE_NOERROR, true},
	{"IXFR without its SOA", HEADER("0000", "0001 0000 0000 0000") ARPA "00fb 0001",
		WIRE_REQUEST_NONE, WIRE_RCODE_FORMERR},
	{"IXFR with another's SOA",
		HEADER("0000", "0001 0000 0001 0000") ARPA "00fb 0001" SOA("00 "),
		WIRE_REQUEST_NONE, WIRE_RCODE_FORMERR},
	{"IXFR with an SOA that points to itself",
		HEADER("0000", "0001 0000 0001 0000") ARPA "00fb 0001" SOA("c016 "),
		WIRE_REQUEST_NONE, WIRE_RCODE_FORMERR},
	{"IXFR with too much in its SOA",
		HEADER("0000", "0001 0000 0001 0000") ARPA "00fb 0001 c00c 0006 0001 00000000 "
							   "0017 " SOA_RDATA "00",
		WIRE_REQUEST_NONE, WIRE_RCODE_FORMERR},
	{"IXFR with too little in its SOA",
		HEADER("0000", "0001 0000 0001 0000") ARPA
		"00fb 0001 c00c 0006 0001 00000000 0015 00 00 12345678 00000001 00000001 "
		"00000001 000000",
		WIRE_REQUEST_NONE, WIRE_RCODE_FORMERR},
	{"NOTIFY", HEADER("2400", "0001 0000 0000 0000") ARPA "0006 0001", WIRE_REQUEST_NOTIFY},
	{"NOTIFY with EDNS", HEADER("2400", "0001 0000 0000 0001") ARPA "0006 0001" OPT,
		WIRE_REQUEST_NOTIFY},
	{"NOTIFY with the new SOA",
		HEADER("2400", "0001 0001 0000 0000") ARPA "0006 0001" SOA("c00c "),
		WIRE_REQUEST_NOTIFY, WIRE_RCODE_NOERROR, true},
	{"NOTIFY with another's SOA",
		HEADER("2400", "0001 0001 0000 0000") ARPA "0006 0001" SOA("00 "),
		WIRE_REQUEST_NONE, WIRE_RCODE_FORMERR},
	{"NOTIFY of NS", HEADER("2400", "0001 0000 0000 0000") ARPA "0002 0001", WIRE_REQUEST_NONE,
		WIRE_RCODE_FORMERR},
	{"NOTIFY in CH", HEADER("2400", "0001 0000 0000 0000") ARPA "0006 0003", WIRE_REQUEST_NONE,
		WIRE_RCODE_NOTAUTH},
	{"NOTIFY without a question", HEADER("2400", "0000 0000 0000 0000"), WIRE_REQUEST_NONE},
	{"UPDATE", HEADER("2800", "0001 0000 0000 0000") ARPA "0006 0001", WIRE_REQUEST_NONE},
};

Test(wire_request, is_told_from_queries_and_refused_when_malformed)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct wire_request request;
		struct wire_query query;
		size_t length;
		uint8_t *message = hex_octets(requests[i].hex, &length);
		enum wire_rcode rcode;

		wire_query_read(message, length, WIRE_TCP, &query);
		rcode = wire_request_read(message, length, &query, &request);
		cr_expect_eq(request.kind, requests[i].kind, "%s", requests[i].what);
		cr_expect_eq(rcode, requests[i].rcode, "%s", requests[i].what);
		cr_expect_eq(request.has_serial, requests[i].has_serial, "%s", requests[i].what);
		if (request.has_serial)
			cr_expect_eq(request.serial, 0x12345678, "%s", requests[i].what);
		free(message);
	}
}

Test(wire_request, is_no_axfr_over_udp)
{
	struct wire_request request;
	struct wire_query query;
	size_t length;
	uint8_t *message = hex_octets(requests[1].hex, &length);

	wire_query_read(message, length, WIRE_UDP, &query);
	cr_expect_eq(query.rcode, WIRE_RCODE_NOTIMP);
	cr_expect_eq(wire_request_read(message, length, &query, &request), WIRE_RCODE_NOERROR);
	cr_expect_eq(request.kind, WIRE_REQUEST_NONE);
	free(message);
}
