/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs on: lcore. */
#include "packet/packet.h"

#include <rte_byteorder.h>
#include <string.h>

#include "packet/packet_priv.h"

/*
 * RFC 1071 2: the sum may be taken in machine order and in wider words, and turned afterwards. The
 * first loop is one that compilers make vectors of.
 */
uint32_t
packet_sum(const uint8_t *octets, size_t length)
{
	uint64_t sum = 0;
	uint8_t last[4] = {0};
	uint32_t word;
	size_t i;

	for (i = 0; i + sizeof(word) <= length; i += sizeof(word)) {
		memcpy(&word, octets + i, sizeof(word));
		sum += word;
	}
	if (i < length) {
		memcpy(last, octets + i, length - i);
		memcpy(&word, last, sizeof(word));
		sum += word;
	}
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT32_MAX) + (sum >> 32);
	return rte_be_to_cpu_16(sum_fold((uint32_t)sum));
}
