/* SPDX-License-Identifier: BSD-3-Clause */
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "incident.h"
#include "print.h"

enum { FRAME_MAX = 65535 };

static int
digit_of(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* @return octets; 0: that is no frame */
static size_t
frame_read(const char *text, uint8_t frame[static FRAME_MAX])
{
	size_t size = 0;

	for (; text[0] && size < FRAME_MAX; text += 2, size++) {
		int high = digit_of(text[0]), low = digit_of(text[1]);

		if (high < 0 || low < 0)
			return 0;
		frame[size] = (uint8_t)(high << 4 | low);
	}
	return size;
}

static void
frame_dump(pcap_dumper_t *dumper, const json_t *sample, const char *key)
{
	static uint8_t frame[FRAME_MAX];
	const char *text = json_string_value(json_object_get(sample, key));
	struct pcap_pkthdr header = {.ts = {.tv_sec = (time_t)number_of(sample, "at")}};

	header.len = header.caplen = text ? (bpf_u_int32)frame_read(text, frame) : 0;
	if (header.len)
		pcap_dump((u_char *)dumper, &header, frame);
}

char *
incident_pcap(const json_t *reply, size_t *size)
{
	pcap_t *format = pcap_open_dead(DLT_EN10MB, FRAME_MAX);
	char *octets = NULL;
	FILE *stream = open_memstream(&octets, size);
	pcap_dumper_t *dumper = format && stream ? pcap_dump_fopen(format, stream) : NULL;
	const json_t *sample;
	size_t i;

	json_array_foreach(json_object_get(reply, "samples"), i, sample)
	{
		if (!dumper)
			break;
		frame_dump(dumper, sample, "query");
		frame_dump(dumper, sample, "reply");
	}
	/* closes the stream, which then is whole */
	if (dumper)
		pcap_dump_close(dumper);
	else if (stream)
		fclose(stream);
	if (format)
		pcap_close(format);
	if (dumper)
		return octets;
	free(octets);
	return NULL;
}
