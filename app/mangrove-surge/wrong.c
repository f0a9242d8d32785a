/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pcap/pcap.h>

#include "report.h"

static void
sample_dump(pcap_dumper_t *dumper, const struct surge_sample *sample)
{
	const struct pcap_pkthdr header = {
		.ts = {.tv_sec = sample->at.tv_sec, .tv_usec = sample->at.tv_nsec / 1000},
		.caplen = sample->length,
		.len = sample->length,
	};

	pcap_dump((u_char *)dumper, &header, sample->frame);
}

int
wrong_write(const struct deck *deck, const char *path, struct why *why)
{
	pcap_t *format = pcap_open_dead(DLT_EN10MB, SURGE_FRAME_MAX);
	pcap_dumper_t *dumper = format ? pcap_dump_open(format, path) : NULL;
	int rc = 0;

	if (!dumper) {
		rc = why_set(why, EIO, "%s: %s", path, format ? pcap_geterr(format) : "no memory");
		if (format)
			pcap_close(format);
		return rc;
	}
	for (unsigned int i = 0; i < deck->lane_count; i++) {
		const struct surge_lane *l = deck->lanes[i];
		uint32_t count = atomic_load_explicit(&l->wrong_count, memory_order_acquire);

		for (uint32_t j = 0; j < count; j++)
			sample_dump(dumper, &l->wrong[j]);
	}
	if (pcap_dump_flush(dumper) < 0)
		rc = why_errno(why, "%s", path);
	pcap_dump_close(dumper);
	pcap_close(format);
	return rc;
}
