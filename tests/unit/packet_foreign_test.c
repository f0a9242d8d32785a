/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdio.h>

#include "hex.h"
#include "packet/packet.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* IPv4 and IPv6 up to what a row adds: protocol or next header, then the rest */
#define IPV4(fragment, protocol)                                                                   \
	"0800 45000028 0000" fragment "40" protocol "0000 c6120001 c6120035"
#define IPV6(next) "86dd 60000000 0014" next "40" ADDRESS "01" ADDRESS "35"
#define ADDRESS "20010db8 0000000000000000 000000"
#define TCP(from, to, flags) from to "00000000 00000000 50" flags "0400 0000 0000"

static const struct {
	const char *what, *hex; /* from the EtherType on */
	enum packet_class class;
} frames[] = {
	{"ARP", "0806 0001", PACKET_CLASS_NEIGHBOUR},
	{"ARP behind two tags", "88a8 0064 8100 0065 0806 0001", PACKET_CLASS_NEIGHBOUR},
	{"three tags", "88a8 0064 8100 0065 8100 0066 0806", PACKET_CLASS_OTHER},
	{"LLDP", "88cc 02", PACKET_CLASS_OTHER},
	{"router solicitation", IPV6("3a") "85", PACKET_CLASS_NEIGHBOUR},
	{"neighbour solicitation", IPV6("3a") "87", PACKET_CLASS_NEIGHBOUR},
	{"redirect", IPV6("3a") "89", PACKET_CLASS_NEIGHBOUR},
	{"MLD without its option", IPV6("3a") "84", PACKET_CLASS_ICMP},
	{"one beyond ND", IPV6("3a") "8a", PACKET_CLASS_ICMP},
	{"echo", IPV6("3a") "80", PACKET_CLASS_ICMP},
	{"echo", IPV4("0000", "01") "08", PACKET_CLASS_ICMP},
	{"from a BGP speaker", IPV4("4000", "06") TCP("00b3", "c000", "10"), PACKET_CLASS_ROUTING},
	{"to a BGP speaker", IPV6("06") TCP("c000", "00b3", "18"), PACKET_CLASS_ROUTING},
	{"accepted by a BGP speaker", IPV4("4000", "06") TCP("00b3", "c000", "12"),
		PACKET_CLASS_ROUTING},
	{"SYN to a BGP speaker", IPV4("4000", "06") TCP("c000", "00b3", "02"),
		PACKET_CLASS_TCP_SYN},
	{"SYN with ECN", IPV6("06") TCP("c000", "0035", "c2"), PACKET_CLASS_TCP_SYN},
	{"query over TCP", IPV4("4000", "06") TCP("c000", "0035", "18"), PACKET_CLASS_TCP_DNS},
	{"from port 53", IPV6("06") TCP("0035", "c000", "10"), PACKET_CLASS_TCP},
	{"SSH", IPV4("4000", "06") TCP("c000", "0016", "10"), PACKET_CLASS_TCP},
	{"TCP cut before its flags", IPV4("4000", "06") "c000 0035 00000000 00000000 50",
		PACKET_CLASS_TCP},
	{"BFD", IPV4("0000", "11") "c000 0ec8 0020 0000", PACKET_CLASS_ROUTING},
	{"BFD echo", IPV6("11") "c000 0ec9 0020 0000", PACKET_CLASS_ROUTING},
	{"BFD, multihop", IPV6("11") "c000 12b0 0020 0000", PACKET_CLASS_ROUTING},
	{"from BFD's port", IPV6("11") "0ec8 c000 0020 0000", PACKET_CLASS_OTHER},
	{"UDP of a trace", IPV4("0000", "11") "c000 829a 0020 0000", PACKET_CLASS_OTHER},
	{"UDP cut", IPV4("0000", "11") "c000 0ec8 0020 00", PACKET_CLASS_OTHER},
	{"OSPF", IPV4("0000", "59") "02", PACKET_CLASS_OTHER},
	{"first fragment", IPV4("2000", "11") "c000 0035 0820 0000", PACKET_CLASS_FRAGMENT},
	{"last fragment, as if of BFD", IPV4("00b9", "11") "c000 0ec8 0020 0000",
		PACKET_CLASS_FRAGMENT},
	{"IPv4 option", "0800 46000028 0000000040060000 c6120001 c6120035 94040000",
		PACKET_CLASS_FRAGMENT},
	{"fragment header", IPV6("2c") "11", PACKET_CLASS_FRAGMENT},
	{"hop-by-hop options", IPV6("00") "3a", PACKET_CLASS_FRAGMENT},
	{"IPv4 cut", "0800 4500", PACKET_CLASS_OTHER},
	{"IPv6 cut behind its header", IPV6("3a"), PACKET_CLASS_OTHER},
	{"nothing", "", PACKET_CLASS_OTHER},
};

Test(packet_foreign, tells_classes_apart)
{
	for (size_t i = 0; i < COUNT(frames); i++) {
		char hex[512];
		uint8_t *frame;
		size_t length;

		snprintf(hex, sizeof(hex), "020000000053 020000000001 %s", frames[i].hex);
		frame = hex_octets(hex, &length);
		cr_expect_str_eq(packet_class_names[packet_foreign_class(frame, length)],
			packet_class_names[frames[i].class], "%s", frames[i].what);
		free(frame);
	}
}

/* In a block of exactly its size: a sanitizer sees one octet too far. */
Test(packet_foreign, reads_no_further_than_a_frame_goes)
{
	for (size_t i = 0; i < COUNT(frames); i++) {
		char hex[512];
		uint8_t *frame;
		size_t length;

		snprintf(hex, sizeof(hex), "020000000053 020000000001 %s", frames[i].hex);
		frame = hex_octets(hex, &length);
		for (size_t cut = 0; cut < length; cut++) {
			uint8_t *block = malloc(cut ? cut : 1);

			memcpy(block, frame, cut);
			cr_expect_lt(packet_foreign_class(block, cut), PACKET_CLASSES);
			free(block);
		}
		free(frame);
	}
}

Test(packet_foreign, has_a_word_for_each_class)
{
	for (unsigned int i = 0; i < PACKET_CLASSES; i++)
		cr_expect_not_null(packet_class_names[i], "%u", i);
}
